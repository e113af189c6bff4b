# SPDX-License-Identifier: MIT
"""kva.py - pg vmalloc, pg kmap: kernel addresses above the direct map

WHAT    The texts of mm/kva/area_check.c and mm/kva/kmap.c.
"""

from pg import kernel, pages
from pg.facts import constant, rows
from pg.guest import Refused

PAGE = 4096
KMAP = "mm/kva/kmap.c"


# ---- pg vmalloc -------------------------------------------------------------

def area_line(area):
    start, end = int(area["node"]["start"]), int(area["node"]["end"])
    line = f"0x{start:08x}-0x{end:08x} {end - start:7} "
    state = kernel.enumerator(area["state"])
    if state in ("AREA_RETIRED", "AREA_SPARE"):
        return line + ("spare" if state == "AREA_SPARE" else "unpurged") + \
            " vm_area"
    line += kernel.code_name(int(area["caller"]))
    kind, name = rows("VM_KINDS")[int(area["kind"])]
    if kind == "VM_ALLOC":
        line += f" pages={int(area['nr'])}"
    if kind == "VM_IOREMAP":
        line += f" phys=0x{kernel.number(area['phys']):016x}"
    return f"{line} {name}"


def pg_vmalloc():
    areas = kernel.variable("vm_areas")
    if not int(areas["tree"]["top"]["next"]):
        raise Refused("there is no vmalloc yet: vmalloc_init() has not run")
    for area in kernel.range_members(areas["tree"], "vm_area", "node"):
        print(area_line(area))


# ---- pg kmap ----------------------------------------------------------------

def pg_kmap():
    counts = kernel.variable("slot_count", KMAP)
    owners = kernel.variable("slot_page", KMAP)
    slots = counts.type.range()[1] + 1
    count = [int(counts[slot]) for slot in range(slots)]
    flushes = int(kernel.variable("nr_flushes", KMAP))
    print(f"kmap: {slots} slots: {sum(n > 1 for n in count)} used, "
          f"{count.count(1)} unused, {count.count(0)} free; "
          f"{flushes} flushes")
    for slot in range(slots):
        if count[slot]:
            pfn = pages.page_to_pfn(int(owners[slot]))
            print(f"  0x{constant('PKMAP_BASE') + slot * PAGE:08x}  "
                  f"count {count[slot]}  pfn 0x{pfn:x}")
