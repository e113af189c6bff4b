# SPDX-License-Identifier: MIT
"""test_lab_outside.py - the look from outside: each law sees its wrong entry

WHAT     One machine stands at the monitor's prompt. A wrong entry is written
         into its physical memory through QEMU's GDB stub, the laws are checked,
         and the old bytes come back. Without a wrong entry no law is broken.

TERMS    plant  a function that gives the writes of one wrong entry
"""

import socket
import sys
import time
from dataclasses import dataclass

import pytest

from machine import ARCHIVE, KERNEL, ROOT

sys.path.insert(0, str(ROOT / "tools" / "lab"))
import outside           # noqa: E402  (needs the path above)
import outside_laws      # noqa: E402

PAGE, LARGE, QUARTER = 4096, 2 << 20, 3 << 30


class Stub:
    """QEMU's GDB stub, for writes to physical memory."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(path))
        assert self.ask("Qqemu.PhyMemMode:1") == "OK"

    def ask(self, text):
        check = sum(text.encode()) & 0xff
        self.socket.sendall(f"${text}#{check:02x}".encode())
        said = b""
        while b"$" not in said or b"#" not in said.partition(b"$")[2][:-2]:
            said += self.socket.recv(4096)
        self.socket.sendall(b"+")
        return said.partition(b"$")[2].partition(b"#")[0].decode()

    def write(self, address, data):
        assert self.ask(f"M{address:x},{len(data):x}:{data.hex()}") == "OK"


class Stand:
    """The machine, a Look at it, and ways to write into it."""

    def __init__(self, machine, look):
        self.machine, self.look = machine, look
        machine.qmp.human(f"gdbserver unix:{machine.folder}/gdb,server=on,"
                          "wait=off")
        path = machine.folder / "gdb"
        while not path.exists():
            time.sleep(0.05)
        self.stub = Stub(path)

    def with_writes(self, writes, right=()):
        """The faults of the machine while these bytes are different. `right`:
        as in outside_laws.faults()."""
        old = []
        for address, data in writes:
            self.look.memory.forget()
            old.append((address, self.look.memory.read(address, len(data))))
            self.stub.write(address, data)
        try:
            self.look.memory.forget()
            return outside_laws.faults(self.look, right=right)
        finally:
            for address, data in reversed(old):
                self.stub.write(address, data)
            self.look.memory.forget()


@pytest.fixture(scope="module")
def stand(kernel):
    with outside.Machine(KERNEL, ARCHIVE, "monitor vmalloc=896M",
                         ("-m", "200M")) as machine:
        machine.until(outside.PROMPT)
        machine.type("alloc page 3")
        for _ in range(2):
            machine.type("alloc highmem 0")
        machine.stop()
        layout = outside.layout_of(str(KERNEL))
        look = outside.Look(machine, layout)
        pfn = look.pfn_of(held(look, 2))
        machine.go_on()
        machine.type(f"alloc kmap 0x{pfn:x}")
        machine.stop()
        yield Stand(machine, outside.Look(machine, layout))


# ---- how to write ------------------------------------------------------------

def held(look, number):
    address, size, _ = look.layout.symbols[f"{outside.HOLD}::held"]
    return look.member(address + (number - 1) * size, "held.ptr")


def bytes4(value):
    return value.to_bytes(4, "little")


def bytes8(value):
    return value.to_bytes(8, "little")


def variable(look, name, value, index=0):
    address, size, _ = look.layout.symbols[name]
    return address - QUARTER + index * size, value.to_bytes(size, "little")


def member(look, structure, name, value, index=0):
    offset, size, _ = look.layout.members[name]
    return structure - QUARTER + offset + index * size, \
        value.to_bytes(size, "little")


def entry(look, address, change, level=-1):
    """The entry that maps an address, changed."""
    where, old = look.walk(address)[level]
    return where, bytes8(change(old))


def marked(look, order):
    return look.layout["PAGE_FREE"] | order << 8


def free_list(look, zone, order, pfns):
    """All writes that make a list of a zone have these blocks."""
    offset, size, _ = look.layout.members["zone.free"]
    head = zone + offset + order * size
    ring = [head] + [look.page_at(pfn) for pfn in pfns]
    writes = []
    for i, at in enumerate(ring):
        after, before = ring[(i + 1) % len(ring)], ring[i - 1]
        writes.append((at - QUARTER, bytes4(after) + bytes4(before)))
    for pfn in pfns:
        writes.append(member(look, look.page_at(pfn), "page.state_order",
                             marked(look, order)))
    orders = look.member(zone, "zone.free_orders") & ~(1 << order)
    writes.append(member(look, zone, "zone.blocks", len(pfns), order))
    writes.append(member(look, zone, "zone.free_orders",
                         orders | bool(pfns) << order))
    return writes


def live_block(look, least=1):
    """(zone, its lists, order, frame) of a free block with written entries,
    alone in its list, the list one order below not empty or empty."""
    for at in look.zones():
        zone = outside_laws.read_zone(look, at, [])
        for order in range(least, look.layout["MAX_ORDER"]):
            if len(zone.lists[order]) == 1:
                return at, zone.lists, order, zone.lists[order][0]
    raise AssertionError("no free block stands alone in its list")


# ---- buddy -------------------------------------------------------------------

def not_marked(look):
    _, _, order, pfn = live_block(look)
    return [member(look, look.page_at(pfn), "page.state_order",
                   marked(look, order - 1))]


def link_to_nowhere(look):
    pfn = live_block(look)[3]
    return [(look.page_at(pfn) - QUARTER, bytes4(0))]


def link_back_wrong(look):
    pfn = live_block(look)[3]
    return [(look.page_at(pfn) - QUARTER + 4, bytes4(look.page_at(0)))]


def not_aligned(look):
    at, _, order, pfn = live_block(look)
    return free_list(look, at, order, [pfn + 1])


def outside_the_zone(look):
    at, _, _, pfn = live_block(look)
    return [member(look, at, "zone.start", pfn + 1)]


def two_free_buddies(look):
    at, lists, order, pfn = live_block(look)
    halves = [pfn, pfn + (1 << order - 1)]
    writes = free_list(look, at, order - 1, [*lists[order - 1], *halves])
    gone = free_list(look, at, order, [])
    # Both lists share free_orders.
    bits = look.member(at, "zone.free_orders") & ~(1 << order) | 1 << order - 1
    return [*gone, *writes, member(look, at, "zone.free_orders", bits)]


def wrong_sum(look):
    at = live_block(look)[0]
    return [member(look, at, "zone.nr_free",
                   look.member(at, "zone.nr_free") + 1)]


def wrong_length(look):
    at, _, order, _ = live_block(look)
    return [member(look, at, "zone.blocks", 2, order)]


def wrong_bit_of_orders(look):
    at, _, order, _ = live_block(look)
    return [member(look, at, "zone.free_orders",
                   look.member(at, "zone.free_orders") ^ 1 << order)]


def in_two_blocks(look):
    at, lists, order, pfn = live_block(look)
    half = pfn + (1 << order - 1)
    return free_list(look, at, order - 1, [*lists[order - 1], half])


def free_and_in_no_list(look):
    text = image(look, "text_start") - QUARTER
    return [member(look, look.page_at(text // PAGE), "page.state",
                   look.layout["PAGE_FREE"])]


def used_inside_a_free_block(look):
    pfn = live_block(look)[3]
    return [member(look, look.page_at(pfn + 1), "page.state",
                   look.layout["PAGE_FREE"] + 2)]


# ---- page tables -------------------------------------------------------------

def image(look, name):
    return look.member(look.address("kernel_image"), f"image_layout.{name}")


def a_large_page(look):
    return QUARTER + 16 * LARGE


def no_pdpte(look):
    return [entry(look, QUARTER, lambda old: old & ~1, 0)]


def same_table_twice(look):
    table = look.walk(QUARTER)[1][1]
    return [entry(look, look.layout["PKMAP_BASE"], lambda old: table, 1)]


def table_read_only(look):
    return [entry(look, QUARTER, lambda old: old & ~look.layout["PAE_RW"], 1)]


def other_frame(look):
    return [entry(look, QUARTER + PAGE, lambda old: old + PAGE)]


def other_large_frame(look):
    return [entry(look, a_large_page(look), lambda old: old + LARGE)]


def guard_mapped(look):
    guard = look.members(look.address("kernel_image"), "image_layout.guard")[0]
    frame = guard - QUARTER
    bits = look.walk(QUARTER + PAGE)[-1][1] & ~look.layout["PAE_ADDR_MASK"]
    return [entry(look, guard, lambda old: frame | bits)]


def page_gone(look):
    return [entry(look, QUARTER + PAGE, lambda old: 0)]


def large_page_gone(look):
    return [entry(look, a_large_page(look), lambda old: 0)]


def data_executable(look):
    return [entry(look, QUARTER + PAGE,
                  lambda old: old & ~look.layout["PAE_XD"])]


def text_writable(look):
    return [entry(look, image(look, "text_start"),
                  lambda old: old | look.layout["PAE_RW"])]


def rodata_writable(look):
    return [entry(look, image(look, "rodata_start"),
                  lambda old: old | look.layout["PAE_RW"])]


def data_read_only(look):
    return [entry(look, look.address("zones"),
                  lambda old: old & ~look.layout["PAE_RW"])]


def for_user_mode(look):
    return [entry(look, look.address("zones"),
                  lambda old: old | look.layout["PAE_US"])]


def gap_mapped(look):
    large = look.walk(a_large_page(look))[-1][1]
    gap = look.value("high_memory") + LARGE
    return [entry(look, gap, lambda old: large, 1)]


def large_page_of_vmalloc(look):
    large = look.walk(a_large_page(look))[-1][1]
    return [entry(look, look.layout["VMALLOC_END"] - 2 * LARGE,
                  lambda old: large, 1)]


def not_present_not_zero(look):
    return [entry(look, QUARTER + LARGE - PAGE, lambda old: old & ~1)]


# ---- kmap --------------------------------------------------------------------

def slot_used(look):
    counts = look.values(f"{outside.KMAP}::slot_count")
    return next(slot for slot, count in enumerate(counts) if count > 1)


def slot_address(look):
    return look.layout["PKMAP_BASE"] + slot_used(look) * PAGE


def page_names_no_slot(look):
    return [member(look, held(look, 2), "page.kmap", slot_used(look) + 2)]


def slot_of_lowmem(look):
    return [variable(look, f"{outside.KMAP}::slot_page", held(look, 1),
                     slot_used(look))]


def slot_of_no_page(look):
    return [variable(look, f"{outside.KMAP}::slot_page", QUARTER + 3,
                     slot_used(look))]


def slot_maps_another(look):
    return [entry(look, slot_address(look), lambda old: old + PAGE)]


def slot_not_mapped(look):
    return [entry(look, slot_address(look), lambda old: 0)]


def mapped_without_count(look):
    return [variable(look, f"{outside.KMAP}::slot_count", 0, slot_used(look))]


def wrong_number_of_users(look):
    return [variable(look, f"{outside.KMAP}::nr_used", 2)]


def two_pages_one_slot(look):
    return [member(look, held(look, 3), "page.kmap", slot_used(look) + 1)]


PLANTS = {
    not_marked: "buddy B1: ", link_to_nowhere: "buddy B1: ",
    link_back_wrong: "buddy B1: ", not_aligned: "buddy B2: ",
    outside_the_zone: "buddy B3: ", two_free_buddies: "buddy B4: ",
    wrong_sum: "buddy B5: ", wrong_length: "buddy B6: ",
    wrong_bit_of_orders: "buddy B6: ", in_two_blocks: "buddy B7: ",
    free_and_in_no_list: "buddy B8: ", used_inside_a_free_block: "buddy B8: ",
    no_pdpte: "pgtable T1: ", same_table_twice: "pgtable T4: ",
    table_read_only: "pgtable T5: ", other_frame: "pgtable D1: ",
    other_large_frame: "pgtable D1: ", guard_mapped: "pgtable D2: ",
    page_gone: "pgtable D3: ", large_page_gone: "pgtable D3: ",
    data_executable: "pgtable B7: ", text_writable: "pgtable D5: ",
    rodata_writable: "pgtable D6: ", data_read_only: "pgtable D7: ",
    for_user_mode: "pgtable B4: ", gap_mapped: "pgtable G1: ",
    large_page_of_vmalloc: "pgtable V4: ",
    not_present_not_zero: "pgtable N1: ", page_names_no_slot: "kmap K1: ",
    slot_of_lowmem: "kmap K1: ", slot_of_no_page: "kmap K1: ",
    slot_maps_another: "kmap K2: ", slot_not_mapped: "kmap K2: ",
    mapped_without_count: "kmap K2: ", wrong_number_of_users: "kmap K3: ",
    two_pages_one_slot: "kmap K1: ",
}

# These break one law and no other.
ALONE = (not_marked, two_free_buddies, wrong_sum, wrong_length,
         wrong_bit_of_orders, free_and_in_no_list, used_inside_a_free_block,
         table_read_only, other_frame, other_large_frame, page_gone,
         large_page_gone, data_read_only, for_user_mode,
         slot_maps_another, slot_not_mapped, wrong_number_of_users,
         two_pages_one_slot)


def test_a_machine_that_is_right_has_no_fault(stand):
    assert outside_laws.faults(stand.look) == []


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_wrong_entry_is_seen(stand, plant):
    faults = stand.with_writes(plant(stand.look))
    law = PLANTS[plant]
    assert any(fault.startswith(law) for fault in faults), faults
    if plant in ALONE:
        assert all(fault.startswith(law) for fault in faults), faults
    assert outside_laws.faults(stand.look) == []


def test_xd_without_nx_is_seen(stand):
    registers = dict(stand.look.registers)
    stand.look.registers["EFER"] = 0
    try:
        faults = outside_laws.faults(stand.look)
    finally:
        stand.look.registers = registers
    assert any(fault.startswith("pgtable B2: ") for fault in faults)


def test_a_fault_says_which_frame(stand):
    _, _, order, pfn = live_block(stand.look)
    faults = stand.with_writes(two_free_buddies(stand.look))
    assert len(faults) == 1
    assert f"frames 0x{pfn:x} and 0x{pfn + (1 << order - 1):x}" in faults[0]


def test_what_a_twist_asks_for_is_no_fault(stand):
    fault, = stand.with_writes(data_read_only(stand.look))
    assert stand.with_writes(data_read_only(stand.look), [fault[:-18]]) == []
    assert stand.with_writes(data_read_only(stand.look), ["pgtable D8"]) == \
        [fault]


def test_many_faults_are_counted():
    faults = [f"buddy B1: {i}" for i in range(9)] + ["kmap K3: x"]
    assert outside_laws.shorten(faults) == [
        *faults[:5], "kmap K3: x", "buddy B1: and 4 more"]


# ---- the kernel held at its end ----------------------------------------------

def test_a_kernel_held_after_its_suites_has_no_fault(kernel):
    assert outside_laws.promoted_faults(
        KERNEL, ARCHIVE, [], ["buddy", "kmap", "kpgtable"],
        ("-m", "300M")) == []


class Waiting(outside.Machine):
    """A machine whose kernel waits for ever."""

    def __init__(self, kernel, archive, append, *options):
        assert append == "selftest=list"
        super().__init__(kernel, archive, "monitor", *options)


def test_a_kernel_that_does_not_end_is_a_fault(kernel, monkeypatch):
    monkeypatch.setattr(outside, "WALL_SECONDS", 3)
    # A list of tests is wanted, but there is nothing that ends: `monitor`
    # waits at its prompt.
    monkeypatch.setattr(outside_laws, "Machine", Waiting)
    faults = outside_laws.promoted_faults(KERNEL, ARCHIVE, [], ["list"],
                                          ("-m", "100M"))
    assert faults == ["boot: the kernel did not come to its end"]


# ---- whose fault -------------------------------------------------------------

@dataclass
class Mark:
    n: int
    right: bool = True
    lied: bool = False

    @property
    def exercise(self):
        return self


@pytest.mark.parametrize("guilty, lied", [
    ({2}, [2]), ({1, 3}, [1, 3]), (set(), []), ({4}, [])])
def test_only_the_guilty_exercise_has_lied(guilty, lied):
    marks = [Mark(1), Mark(2), Mark(3), Mark(4, right=False)]
    found = outside_laws.judge(marks, lambda some: [
        f"of {mark.n}" for mark in some if mark.n in guilty])
    assert [mark.n for mark in marks if mark.lied] == lied
    assert found == {n: f"of {n}" for n in lied}


def test_what_fails_together_only_is_everybodys():
    marks = [Mark(1), Mark(2)]
    outside_laws.judge(marks, lambda some: ["x"] if len(some) > 1 else [])
    assert all(mark.lied for mark in marks)


def test_an_image_without_symbols_is_said(tmp_path):
    file = tmp_path / "kernel"
    file.write_bytes(b"no kernel")
    with pytest.raises(outside.OutsideError, match="cannot read"):
        outside.layout_of(str(file))
