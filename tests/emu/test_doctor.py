# SPDX-License-Identifier: MIT
"""tools/doctor on machines that are not well: each a PATH of our own making."""

import os
import re
import shutil
import subprocess

import pexpect
import pytest

from machine import BUILD, KERNEL, ROOT, limit

DOCTOR = ROOT / "tools" / "doctor"
INSTALLERS = {
    "apt-get": "apt-get install .*gcc-i686-linux-gnu",
    "dnf": "dnf install .*qemu-system-x86-core",
    "pacman": "pacman -S .*qemu-system-x86",
    "apk": "apk add .*build-base",
    "brew": "brew install .*i686-elf-gcc",
}


class Patient:
    """A machine with almost nothing in it, and a few commands of our own."""

    def __init__(self, folder):
        self.folder = folder / "bin"
        self.folder.mkdir()
        self.log = folder / "log"       # what the installers were told
        self.link("sh", "grep", "sed")
        self.command("id", "echo 1000")
        # The real one takes a second for the modules that it is asked for.
        self.command("a-python", "echo Python 3.11.2")
        self.environment = {"PATH": str(self.folder), "TERM": "xterm",
                            "PYTHON": str(self.folder / "a-python"),
                            "BUILD": str(folder / "build"),
                            "KVM": str(folder / "kvm"),
                            "BXSHARE": str(folder / "bochs"),
                            "GRUB_MODULES": str(folder / "grub")}

    def link(self, *names):
        for name in names:
            (self.folder / name).symlink_to(shutil.which(name))

    def command(self, name, body):
        path = self.folder / name
        path.write_text(f"#!{shutil.which('sh')}\n{body}\n")
        path.chmod(0o755)

    def installer(self, name):
        self.command(name, f'echo "$0 $@" >> {self.log}')

    def visit(self, cwd=ROOT, **environment):
        return subprocess.run([DOCTOR], text=True, check=False, cwd=cwd,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=limit("boot"),
                              env={**self.environment, **environment})


@pytest.fixture
def patient(tmp_path):
    return Patient(tmp_path)


def found(done, kind, name):
    """What is said about it, with the line that mends it."""
    said = re.search(rf"^  {kind} +{name} +(.*(?:\n {{10,}}.*)?)", done.stdout,
                     re.MULTILINE)
    return said.group(1) if said else None


def test_a_machine_that_runs_the_tests_is_well():
    done = subprocess.run([DOCTOR], text=True, check=False, cwd=ROOT,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          env={**os.environ, "BUILD": str(BUILD)},
                          timeout=limit("boot"))
    assert done.returncode == 0, done.stdout
    assert done.stderr == ""
    assert "doctor: 0 wrong" in done.stdout
    for name in ("make", "kernelcc", "qemu", "python"):
        assert re.search(r"\d", found(done, "ok", name)), done.stdout


@pytest.mark.parametrize("installer", INSTALLERS)
def test_every_system_gets_its_own_command(patient, installer):
    patient.installer(installer)
    done = patient.visit()
    assert done.returncode == 1 and done.stderr == ""
    last = done.stdout.splitlines()[-1]
    assert re.search("all at once: .*" + INSTALLERS[installer], last)
    assert ("sudo" in last) == (installer != "brew")
    for name in ("make", "kernelcc", "qemu", "clang", "lld", "grub", "bochs",
                 "gdb"):
        sentence, command = found(done, "wrong", name).split("\n")
        assert sentence and installer in command
        assert not re.search(r"\(|install ?[;|&]|pip:", command), command
    packages = re.sub(r".*all at once: |;.*", "", last).split()
    assert len(packages) == len(set(packages)), "each package once"
    assert not patient.log.exists(), "the doctor must not install anything"


def test_pip_alone_where_only_that_is_missing(patient):
    """`brew install` with nothing behind it is an error of brew's."""
    patient.installer("brew")
    done = patient.visit(PYTHON="/nowhere/python3")
    assert found(done, "wrong", "psutil").split("\n")[1].split() == \
        "/nowhere/python3 -m pip install --user psutil".split()


@pytest.mark.parametrize("installer", ["apk", "brew"])
def test_what_no_package_mends_is_a_note(patient, installer):
    patient.installer(installer)
    assert "the host tests need" in found(patient.visit(), "note", "hostcc")


def test_an_unknown_system_gets_all_names(patient):
    done = patient.visit()
    assert done.returncode == 1 and done.stderr == ""
    for words in ("gcc-i686-linux-gnu (Debian)", "(Fedora)", "(Arch)",
                  "build-base (Alpine)", "i686-elf-gcc (Homebrew)"):
        assert words in found(done, "wrong", "kernelcc")
    assert found(done, "wrong", "hostcc").endswith("gcc (Arch)")
    assert "multilib" not in done.stdout and "pip:" not in done.stdout


def test_the_other_qemu_is_told_apart(patient):
    patient.installer("apt-get")
    patient.command("qemu-system-x86_64", "exit 0")
    said = found(patient.visit(), "wrong", "qemu")
    assert "only qemu-system-x86_64" in said
    assert "Remote 'g' packet reply is too long" in said
    assert "sudo apt-get install qemu-system-x86" in said


def test_old_versions_are_named_with_the_reason(patient):
    patient.command("qemu-system-i386", """
        case "$*" in
        *help*) echo tcg ;;
        *) echo "QEMU emulator version 4.2.1 (Debian 1:4.2-3)" ;;
        esac""")
    patient.command("i686-elf-gcc", 'echo "i686-elf-gcc (GCC) 7.5.0"')
    done = patient.visit()
    assert "4.2.1 is older than 6.1" in found(done, "wrong", "qemu")
    assert "-fcf-protection" in found(done, "wrong", "kernelcc")


def test_new_enough_versions_are_not(patient):
    patient.command("qemu-system-i386", """
        case "$*" in
        *help*) echo tcg ;;
        *) echo "QEMU emulator version 10.0.2" ;;
        esac""")
    assert "10.0.2" in found(patient.visit(), "ok", "qemu")


def test_qemu_without_emulation(patient):
    patient.command("qemu-system-i386", "echo kvm")
    assert "no TCG" in found(patient.visit(), "wrong", "qemu")


def test_a_wrong_cross_compile_is_not_mended_by_a_package(patient):
    patient.installer("apt-get")
    done = patient.visit(CROSS_COMPILE="i386-none-")
    said = found(done, "wrong", "kernelcc")
    assert "i386-none-gcc" in said and "unset CROSS_COMPILE" in said
    assert "gcc-i686-linux-gnu" not in done.stdout


def test_grub_without_modules_for_a_bios(patient):
    patient.command("grub-mkrescue", "exit 0")
    patient.command("xorriso", "exit 0")
    assert "i386-pc" in found(patient.visit(), "wrong", "grub")
    folder = patient.folder.parent / "grub"
    folder.mkdir()
    (folder / "multiboot.mod").touch()
    assert found(patient.visit(), "ok", "grub") is not None


def test_bochs_without_its_bios(patient):
    patient.command("bochs", "exit 0")
    assert "its BIOS is not in" in found(patient.visit(), "wrong", "bochs")


def test_gdb_without_python(patient):
    patient.command("gdb", "exit 0")
    assert "no Python" in found(patient.visit(), "wrong", "gdb")


def test_kvm_is_never_wrong(patient):
    """Not there; there, but guests die on it; there and good."""
    assert "there is no" in found(patient.visit(), "note", "kvm")
    (patient.folder.parent / "kvm").touch()
    assert "before it is built" in found(patient.visit(), "note", "kvm")
    (patient.folder.parent / "build").mkdir()
    (patient.folder.parent / "build" / "pagoda.elf").symlink_to(KERNEL)
    patient.command("qemu-system-i386", "echo tcg 1.0; exit 0")
    assert "dies on it" in found(patient.visit(), "note", "kvm")
    patient.command("qemu-system-i386", "echo tcg 7.0; exit 33")
    assert "runs on it" in found(patient.visit(), "ok", "kvm")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_kvm_of_somebody_else(patient):
    kvm = patient.folder.parent / "kvm"
    kvm.touch(mode=0)
    assert "usermod -aG kvm" in found(patient.visit(), "note", "kvm")


def test_another_python_first_in_the_path(patient):
    patient.command("python3", "exit 1")
    assert str(patient.folder) in found(patient.visit(), "note", "python")


def test_no_python_where_the_makefile_looks(patient):
    patient.installer("dnf")
    done = patient.visit(PYTHON="/nowhere/python3")
    assert "sudo dnf install python3" in found(done, "wrong", "python")


def test_dumb_and_narrow_terminals(patient):
    assert "no colours" in found(patient.visit(TERM="dumb"), "note",
                                 "terminal")
    patient.link("stty")
    child = pexpect.spawn("sh", [str(DOCTOR)], cwd=ROOT, dimensions=(24, 60),
                          env=patient.environment, timeout=limit("boot"))
    child.expect("60 columns")
    child.expect(pexpect.EOF)


def test_busybox_is_explained(patient):
    assert "without apt" in found(patient.visit(), "note", "busybox")
    patient.installer("apt-get")
    patient.command("dpkg-deb", "exit 0")
    assert "make run does it" in found(patient.visit(), "note", "busybox")


def test_doctor_and_setup_speak_of_the_same_needs(patient):
    """One table: what setup finds missing, the doctor calls wrong."""
    setup = subprocess.run([ROOT / "tools" / "setup", "-n", "test"],
                           text=True, capture_output=True, check=False,
                           env=patient.environment)
    missing = re.search("missing:(.*)", setup.stderr).group(1).split()
    wrong = re.findall(r"^  wrong +(\S+)", patient.visit().stdout,
                       re.MULTILINE)
    assert sorted(missing) == sorted(wrong)


def test_make_doctor_is_the_doctor():
    text = (ROOT / "Makefile").read_text()
    assert re.search(r"^doctor:.*\n\t@.*tools/doctor$", text, re.MULTILINE)
