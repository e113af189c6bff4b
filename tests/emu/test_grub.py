# SPDX-License-Identifier: MIT
"""test_grub.py - the CD image: its menu, and memory that GRUB cuts out

WHAT    Boots each entry of the menu. The machine's RAM is a file without
        content, so that the host gives it a page whenever somebody first reads
        or writes one of the guest's: a page that is still missing at the end
        was touched by nobody, neither through the direct map, nor by another
        address, nor as a page table, nor by a device.
"""
import os
import re
import subprocess
from dataclasses import dataclass

import pexpect
import pytest

import machine
from judge import judge
from machine import KERNEL, ROOT, limit

PAGE = 4096
MIB = 1 << 20
RAM = 64 * MIB

# Frames that no run of the entry may touch, from the words of its menu entry.
CUT = {
    "hole": [range(18 * MIB, 26 * MIB, PAGE)],
    "badram": [range(a, a + PAGE, PAGE)
               for a in range(0x1008000, 32 * MIB, 16 * PAGE)],
    # Higher up GRUB has been, before there was a kernel.
    "little": [range(16 * MIB, 40 * MIB, PAGE)],
}
ENTRIES = ["selftest", *CUT]


@dataclass
class Boot:
    run: machine.Run
    touched: set    # addresses of frames


def frames_with_content(memory):
    """Of a file in RAM; its holes are what was never read nor written."""
    found, at, end = set(), 0, os.fstat(memory).st_size
    while at < end:
        try:
            at = os.lseek(memory, at, os.SEEK_DATA)
        except OSError:     # nothing from here on
            break
        hole = os.lseek(memory, at, os.SEEK_HOLE)
        found.update(range(at, hole, PAGE))
        at = hole
    return found


def boot(iso):
    memory = os.memfd_create("guest")
    os.truncate(memory, RAM)
    words = [machine.QEMU, "-cdrom", str(iso), "-boot", "d", "-m", "64M",
             "-M", "pc,memory-backend=ram", "-object", "memory-backend-file,"
             f"id=ram,size=64M,share=on,mem-path=/proc/self/fd/{memory}",
             "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04", "-display",
             "none", "-serial", "stdio", "-monitor", "none", "-no-reboot"]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, check=False,
                          pass_fds=[memory], capture_output=True,
                          timeout=limit("selftest"))
    touched = frames_with_content(memory)
    os.close(memory)
    text = machine.decode(done.stdout)
    # GRUB's menu comes first, with escapes that no judge understands.
    text = text[max(text.find("Pagoda, a teaching"), 0):]
    return Boot(machine.Run(text, done.returncode, False,
                            machine.decode(done.stderr)), touched)


@pytest.fixture(scope="module")
def booted(make_iso):
    """One run of each entry that anybody asks for."""
    runs = {}

    def get(entry):
        if entry not in runs:
            runs[entry] = boot(make_iso(entry))
        return runs[entry]
    return get


@pytest.mark.parametrize("entry", ENTRIES)
def test_selftests_pass_through_grub(booted, entry, suites):
    done = booted(entry).run
    verdict = judge(done.text, done.status, suites)
    assert verdict.ok, verdict.text


def usable(text):
    return [(int(a, 16), int(b, 16)) for a, b in re.findall(
        r"\[mem 0x(\w+)-0x(\w+)\] usable", text)]


@pytest.mark.parametrize("entry", ["hole", "badram"])
def test_what_grub_cuts_out_is_no_ram(booted, entry):
    ranges = usable(booted(entry).run.text)
    assert ranges
    for cut in CUT[entry]:
        assert not [r for r in ranges if r[0] < cut.stop and r[1] >= cut.start]


@pytest.mark.parametrize("entry", CUT)
def test_no_frame_that_is_cut_out_is_ever_touched(booted, entry):
    frames = {frame for cut in CUT[entry] for frame in cut}
    touched = sorted(frames & booted(entry).touched)
    assert not touched, [hex(frame) for frame in touched[:20]]
    # Otherwise that would say nothing: where they are RAM they are used.
    assert len(frames & booted("selftest").touched) >= len(frames) // 16


@pytest.mark.parametrize("entry", ["hole", "badram"])
def test_all_the_rest_was_given_out(booted, entry):
    """The suite `holes` has taken what there was, up to the watermarks."""
    text = booted(entry).run.text
    taken = int(re.search(r"# took (\d+) of \d+ free pages", text)[1])
    ram = sum(b + 1 - a for a, b in usable(text))
    assert taken * PAGE > ram * 3 // 4


def test_image_repeats_to_the_byte(make_iso):
    assert make_iso().read_bytes() == make_iso().read_bytes()


def test_image_is_small(make_iso):
    size = make_iso().stat().st_size
    assert size < 3 * MIB + KERNEL.stat().st_size + \
        machine.ARCHIVE.stat().st_size


# ---- the menu on a terminal -------------------------------------------------

class Menu:
    """`make run-iso` as one types it: GRUB's menu, and keys."""
    DOWN = "\x1b[B"

    def __init__(self):
        build = machine.BUILD_WORD
        clean = {k: v for k, v in os.environ.items()
                 if not k.startswith("MAKE") and k != "MFLAGS"}
        self.child = pexpect.spawn(
            "make", ["run-iso", f"BUILD={build}", "MEM=128M"], cwd=str(ROOT),
            env=clean, encoding="utf-8", codec_errors="replace",
            timeout=limit("boot"), dimensions=(30, 100))
        self.child.expect("Pagoda: self-tests with 16 MiB")

    def choose(self, below):
        self.child.send(self.DOWN * below + "\r")
        self.child.expect("Pagoda, a teaching")

    def end(self):
        self.child.expect_exact("pagoda> ")
        self.child.send("poweroff\r")
        self.child.expect(pexpect.EOF)
        self.child.close()
        assert self.child.exitstatus == 0


@pytest.fixture
def menu():
    started = Menu()
    yield started
    started.child.close(force=True)


def test_first_entry_ends_in_the_shell(menu):
    menu.choose(0)
    menu.child.expect_exact("\r\n$ ")
    menu.child.send("exit\r")
    menu.end()


def test_entry_of_the_monitor_stops_there(menu):
    menu.choose(2)
    menu.end()


def test_entry_of_the_selftests_is_a_run_too(menu):
    """All the same, with the words that e (edit) leads to changed by hand."""
    menu.child.send(Menu.DOWN + "e")
    menu.child.expect("multiboot /boot/pagoda.elf selftest")
    menu.child.send(Menu.DOWN * 2 + "\x05=list,rbtree\x18")
    menu.child.expect("# pagoda: selftest: [1-9][0-9]* passed, 0 failed")
