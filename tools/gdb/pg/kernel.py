# SPDX-License-Identifier: MIT
"""kernel.py - the kernel's variables, lists and trees, from its symbols

WHAT    What every command needs: a variable by name, the structure around a
        member, the members of a list or of a range tree, a code address by
        name. A structure with a broken link ends the walk with a sentence: the
        kernel may have been stopped because it is broken.
"""

import functools
import re

import gdb

from pg.guest import Refused, read_virtual

# More members than any list of a sane kernel has.
MEMBERS_MAX = 1 << 20


def variable(name, source=None):
    """A variable of the kernel; `source`: the file to which it is private."""
    if source is None:
        symbol = gdb.lookup_global_symbol(name)
        if symbol is not None:
            return symbol.value()
    else:
        try:
            return gdb.parse_and_eval(f"'{source}'::{name}")
        except gdb.error:
            pass
    raise Refused(f"no variable {name} in the symbols: is the file that GDB "
                  "has read the kernel that runs?")


def address_of_symbol(name):
    return int(gdb.parse_and_eval(f"(unsigned long)&{name}"))


def number(value):
    """The number of a scalar, or of a structure of one number (pfn_t)."""
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
        value = value["v"]
    return int(value)


def text(pointer):
    """The text in a char pointer or array; never fails."""
    try:
        if pointer.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
            if not int(pointer):
                return ""
        return pointer.string("ascii", "replace")
    except gdb.error:
        return "?"


@functools.lru_cache(maxsize=None)
def type_of(name):
    try:
        return gdb.lookup_type(name)
    except gdb.error as error:
        raise Refused(f"no {name} in the symbols") from error


@functools.lru_cache(maxsize=None)
def offset_of(type_name, member):
    return int(gdb.parse_and_eval(
        f"(unsigned long)&((struct {type_name} *)0)->{member}"))


def structure_at(address, type_name):
    pointer = type_of(f"struct {type_name}").pointer()
    return gdb.Value(address).cast(pointer).dereference()


def container(address, type_name, member):
    """The structure whose member lies at an address."""
    return structure_at(address - offset_of(type_name, member), type_name)


def enumerator(value):
    """The name of an enum's value, or the number."""
    for field in value.type.strip_typedefs().fields():
        if field.enumval == int(value):
            return field.name
    return str(int(value))


# ---- lists and trees --------------------------------------------------------

def ring(head, start, next_of):
    """Addresses of a ring's members, from `start` until `head` again."""
    at, count = start, 0
    while at != head:
        if not at:
            raise Refused(f"the list at 0x{head:08x} is not initialized, or "
                          f"broken after {count} members")
        if count == MEMBERS_MAX:
            raise Refused(f"the list at 0x{head:08x} does not end")
        yield at
        try:
            at = int(next_of(at))
        except gdb.MemoryError as error:
            raise Refused(f"the list at 0x{head:08x} is broken: nothing can "
                          f"be read at 0x{at:08x}") from error
        count += 1


def list_links(head):
    """Addresses of the links in a list, from a struct list_head value."""
    return ring(int(head.address), int(head["next"]),
                lambda at: structure_at(at, "list_head")["next"])


def list_members(head, type_name, member):
    for link in list_links(head):
        yield container(link, type_name, member)


def range_nodes(tree):
    """The nodes of a range tree, in order."""
    top = tree["top"]
    for at in ring(int(top.address), int(top["next"]),
                   lambda at: structure_at(at, "range_node")["next"]):
        yield structure_at(at, "range_node")


def range_members(tree, type_name, member):
    for node in range_nodes(tree):
        yield container(int(node.address), type_name, member)


# ---- code -------------------------------------------------------------------

@functools.lru_cache(maxsize=4096)
def code_name(address):
    """As the kernel prints %pS: name+0x12, or the number."""
    said = gdb.execute(f"info symbol 0x{address:x}", to_string=True)
    found = re.match(r"(\S+)(?: \+ (\d+))? in section", said)
    if not found:
        return f"0x{address:08x}"
    return f"{found.group(1)}+0x{int(found.group(2) or 0):x}"


def frame_chain(ebp, limit=32):
    """Return addresses, from a frame pointer on outwards."""
    for _ in range(limit):
        if ebp % 4 or ebp < 0xC0000000:
            return
        data = read_virtual(ebp, 8)
        caller = int.from_bytes(data[:4], "little")
        yield int.from_bytes(data[4:], "little")
        if caller <= ebp:
            return
        ebp = caller
