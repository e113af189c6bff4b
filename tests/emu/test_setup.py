# SPDX-License-Identifier: MIT
"""What installs, fetches and builds tools: tools/setup, tools/fetch_i386 and
tools/build_toolchain, on machines that are a PATH of our own making."""

import importlib.machinery
import importlib.util
import os
import re
import shutil
import subprocess
import sys

import pytest

from machine import ROOT, limit


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


# ---- Debian's packages for i386 --------------------------------------------

PACKAGES = ("busybox-static", "musl-dev", "libc6-dev", "libgcc-12-dev")

# An apt that knows the packages of the file `known`, reaches the network when
# there is a file `network`, and says what it was asked to download.
APT_GET = """
    case "$*" in
    *update*)
        [ -e {0}/network ] && exit 0
        echo "W: Failed to fetch everything"
        exit 100 ;;
    *) [ -e {0}/network ] || exit 100
       for package in "$@"; do :; done
       echo "$package" >> {0}/asked
       : > "$package"_1_i386.deb ;;
    esac"""

# Puts in the folder what the package of that name is known for; Debian 13's
# busybox lies elsewhere.
DPKG_DEB = """
    case $2 in
    busybox*)   file={busybox} ;;
    musl*)      file=usr/lib/i386-linux-musl/libc.a ;;
    libc6*)     file=usr/lib/i386-linux-gnu/libc.a ;;
    libgcc-12*) file=usr/lib/gcc/i686-linux-gnu/12/libgcc.a ;;
    *)          exit 1 ;;
    esac
    mkdir -p "$3/${{file%/*}}" && : > "$3/$file" """


class Fetch:
    def __init__(self, folder, busybox="bin/busybox"):
        self.folder = folder
        self.dir = folder / "my build" / "i386"
        (folder / "bin").mkdir()
        bare_system(folder / "bin", **{
            "apt-get": APT_GET.format(folder),
            "apt-cache": f"cat {folder}/known",
            "dpkg-deb": DPKG_DEB.format(busybox=busybox)})
        for name in ("cat", "grep", "mkdir", "mv", "rm", "sort", "tail"):
            (folder / "bin" / name).symlink_to(shutil.which(name))
        self.knows(*PACKAGES, "libgcc-9-dev", "libgcc-s1", "musl-dev-x")

    def knows(self, *names):
        (self.folder / "known").write_text("\n".join(names) + "\n")

    def run(self, network=True, **environment):
        """What it says, and what it downloaded."""
        asked, there = self.folder / "asked", self.folder / "network"
        asked.write_text("")
        there.touch()
        if not network:
            there.unlink()
        done = subprocess.run(
            [ROOT / "tools" / "fetch_i386", self.dir], text=True, check=False,
            capture_output=True,
            env={"PATH": str(self.folder / "bin"), **environment})
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout, asked.read_text().split()


@pytest.mark.parametrize("busybox", ["bin/busybox", "usr/bin/busybox"])
def test_fetch_gets_each_package_once(tmp_path, busybox):
    fetch = Fetch(tmp_path, busybox)
    assert fetch.run()[1] == list(PACKAGES)
    assert (fetch.dir / "bin" / "busybox").exists()
    assert (fetch.dir / "usr/lib/gcc/i686-linux-gnu/12/libgcc.a").exists()
    assert not (fetch.dir / "apt").exists()
    assert fetch.run() == ("", [])
    assert fetch.run(network=False) == ("", [])


def test_fetch_asks_again_for_what_it_did_not_get(tmp_path):
    fetch = Fetch(tmp_path)
    said, asked = fetch.run(network=False)
    assert asked == [] and "Failed to fetch everything" in said
    assert "tries again: busybox-static musl-dev libc6-dev libgcc-dev" in said
    (tmp_path / "bin" / "dpkg-deb").rename(tmp_path / "dpkg-deb")
    assert "no dpkg-deb" in fetch.run()[0]
    (tmp_path / "dpkg-deb").rename(tmp_path / "bin" / "dpkg-deb")
    assert fetch.run(FETCH="0")[1] == []
    assert fetch.run()[1] == list(PACKAGES)


def test_fetch_remembers_what_apt_does_not_have(tmp_path):
    """Only when all its lists are there: else one may have it."""
    fetch = Fetch(tmp_path)
    fetch.knows("musl-dev", "libc6-dev")
    assert "tries again: busybox-static" in fetch.run(network=False)[0]
    said, asked = fetch.run()
    assert asked == ["musl-dev", "libc6-dev"]
    assert "apt has no busybox-static for i386" in said
    assert "apt has no libgcc-dev for i386" in said
    assert fetch.run() == ("", [])


# ---- fresh machines --------------------------------------------------------

@pytest.fixture(scope="module")
def fresh():
    path = str(ROOT / "tools" / "fresh")
    loader = importlib.machinery.SourceFileLoader("fresh", path)
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("fresh", loader))
    sys.modules["fresh"] = module       # dataclasses look there
    loader.exec_module(module)
    return module


def test_fresh_machines_are_those_that_students_have(fresh):
    """Each release as it comes, each compiler, and each habit once."""
    machines = fresh.MACHINES
    assert len({machine.name for machine in machines}) == len(machines)
    kinds = {(machine.release, machine.packages) for machine in machines}
    for release in ("bookworm", "trixie"):
        assert {(release, ""), (release, "clang lld")} <= kinds
    assert {("bookworm", "gcc"), ("trixie", "gcc-multilib")} <= kinds
    assert {machine.user for machine in machines} == {"root", "student"}
    assert any(" " in machine.folder for machine in machines)
    assert any(machine.offline for machine in machines)
    assert any(machine.own_python for machine in machines)


def test_fresh_finds_warnings_of_compilers_and_linkers(fresh):
    for line in ("mm/page/zone.c:12:3: warning: unused variable",
                 "ld: warning: x.o: missing .note.GNU-stack",
                 "i686-linux-gnu-ld: warning: x has a LOAD segment with RWX",
                 "ld.lld: warning: found x"):
        assert fresh.WARNING.search(f"  CC      a.c\n{line}\n"), line
    for line in ("dpkg: warning: files list is missing",
                 "W: Download is performed unsandboxed"):
        assert not fresh.WARNING.search(line)


def test_fresh_names_what_it_does_not_know():
    for word in ("machines=bookworm,atari", "commands=install"):
        done = subprocess.run([sys.executable, ROOT / "tools/fresh", word],
                              text=True, capture_output=True, check=False)
        assert done.returncode == 1
        assert re.match("fresh: no (atari|install) among ", done.stderr)


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
