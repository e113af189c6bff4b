# SPDX-License-Identifier: MIT
"""The build itself: no warnings, no library of the compiler's, no segment
that is both writable and executable, the rules of layers and style."""

import os
import re
import shutil
import struct
import subprocess
import sys

import pytest

import machine
from judge import judge
from machine import ROOT, limit

# A machine with one compiler: what its PATH has beside OTHER_TOOLS.
BINUTILS = ("as", "ld", "nm", "objcopy")
COMPILERS = {
    "i686-elf": [f"i686-elf-{name}" for name in ("gcc", *BINUTILS)],
    "i686-linux-gnu": [f"i686-linux-gnu-{name}" for name in
                       ("gcc", *BINUTILS)],
    "gcc-m32": ["gcc", *BINUTILS],
    "clang": ["clang", "ld.lld", *(BINUTILS[2:] if not
              shutil.which("llvm-objcopy") else ["llvm-nm", "llvm-objcopy"])],
}
OTHER_TOOLS = ["make", "sh", "cat", "cmp", "echo", "grep", "mkdir", "mv", "rm",
               "sed"]

# Names of variables for debuggers: a fifth of the compiler's time.
FAST = "CFLAGS_EXTRA=-g0"


def make(*words, **variables):
    environment = {k: v for k, v in os.environ.items()
                   if not k.startswith("MAKE") and k != "MFLAGS"}
    environment.update(variables)
    return subprocess.run(["make", "-j2", *words], cwd=ROOT, text=True,
                          capture_output=True, check=False, env=environment,
                          timeout=limit("build"))


def tool(name, *arguments):
    return subprocess.run([sys.executable, ROOT / "tools" / name, *arguments],
                          cwd=ROOT, capture_output=True, text=True,
                          check=False)


def boots_and_runs(build, suites):
    """The kernel, then programs of the archive that was built with it."""
    shape, kernel = machine.Shape("128M", "max"), build / "pagoda.elf"
    ran = machine.run(shape, "selftest", "selftest", kernel=kernel)
    verdict = judge(ran.text, ran.status, suites, ran.timed_out)
    assert verdict.ok, verdict.text
    for program in programs_of_three_kinds():
        ran = machine.run(shape, f"program={program},a", "program",
                          kernel=kernel, archive=build / "boot.cpio")
        assert ran.status == 33, ran.text[-3000:]


def programs_of_three_kinds():
    """Ours, and those that are linked with a C library, if there is one."""
    libc = {"musl": "i386-linux-musl", "glibc": "i386-linux-gnu"}
    folder = machine.BUILD / "i386" / "usr" / "lib"
    return ["hello", *(f"hello-{name}" for name, where in libc.items()
                       if (folder / where / "libc.a").exists())]


def real(name):
    """A program, behind a ccache that would look for it in PATH again."""
    for folder in os.environ["PATH"].split(os.pathsep):
        found = shutil.which(name, path=folder)
        if found and os.path.basename(os.path.realpath(found)) != "ccache":
            return found
    return None


def only_path(folder, compiler):
    """A PATH with that compiler and nothing that could stand in for it."""
    tools = {name: real(name) for name in COMPILERS[compiler] + OTHER_TOOLS}
    missing = [name for name, path in tools.items() if not path]
    if missing:
        pytest.skip(f"no {missing[0]}")
    if compiler == "gcc-m32" and not makes_i386_code():
        pytest.skip("this gcc makes no code for i386")
    for name, path in tools.items():
        (folder / name).symlink_to(path)
    return str(folder)


def makes_i386_code():
    words = ["gcc", "-m32", "-ffreestanding", "-x", "c", "-c", "-o",
             os.devnull, os.devnull]
    return subprocess.run(words, check=False,
                          capture_output=True).returncode == 0


def builds(build, *words, **variables):
    """All of it without a warning, which are errors here only: CI=1."""
    done = make(f"BUILD={build}", f"I386={machine.BUILD_WORD}/i386", "CI=1",
                FAST, *words, **variables)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert "warning" not in done.stderr, done.stderr
    return done.stdout


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_machine_with_one_compiler_builds_everything(tmp_path, suites,
                                                       compiler):
    """Nobody says which: `make` finds it. What comes out must also work."""
    (tmp_path / "bin").mkdir()
    path = only_path(tmp_path / "bin", compiler)
    said = builds(tmp_path, "V=1", PATH=path)
    assert re.search(rf"^{COMPILERS[compiler][0]} ", said, re.MULTILINE)
    boots_and_runs(tmp_path, suites)


def test_with_debug_checks_too(tmp_path, suites):
    builds(tmp_path, "DEBUG=1")
    boots_and_runs(tmp_path, suites)


def database(build, *words):
    """What the Makefile makes of the words; it may write into the build."""
    return make("-np", "help", f"BUILD={build}", *words).stdout


def variables(build, *words):
    return dict(re.findall(r"^([A-Z_]+) :?= (.*)$", database(build, *words),
                           re.MULTILINE))


@pytest.mark.parametrize("words, target", [
    (["CC=clang"], "--target=i686-elf"),
    (["CC=clang", "LD=ld.lld", "OBJCOPY=x-objcopy", "NM=x-nm"],
     "--target=i686-elf"),
    (["CROSS_COMPILE=/some/where/i686-elf-"], ""),
    (["CROSS_COMPILE="], "-m32"),
    (["CC=gcc-99"], "-m32"),
])
def test_what_is_asked_for_is_taken(tmp_path, words, target):
    took = variables(tmp_path, *words)
    assert took["TARGET"].strip() == target
    for word in words:
        name, value = word.split("=")
        assert took.get(name, "") == value
    prefix = took.get("CROSS_COMPILE", "")
    if target != "--target=i686-elf" and "CC" not in word:
        assert took["CC"] == f"{prefix}gcc"
        assert took["LD"] == f"{prefix}ld"


def test_libgcc_is_for_i386(tmp_path):
    """A gcc without 32-bit libraries names a 64-bit one for -m32: what counts
    is that a 64-bit division links."""
    found = sorted((machine.BUILD / "i386").glob(
        "usr/lib/gcc/i686-linux-gnu/*/libgcc.a"))
    if not found:
        pytest.skip("libgcc for i386 is not fetched (no network?)")
    took = variables(tmp_path)
    cc = took["CC"].split() + took["TARGET"].split()
    source = tmp_path / "divide.c"
    source.write_text("unsigned long long f(unsigned long long a, unsigned "
                      "long long b)\n{\n\treturn a / b;\n}\n")
    subprocess.run([*cc, "-O2", "-c", source, "-o", tmp_path / "divide.o"],
                   check=True)
    words = [took["LD"], "-m", "elf_i386", "-e", "f", "-o",
             tmp_path / "divide", tmp_path / "divide.o"]
    without = subprocess.run(words, check=False, capture_output=True,
                             text=True)
    assert "__udivdi3" in without.stderr
    subprocess.run([*words, found[-1]], check=True)


@pytest.mark.parametrize("there, left_out", [
    ((), "hello-musl hello-glibc busybox"),
    (("usr/lib/gcc/i686-linux-gnu/99/libgcc.a",
      "usr/lib/i386-linux-musl/libc.a"), "hello-glibc busybox"),
    (("bin/busybox", "usr/lib/i386-linux-musl/libc.a",
      "usr/lib/i386-linux-gnu/libc.a"), "hello-musl hello-glibc"),
])
def test_what_cannot_be_built_is_said(tmp_path, there, left_out):
    """In the member `left-out`, which `ls` prints too, and as the last line."""
    folder = tmp_path / "i386"
    for name in there:
        (folder / name).parent.mkdir(parents=True)
        (folder / name).touch()
    done = make("-n", f"BUILD={tmp_path}", "all")
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()[-1]
    assert said.startswith(f"not built here: {left_out} (")
    assert (tmp_path / "user" / "left-out").read_text() == said + "\n"
    assert f"{tmp_path}/user/left-out" in \
        (tmp_path / "user" / "members").read_text().split()


def test_nothing_left_out_nothing_said(tmp_path):
    folder = tmp_path / "i386"
    for name in ("bin/busybox", "usr/lib/gcc/i686-linux-gnu/9/libgcc.a",
                 "usr/lib/i386-linux-musl/libc.a",
                 "usr/lib/i386-linux-gnu/libc.a"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).touch()
    assert "not built here" not in make("-n", f"BUILD={tmp_path}",
                                        "all").stdout


def test_host_program_builds_without_warnings(tmp_path):
    """Without what costs time at run time: `make` has built the real one."""
    done = make(f"BUILD={tmp_path}", "CI=1", "host",
                "CFLAGS_EXTRA=-O0 -g0 -fno-sanitize=all")
    assert done.returncode == 0, done.stderr[-4000:]


def test_nothing_to_do_after_a_build(kernel):
    """Otherwise `make` builds too much each time, or a rule is wrong."""
    done = make("-q", f"BUILD={machine.BUILD_WORD}", "all")
    assert done.returncode == 0, make(
        "-n", f"BUILD={machine.BUILD_WORD}", "all").stdout


def test_other_flags_make_other_objects(tmp_path):
    """Otherwise `make DEBUG=1` after `make` would do nothing."""
    words = (f"BUILD={tmp_path}", f"{tmp_path}/lib/text.c.o")
    assert make(*words).returncode == 0
    assert make("-q", *words).returncode == 0
    assert make("-q", "DEBUG=1", *words).returncode == 1


@pytest.mark.parametrize("sources, target", [
    ("KERNEL_SRCS", "symbols.S"), ("KERNEL_SRCS", "pagoda.elf"),
    ("BOOT_SRCS", "boot.o"), ("USER_LIB_SRCS", "user/hello"),
    ("USER_LIB_SRCS", "user/tests/mmap"), ("HOST_SRCS", "host/suites"),
    ("FUZZ_SRCS", "host/acpi_fuzz"),
])
def test_a_source_that_is_gone_leaves_the_program(tmp_path, sources, target):
    """No object is newer then: what is linked depends on the list of them."""
    text, objects = database(tmp_path), tmp_path / "objects"
    before = objects.read_text()
    rule = re.search(rf"^{tmp_path}/{target}: (.*)$", text, re.MULTILINE)
    assert str(objects) in rule.group(1).split()
    database(tmp_path)
    assert objects.read_text() == before
    fewer = variables(tmp_path)[sources].split()[1:]
    database(tmp_path, f"{sources}={' '.join(fewer)}")
    assert len(objects.read_text().split()) < len(before.split())


def test_uint32_is_one_type_with_every_compiler(tmp_path):
    """GCC's own choice for i686-elf is unsigned long, and %u does not fit."""
    cc = variables(tmp_path)["CC"]
    for unit in ("lib/text.c.o", "user/obj/lib/text.c.o"):
        done = make(f"BUILD={tmp_path}", "CI=1", f"{tmp_path}/{unit}",
                    f"CC={cc} -U__UINT32_TYPE__ "
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


def test_the_archive_has_what_is_loaded_and_no_more(kernel, tmp_path):
    """GRUB finds room for it above 9 MiB, and a little machine ends at 16."""
    program = machine.BUILD / "user" / "hello"
    data, archive = program.read_bytes(), tmp_path / "cpio"
    assert tool("make_archive.py", archive, program).returncode == 0
    member = archive.read_bytes()
    member = member[member.index(b"\x7fELF"):]
    segments = [struct.unpack_from("<8I", data, 52 + 32 * i)
                for i in range(data[44])]
    assert segments and len(member) < len(data) // 2
    for _, offset, _, _, filesz, *_ in segments:
        whole = slice(max(offset, 52), offset + filesz)
        assert member[whole] == data[whole]
    assert struct.unpack_from("<I", member, 32) == (0,)
    assert machine.ARCHIVE.stat().st_size < 6 << 20


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
    """clang's thread-safety analysis: spinlocks, and mutexes (lib/wait.h)."""
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
    done = make("run", "MEM=256M", f"BUILD={machine.BUILD_WORD}")
    assert done.returncode == 0, done.stdout + done.stderr
    for words in ("BIOS-e820", "Zone ranges", "virtual kernel memory layout"):
        assert words in done.stdout, done.stdout


def test_ci_runs_make_test():
    text = (ROOT / ".ci" / "run").read_text()
    assert "exec make test" in text
