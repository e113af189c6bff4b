#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prove after the link what the loaders and the design demand of the image.

    check_image.py build/pagoda.elf --page-offset 0xc0000000
    check_image.py build/boot.o --unit kernel_main,boot_stack

The first form checks the kernel: linker.ld's L1 to L4, and what loaders want.
The second form checks a partially linked unit: only the listed names may be
undefined. So we know that boot/ shares nothing with the kernel. Exit status 1
and one line for each thing found wrong.
"""

import argparse
import struct
import sys

MULTIBOOT_MAGIC = 0x1BADB002
MULTIBOOT_SEARCH = 8192
PAGE_SIZE = 4096
LOAD_FLOOR = 0x100000

ET_REL, ET_EXEC, EM_386 = 1, 2, 3
PT_LOAD = 1
PF_X, PF_W, PF_R = 1, 2, 4
SHF_ALLOC = 2
SHT_SYMTAB = 2
SHN_UNDEF = 0
STB_WEAK = 2

# Functions that a compiler calls for arithmetic that an i386 cannot do.
LIBGCC = {
    "__udivdi3", "__umoddi3", "__divdi3", "__moddi3", "__udivmoddi4",
    "__divmoddi4", "__muldi3", "__ashldi3", "__ashrdi3", "__lshrdi3",
    "__ucmpdi2", "__cmpdi2", "__negdi2", "__popcountsi2", "__popcountdi2",
    "__clzsi2", "__clzdi2", "__ctzsi2", "__ctzdi2", "__ffsdi2", "__bswapsi2",
    "__bswapdi2", "__paritysi2",
}

# Every section that is loaded has a place in linker.ld. The linker alone chose
# the place of any other section.
KNOWN_SECTIONS = {".boot.text", ".boot.data", ".boot.bss",
                  ".text", ".rodata", ".data", ".bss"}


class Elf:
    """As much of an ELF32 file as the checks below look at."""

    def __init__(self, data):
        self.data = data
        ident = data[:16]
        if ident[:4] != b"\x7fELF":
            sys.exit("not an ELF file")
        if ident[4] != 1 or ident[5] != 1:
            sys.exit("not a little-endian ELF32 file: loaders refuse ELF64")
        (self.type, self.machine, _, self.entry, phoff, shoff, _, _,
         phentsize, phnum, shentsize, shnum, shstrndx) = struct.unpack_from(
             "<HHIIIIIHHHHHH", data, 16)
        self.segments = [Segment(*struct.unpack_from(
            "<8I", data, phoff + i * phentsize)) for i in range(phnum)]
        self.sections = [Section(*struct.unpack_from(
            "<10I", data, shoff + i * shentsize)) for i in range(shnum)]
        for s in self.sections:
            s.name = self.text(self.sections[shstrndx].offset + s.name)

    def text(self, offset):
        return self.data[offset:self.data.index(b"\0", offset)].decode()

    def symbols(self):
        """Yield (name, section index, binding) of every named symbol."""
        for table in self.sections:
            if table.type != SHT_SYMTAB:
                continue
            names = self.sections[table.link].offset
            for at in range(table.offset, table.offset + table.size, 16):
                name, _, _, info, _, index = struct.unpack_from(
                    "<IIIBBH", self.data, at)
                if name:
                    yield self.text(names + name), index, info >> 4


class Segment:
    def __init__(self, kind, offset, vaddr, paddr, filesz, memsz, flags, _):
        self.type, self.offset, self.vaddr, self.paddr = (kind, offset, vaddr,
                                                          paddr)
        self.filesz, self.memsz, self.flags = filesz, memsz, flags

    def end(self):
        return self.paddr + self.memsz

    def rights(self):
        return "".join(c if self.flags & bit else "-"
                       for c, bit in (("R", PF_R), ("W", PF_W), ("X", PF_X)))

    def __str__(self):
        return "%s segment at 0x%08x" % (self.rights(), self.paddr)


class Section:
    def __init__(self, name, kind, flags, addr, offset, size, link, *_):
        self.name, self.type, self.flags, self.addr = name, kind, flags, addr
        self.offset, self.size, self.link = offset, size, link


def multiboot_header(data):
    """Offset of a valid header in the first 8 KiB, or None."""
    for at in range(0, min(len(data), MULTIBOOT_SEARCH) - 11, 4):
        magic, flags, checksum = struct.unpack_from("<III", data, at)
        if magic == MULTIBOOT_MAGIC:
            if (magic + flags + checksum) & 0xFFFFFFFF == 0:
                return at
    return None


def undefined(elf):
    return sorted(name for name, index, binding in elf.symbols()
                  if index == SHN_UNDEF and binding != STB_WEAK)


def check_header(elf):
    if elf.type != ET_EXEC:
        yield "not an executable (e_type %d)" % elf.type
    if elf.machine != EM_386:
        yield "not for i386 (e_machine %d)" % elf.machine
    if multiboot_header(elf.data) is None:
        yield "image L1: no valid multiboot header in the first 8 KiB of the file"


def check_segments(loads, page_offset):
    for s in loads:
        if s.flags & PF_W and s.flags & PF_X:
            yield "image L2: %s is writable and executable" % s
        if s.paddr % PAGE_SIZE or s.vaddr % PAGE_SIZE:
            yield "image L3: %s is not page-aligned" % s
        if s.paddr < LOAD_FLOOR:
            yield "%s is loaded below 1 MiB" % s
        if s.end() > 0xFFFFFFFF:
            yield "%s is loaded above 4 GiB" % s
        if s.vaddr - s.paddr not in (0, page_offset):
            yield ("%s is linked at 0x%08x: neither physical nor the direct "
                   "map" % (s, s.vaddr))
        if s.filesz > s.memsz:
            yield "%s is larger in the file than in memory" % s
    for a, b in zip(loads, loads[1:]):
        if b.paddr < a.end():
            yield "image L3: %s overlaps %s" % (b, a)


def check_entry(elf, loads):
    for s in loads:
        if s.paddr <= elf.entry < s.end():
            if not s.flags & PF_X:
                yield "image L4: the entry lies in the %s" % s
            return
    yield "image L4: the entry 0x%08x is not a physical address of ours" % elf.entry


def check_names(elf):
    for name in undefined(elf):
        yield "undefined symbol %s" % name
    for name, _, _ in elf.symbols():
        if name in LIBGCC:
            yield "%s is libgcc's; use lib/div64.h" % name
    for s in elf.sections:
        if s.flags & SHF_ALLOC and s.name not in KNOWN_SECTIONS:
            yield "section %s has no place in linker.ld" % s.name


def check_kernel(elf, page_offset):
    loads = sorted((s for s in elf.segments if s.type == PT_LOAD),
                   key=lambda s: s.paddr)
    yield from check_header(elf)
    if not loads:
        yield "nothing to load"
    yield from check_segments(loads, page_offset)
    yield from check_entry(elf, loads)
    yield from check_names(elf)


def check_unit(elf, allowed):
    if elf.type != ET_REL:
        yield "not a relocatable object"
    for name in undefined(elf):
        if name not in allowed:
            yield "%s is not part of the unit, and may not be used" % name
    for name, index, binding in elf.symbols():
        if binding and index != SHN_UNDEF and name != "_start":
            yield "%s would be visible outside the unit" % name


def print_segments(elf):
    print("  segment   physical               linked at     in file")
    for s in elf.segments:
        if s.type == PT_LOAD:
            print("  %s       0x%08x-0x%08x  0x%08x  %8d" %
                  (s.rights(), s.paddr, s.end(), s.vaddr, s.filesz))
    print("  entry 0x%08x, multiboot header at file offset %d" %
          (elf.entry, multiboot_header(elf.data)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("image")
    parser.add_argument("--page-offset", type=lambda text: int(text, 0),
                        default=0xC0000000)
    parser.add_argument("--unit", metavar="NAME,NAME",
                        help="a partial link; these may be undefined")
    parser.add_argument("--quiet", action="store_true",
                        help="do not print the segments")
    args = parser.parse_args()

    with open(args.image, "rb") as file:
        elf = Elf(file.read())
    if args.unit is not None:
        found = list(check_unit(elf, args.unit.split(",")))
    else:
        found = list(check_kernel(elf, args.page_offset))
    for line in found:
        print("%s: %s" % (args.image, line), file=sys.stderr)
    if found:
        sys.exit(1)
    if args.unit is None and not args.quiet:
        print_segments(elf)


if __name__ == "__main__":
    main()
