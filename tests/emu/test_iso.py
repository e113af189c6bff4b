# SPDX-License-Identifier: MIT
"""test_iso.py - the same kernel through GRUB, in QEMU and in Bochs

WHAT    Builds CD images whose menu starts one entry at once, boots them, and
        lets the judge decide as for `-kernel`: the loader must not matter.
        Memory that GRUB cuts out must not be usable, nor used.
"""
import re
import subprocess

import pytest

from judge import judge
from machine import KERNEL, ROOT, decode, limit, Run

ARCHIVE = KERNEL.parent / "boot.cpio"
BOCHS_SUITES = ["pgtable", "pgtable_check", "tlb", "fixmap", "traps", "ring3"]


@pytest.fixture(scope="module")
def make_iso(tmp_path_factory):
    def make(*arguments):
        iso = tmp_path_factory.mktemp("iso") / "pagoda.iso"
        subprocess.run([ROOT / "tools/make_iso", KERNEL, ARCHIVE, iso,
                        *arguments], check=True, timeout=limit("build"))
        return iso
    return make


def boot(iso):
    words = ["qemu-system-i386", "-cdrom", str(iso), "-boot", "d", "-m",
             "256M", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04",
             "-display", "none", "-serial", "stdio", "-monitor", "none",
             "-no-reboot"]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, check=False,
                          capture_output=True, timeout=limit("selftest"))
    text = decode(done.stdout)
    return Run(text[max(text.find("Pagoda, a teaching"), 0):],
               done.returncode, False, decode(done.stderr))


@pytest.mark.parametrize("entry", ["selftest", "hole", "badram", "little"])
def test_selftests_pass_through_grub(make_iso, entry, suites):
    done = boot(make_iso(entry))
    verdict = judge(done.text, done.status, suites)
    assert verdict.ok, verdict.text


def test_hole_that_grub_cuts_is_no_ram(make_iso):
    text = boot(make_iso("hole")).text
    usable = [(int(a, 16), int(b, 16)) for a, b in re.findall(
        r"\[mem 0x(\w+)-0x(\w+)\] usable", text)]
    assert usable
    assert not [r for r in usable if r[0] < 0x2800000 and r[1] >= 0x2000000]


def test_image_repeats_to_the_byte(make_iso):
    assert make_iso().read_bytes() == make_iso().read_bytes()


def test_hardware_suites_pass_in_bochs(make_iso, tmp_path):
    iso = make_iso("run", "selftest=" + ",".join(BOCHS_SUITES))
    serial = tmp_path / "serial.txt"
    done = subprocess.run([ROOT / "tools/run_bochs", iso, serial],
                          check=False, capture_output=True, text=True)
    text = serial.read_text(errors="replace").replace("\r\n", "\n")
    assert done.returncode == 0, done.stderr + text[-1000:]
    # Bochs has no exit status to give: what the kernel says is all there is.
    verdict = judge(text, 33, set(BOCHS_SUITES))
    assert verdict.ok, verdict.text
