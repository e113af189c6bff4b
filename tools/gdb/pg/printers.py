# SPDX-License-Identifier: MIT
"""printers.py - the kernel's types as people write them

WHAT    phys_addr_t       0x000000012345f000     as %pP
        bus_addr_t        bus 0x12345000         as %pB
        pfn_t             pfn 0x12345            as %pF
        uaddr_t           user 0x08048000
        pte_t and so on   0x8000000000123063 P RW A D XD --> 0x000123000
        struct page       what its state, order and references mean
        struct list_head  how many members, and where their links are
        struct rb_root    nodes, their number and depth
        struct range_tree the ranges

NOTE    A printer only reads; `print /r` shows the structure itself.
"""

import gdb
import gdb.printing

from pg import guest, kernel, pages, paging

CHILDREN_MAX = 200


def reads(function):
    """If a value cannot be read, the reason stands in its place."""
    def guarded(self):
        try:
            return function(self)
        except (gdb.error, guest.Refused) as error:
            return f"({error})"
    return guarded


class Printer:
    """One value; if it has children, they are an array."""

    def __init__(self, value):
        self.value = value

    def number(self):
        return int(self.value["v"])


class PhysPrinter(Printer):
    def to_string(self):
        return f"0x{self.number():016x}"


class BusPrinter(Printer):
    def to_string(self):
        return f"bus 0x{self.number():x}"


class PfnPrinter(Printer):
    def to_string(self):
        return f"pfn 0x{self.number():x}"


class UserPrinter(Printer):
    def to_string(self):
        return f"user 0x{self.number():08x}"


class EntryPrinter(Printer):
    level = 2

    def to_string(self):
        entry = self.number()
        words = [f"0x{entry:016x}", paging.bit_names(entry) or "-"]
        if entry & paging.bit("P"):
            words.append(
                f"--> 0x{paging.entry_address(entry, self.level):09x}")
        return " ".join(words)


class PdePrinter(EntryPrinter):
    level = 1


class PdptePrinter(EntryPrinter):
    level = 0


class PagePrinter(Printer):
    @reads
    def to_string(self):
        return pages.page_text(self.value)


class ArrayPrinter(Printer):
    """Something whose members are listed in brackets."""

    def display_hint(self):
        return "array"

    def children(self):
        try:
            for i, member in enumerate(self.members()):
                if i == CHILDREN_MAX:
                    return
                yield str(i), member
        except (gdb.error, guest.Refused) as error:
            yield "broken", str(error)


class ListPrinter(ArrayPrinter):
    """A head, or a member: the ring looks the same from all of them."""

    def members(self):
        if self.value.address is None or not int(self.value["next"]):
            return
        for link in kernel.list_links(self.value):
            yield gdb.Value(link).cast(self.value.type.unqualified()
                                       .pointer())

    @reads
    def to_string(self):
        if self.value.address is None:
            return "a list_head that lies nowhere"
        if not int(self.value["next"]):
            return "not initialized"
        count = sum(1 for _ in kernel.list_links(self.value))
        return f"{count} others in the ring" if count else "empty"


class TreePrinter(ArrayPrinter):
    def walk(self, node, depth):
        """(node, depth), in order; not too deep, as it may be a ring."""
        if not int(node) or depth > 64:
            return
        yield from self.walk(node["child"][0], depth + 1)
        yield node, depth
        yield from self.walk(node["child"][1], depth + 1)

    def members(self):
        for node, _ in self.walk(self.value["node"], 1):
            yield node

    @reads
    def to_string(self):
        depths = [depth for _, depth in self.walk(self.value["node"], 1)]
        if not depths:
            return "empty tree"
        return f"tree of {len(depths)} nodes, depth {max(depths)}"


class RangePrinter(ArrayPrinter):
    def members(self):
        for node in kernel.range_nodes(self.value):
            yield f"0x{int(node['start']):08x}-0x{int(node['end']):08x}"

    @reads
    def to_string(self):
        if not int(self.value["top"]["next"]):
            return "not initialized"
        count = sum(1 for _ in kernel.range_nodes(self.value))
        return f"{count} ranges within 0x{int(self.value['lo']):08x}-" \
               f"0x{int(self.value['top']['end']):08x}"


PRINTERS = {
    "phys_addr_t": PhysPrinter,
    "bus_addr_t": BusPrinter,
    "pfn_t": PfnPrinter,
    "uaddr_t": UserPrinter,
    "pte_t": EntryPrinter,
    "pde_t": PdePrinter,
    "pdpte_t": PdptePrinter,
    "page": PagePrinter,
    "list_head": ListPrinter,
    "rb_root": TreePrinter,
    "range_tree": RangePrinter,
}


class Lookup(gdb.printing.PrettyPrinter):
    """By the name of a typedef, or the tag of a structure."""

    def __init__(self):
        super().__init__("pagoda", [gdb.printing.SubPrettyPrinter(name)
                                    for name in PRINTERS])

    def __call__(self, value):
        kind = value.type.unqualified()
        name = kind.name if kind.code == gdb.TYPE_CODE_TYPEDEF else kind.tag
        printer = PRINTERS.get(name)
        return printer(value) if printer else None


gdb.printing.register_pretty_printer(None, Lookup(), replace=True)
