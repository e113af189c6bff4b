# SPDX-License-Identifier: MIT
"""outside_laws.py - laws of the kernel, checked from outside

WHAT     Restates laws of buddy_check(), pgtable_check() and kmap_check() over
         what outside.py reads from a machine that stands still. A fault is a
         sentence: the law, and where it is broken.

TERMS    block    the 2^MAX_ORDER frames that share one entry of
                  pageblock_states
         leaf     an entry that maps memory

ALGORITHM  The free lists are read first. Everything else about free memory is
         compared with what stands there. The page tables are read level by
         level from CR3; only the kernel's quarter has laws here.

USAGE    faults(look) of a machine that was stopped; promoted_faults() boots one
         and stops it; judge() marks the exercises of a submission.

NOT HERE laws of slabs, areas and user mode.
"""
from dataclasses import dataclass, field

from outside import KMAP, LARGE, PAGE, Broken, Look, Machine, OutsideError, \
    layout_of

SHOWN = 5       # so many faults of one law are told


# ---- buddy -------------------------------------------------------------------

@dataclass
class Zone:
    """A zone and what its free lists say."""
    name: str
    start: int
    end: int
    nr_free: int
    free_orders: int
    blocks: list                                # the counts
    lists: list = field(default_factory=list)   # frames, by order


def read_zone(look, at, faults):
    zone = Zone(look.zone_name(at), look.member(at, "zone.start"),
                look.member(at, "zone.end"), look.member(at, "zone.nr_free"),
                look.member(at, "zone.free_orders"),
                look.members(at, "zone.blocks"))
    offset, size, _ = look.layout.members["zone.free"]
    link = look.layout.members["page.list"][0]
    for order in range(len(zone.blocks)):
        heads = []
        try:
            for one in look.ring(at + offset + order * size):
                heads.append(look.pfn_of(one - link))
        except Broken as error:
            faults.append(f"buddy B1: zone {zone.name}, order {order}: {error}")
        zone.lists.append(heads)
    return zone


def head_faults(look, zone, order, pfn):
    """Laws about one block of a list."""
    where = f"zone {zone.name}, list of order {order}: frame 0x{pfn:x}"
    marked = look.layout["PAGE_FREE"] | order << 8
    state = look.member(look.page_at(pfn), "page.state_order")
    if state != marked:
        yield f"buddy B1: {where} is not marked as a free block of this " \
              f"order: 0x{state:04x}, expected 0x{marked:04x}"
    if pfn % (1 << order):
        yield f"buddy B2: {where} is not a multiple of {1 << order}"
    if not zone.start <= pfn <= zone.end - (1 << order):
        yield f"buddy B3: {where} does not lie in the zone"
    if look.block_state(pfn) == look.layout["PAGEBLOCK_HOLE"]:
        yield f"buddy B3: {where} lies in a hole"


def list_faults(look, zone):
    top = look.layout["MAX_ORDER"]
    for order, heads in enumerate(zone.lists):
        known = set(heads)
        for pfn in heads:
            yield from head_faults(look, zone, order, pfn)
            buddy = pfn ^ 1 << order
            if order < top and buddy in known and pfn < buddy:
                yield f"buddy B4: zone {zone.name}: frames 0x{pfn:x} and " \
                      f"0x{buddy:x} are buddies, and both are free at order " \
                      f"{order}"


def count_faults(zone):
    free = sum(len(heads) << order for order, heads in enumerate(zone.lists))
    if free != zone.nr_free:
        yield f"buddy B5: zone {zone.name}: nr_free is {zone.nr_free}, the " \
              f"lists have {free}"
    for order, heads in enumerate(zone.lists):
        if zone.blocks[order] != len(heads):
            yield f"buddy B6: zone {zone.name}: blocks[{order}] is " \
                  f"{zone.blocks[order]}, the list has {len(heads)}"
        if bool(zone.free_orders >> order & 1) != bool(heads):
            yield f"buddy B6: zone {zone.name}: bit {order} of free_orders " \
                  f"(0x{zone.free_orders:x}) is wrong, the list has " \
                  f"{len(heads)}"


def overlap_faults(zones):
    """No frame lies in two free blocks."""
    free = sorted((pfn, order) for zone in zones
                  for order, heads in enumerate(zone.lists) for pfn in heads)
    for (pfn, order), (other, _) in zip(free, free[1:]):
        if other < pfn + (1 << order):
            yield f"buddy B7: frame 0x{other:x} lies in two free blocks: the " \
                  f"other one is 0x{pfn:x}, order {order}"


def live_states(look):
    """(first frame, the state of each frame) of each live block."""
    size, offset = look.layout.sizes["page"], look.layout.members[
        "page.state"][0]
    nr, end = 1 << look.layout["MAX_ORDER"], look.value("max_pfn")
    for first in range(0, end, nr):
        if look.block_state(first) == look.layout["PAGEBLOCK_LIVE"]:
            data = look.lowmem(look.page_at(first), nr * size)
            yield first, data[offset::size]


def frame_faults(look, zones):
    """What is marked free is in a list, and nothing in a free block is in
    use."""
    orders = {pfn: order for zone in zones
              for order, heads in enumerate(zone.lists) for pfn in heads}
    free = look.layout["PAGE_FREE"]
    inner = bytes([look.layout["PAGE_TAIL"], look.layout["PAGE_RESERVED"]])
    for first, states in live_states(look):
        for i, state in enumerate(states):
            if state == free and first + i not in orders:
                yield f"buddy B8: frame 0x{first + i:x} is marked as free, " \
                      "and no list has it"
        for pfn in orders.keys() & range(first, first + len(states)):
            start = pfn - first
            rest = states[start + 1:start + (1 << orders[pfn])]
            used = rest.lstrip(inner)
            if used:
                at = pfn + 1 + len(rest) - len(used)
                yield f"buddy B8: frame 0x{at:x} has state {used[0]}, but it " \
                      f"lies in the free block 0x{pfn:x}, order {orders[pfn]}"


def buddy_faults(look):
    faults = []
    zones = [read_zone(look, at, faults) for at in look.zones()]
    for zone in zones:
        faults += [*list_faults(look, zone), *count_faults(zone)]
    return faults + [*overlap_faults(zones), *frame_faults(look, zones)]


# ---- page tables -------------------------------------------------------------

@dataclass(frozen=True)
class Leaf:
    address: int
    entry: int
    large: bool

    @property
    def size(self):
        return LARGE if self.large else PAGE

    def text(self):
        level = "PDE" if self.large else "PTE"
        return f"the {level} of 0x{self.address:08x} is 0x{self.entry:016x}"


def kernel_leaves(look, faults):
    """Each leaf of the kernel's quarter. What is wrong with the tables
    themselves becomes a fault."""
    bits, base = look.layout, look.layout["PAGE_OFFSET"]
    root = look.entries(look.registers["CR3"] & ~31, 4)[3]
    if not root & bits["PAE_P"]:
        faults.append("pgtable T1: the kernel's PDPTE is not present")
        return
    tables = {}
    for i, pde in enumerate(look.entries(root & bits["PAE_ADDR_MASK"])):
        start = base + i * LARGE
        if not pde & bits["PAE_P"] or pde & bits["PAE_PS"]:
            yield Leaf(start, pde, True)
            continue
        table = pde & bits["PAE_ADDR_MASK"]
        if table in tables:
            faults.append(f"pgtable T4: the PDEs of 0x{tables[table]:08x} and "
                          f"0x{start:08x} lead to the same table")
        if not pde & bits["PAE_RW"] or pde & (bits["PAE_US"] | bits["PAE_XD"]):
            faults.append(f"pgtable T5: the PDE of 0x{start:08x} is "
                          f"0x{pde:016x}: an entry to a table allows all, but "
                          "not to user mode")
        tables[table] = start
        for k, pte in enumerate(look.entries(table)):
            yield Leaf(start + k * PAGE, pte, False)


class Map:
    """What the kernel's tables must say."""

    def __init__(self, look):
        self.look, self.bits = look, look.layout
        self.end = look.value("high_memory")
        self.vmalloc = look.vmalloc_start()
        image = look.address("kernel_image")
        self.text, self.rodata = (
            range(look.member(image, f"image_layout.{name}_start"),
                  look.member(image, f"image_layout.{name}_end"))
            for name in ("text", "rodata"))
        guards = look.members(image, "image_layout.guard")
        self.guards = set(guards[:look.member(
            image, "image_layout.nr_guards")])
        self.mapped = bytearray(max(self.end - self.bits["PAGE_OFFSET"], 0)
                                // PAGE)

    def of_leaf(self, leaf):
        """The laws that a leaf breaks."""
        bits, entry = self.bits, leaf.entry
        writable, no_exec = entry & bits["PAE_RW"], entry & bits["PAE_XD"]
        if entry & bits["PAE_US"]:
            yield "pgtable B4: user mode has access"
        if no_exec and not self.look.nx:
            yield "pgtable B2: XD is set while EFER.NXE is clear"
        if self.look.nx and writable and not no_exec:
            yield "pgtable B7: writable and executable"
        if leaf.address < self.end:
            yield from self.of_lowmem(leaf, writable, no_exec)
        elif self.is_gap(leaf.address):
            yield "pgtable G1: gaps are never mapped"
        elif self.look.nx and not no_exec:
            yield "pgtable D4: only text is executable"
        if leaf.large and leaf.address >= self.end:
            yield "pgtable V4: pages of 2 MiB are for the direct map only"

    def of_lowmem(self, leaf, writable, no_exec):
        bits, at = self.bits, leaf.address
        mask = bits["PAE_LARGE_MASK" if leaf.large else "PAE_ADDR_MASK"]
        wanted = at - bits["PAGE_OFFSET"]
        if leaf.entry & mask != wanted:
            yield f"pgtable D1: expected frame 0x{wanted // PAGE:x}, came " \
                  f"0x{(leaf.entry & mask) // PAGE:x}"
        if at in self.guards:
            yield "pgtable D2: guard pages of the image are not mapped"
        if self.look.nx and not no_exec and at not in self.text:
            yield "pgtable D4: only text is executable"
        if at in self.text and (writable or no_exec):
            yield "pgtable D5: text is read-only and executable"
        if at in self.rodata and writable:
            yield "pgtable D6: rodata is read-only"
        if at not in self.text and at not in self.rodata and not writable:
            yield "pgtable D7: data is writable"

    def is_gap(self, address):
        bits = self.bits
        return self.end <= address < self.vmalloc or \
            bits["VMALLOC_END"] <= address < bits["PKMAP_BASE"]

    def note(self, leaf):
        first = (leaf.address - self.bits["PAGE_OFFSET"]) // PAGE
        for i in range(first, min(first + leaf.size // PAGE,
                                  len(self.mapped))):
            self.mapped[i] = 1


def absent_faults(look, the_map, leaf):
    """What is not present is 0; only the vmalloc area has retired entries."""
    if leaf.entry and not the_map.vmalloc <= leaf.address < \
            look.layout["VMALLOC_END"]:
        yield f"pgtable N1: {leaf.text()}: what is not present is 0"


def missing_faults(look, the_map):
    """Each frame of lowmem that the allocator has or had is mapped."""
    nr = 1 << look.layout["MAX_ORDER"]
    states = dict(live_states(look))
    for first in range(0, len(the_map.mapped), nr):
        kind = look.block_state(first)
        if kind == look.layout["PAGEBLOCK_HOLE"]:
            continue
        for i in range(min(nr, len(the_map.mapped) - first)):
            known = states.get(first)
            if not the_map.mapped[first + i] and \
                    (not known or known[i] != look.layout["PAGE_RESERVED"]):
                yield f"pgtable D3: frame 0x{first + i:x} is RAM of lowmem, " \
                      "and the direct map does not have it"


def table_faults(look):
    faults, the_map = [], Map(look)
    for leaf in kernel_leaves(look, faults):
        if not leaf.entry & look.layout["PAE_P"]:
            faults += absent_faults(look, the_map, leaf)
            continue
        the_map.note(leaf)
        faults += [f"{law}: {leaf.text()}" for law in the_map.of_leaf(leaf)]
    return faults + list(missing_faults(look, the_map))


# ---- kmap --------------------------------------------------------------------

def slot_entries(look):
    """The PTE of each slot."""
    steps = look.walk(look.layout["PKMAP_BASE"])
    if len(steps) < 3:
        raise Broken("the slots of kmap have no page table")
    return look.entries(steps[1][1] & look.layout["PAE_ADDR_MASK"])


def slot_faults(look, slot, count, page, entry):
    present = bool(entry & look.layout["PAE_P"])
    if present != bool(count):
        yield f"kmap K2: slot {slot} has count {count}, and its entry is " \
              f"0x{entry:016x}"
    if not count:
        return
    try:
        pfn = look.pfn_of(page)
    except Broken as error:
        yield f"kmap K1: slot {slot}: {error}"
        return
    frame = (entry & look.layout["PAE_ADDR_MASK"]) // PAGE
    if present and frame != pfn:
        yield f"kmap K2: slot {slot} maps frame 0x{frame:x}, expected " \
              f"0x{pfn:x}"
    named = look.member(page, "page.kmap")
    if named != slot + 1:
        yield f"kmap K1: slot {slot} belongs to frame 0x{pfn:x}, whose kmap " \
              f"field is {named}, expected {slot + 1}"
    if pfn < look.value("max_low_pfn"):
        yield f"kmap K1: slot {slot} maps frame 0x{pfn:x}, which is no highmem"


def kmap_faults(look):
    counts = look.values(f"{KMAP}::slot_count")
    pages = look.values(f"{KMAP}::slot_page")
    entries = slot_entries(look)
    faults = [fault for slot, row in enumerate(zip(counts, pages, entries))
              for fault in slot_faults(look, slot, *row)]
    faults += [f"kmap K2: slot {slot} is mapped, and there is no such slot"
               for slot in range(len(counts), len(entries))
               if entries[slot] & look.layout["PAE_P"]]
    used, said = sum(n > 1 for n in counts), look.value(f"{KMAP}::nr_used")
    if used != said:
        faults.append(f"kmap K3: nr_used is {said}, {used} slots have users")
    return faults + list(owner_faults(look, counts, pages))


def owner_faults(look, counts, pages):
    """A page that names a slot is the page of this slot."""
    size, offset = look.layout.sizes["page"], look.layout.members[
        "page.kmap"][0]
    low = look.value("max_low_pfn")
    for first, states in live_states(look):
        if first + len(states) <= low:
            continue
        data = look.lowmem(look.page_at(first), len(states) * size)
        if not any(data[offset::size]) and not any(data[offset + 1::size]):
            continue
        for i in range(len(states)):
            named = int.from_bytes(data[i * size + offset:][:2], "little")
            page = look.page_at(first + i)
            if named and (named > len(counts) or not counts[named - 1] or
                          pages[named - 1] != page):
                yield f"kmap K1: frame 0x{first + i:x} names slot " \
                      f"{named - 1}, which has another page"


# ---- all of them -------------------------------------------------------------

LAWS = {"buddy": buddy_faults, "pgtable": table_faults, "kmap": kmap_faults}


def shorten(faults):
    """At most SHOWN faults of each law; the others are counted."""
    shown, counts = [], {}
    for fault in faults:
        law = fault.partition(":")[0]
        counts[law] = counts.get(law, 0) + 1
        if counts[law] <= SHOWN:
            shown.append(fault)
    return shown + [f"{law}: and {nr - SHOWN} more"
                    for law, nr in counts.items() if nr > SHOWN]


def faults(look, groups=tuple(LAWS), right=()):
    """What is wrong with a machine that stands still; []: nothing. `right`: how
    faults begin that are none here."""
    found = []
    for group in groups:
        try:
            found += LAWS[group](look)
        except Broken as error:
            found.append(f"{group}: {error}")
    return shorten([fault for fault in found
                    if not fault.startswith(tuple(right))])


def promoted_faults(kernel, archive, words, suites, options=("-m", "1G"),
                    right=()):
    """Boot a kernel with these words ("promote=1,3"), run suites, and look at
    the machine when the kernel has turned the power off. `options`: QEMU's.
    """
    append = " ".join([*words, f"selftest={','.join(suites)}"])
    layout = layout_of(str(kernel))
    with Machine(kernel, archive, append,
                 ("-vga", "none", *options)) as machine:
        try:
            machine.until_held()
        except OutsideError as error:
            return [f"boot: {error}"]
        return faults(Look(machine, layout), right=right)


def judge(marks, faults_of):
    """Sets `lied` of the marks that are right by their words, where the kernel
    with these functions has faults. `faults_of(marks)`: those of a boot with
    them. Returns {exercise number: its first fault}."""
    right = [mark for mark in marks if mark.right]
    together = faults_of(right) if right else []
    if not together:
        return {}
    found = {}
    for mark in right if len(right) > 1 else ():
        alone = faults_of([mark])
        if alone:
            found[mark.exercise.n] = alone[0]
    if not found:               # only together: nobody knows whose it is
        found = {mark.exercise.n: together[0] for mark in right}
    for mark in right:
        mark.lied = mark.lied or mark.exercise.n in found
    return found
