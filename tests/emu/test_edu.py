# SPDX-License-Identifier: MIT
"""test_edu.py - a PCI device driven from user mode, with and without an IOMMU

WHAT    The same program, user/programs/edu.c, on machines where QEMU's edu
        device reaches all memory, 256 MiB of it, or what an IOMMU lets it. What
        it prints is read back and recounted here: each page's three addresses,
        whether it was bounced, and the kernel's own counters.

TERMS   out of reach   a page whose last byte lies above the device's mask
"""
import re
from dataclasses import dataclass

import pytest

from machine import ICOUNT, Shape, run
from test_shell import Shell
from test_user import judge_results, programs, tail

PAGE = 4096
GIB4 = 1 << 32

# Bytes that went each way: "isa" and "coherent" 4096, "own" 12288, "crooked"
# 8192; the last two are pages of the program's own.
MALLOCED_BYTES = 12288 + 8192
OWN_PAGES = 6 + 6          # own: 2 * 3; crooked begins in a page: 2 * 3

EDU_28 = ["-device", "edu"]
EDU_32 = ["-device", "edu,dma_mask=0xffffffff"]
VTD = ["-device", "intel-iommu"]
# RAM above 4 GiB without having 4 GiB.
SPLIT = "pc,max-ram-below-4g=1G"


@dataclass
class Case:
    shape: Shape
    bits: int = 28
    append: str = ""
    iommu: bool = False
    high: bool = False
    requester: str = None   # as whom it asks, if not as itself


def behind(requester, *bridges):
    """An edu device behind bridges, each behind the one before."""
    extra = [word for bridge in bridges for word in ("-device", bridge)]
    last = re.search(r"id=(\w+)", bridges[-1])[1]
    return Case(Shape("1G", "max", "q35", VTD + extra + [
        "-device", f"edu,bus={last},addr=3"]), iommu=True, requester=requester)


ROOT_PORT = "pcie-root-port,id=r,addr=7"

CASES = {
    "pc-1G": Case(Shape("1G", "max", extra=EDU_28)),
    "pc-1G-icount": Case(Shape("1G", "max", extra=EDU_28 + ICOUNT)),
    "pc-1G-mask32": Case(Shape("1G", "max", extra=EDU_32), bits=32),
    "pc-5G": Case(Shape("5G", "max", extra=EDU_28)),
    "pc-5G-mask32": Case(Shape("5G", "max", extra=EDU_32), bits=32),
    "split-mask32": Case(Shape("1280M", "max", SPLIT, EDU_32), bits=32,
                         high=True),
    "split-mask28": Case(Shape("1280M", "max", SPLIT, EDU_28), high=True),
    "pc-64M": Case(Shape("64M", "max", extra=EDU_28)),
    "q35-iommu": Case(Shape("1G", "max", "q35", VTD + EDU_28), iommu=True),
    "q35-iommu-48": Case(Shape("1G", "max", "q35", [
        "-device", "intel-iommu,aw-bits=48"] + EDU_28), iommu=True),
    "q35-iommu-5G": Case(Shape("5G", "max", "q35", VTD + EDU_28),
                         iommu=True),
    "q35-noiommu": Case(Shape("1G", "max", "q35", VTD + EDU_28),
                        append=" noiommu"),
    "q35-noapic": Case(Shape("1G", "max", "q35", VTD + EDU_28),
                       append=" noapic", iommu=True),
    "q35-without": Case(Shape("1G", "max", "q35", EDU_28)),
    "behind-pcie-to-pci": behind("01:00.0", "pcie-pci-bridge,id=b,addr=6"),
    "behind-a-legacy-bridge": behind("00:06.0",
                                     "pci-bridge,id=b,addr=6,chassis_nr=1"),
    "behind-three-bridges": behind(
        "02:00.0", ROOT_PORT, "pcie-pci-bridge,id=p,bus=r",
        "pci-bridge,id=b,bus=p,addr=1,chassis_nr=2"),
    "behind-two-legacy-bridges": behind(
        "00:06.0", "pci-bridge,id=a,addr=6,chassis_nr=1",
        "pci-bridge,id=b,bus=a,addr=1,chassis_nr=2"),
}

LINE = re.compile(r"^edu:   page (\d+)  0x(\w+)  0x(\w+)  0x(\w+)  (\w+) *  "
                  r"(\w+)$", re.MULTILINE)
TABLE = re.compile(r"^edu: (\w+) +virtual +physical", re.MULTILINE)
COUNTERS = re.compile(r"edu: bounced pages (\d+), unreachable pages (\d+); "
                      r"copied (\d+) bytes in, (\d+) out; refused (\d+), "
                      r"blocked (\d+)")
ENDS = re.compile(r"edu: (\d+) transfers, (\d+) interrupts")
BLOCKED = re.compile(r"iommu: blocked: device (\S+) writes to bus 0x(\w+)")


def tables(text):
    """[(buffer, [(virtual, physical, bus, zone, way), ...]), ...]"""
    found = []
    heads = list(TABLE.finditer(text))
    for head, following in zip(heads, heads[1:] + [None]):
        part = text[head.end():following.start() if following else None]
        rows = [(int(v, 16), int(p, 16), int(b, 16), zone, way)
                for _, v, p, b, zone, way in LINE.findall(part)]
        found.append((head[1], rows))
    return found


def last_byte(address):
    """Of the page: the program maps up to its end, or nearly."""
    return address | (PAGE - 1)


def check_rows(case, text):
    mask = (1 << case.bits) - 1
    reach = mask
    bounced = 0
    for name, rows in tables(text):
        assert rows, name
        if name == "isa":
            reach = (1 << 24) - 1
        else:
            reach = mask
        for virtual, physical, bus, zone, way in rows:
            assert virtual % PAGE == physical % PAGE == bus % PAGE
            assert last_byte(bus) <= reach, (name, hex(bus))
            assert zone == ("DMA" if physical < 16 << 20 else
                            "Normal" if physical < 896 << 20 else "HighMem")
            if case.iommu:
                assert way == "IOMMU"
            else:
                out_of_reach = last_byte(physical) > mask
                assert (way == "bounced") == out_of_reach, hex(physical)
                assert (bus == physical) == (way == "direct")
                bounced += out_of_reach
        buses = [row[2] - row[2] % PAGE for row in rows]
        if case.iommu:
            assert buses == list(range(buses[0], buses[0] + len(buses) * PAGE,
                                       PAGE)), "one range on the bus"
    return bounced


@pytest.mark.parametrize("name", CASES)
def test_every_buffer_goes_there_and_back(kernel, name):
    case = CASES[name]
    high = ",high" if case.high else ""
    done = run(case.shape, f"program=edu,{case.bits}{high}{case.append}",
               "program", archive=True)
    text = done.text
    assert done.status == 33 and "edu: all is well" in text, \
        tail(text) + done.errors
    assert text.count("there and back, all right") == 4 + case.high
    assert ("behind an IOMMU" in text) == case.iommu
    assert "clamping" not in done.errors and "clamping" not in text
    # Every transfer ended with an interrupt, and so did the factorial.
    transfers, interrupts = map(int, ENDS.search(text).groups())
    assert interrupts == transfers + 1 and transfers >= 26
    bounced, unreachable, copied_in, copied_out, refused, blocked = map(
        int, COUNTERS.search(text).groups())
    assert bounced == unreachable == check_rows(case, text)
    assert "is beyond its mask" in text and refused == 1
    if case.iommu:
        assert (bounced, copied_in, copied_out) == (0, 0, 0)
        check_blocked(text, blocked, case.requester)
    else:
        assert blocked == 0 and not BLOCKED.search(text)
    if name in ("pc-1G", "pc-1G-icount", "pc-5G", "q35-noiommu",
                "q35-without"):
        # All that malloc() gave is HIGHMEM: all of it, both ways, once.
        assert bounced == OWN_PAGES
        assert copied_in == copied_out == MALLOCED_BYTES
    if name in ("pc-1G-mask32", "pc-5G-mask32", "pc-64M"):
        assert (bounced, copied_in, copied_out) == (0, 0, 0)


def check_blocked(text, blocked, requester):
    """The program's two wrong addresses, and the kernel's report of them."""
    reports = BLOCKED.findall(text)
    said = re.findall(r"edu: blocked: .*, bus 0x(\w+); memory unchanged",
                      text)
    assert blocked == len(said) == len(reports) == 2
    source = requester or re.search(r"edu: (\w\w:\w\w\.\w),", text)[1]
    assert [device for device, _ in reports] == [source] * 2
    assert [int(bus, 16) for _, bus in reports] == [
        int(bus, 16) for bus in said]


@pytest.mark.parametrize("bridge", ["pcie-pci-bridge,id=b,addr=6",
                                    "pci-bridge,id=b,addr=6,chassis_nr=1"])
def test_two_devices_behind_one_bridge_are_not_two_domains(kernel, bridge):
    shape = Shape("256M", "max", "q35", VTD + [
        "-device", bridge, "-device", "edu,bus=b,addr=3",
        "-device", "edu,bus=b,addr=4"])
    done = run(shape, "selftest=user_device,vtd_edu,pci", "selftest")
    assert done.status == 33, tail(done.text)
    assert re.search(r"ok \d+ of_two_behind_one_bridge_one_is_opened$",
                     done.text, re.MULTILINE)
    assert re.search(r"pci 0\w:0[34]\.0: refused: behind its bridge it is",
                     done.text)


def test_the_shell_starts_it_as_often_as_one_likes(kernel):
    """init gives it the device; the second run gets it from the first."""
    shell = Shell(extra=["-device", "edu"], mem="1G")
    try:
        for _ in range(2):
            text = shell.run("edu")
            assert "edu: all is well" in text, text
            assert COUNTERS.search(text)[1] == str(OWN_PAGES)
        assert "usage: edu" in shell.run("edu 99")
    finally:
        shell.close()


def test_a_machine_without_the_device_is_told_so(kernel):
    done = run(Shape("64M", "max"), "program=edu", "program", archive=True)
    assert "edu: there is no such device" in done.text and done.status == 35


def test_pages_above_4_gib_are_bounced_for_32_bits(kernel):
    """And no others: the rest of HIGHMEM is within the mask."""
    case = CASES["split-mask32"]
    done = run(case.shape, "program=edu,32,high", "program", archive=True)
    rows = [row for name, part in tables(done.text) for row in part]
    above = [row for row in rows if row[1] >= GIB4]
    assert len(above) == 2 and done.status == 33, tail(done.text)
    assert all(row[4] == "bounced" and row[2] < GIB4 for row in above)
    assert COUNTERS.search(done.text).groups()[:4] == (
        "2", "2", "4096", "4096")


@pytest.mark.parametrize("shape", [
    Shape("1G", "max", extra=EDU_28),
    Shape("64M", "qemu32", extra=EDU_28),
    Shape("1G", "max", "q35", VTD + EDU_28)], ids=str)
@pytest.mark.parametrize("name", ["device", "device_others",
                                  "unanswered_own"])
def test_misuse_from_ring_3(kernel, shape, name):
    """Nothing is skipped where there is a device, and every page comes back,
    which program= sees to."""
    done = run(shape, f"program=tests/{name}", "program", archive=True)
    faults, skipped = judge_results(done.text, programs()[name])
    assert not faults and not skipped and done.status == 33, \
        "\n".join(faults) + str(skipped) + tail(done.text)
