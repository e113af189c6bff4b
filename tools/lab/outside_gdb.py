# SPDX-License-Identifier: MIT
"""outside_gdb.py - what GDB knows of a kernel image, as JSON

WHAT     Runs inside GDB, without a machine: outside.py starts it. GDB reads the
         symbols and the types of the ELF file. The constants come from the
         headers, through tools/gdb/pg/facts.py.

USAGE    gdb -nx -batch -x outside_gdb.py pagoda.elf
         In the environment: PAGODA_GDB, the folder tools/gdb; PAGODA_WANT, what
         is wanted:

           symbols    "zones", "mm/kva/kmap.c::slot_count"
           members    "zone.nr_free"
           constants  "PAGE_OFFSET"
"""
import json
import os
import sys

import gdb

sys.path.insert(0, os.environ["PAGODA_GDB"])

from pg import facts     # noqa: E402  (needs the path above)


def parts(kind):
    """(bytes of one element, number of elements) of a type."""
    kind = kind.strip_typedefs()
    if kind.code != gdb.TYPE_CODE_ARRAY:
        return kind.sizeof, 1
    try:
        count = kind.range()[1] + 1
    except gdb.error:
        count = 0
    return kind.target().strip_typedefs().sizeof, count


def symbol(name):
    """[address, bytes of an element, elements]"""
    file, _, last = name.rpartition("::")
    words = f"'{file}'::{last}" if file else last
    address = int(gdb.parse_and_eval(f"(unsigned long)&{words}"))
    try:
        return [address, *parts(gdb.parse_and_eval(words).type)]
    except gdb.error:
        return [address, 0, 0]      # of the linker: it has no type


def member(name):
    """[offset, bytes of an element, elements]"""
    type_name, _, path = name.partition(".")
    words = f"((struct {type_name} *)0)->{path}"
    offset = int(gdb.parse_and_eval(f"(unsigned long)&{words}"))
    return [offset, *parts(gdb.parse_and_eval(words).type)]


def main():
    want = json.loads(os.environ["PAGODA_WANT"])
    print(json.dumps({
        "symbols": {name: symbol(name) for name in want["symbols"]},
        "members": {name: member(name) for name in want["members"]},
        "sizes": {name: gdb.lookup_type(f"struct {name}").sizeof
                  for name in want["sizes"]},
        "constants": {name: facts.constant(name)
                      for name in want["constants"]}}))


main()
