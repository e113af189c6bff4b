# SPDX-License-Identifier: MIT
"""A witness from outside: QEMU's monitor reads the same page tables.

The kernel makes one mapping of each kind, prints its own dump of its tables
and waits. The emulator is then asked for `info mem` and `info tlb`, which walk
the tables in code that is not ours; both must tell the same story.
"""

import re
import subprocess
import time
from dataclasses import dataclass

import pytest

from machine import Shape, command, limit
from qmp import Qmp

READY = "# pagoda: witness: ready"
PAGE = 4096
FOUR_GIB = 1 << 32

SHAPES = [Shape("64M"), Shape("1G", "max"), Shape("2G", "pentium3"),
          Shape("1G", "max", "pc,max-ram-below-4g=128M"),
          Shape("2G", "max", "q35")]


@dataclass
class Range:
    start: int
    end: int        # exclusive
    phys: int
    flags: str      # the kernel's: urwxgc, the monitor's: urw
    page: int       # bytes of one page


@dataclass
class Witness:
    dump: list      # Range: the kernel's own
    marks: dict     # name -> (address, pages)
    memory: list    # Range: info mem
    tlb: dict       # page -> (frame, letters): info tlb


def wait_for_text(path, process):
    end = time.monotonic() + limit("boot")
    while time.monotonic() < end:
        text = path.read_text(errors="replace") if path.exists() else ""
        if READY in text:
            return text.replace("\r", "")
        assert process.poll() is None, f"QEMU ended\n{text}"
        time.sleep(0.05)
    raise AssertionError(f"no witness line in time\n{text}")


def parse_dump(text):
    """ptdump<TAB>start<TAB>end<TAB>pa<TAB>flags<TAB>page size in KiB"""
    ranges = []
    for line in text.splitlines():
        fields = line.split("\t")
        if fields[0] != "ptdump":
            continue
        start, end, phys = (int(f, 16) for f in fields[1:4])
        ranges.append(Range(start, end or FOUR_GIB, phys, fields[4],
                            int(fields[5]) << 10))
    return ranges


def parse_marks(text):
    found = re.findall(r"^witness\t(\w+)\t([0-9a-f]{8})\t(\d+)$", text,
                       re.MULTILINE)
    return {name: (int(va, 16), int(n)) for name, va, n in found}


def parse_info_mem(text):
    ranges = []
    for line in text.splitlines():
        start, end, _, flags = re.fullmatch(
            r"([0-9a-f]+)-([0-9a-f]+) ([0-9a-f]+) ([-urw]{3})",
            line.strip()).groups()
        ranges.append(Range(int(start, 16), int(end, 16), 0, flags, 0))
    return ranges


def parse_info_tlb(text):
    entries = {}
    for line in text.splitlines():
        va, entry, letters = re.fullmatch(
            r"([0-9a-f]+): ([0-9a-f]+) ([-XGPDACTUW]{9})",
            line.strip()).groups()
        # The frame is printed with bit 63, which is not part of it.
        entries[int(va, 16)] = (int(entry, 16) & ((1 << 52) - 1), letters)
    return entries


def look(shape, folder):
    text_path, socket_path = folder / "serial", folder / "qmp"
    words = command(shape, "witness")
    words[words.index("stdio")] = f"file:{text_path}"
    words += ["-qmp", f"unix:{socket_path},server=on,wait=off"]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        text = wait_for_text(text_path, process)
        monitor = Qmp(socket_path)
        return Witness(parse_dump(text), parse_marks(text),
                       parse_info_mem(monitor.human("info mem")),
                       parse_info_tlb(monitor.human("info tlb")))
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def witness(request, kernel, tmp_path_factory):
    return look(request.param, tmp_path_factory.mktemp("w"))


def pages_of_dump(witness):
    """page -> (frame, flags), from the kernel's dump."""
    pages = {}
    for r in witness.dump:
        for va in range(r.start, r.end, r.page):
            pages[va] = (r.phys + va - r.start, r.flags)
    return pages


def merged(ranges):
    """Ranges that touch and have the same rights, joined."""
    result = []
    for r in sorted(ranges, key=lambda r: r.start):
        rights = r.flags[:3]
        if result and result[-1][1] == r.start and result[-1][2] == rights:
            result[-1][1] = r.end
        else:
            result.append([r.start, r.end, rights])
    return [tuple(r) for r in result]


def test_info_mem_shows_the_same_ranges(witness):
    theirs = [(r.start, r.end, r.flags) for r in witness.memory]
    assert merged(witness.dump) == theirs


def test_info_tlb_shows_every_page_with_the_same_frame(witness):
    ours = {va: frame for va, (frame, _) in pages_of_dump(witness).items()}
    theirs = {va: frame for va, (frame, _) in witness.tlb.items()}
    assert ours == theirs


def test_info_tlb_shows_the_same_rights(witness):
    for va, (_, flags) in pages_of_dump(witness).items():
        letters = witness.tlb[va][1]
        # In the monitor, X stands for the bit that forbids execution.
        theirs = ("U" in letters, "W" in letters, "X" not in letters,
                  "G" in letters)
        ours = tuple(letter in flags for letter in "uwxg")
        assert ours == theirs, f"{va:#010x}: {flags}, but {letters}"


def test_direct_map_is_a_difference_of_3_gib(witness):
    direct = [va for va in witness.tlb
              if 0xC0000000 <= va < 0xC0000000 + (64 << 20)]
    assert direct
    assert all(witness.tlb[va][0] == va - 0xC0000000 for va in direct)


def test_vmalloc_area_has_a_guard_page(witness):
    start, pages = witness.marks["vmalloc"]
    for i in range(pages):
        assert start + i * PAGE in witness.tlb
    assert start + pages * PAGE not in witness.tlb
    assert start - PAGE not in witness.tlb


def test_kmap_slot_and_fixmap_show_one_page(witness):
    fixmap, _ = witness.marks["fixmap"]
    frame, letters = witness.tlb[fixmap]
    assert "W" not in letters       # it was set read-only
    if "kmap" in witness.marks:     # there is highmem
        slot, _ = witness.marks["kmap"]
        assert witness.tlb[slot][0] == frame
        assert "W" in witness.tlb[slot][1]


def test_gaps_are_not_mapped(witness):
    assert not any(va >= 0xFFFFF000 for va in witness.tlb)
    assert not any(va < 0xC0000000 for va in witness.tlb)


def test_nothing_is_for_user_mode(witness):
    assert not any("U" in letters for _, letters in witness.tlb.values())
