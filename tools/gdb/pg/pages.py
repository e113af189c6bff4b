# SPDX-License-Identifier: MIT
"""pages.py - pg zones, pg buddy, pg page: page frames and who has them

WHAT    The texts of zones and free lists are those of mm/page/zoneinfo.c, as in
        Linux's /proc.
SEE     mm/page/page.h, mm/page/pageblock.h: which entries of mem_map are valid.
"""

import gdb

from pg import kernel
from pg.facts import constant, rows
from pg.guest import Refused

PAGE = 4096


def zones():
    array = kernel.variable("zones")
    return [array[i] for i in range(array.type.range()[1] + 1)]


def there():
    return int(kernel.variable("mem_map")) != 0


def need_pages():
    if not there():
        raise Refused("there is no mem_map yet: zones_init() has not come to "
                      "it. `pg walk` and `pg map` work already.")


def pfn_of(value):
    return kernel.number(value)


# ---- pg zones ---------------------------------------------------------------

def pcp_pages(lists, field):
    return sum(int(lists[order][field]) << order
               for order in range(lists.type.range()[1] + 1))


def print_marks(zone):
    protection = ", ".join(str(int(zone["lowmem_reserve"][i]))
                           for i in range(len(zones())))
    print(f"  pages free     {int(zone['nr_free'])}")
    print("        boost    0")
    for name in ("min", "low", "high", "spanned", "present", "managed"):
        print(f"        {name:<8} {int(zone[name])}")
    print("        cma      0")
    print(f"        protection: ({protection})")


def print_lists_of_cpus(zone):
    print("  pagesets")
    for cpu in range(zone["pcp"].type.range()[1] + 1):
        lists = zone["pcp"][cpu]
        print(f"    cpu: {cpu}")
        print(f"              count: {pcp_pages(lists, 'count')}")
        print(f"              high:  {pcp_pages(lists, 'high')}")
        print(f"              batch: {int(lists[0]['batch'])}")


def pg_zones():
    for zone in zones():
        print(f"Node 0, zone {kernel.text(zone['name']):>8}")
        print_marks(zone)
        if not int(zone["present"]):
            continue
        print(f"      nr_free_pages {int(zone['nr_free'])}")
        print_lists_of_cpus(zone)
        print("  node_unreclaimable:  0")
        print(f"  start_pfn:           {pfn_of(zone['start'])}")


# ---- pg buddy ---------------------------------------------------------------

def orders(zone):
    return range(zone["blocks"].type.range()[1] + 1)


def buddy_line(zone):
    counts = "".join(f"{int(zone['blocks'][order]):6} "
                     for order in orders(zone))
    return f"Node 0, zone {kernel.text(zone['name']):>8} {counts}"


def free_blocks(zone, order):
    """Frame numbers of the heads on a free list."""
    for page in kernel.list_members(zone["free"][order], "page", "list"):
        yield page_to_pfn(int(page.address))


def print_free_blocks(zone):
    for order in orders(zone):
        heads = list(free_blocks(zone, order))
        print(f"  order {order:2}, {4 << order:4} KiB: {len(heads)} blocks")
        for i in range(0, len(heads), 8):
            print("    " + " ".join(f"0x{pfn:06x}" for pfn in heads[i:i + 8]))


def pg_buddy(name=None):
    found = False
    for zone in zones():
        if not int(zone["present"]):
            continue
        if name is None:
            print(buddy_line(zone))
        elif kernel.text(zone["name"]).lower() == name.lower():
            print(buddy_line(zone))
            print_free_blocks(zone)
            found = True
    if name is not None and not found:
        raise Refused(f"no zone {name} has memory: DMA, Normal, HighMem?")


# ---- pg page ----------------------------------------------------------------

def page_size():
    return kernel.type_of("struct page").sizeof


def page_to_pfn(address):
    return (address - int(kernel.variable("mem_map"))) // page_size()


def pfn_to_page(pfn):
    base = int(kernel.variable("mem_map"))
    return kernel.structure_at(base + pfn * page_size(), "page")


def max_pfn():
    return pfn_of(kernel.variable("max_pfn"))


def block_state(pfn):
    states = kernel.variable("pageblock_states")
    return int(states[pfn >> constant("MAX_ORDER")])


def page_state(pfn):
    """As mm/page/pageblock.c:page_state(): its name."""
    state = block_state(pfn)
    if state == constant("PAGEBLOCK_HOLE"):
        return "PAGE_RESERVED"
    if state == constant("PAGEBLOCK_VIRGIN"):
        first = pfn % (1 << constant("MAX_ORDER")) == 0
        return "PAGE_FREE" if first else "PAGE_TAIL"
    number = int(pfn_to_page(pfn)["state"])
    names = [row[0] for row in rows("PAGE_STATES")]
    return names[number] if number < len(names) else f"bad state {number}"


def state_text(name):
    for row in rows("PAGE_STATES"):
        if row[0] == name:
            return row[2].split(":")[0]
    return "the entry is damaged"


def block_head(pfn):
    """The head of the block that a tail lies in, or None."""
    for order in range(1, constant("MAX_ORDER") + 1):
        head = pfn & ~((1 << order) - 1)
        if page_state(head) != "PAGE_TAIL" and \
                int(pfn_to_page(head)["order"]) >= order:
            return head
    return None


def zone_of(pfn):
    for zone in zones():
        if pfn_of(zone["start"]) <= pfn < pfn_of(zone["end"]):
            return zone
    return None


def summary(pfn):
    """One line: what a frame is."""
    if pfn >= max_pfn():
        return f"pfn 0x{pfn:x} has no entry in mem_map: no RAM"
    state, head = page_state(pfn), pfn
    words = f"pfn 0x{pfn:x}: {state}"
    if state == "PAGE_TAIL":
        head = block_head(pfn)
        if head is None:
            return f"{words}, and no head in front of it"
        words += f" of the block at pfn 0x{head:x}, {page_state(head)}"
    page = pfn_to_page(head)
    return f"{words}, order {int(page['order'])}, {int(page['refs'])} " \
           f"references; zone {zone_name(pfn)}"


def zone_name(pfn):
    zone = zone_of(pfn)
    return kernel.text(zone["name"]) if zone is not None else "none"


def print_address(pfn):
    lowmem = pfn_of(kernel.variable("max_low_pfn"))
    if pfn < lowmem:
        print(f"  address    0x{constant('PAGE_OFFSET') + pfn * PAGE:08x}, "
              "permanent")
    else:
        print("  address    none: highmem")


def print_owner(page, state):
    if state == "PAGE_SLAB":
        cache = page["slab_cache"].dereference()
        print(f"  cache      {kernel.text(cache['name'])} "
              f"(pg slabs {kernel.text(cache['name'])})")
        print(f"  slab       0x{int(page['slab']):08x}")
    slot = int(page["kmap"])
    if slot:
        base = constant("PKMAP_BASE")
        print(f"  kmap slot  {slot - 1}, 0x{base + (slot - 1) * PAGE:08x}")


def pg_page(pfn):
    if pfn >= max_pfn():
        raise Refused(f"pfn 0x{pfn:x} has no entry in mem_map, which ends at "
                      f"pfn 0x{max_pfn() - 1:x}. (A physical address is 4096 "
                      "times the number of its frame.)")
    print(summary(pfn))
    blocks = ("hole", "virgin", "live")
    print(f"  meaning    {state_text(page_state(pfn))}")
    print(f"  physical   0x{pfn * PAGE:016x}")
    print_address(pfn)
    print(f"  mem_map    0x{int(pfn_to_page(pfn).address):08x}, "
          f"its 4 MiB block is {blocks[block_state(pfn)]}")
    if block_state(pfn) == constant("PAGEBLOCK_LIVE"):
        print_owner(pfn_to_page(pfn), page_state(pfn))


def page_text(page):
    """For the pretty-printer, also for a copy that has no address."""
    if page.address is not None and there():
        try:
            return summary(page_to_pfn(int(page.address)))
        except (gdb.error, Refused):
            pass
    names = [row[0] for row in rows("PAGE_STATES")]
    state = int(page["state"])
    name = names[state] if state < len(names) else f"bad state {state}"
    return f"{name}, order {int(page['order'])}, " \
           f"{int(page['refs'])} references"
