# SPDX-License-Identifier: MIT
"""The build itself: no warnings, no library of the compiler's, no segment
that is both writable and executable, the rules of layers and style."""

import os
import re
import shutil
import subprocess
import sys

import pytest

import machine
from judge import judge
from machine import ROOT, limit

COMPILERS = {"gcc": [], "clang": ["CC=clang", "LD=ld.lld"]}

# These say themselves what they are; one of them is the "gcc" above.
CROSS_COMPILERS = {"i686-elf": "i686-elf-", "i686-linux-gnu":
                   "i686-linux-gnu-", "gcc-m32": ""}

# Names of variables for debuggers: a fifth of the compiler's time.
FAST = "CFLAGS_EXTRA=-g0"


def make(*words):
    environment = {k: v for k, v in os.environ.items()
                   if not k.startswith("MAKE") and k != "MFLAGS"}
    return subprocess.run(["make", "-j2", *words], cwd=ROOT, text=True,
                          capture_output=True, check=False, env=environment,
                          timeout=limit("build"))


def tool(name, *arguments):
    return subprocess.run([sys.executable, ROOT / "tools" / name, *arguments],
                          cwd=ROOT, capture_output=True, text=True,
                          check=False)


def boots_and_runs(build, suites):
    """The kernel, then a program of the archive that was built with it."""
    shape, kernel = machine.Shape("128M", "max"), build / "pagoda.elf"
    ran = machine.run(shape, "selftest", "selftest", kernel=kernel)
    verdict = judge(ran.text, ran.status, suites, ran.timed_out)
    assert verdict.ok, verdict.text
    ran = machine.run(shape, "program=hello,a", "program", kernel=kernel,
                      archive=build / "boot.cpio")
    assert ran.status == 33, ran.text[-3000:]


@pytest.mark.parametrize("compiler, debug", [("gcc", "0"), ("gcc", "1"),
                                             ("clang", "0")])
def test_builds_without_warnings_and_boots(tmp_path, suites, compiler, debug):
    """Warnings are errors here only: CI=1. The kernel must also work."""
    done = make(f"BUILD={tmp_path}", "CI=1", f"DEBUG={debug}", FAST,
                *COMPILERS[compiler])
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert "warning" not in done.stderr, done.stderr
    boots_and_runs(tmp_path, suites)


def makes_i386_code(prefix):
    """Does this gcc exist, and is its code for i386?"""
    gcc = shutil.which(prefix + "gcc")
    words = [gcc, "-m32", "-ffreestanding", "-x", "c", "-c", "-o",
             os.devnull, os.devnull]
    return gcc and subprocess.run(words, check=False,
                                  capture_output=True).returncode == 0


def default_cross_compile():
    """What the Makefile takes when nobody says anything."""
    found = re.search(r"^CROSS_COMPILE := (.*)$", make("-np", "help").stdout,
                      re.MULTILINE)
    return found.group(1)


@pytest.mark.parametrize("name", CROSS_COMPILERS)
def test_every_gcc_builds_the_same_kernel(tmp_path, suites, name):
    prefix = CROSS_COMPILERS[name]
    if not makes_i386_code(prefix):
        pytest.skip(f"no {prefix}gcc for i386")
    if prefix == default_cross_compile():
        pytest.skip(f"{name} is what the other tests build with")
    done = make(f"BUILD={tmp_path}", "CI=1", f"CROSS_COMPILE={prefix}", FAST)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert "warning" not in done.stderr, done.stderr
    boots_and_runs(tmp_path, suites)


def test_host_program_builds_without_warnings(tmp_path):
    """Without what costs time at run time: `make` has built the real one."""
    done = make(f"BUILD={tmp_path}", "CI=1", "host",
                "CFLAGS_EXTRA=-O0 -g0 -fno-sanitize=all")
    assert done.returncode == 0, done.stderr[-4000:]


def test_nothing_to_do_after_a_build(kernel):
    """Otherwise `make` builds too much each time, or a rule is wrong."""
    done = make("-q", f"BUILD={os.path.relpath(machine.BUILD, ROOT)}", "all")
    assert done.returncode == 0, make(
        "-n", f"BUILD={os.path.relpath(machine.BUILD, ROOT)}", "all").stdout


def test_other_flags_make_other_objects(tmp_path):
    """Otherwise `make DEBUG=1` after `make` would do nothing."""
    words = (f"BUILD={tmp_path}", f"{tmp_path}/lib/text.c.o")
    assert make(*words).returncode == 0
    assert make("-q", *words).returncode == 0
    assert make("-q", "DEBUG=1", *words).returncode == 1


def test_uint32_is_one_type_with_every_compiler(tmp_path):
    """GCC's own choice for i686-elf is unsigned long, and %u does not fit."""
    cc = re.search(r"^CC := (.*)$", make("-np", "help").stdout, re.MULTILINE)
    for unit in ("lib/text.c.o", "user/obj/lib/text.c.o"):
        done = make(f"BUILD={tmp_path}", "CI=1", f"{tmp_path}/{unit}",
                    f"CC={cc.group(1)} -U__UINT32_TYPE__ "
                    "-D__UINT32_TYPE__=another_type")
        assert done.returncode == 0, done.stderr


def test_image_is_what_loaders_want(kernel):
    done = tool("check_image.py", kernel)
    assert done.returncode == 0, done.stderr


def broken_image(kernel, tmp_path, change):
    data = bytearray(kernel.read_bytes())
    change(data)
    path = tmp_path / "broken.elf"
    path.write_bytes(data)
    return tool("check_image.py", path)


def break_checksum(data):
    at = data.index(0x1BADB002.to_bytes(4, "little"))
    data[at + 8] ^= 1


def make_segment_writable(data):
    start = int.from_bytes(data[28:32], "little")
    for i in range(int.from_bytes(data[44:46], "little")):
        flags = start + 32 * i + 24
        if data[flags] & 1:
            data[flags] |= 2


def make_it_64_bit(data):
    data[4] = 2


@pytest.mark.parametrize("change, words", [
    (break_checksum, "no valid multiboot header"),
    (make_segment_writable, "writable and executable"),
    (make_it_64_bit, "ELF32"),
])
def test_broken_image_is_refused(kernel, tmp_path, change, words):
    done = broken_image(kernel, tmp_path, change)
    assert done.returncode != 0
    assert words in done.stdout + done.stderr


def test_no_libgcc(kernel):
    """64-bit division is lib/div64.h's; no helper of the compiler's is in."""
    names = subprocess.run(["nm", kernel], capture_output=True, text=True,
                           check=True).stdout
    assert not re.search(r"\b__u?(div|mod|divmod)[dt]i[34]\b", names)
    assert not re.search(r"\b__(ashl|ashr|lshr)di3\b", names)
    assert " U " not in names


def test_layers_are_kept():
    done = tool("check_layers.py")
    assert done.returncode == 0, done.stdout + done.stderr


def test_style_is_kept():
    done = tool("check_style.py")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("clang"), reason="needs clang")
def test_every_header_compiles_alone():
    headers = [p for folder in ("arch/i386/include", "boot", "kernel", "lib",
                                "mm", "tests")
               for p in sorted((ROOT / folder).rglob("*.h"))
               if "host" not in p.relative_to(ROOT).parts]
    assert len(headers) > 40
    bad = []
    for header in headers:
        done = subprocess.run(
            ["clang", "--target=i686-elf", "-std=gnu11", "-ffreestanding",
             "-fsyntax-only", "-Wall", "-Werror", "-Wno-pragma-once-outside-"
             "header", "-Wno-unused-function", "-Wno-unused-variable",
             "-Wno-unused-const-variable", "-DCONFIG_DEBUG=0", "-I.",
             "-Iarch/i386/include", "-x", "c", header], cwd=ROOT,
            capture_output=True, text=True, check=False)
        if done.returncode:
            bad.append(f"{header}\n{done.stderr}")
    assert not bad, "\n".join(bad)


def test_locking_rules_hold():
    """clang's thread-safety analysis over the annotations of lib/spinlock.h."""
    bad = []
    for folder in ("lib", "mm", "kernel", "arch/i386"):
        for path in sorted((ROOT / folder).rglob("*.c")):
            done = subprocess.run(
                ["clang", "--target=i686-elf", "-std=gnu11", "-ffreestanding",
                 "-fsyntax-only", "-Wthread-safety", "-Werror",
                 "-mregparm=3", "-freg-struct-return", "-fno-builtin-printf",
                 "-DCONFIG_DEBUG=0", "-I.", "-Iarch/i386/include", path],
                cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode:
                bad.append(done.stderr)
    assert not bad, "\n".join(bad)


def test_help_names_every_target():
    text = make("help").stdout
    for target in ("all", "run", "debug", "test", "host", "bench", "doctor",
                   "pictures", "check", "clean", "help"):
        assert re.search(rf"^{target} ", text, re.MULTILINE), text


def test_make_run_prints_the_map_and_leaves_cleanly():
    build = os.path.relpath(machine.BUILD, ROOT)
    done = make("run", "MEM=256M", f"BUILD={build}")
    assert done.returncode == 0, done.stdout + done.stderr
    for words in ("BIOS-e820", "Zone ranges", "virtual kernel memory layout"):
        assert words in done.stdout, done.stdout


def test_setup_is_quiet_when_nothing_is_missing():
    for purpose in ("run", "test"):
        done = subprocess.run([ROOT / "tools" / "setup", purpose],
                              capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def bare_system(folder, user_id=0, **commands):
    """A PATH with almost nothing in it, and a few commands of our own."""
    for name in ("sh", "tr", "env"):
        (folder / name).symlink_to(shutil.which(name))
    commands["id"] = f"echo {user_id}"
    for name, body in commands.items():
        path = folder / name
        path.write_text(f"#!{shutil.which('sh')}\n{body}\n")
        path.chmod(0o755)


def run_setup(folder, purpose):
    return subprocess.run([ROOT / "tools" / "setup", purpose], text=True,
                          capture_output=True, check=False,
                          env={"PATH": str(folder)})


def test_setup_names_the_packages_elsewhere(tmp_path):
    """On a system without apt and without anything."""
    bare_system(tmp_path)
    done = run_setup(tmp_path, "test")
    assert done.returncode == 1
    for words in ("dnf install", "pacman -S", "apk add", "brew install",
                  "apt-get install", "qemu-system-x86"):
        assert words in done.stderr
    assert "multilib" not in done.stderr


def test_setup_installs_with_one_run_of_apt(tmp_path):
    log = tmp_path / "log"
    bare_system(tmp_path, **{"apt-get": f'echo "$@" >> {log}'})
    done = run_setup(tmp_path, "run")
    assert done.returncode == 1     # nothing has really appeared
    assert "still missing" in done.stderr
    calls = log.read_text().splitlines()
    assert len(calls) == 1
    for package in ("make", "gcc-i686-linux-gnu", "qemu-system-x86"):
        assert package in calls[0].split()
    for package in ("clang", "python3-pytest", "gcc-multilib"):
        assert package not in calls[0].split()


def test_setup_fetches_package_lists_when_it_must(tmp_path):
    log = tmp_path / "log"
    bare_system(tmp_path, **{"apt-get": f"""
        echo "$@" >> {log}
        case "$*" in
        *update*) : > {tmp_path}/lists ;;
        *) [ -e {tmp_path}/lists ] ;;
        esac"""})
    run_setup(tmp_path, "test")
    words = [call.split() for call in log.read_text().splitlines()]
    assert ["install" in w for w in words] == [True, False, True]
    assert "update" in words[1]
    assert "python3-pytest-xdist" in words[2] or shutil.which("pytest-3")


def test_setup_needs_root_or_sudo(tmp_path):
    log = tmp_path / "log"
    bare_system(tmp_path, 1000, **{"apt-get": "exit 0"})
    done = run_setup(tmp_path, "run")
    assert done.returncode == 1
    assert "please run as root: apt-get install" in done.stderr
    (tmp_path / "sudo").write_text(
        f"#!{shutil.which('sh')}\necho \"$@\" >> {log}\n")
    (tmp_path / "sudo").chmod(0o755)
    run_setup(tmp_path, "run")
    assert "apt-get" in log.read_text()


def test_ci_runs_make_test():
    text = (ROOT / ".ci" / "run").read_text()
    assert "exec make test" in text


# ---- a compiler of one's own -----------------------------------------------

def build_toolchain(*arguments, **environment):
    return subprocess.run([ROOT / "tools" / "build_toolchain", *arguments],
                          text=True, capture_output=True, check=False,
                          env={**os.environ, **environment},
                          timeout=limit("build"))


def fake_source(folder, name, configure):
    """An archive with one folder, whose configure is ours."""
    source = folder / name
    source.mkdir()
    (source / "configure").write_text(f"#!/bin/sh\n{configure}\n")
    (source / "configure").chmod(0o755)
    archive = folder / f"{name}.tar.xz"
    subprocess.run(["tar", "-C", folder, "-cJf", archive, name], check=True)
    return str(archive)


@pytest.fixture
def needs_of_gcc():
    done = subprocess.run([ROOT / "tools" / "setup", "-n", "toolchain"],
                          capture_output=True, check=False,
                          env={**os.environ, "BINUTILS_SOURCE": __file__,
                               "GCC_SOURCE": __file__})
    if done.returncode:
        pytest.skip("what GCC is built with is not installed")


def test_toolchain_goes_on_where_it_stopped(tmp_path, needs_of_gcc):
    """Sources that are none: only the steps around them are tried."""
    log = tmp_path / "log"
    makefile = "printf 'all install-strip:\\n\\techo $@ >> %s\\n' > Makefile"
    sources = {
        "BINUTILS_SOURCE": fake_source(
            tmp_path, "binutils-9", f"echo $* >> {log}\n"
            + makefile.replace("%s", str(log)).replace("$@", "$$@")),
        "GCC_SOURCE": fake_source(tmp_path, "gcc-9",
                                  f"echo gcc >> {log}; [ -e {log}.ok ]"),
    }
    first = build_toolchain(str(tmp_path / "tc"), "1", **sources)
    assert first.returncode == 1
    assert "gcc-configure failed" in first.stderr
    words = log.read_text()
    assert "--target=i686-elf" in words and f"--prefix={tmp_path}/tc" in words
    assert words.count("gcc\n") == 1

    (tmp_path / "log.ok").touch()
    second = build_toolchain(str(tmp_path / "tc"), "1", UNTIL="gcc-configure",
                             **sources)
    assert second.returncode == 0, second.stderr
    assert second.stdout.split() == ["build_toolchain:", "gcc-configure"]
    assert log.read_text() == words + "gcc\n"


def test_toolchain_refuses_a_name_that_makefiles_would_split(tmp_path):
    done = build_toolchain(str(tmp_path / "a b"))
    assert done.returncode == 1 and "letters, digits" in done.stderr


def test_toolchain_looks_at_the_disk_first(tmp_path, needs_of_gcc):
    bare = tmp_path / "bin"
    bare.mkdir()
    (bare / "df").write_text("#!/bin/sh\necho x\n"
                             "echo /dev/x 100 99 1000 99% /\n")
    (bare / "df").chmod(0o755)
    done = build_toolchain(str(tmp_path / "tc"), BINUTILS_SOURCE=__file__,
                           GCC_SOURCE=__file__,
                           PATH=f"{bare}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "has 1000 kB free" in done.stderr
