#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_unused.py - functions that nobody calls

WHAT    Does for all programs at once what a linker does with --gc-sections.
        Each function is a section of its object file. A relocation in one
        section leads to another section. A function is unused when no way
        leads to it in any of the programs that its file is part of:

            kernel   from kernel_main() and the sections that linker.ld keeps
            boot     from _start
            user     from _start and main() of all programs
            host     from main() and what runs before it. tests/host/ replaces
                     some functions of the kernel: each of these is needed if
                     any file names it, because the host's linker wants all
                     names

        A function that only its own file names may have become part of its
        caller. So its name must not stand in its own file either.
        A function in a header (static inline) has no section. So its name has
        to stand somewhere else in the tree.

        EXCEPTED lists functions that are called in ways that this file cannot
        see. A row that excepts nothing any more is a fault, too. DEBUG lists
        functions that only other builds call.

USAGE   check_unused.py [--root DIR] [--for-tests] BUILD
        after `make all host`. Exit status 1 and one line for each fault,
        "file:line: what is wrong".
        --for-tests  names the functions that only tests call; no fault
"""
import argparse
import re
import struct
import sys
from pathlib import Path

from check_style import TOKENS, blank

#    file                    functions                   who calls them
EXCEPTED = [
    ("boot/fail.c",          "panic assert_failed",
     "assert() in the files of lib/ that boot has, as soon as one asserts"),
    ("user/lib/stdio.c",     "panic assert_failed",
     "assert() in the files of lib/ that user mode has, as soon as one asserts"),
]
# Only a debug build calls these; in a debug build the rows except nothing.
DEBUG = [
    ("kernel/sched/wait.c",  "held_count",               "lib/wait.h"),
    ("tests/host/wait.c",    "held_count mutex_is_mine", "lib/wait.h"),
]

SHT_SYMTAB, SHT_RELA, SHT_REL, SHT_INIT_ARRAY = 2, 4, 9, 14
SHF_ALLOC = 2
SHN_UNDEF, SHN_LORESERVE = 0, 0xFF00
STB_LOCAL = 0


class Elf:
    """The sections of an object file, its symbols, and their references."""

    def __init__(self, path):
        self.data = path.read_bytes()
        self.wide = self.data[4] == 2
        shoff, = self.unpack("<Q" if self.wide else "<I",
                             40 if self.wide else 32)
        size, count, names = self.unpack("<HHH", 58 if self.wide else 46)
        # name, type, flags, addr, offset, size, link, info
        form = "<IIQQQQII" if self.wide else "<8I"
        self.headers = [self.unpack(form, shoff + i * size)
                        for i in range(count)]
        self.names = [self.text(self.headers[names][4] + h[0])
                      for h in self.headers]

    def unpack(self, form, at):
        return struct.unpack_from(form, self.data, at)

    def text(self, at):
        return self.data[at:self.data.index(b"\0", at)].decode()

    def symbols(self):
        """[(name, section, is it local?)] in the order of the table."""
        found = []
        for _, kind, _, _, offset, size, link, _ in self.headers:
            if kind != SHT_SYMTAB:
                continue
            for at in range(offset, offset + size, 24 if self.wide else 16):
                if self.wide:
                    name, info, _, index = self.unpack("<IBBH", at)
                else:
                    name, _, _, info, _, index = self.unpack("<IIIBBH", at)
                found.append((self.text(self.headers[link][4] + name), index,
                              info >> 4 == STB_LOCAL))
        return found

    def relocations(self):
        """(section, number of the symbol that it names)."""
        for _, kind, _, _, offset, size, _, target in self.headers:
            if kind not in (SHT_REL, SHT_RELA):
                continue
            step = (8 if kind == SHT_REL else 12) * (2 if self.wide else 1)
            for at in range(offset, offset + size, step):
                info, = self.unpack("<Q" if self.wide else "<I",
                                    at + (8 if self.wide else 4))
                yield target, info >> (32 if self.wide else 8)


# ---- which section leads to which -------------------------------------------

ROOTS = {"kernel": ["kernel_main"], "boot": ["_start"],
         "user": ["_start", "main"], "host": ["main"]}
# Where the objects of each program lie; the kernel has those in no other place.
PLACES = [("bootunit/", "boot"), ("user/obj/", "user"), ("host/", "host"),
          ("", "kernel")]

# linker.ld keeps sections whose names are C names, for __start_ and __stop_.
KEPT = re.compile(r"[A-Za-z_]\w*|\.(init|fini)_array.*")
FUNCTION = re.compile(r"\.text\.(?:unlikely\.|startup\.)?(\w+)")


class Unit:
    """One object file: its sections, and what each leads to."""

    def __init__(self, source, path):
        elf = Elf(path)
        symbols = elf.symbols()
        self.source, self.names = source, elf.names
        self.loaded = [number for number, header in enumerate(elf.headers)
                       if header[2] & SHF_ALLOC]
        self.globals = {name: section for name, section, local in symbols
                        if not local and SHN_UNDEF < section < SHN_LORESERVE}
        self.leads = {}
        for section, symbol in elf.relocations():
            name, there, _ = symbols[symbol]
            self.leads.setdefault(section, set()).add(there or name)

    def functions(self):
        """(name, section) of the functions that other files may call."""
        for section in self.loaded:
            found = FUNCTION.fullmatch(self.names[section])
            if found and self.globals.get(found[1]) == section:
                yield found[1], section


def programs(root, build):
    """{program: [units]}, of all objects that have a source in the tree."""
    found = {program: [] for _, program in PLACES}
    for path in sorted(build.rglob("*.o")):
        name = path.relative_to(build).as_posix()
        place, program = next(p for p in PLACES if name.startswith(p[0]))
        source = name[len(place):-len(".o")]
        if (root / source).is_file():
            found[program].append(Unit(source, path))
    return found


def stand_ins(units):
    """The functions of tests/host/ that any file names."""
    wanted = {there for unit in units for leads in unit.leads.values()
              for there in leads if isinstance(there, str)}
    return [(unit, section) for unit in units
            if unit.source.startswith("tests/host/")
            for name, section in unit.globals.items() if name in wanted]


def reached(units, roots):
    """{(unit, section)} to which some way leads."""
    places = {}
    for unit in units:
        for name, section in unit.globals.items():
            places.setdefault(name, []).append((unit, section))
    ahead = stand_ins(units)
    ahead += [place for root in roots for place in places.get(root, [])]
    ahead += [(unit, section) for unit in units for section in unit.loaded
              if KEPT.fullmatch(unit.names[section])]
    seen = set()
    while ahead:
        place = ahead.pop()
        if place in seen:
            continue
        seen.add(place)
        for there in place[0].leads.get(place[1], ()):
            ahead += places.get(there, []) if isinstance(there, str) else \
                [(place[0], there)]
    return seen


def unreached(found, without=()):
    """(source, name) of the functions that no program needs."""
    have, used = set(), set()
    for program, units in found.items():
        units = [u for u in units if not u.source.startswith(without)]
        seen = reached(units, ROOTS[program])
        for unit in units:
            for name, section in unit.functions():
                have.add((unit.source, name))
                if (unit, section) in seen:
                    used.add((unit.source, name))
    return sorted(have - used)


# ---- names ----------------------------------------------------------------

FOLDERS = ("boot", "arch", "lib", "mm", "kernel", "user", "tests")
INLINE = re.compile(r"^static inline\b[^;{=]*?\b(\w+)\(", re.MULTILINE)


def code_of(path):
    return TOKENS.sub(blank, path.read_text())


def named(code, name):
    """The numbers of the lines with the name."""
    return [number for number, line in enumerate(code.splitlines(), 1)
            if re.search(rf"\b{name}\b", line)]


def unused_inlines(root):
    """(header, name, line)"""
    codes = {path: code_of(path) for folder in FOLDERS
             for path in sorted((root / folder).rglob("*"))
             if path.suffix in (".c", ".h", ".S")}
    count = {}
    for code in codes.values():
        for word in re.findall(r"[A-Za-z_]\w*", code):
            count[word] = count.get(word, 0) + 1
    for path, code in codes.items():
        for name in INLINE.findall(code) if path.suffix == ".h" else ():
            if count[name] == 1:
                yield path.relative_to(root).as_posix(), name


def faults(root, found):
    """Each as (file, line, text)."""
    excepted, debug = ({(file, name) for file, names, _ in table
                        for name in names.split()}
                       for table in (EXCEPTED, DEBUG))
    dead = [(file, name) for file, name in unreached(found)
            if (file, name) in excepted | debug or
            len(named(code_of(root / file), name)) == 1]
    for file, name in dead + list(unused_inlines(root)):
        if (file, name) not in excepted | debug:
            line = named(code_of(root / file), name)[0]
            yield file, line, f"{name}(): nobody calls it"
    for file, name in sorted(excepted - set(dead)):
        yield file, 1, f"{name}(): is called; EXCEPTED need not name it"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path,
                        default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--for-tests", action="store_true")
    parser.add_argument("build", type=Path)
    args = parser.parse_args()

    found = programs(args.root, args.build)
    for program, units in found.items():
        if not units:
            sys.exit(f"check_unused: no object of {program} in {args.build}: "
                     "make all host")
    if args.for_tests:
        for file, name in unreached({p: units for p, units in found.items()
                                     if p != "host"}, ("tests/",)):
            print(f"{file}: {name}()")
        return 0
    count = 0
    for file, line, text in faults(args.root, found):
        print(f"{file}:{line}: {text}")
        count += 1
    functions = sum(len(list(unit.functions()))
                    for units in found.values() for unit in units)
    print(f"check_unused: {functions} functions, {count} faults")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
