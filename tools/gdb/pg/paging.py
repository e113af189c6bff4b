# SPDX-License-Identifier: MIT
"""paging.py - pg walk, pg map: page tables, read from physical memory

WHAT    The entries are read where CR3 and the entries themselves say, by
        physical address. So tables in highmem can be read, tables of tasks
        that do not run, and wrong tables.

PICTURE    CR3 --> PDPT[4] --> page directory[512] --> page table[512]
                   1 GiB each  2 MiB each              4 KiB each

SEE     SDM volume 3, 4.4 "PAE Paging"; arch/i386/mm/pgtable_dump.c, which has
        the same letters and ranges; arch/i386/mm/fault_words.c, which walks
        in the same way.
"""

from dataclasses import dataclass

from pg import guest, kernel, pages, tasks
from pg.facts import compute, constant, rows

PAGE = 4096
LARGE = 2 << 20
QUARTER = 1 << 30
FOUR_GIB = 1 << 32

#          name     shift  entries  what an entry leads to
LEVELS = (("PDPTE", 30,    4,       "page directory"),
          ("PDE",   21,    512,     "page table"),
          ("PTE",   12,    512,     "page"))

BITS = ("P", "RW", "US", "PWT", "PCD", "A", "D", "PS", "G", "XD")

#          letter  bit    shown when the bit is
LETTERS = (("u", "US", True), ("r", "P", True), ("w", "RW", True),
           ("x", "XD", False), ("g", "G", True), ("c", "PCD", False))


def bit(name):
    return constant("PAE_" + name)


def bit_names(entry):
    return " ".join(name for name in BITS if entry & bit(name))


def letters(entry):
    return "".join(letter if bool(entry & bit(name)) == when else "-"
                   for letter, name, when in LETTERS)


def is_large(entry, level):
    return level == 1 and bool(entry & bit("PS"))


def entry_address(entry, level):
    mask = "PAE_LARGE_MASK" if is_large(entry, level) else "PAE_ADDR_MASK"
    return entry & constant(mask)


def read_entries(table, count):
    data = guest.read_physical(table, 8 * count)
    return [int.from_bytes(data[i:i + 8], "little")
            for i in range(0, len(data), 8)]


# ---- regions ----------------------------------------------------------------

def vmalloc_start(high_memory):
    span = constant("PT_SPAN")
    return ((high_memory + span - 1) & ~(span - 1)) + \
        constant("VMALLOC_OFFSET")


def regions():
    """(start, end, name) of the whole address space, in order."""
    high_memory = int(kernel.variable("high_memory"))
    known = {"high_memory": high_memory,
             "vmalloc_start()": vmalloc_start(high_memory), "0u": FOUR_GIB}
    user, offset = constant("USER_BASE"), constant("PAGE_OFFSET")
    found = [(0, user, "never mapped"), (user, offset, "user mode")]
    for _, start, end, what in rows("KVA_REGIONS"):
        bounds = [known[text] if text in known else compute(text)
                  for text in (start, end)]
        found.append((*bounds, what))
    return found


def region_of(address):
    return next(region for region in regions()
                if region[0] <= address < region[1])


# ---- pg walk ----------------------------------------------------------------

@dataclass
class Step:
    """One level of a walk."""
    level: int
    index: int
    where: int      # physical address of the entry
    entry: int


def walk(cr3, address):
    """The steps that the CPU takes, up to an entry that ends it."""
    table = cr3 & ~31
    for level, (_, shift, count, _) in enumerate(LEVELS):
        index = address >> shift & (count - 1)
        where = table + 8 * index
        entry = int.from_bytes(guest.read_physical(where, 8), "little")
        yield Step(level, index, where, entry)
        if not entry & bit("P") or is_large(entry, level):
            return
        table = entry_address(entry, level)


def step_line(step):
    name, _, _, target = LEVELS[step.level]
    names = bit_names(step.entry)
    line = f"  {name:>5}[{step.index:3}] 0x{step.entry:016x} " \
           f"{' ' + names if names else ''}"
    if not step.entry & bit("P"):
        return f"{line}  <-- P is clear"
    if is_large(step.entry, step.level):
        target = "page of 2 MiB"
    return f"{line}  --> {target} at " \
           f"0x{entry_address(step.entry, step.level):09x}"


def rights(steps):
    """What all levels together allow, in words."""
    below_pdpt = [step.entry for step in steps if step.level > 0]
    writable = all(entry & bit("RW") for entry in below_pdpt)
    user = all(entry & bit("US") for entry in below_pdpt)
    no_exec = any(entry & bit("XD") for entry in below_pdpt)
    words = ["user and kernel" if user else "kernel only",
             "read, write" if writable else "read"]
    if not no_exec:
        words[1] += ", execute"
    elif not guest.register("efer") & guest.EFER_NXE:
        words.append("XD is set while EFER.NXE is clear: a reserved bit")
    last = below_pdpt[-1]
    words += [word for name, word in (("G", "global"), ("PCD", "uncached"))
              if last & bit(name)]
    return "; ".join(words)


def verdict(address, steps):
    last = steps[-1]
    if not last.entry & bit("P"):
        return [f"0x{address:08x} is not mapped"]
    size = LARGE if is_large(last.entry, last.level) else PAGE
    physical = entry_address(last.entry, last.level) + address % size
    lines = [f"0x{address:08x} is physical 0x{physical:09x}: {rights(steps)}"]
    if pages.there():
        lines.append(pages.summary(physical // PAGE))
    return lines


def tables_of(who):
    """(CR3, whose tables these are) of a task, or those in use."""
    if who is None:
        return guest.register("cr3"), "CR3"
    task = tasks.find(who)
    root = kernel.number(tasks.address_space(task)["tables"]["root"])
    return root, f"the PDPT of {tasks.title(task)}"


def pg_walk(address, who=None):
    cr3, whose = tables_of(who)
    start, end, name = region_of(address)
    print(f"0x{address:08x} by {whose} 0x{cr3:08x}")
    print(f"  region: {name}, 0x{start:08x} - 0x{end - 1:08x}")
    steps = []
    for step in walk(cr3, address):
        steps.append(step)
        print(step_line(step))
    for line in verdict(address, steps):
        print(line)


# ---- pg map -----------------------------------------------------------------

@dataclass
class Range:
    """Neighbouring pages, alike and physically contiguous."""
    start: int
    end: int        # exclusive
    physical: int
    flags: str
    size: int       # of one page

    def continued_by(self, other):
        return self.end == other.start and self.size == other.size and \
            self.flags == other.flags and \
            self.physical + self.end - self.start == other.physical


def leaves_of_table(table, start):
    for i, entry in enumerate(read_entries(table, 512)):
        if entry & bit("P"):
            at = start + i * PAGE
            yield Range(at, at + PAGE, entry_address(entry, 2),
                        letters(entry), PAGE)


def leaves_of_directory(directory, start):
    for i, entry in enumerate(read_entries(directory, 512)):
        at = start + i * LARGE
        if not entry & bit("P"):
            continue
        if is_large(entry, 1):
            yield Range(at, at + LARGE, entry_address(entry, 1),
                        letters(entry), LARGE)
        else:
            yield from leaves_of_table(entry_address(entry, 1), at)


def leaves(cr3, first, end):
    for i, entry in enumerate(read_entries(cr3 & ~31, 4)):
        if first <= i * QUARTER < end and entry & bit("P"):
            yield from leaves_of_directory(entry_address(entry, 0),
                                           i * QUARTER)


def ranges(cr3, first, end):
    current = None
    for leaf in leaves(cr3, first, end):
        if current and current.continued_by(leaf):
            current.end = leaf.end
            continue
        if current:
            yield current
        current = leaf
    if current:
        yield current


def range_line(r):
    kib = (r.end - r.start) >> 10
    return f"    0x{r.start:08x} - 0x{r.end & 0xFFFFFFFF:08x}   " \
           f"({kib:7} kB)  {r.flags}  {r.size >> 10} KiB pages  " \
           f"at 0x{r.physical:09x}"


def pg_map(who=None):
    """The kernel's quarter; a task's user half; with `all` everything."""
    if who == "all":
        (cr3, whose), first, end = tables_of(None), 0, FOUR_GIB
    elif who is None:
        (cr3, whose), first, end = tables_of(None), 3 * QUARTER, FOUR_GIB
    else:
        (cr3, whose), first, end = tables_of(who), 0, 3 * QUARTER
    print(f"mapped by {whose} 0x{cr3:08x} "
          "(u user, r read, w write, x execute, g global, c cached):")
    heading = None
    for found in ranges(cr3, first, end):
        region = region_of(found.start)
        if region != heading:
            heading = region
            print(f"{region[2]}, 0x{region[0]:08x} - 0x{region[1] - 1:08x}")
        print(range_line(found))


# ---- pg fixmap --------------------------------------------------------------

def slot_names():
    """(slot, its name, what it is for)"""
    named = [(constant(name), name, what)
             for name, what in rows("FIXMAP_SLOTS")]
    first = constant("FIX_KMAP_LOCAL_FIRST")
    return named + [
        (slot, f"kmap_local {slot - first}", "a page, for a few lines")
        for slot in range(first, constant("FIXMAP_NR_SLOTS"))]


def pg_fixmap():
    cr3 = guest.register("cr3")
    stacks = kernel.variable("kmap_local_stacks")
    print(f"kmap_local depth {-int(stacks[0]['top'])}")
    print("slot address    name               maps")
    for slot, name, what in slot_names():
        address = constant("FIXADDR_TOP") - (slot + 1) * PAGE
        last = list(walk(cr3, address))[-1]
        if last.level == 2 and last.entry & bit("P"):
            maps = f"0x{entry_address(last.entry, 2):09x} " \
                   f"{letters(last.entry)}"
        else:
            maps = "-"
        print(f"{slot:4} 0x{address:08x} {name:18} {maps:18} {what}")
