# SPDX-License-Identifier: MIT
"""test_holes.py - where there is no RAM, and that nobody is given any there

WHAT    Machines of 5 GiB have RAM on both sides of the hole below 4 GiB. Their
        iomem is read as /proc/iomem would be, and the suite `holes` takes all
        the memory there is. tests/emu/test_grub.py has the holes that GRUB
        cuts.
"""
import re

import pytest

from monitor import Session
from procfs import iomem

GIB = 1 << 30

BOARDS = {
    "pc": ("pc", ["-device", "edu,addr=5"]),
    "q35": ("q35", ["-device", "edu,addr=5"]),
    "q35-iommu": ("q35", [
        "-device", "intel-iommu", "-device", "edu,addr=5",
        "-device", "pcie-root-port,id=root,addr=6",
        "-device", "e1000e,bus=root"]),
}


@pytest.fixture(scope="module", params=BOARDS)
def machine(kernel, request):
    board, extra = BOARDS[request.param]
    session = Session(mem="5G", board=board, extra=extra)
    session.name = request.param
    session.rows = iomem(session.run("iomem"))
    yield session
    session.close()


def named(machine, name):
    return [(start, end + 1) for _, start, end, n in machine.rows
            if re.fullmatch(name, n)]


def overlap(a, b):
    return a[0] < b[1] and b[0] < a[1]


def test_iomem_has_all_the_ram_and_the_hole(machine):
    ram = named(machine, "System RAM")
    total = sum(end - start for start, end in ram)
    # The last pages below the hole are the firmware's, and 640K-1M.
    assert 5 * GIB - (1 << 20) < total < 5 * GIB
    assert not [r for r in ram if overlap(r, (0xc0000000, 4 * GIB))]
    assert any(start == 4 * GIB for start, _ in ram)
    assert not [r for r in ram if overlap(r, (0xa0000, 0x100000))]


def test_top_lines_of_iomem_are_sorted_and_disjoint(machine):
    top = [(row[1], row[2]) for row in machine.rows if row[0] == 0]
    assert all(a[1] < b[0] for a, b in zip(top, top[1:]))


def test_nothing_but_the_kernel_lies_in_ram(machine):
    ram = named(machine, "System RAM")
    for _, start, end, name in machine.rows:
        if name != "System RAM" and not name.startswith("Kernel "):
            assert not [r for r in ram if overlap(r, (start, end + 1))], name


def test_devices_are_where_they_say(machine):
    assert named(machine, "Local APIC") == [(0xfee00000, 0xfee01000)]
    assert named(machine, "IOAPIC 0") == [(0xfec00000, 0xfec00400)]
    assert len(named(machine, "ACPI (FACP|APIC|DSDT|RSDT)")) == 4
    edu = re.search(r"^00:05.0 .*\n(?:\t.*\n)*?\tMemory at (\w+)",
                    machine.run("pci"), re.MULTILINE)
    start = int(edu[1], 16)
    assert named(machine, r"0000:00:05\.0") == [(start, start + (1 << 20))]


def test_a_device_behind_a_bridge_lies_in_its_window(machine):
    behind = [row for row in machine.rows if row[3] == "0000:01:00.0"]
    assert bool(behind) == (machine.name == "q35-iommu")
    windows = named(machine, "PCI Bus 0000:01")
    for depth, start, end, _ in behind:
        assert depth == 1
        assert any(a <= start and end < b for a, b in windows)


def test_the_iommu_is_a_line_of_iomem(machine):
    there = [(0xfed90000, 0xfed91000)] if "iommu" in machine.name else []
    assert named(machine, "dmar0") == there


def test_all_memory_is_taken_and_none_of_it_is_a_hole(machine):
    text = machine.run("test holes")
    assert "# pagoda: selftest: 7 passed, 0 failed, 0 skipped" in text
    taken = int(re.search(r"# took (\d+) of \d+ free pages, all of them RAM",
                          text)[1])
    ram = sum(end - start for start, end in named(machine, "System RAM"))
    # The rest is mem_map, the image, and what the watermarks keep.
    assert taken * 4096 > 0.98 * ram
    assert machine.run("check").count(" ok") >= 9
