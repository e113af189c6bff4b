# SPDX-License-Identifier: MIT
"""dump.py - read what the kernel prints for the command-line word `dump`

WHAT     Lines with tabs, one line for each thing; all other lines of the log
         are skipped. kernel/trial/dump_pictures.c says which lines there are.
"""
import re
from dataclasses import dataclass, field

PAGE = 4096
FOUR_GIB = 1 << 32

# How a line must begin to be kept in the file beside the pictures.
KEPT = ("region\t", "image\t", "ptdump\t", "zone\t", "frames\t", "cache\t",
        "slab\t")
AREA = re.compile(r"0x([0-9a-f]{8})-0x([0-9a-f]{8}) +\d+ (\S+) (.*)")

DONE = "# pagoda: dump: done"


@dataclass
class Region:
    """Addresses with a name; end is exclusive."""
    name: str
    start: int
    end: int
    what: str


@dataclass
class Mapping:
    """Pages that follow each other and have the same rights."""
    start: int
    end: int
    phys: int
    flags: str       # urwxgc, - where not
    page: int        # bytes of one


@dataclass
class Block:
    """2^order frames; letter as in PAGE_STATES, - is a hole."""
    pfn: int
    order: int
    letter: str

    @property
    def frames(self):
        return 1 << self.order


@dataclass
class Zone:
    name: str
    start: int
    end: int
    spanned: int
    present: int
    managed: int
    free: int
    runs: list = field(default_factory=list)     # (pfn, order, count, letter)

    def blocks(self):
        """One by one, in order of address."""
        for pfn, order, count, letter in self.runs:
            for i in range(count):
                yield Block(pfn + (i << order), order, letter)


@dataclass
class Cache:
    name: str
    size: int
    align: int
    stride: int
    objects: int     # in a slab
    order: int
    first: int       # offset of object 0 at colour 0
    header: int      # bytes of the descriptor, 0: it is elsewhere
    colours: int
    step: int        # bytes from colour to colour
    slabs: list = field(default_factory=list)


@dataclass
class Slab:
    address: int
    offset: int      # of object 0
    chain: list      # free objects, as they will be given out
    map: str         # a letter for each object: # m .


@dataclass
class Dump:
    regions: dict = field(default_factory=dict)
    image: list = field(default_factory=list)
    mappings: list = field(default_factory=list)
    areas: list = field(default_factory=list)
    zones: list = field(default_factory=list)
    caches: list = field(default_factory=list)

    def mapped(self, start, end):
        """Mappings within start..end, cut at both ends."""
        for m in self.mappings:
            if m.start < end and m.end > start:
                low = max(start, m.start)
                yield Mapping(low, min(end, m.end), m.phys + low - m.start,
                              m.flags, m.page)


def address(text, end=False):
    """The end of the address space is written 0."""
    value = int(text, 16)
    return FOUR_GIB if end and value == 0 else value


def read_slab(fields):
    return Slab(address(fields[0]), int(fields[1]),
                [int(i) for i in fields[2].split(",") if i], fields[3])


def read_line(dump, line):
    kind, *fields = line.split("\t")
    if kind in ("region", "image"):
        region = Region(fields[0], address(fields[1]),
                        address(fields[2], True), fields[3])
        if kind == "region":
            dump.regions[region.name] = region
        else:
            dump.image.append(region)
    elif kind == "ptdump":
        dump.mappings.append(Mapping(
            address(fields[0]), address(fields[1], True),
            int(fields[2], 16), fields[3], int(fields[4]) << 10))
    elif kind == "zone":
        dump.zones.append(Zone(fields[0], *(int(f) for f in fields[1:])))
    elif kind == "frames":
        dump.zones[-1].runs.append((*(int(f) for f in fields[:3]), fields[3]))
    elif kind == "cache":
        dump.caches.append(Cache(fields[0], *(int(f) for f in fields[1:])))
    elif kind == "slab":
        dump.caches[-1].slabs.append(read_slab(fields))


def read(text):
    dump = Dump()
    for line in text.splitlines():
        area = AREA.match(line)
        if area:
            dump.areas.append(Region(area[3].partition("+")[0],
                                     address(area[1]), address(area[2], True),
                                     area[4]))
        elif line.startswith(KEPT):
            read_line(dump, line)
    return dump


def keep(log):
    """The lines of a log that read() understands. Fails without an end."""
    log = log.replace("\r", "")
    if DONE not in log:
        raise ValueError("the log has no line '" + DONE + "'")
    return "".join(line + "\n" for line in log.splitlines()
                   if line.startswith(KEPT) or AREA.match(line))
