# SPDX-License-Identifier: MIT
"""address_space.py - the virtual map, from all of it to single pages

WHAT     Three columns, low addresses at the bottom: 4 GiB to scale; the
         kernel's quarter, with small regions drawn larger than they are; and
         two parts of it page by page: the first 4 MiB of the direct map with
         the kernel in it, and the beginning of vmalloc.
"""
from dump import FOUR_GIB, PAGE, Mapping
from svg import SOFT, Sheet, size_text, spread

TOP, HEIGHT = 116, 660
COLUMNS = ((112, 116), (352, 196), (690, 150))    # x, width
ZOOM_FILL = "#f1f3f5"

#            fill       stroke
RIGHTS = {
    "code":     ("#ffc078", "#e8590c"),
    "constant": ("#b2f2bb", "#2f9e44"),
    "data":     ("#a5d8ff", "#1971c2"),
    "device":   ("#eebefa", "#9c36b5"),
    "user":     ("#fff3bf", "#f08c00"),
    "nothing":  ("url(#hatch)", "#adb5bd"),
    "guard":    ("url(#guard)", "#e03131"),
}
LEGEND = (("code", "read, execute"), ("constant", "read"),
          ("data", "read, write"), ("device", "read, write, uncached"),
          ("nothing", "never mapped"), ("guard", "guard page"))

# Heights of the regions in the second column, from the top.
QUARTER = (("GAP_TOP", 22), ("FIXMAP", 58), ("GAP_FIX", 26), ("PKMAP", 66),
           ("GAP_PKMAP", 26), ("VMALLOC", 168), ("GAP_LOW", 34),
           ("LOWMEM", 260))


def rights_of(flags):
    if "x" in flags:
        return "code"
    if "w" not in flags:
        return "constant"
    return "data" if "c" in flags else "device"


def box(sheet, x, y, width, height, kind, tip):
    fill, stroke = RIGHTS[kind]
    sheet.rect(x, y, width, height, fill, stroke, tip, stroke_width=0.8)


def zoom(sheet, x1, top1, bottom1, x2, top2, bottom2):
    sheet.polygon([(x1, top1), (x2, top2), (x2, bottom2), (x1, bottom1)],
                  ZOOM_FILL)


def hexadecimal(value):
    return f"0x{value:08x}"


def draw_all(sheet, dump):
    """Draws the 4 GiB. Returns where the kernel's quarter begins."""
    x, width = COLUMNS[0]
    user = dump.regions["USER"]
    border = TOP + HEIGHT * (FOUR_GIB - user.end) / FOUR_GIB
    box(sheet, x, TOP, width, border - TOP, "data",
        "the kernel's quarter: the same in every task")
    box(sheet, x, border, width, TOP + HEIGHT - border, "user",
        "user mode: one address space a task")
    middle = x + width / 2
    sheet.text(middle, TOP + 78, "kernel", 14, anchor="middle", bold=True)
    sheet.text(middle, TOP + 98, "1 GiB", 12, SOFT, "middle")
    sheet.text(middle, border + 240, "user mode", 14, anchor="middle",
               bold=True)
    sheet.text(middle, border + 260, "3 GiB, one map", 12, SOFT, "middle")
    sheet.text(middle, border + 276, "for each task", 12, SOFT, "middle")
    for value, y in ((FOUR_GIB - 1, TOP + 10), (user.end, border + 4),
                     (0, TOP + HEIGHT)):
        sheet.text(x - 8, y, hexadecimal(value), 11, anchor="end", mono=True)
    sheet.text(x - 8, TOP + HEIGHT - 16, hexadecimal(user.start), 11,
               anchor="end", mono=True)
    sheet.line(x - 5, TOP + HEIGHT - 2.5, x + width, TOP + HEIGHT - 2.5,
               RIGHTS["guard"][1], stroke_width=2)
    return border


def draw_quarter(sheet, dump):
    """Draws the regions. Returns their places: name -> (top, bottom)."""
    x, width = COLUMNS[1]
    y = TOP
    places = {}
    for name, height in QUARTER:
        region = dump.regions[name]
        gap = name.startswith("GAP")
        size = size_text(region.end - region.start)
        tip = (f"{name} {hexadecimal(region.start)} - "
               f"{hexadecimal(region.end - 1)}, {size}: {region.what}")
        box(sheet, x, y, width, height, "nothing" if gap else "data", tip)
        places[name] = (y, y + height)
        middle = y + height / 2
        if gap:
            sheet.text(x + width + 8, middle + 4, size, 11, SOFT)
        else:
            sheet.text(x + width / 2, middle, name, 14, anchor="middle",
                       bold=True)
            sheet.text(x + width / 2, middle + 17, f"{region.what}, {size}",
                       11, SOFT, "middle")
        sheet.text(x - 8, y + height + 4, hexadecimal(region.start), 11,
                   anchor="end", mono=True)
        y += height
    return places


def image_name(dump, start):
    for part in dump.image:
        if part.start <= start < part.end:
            return f"{part.name}: {part.what}"
    return None


def split_at_image(dump, mappings):
    """One mapping may hold variables and the free memory after them."""
    edges = sorted({e for part in dump.image for e in (part.start, part.end)})
    for m in mappings:
        start = m.start
        for edge in [e for e in edges if start < e < m.end] + [m.end]:
            yield Mapping(start, edge, m.phys, m.flags, m.page)
            start = edge


def low_pieces(dump, start, end):
    """(start, end, kind, words) of the first MiBs, with the unmapped ones."""
    at = start
    for m in split_at_image(dump, dump.mapped(start, end)):
        if at < m.start:
            yield at, m.start, "guard", "guard page of a kernel stack"
        kind = rights_of(m.flags)
        words = image_name(dump, m.start)
        if kind == "device":
            words = "video memory, firmware"
        elif m.start == start:
            words = "first 640 KiB of RAM"
        elif words is None:
            words = "RAM: boot code, free by now" \
                if m.end <= dump.image[0].start else "RAM"
        yield m.start, m.end, kind, words
        at = m.end


def area_pieces(dump, start, end):
    """The same for vmalloc: each area ends with its guard page."""
    for area in dump.areas:
        if area.start >= end:
            break
        yield (area.start, area.end - PAGE, "data",
               f"{area.name}(), {size_text(area.end - PAGE - area.start)}")
        yield area.end - PAGE, area.end, "guard", ""
    if dump.areas and dump.areas[-1].end < end:
        yield dump.areas[-1].end, end, "nothing", "not in use"


def draw_pieces(sheet, pieces, start, end, top, bottom, least):
    """To scale, but no piece is thinner than least; words on the right side."""
    x, width = COLUMNS[2]
    pieces = list(pieces)
    extra = bottom - top - least * len(pieces)
    y, marks = bottom, []
    for low, high, kind, words in pieces:
        height = least + extra * (high - low) / (end - start)
        y -= height
        box(sheet, x, y, width, height, kind,
            f"{hexadecimal(low)} - {hexadecimal(high - 1)} {words}")
        if words:
            marks.append((y + height / 2, low, kind, words))
    marks.reverse()
    for (y, low, kind, words), at in zip(marks, spread([m[0] for m in marks],
                                                       17)):
        sheet.path(f"M{x + width} {y:.1f}L{x + width + 14} {at:.1f}"
                   f"H{x + width + 20}", RIGHTS[kind][1])
        sheet.text(x + width + 25, at + 4, hexadecimal(low), 10.5, mono=True)
        sheet.text(x + width + 102, at + 4, words, 11.5)


def caption(sheet, top, words):
    sheet.text(COLUMNS[2][0], top - 7, words, 11.5, bold=True)


def draw_slots(sheet, dump, top):
    """The 512 kmap slots, those in use filled."""
    x, width = COLUMNS[2]
    region = dump.regions["PKMAP"]
    used = set()
    for m in dump.mapped(region.start, region.end):
        used.update(range(m.start, m.end, PAGE))
    across = 64
    cell = width / across * 1.6
    fill, stroke = RIGHTS["data"]
    for i in range((region.end - region.start) // PAGE):
        va = region.start + i * PAGE
        sheet.rect(x + i % across * cell, top + i // across * 7, cell - 0.6,
                   6.2, stroke if va in used else fill,
                   tip=f"slot {i}, {hexadecimal(va)}")
    caption(sheet, top, f"PKMAP: {len(used)} of the 512 slots are in use")


def draw(dump):
    sheet = Sheet(1140, "The virtual map of Pagoda",
                  "4 GiB of virtual addresses, the kernel's quarter of them, "
                  "and two stretches of it page by page.")
    sheet.heading("The virtual map",
                  "low addresses at the bottom; the first column is to scale, "
                  "in the others nothing is drawn thinner than a hair")
    sheet.legend(24, 90, [(*RIGHTS[kind], words) for kind, words in LEGEND])

    (x0, w0), (x1, w1), (x2, _) = COLUMNS
    # The zooms lie below everything, so they come first.
    low = dump.regions["LOWMEM"].start
    vmalloc = dump.regions["VMALLOC"].start
    heights = {}
    y = TOP
    for name, height in QUARTER:
        heights[name] = (y, y + height)
        y += height
    border = TOP + HEIGHT / 4
    zoom(sheet, x0 + w0, TOP, border, x1, TOP, TOP + HEIGHT)
    middle = x1 + w1
    slots = (TOP + 20, TOP + 78)
    areas = (TOP + 120, TOP + 312)
    image = (TOP + 344, TOP + HEIGHT)
    zoom(sheet, middle, *heights["PKMAP"], x2, *slots)
    zoom(sheet, middle, heights["VMALLOC"][1] - 40, heights["VMALLOC"][1],
         x2, *areas)
    zoom(sheet, middle, heights["LOWMEM"][1] - 20, heights["LOWMEM"][1],
         x2, *image)

    draw_all(sheet, dump)
    draw_quarter(sheet, dump)
    draw_slots(sheet, dump, TOP + 20)
    end = dump.areas[-1].end + (128 << 10) if dump.areas else vmalloc + PAGE
    caption(sheet, areas[0], f"the first {size_text(end - vmalloc)} of "
            "VMALLOC")
    caption(sheet, image[0], "the first 4 MiB of LOWMEM")
    draw_pieces(sheet, area_pieces(dump, vmalloc, end), vmalloc, end, *areas,
                5)
    draw_pieces(sheet, low_pieces(dump, low, low + (4 << 20)), low,
                low + (4 << 20), *image, 4)
    return sheet.write(TOP + HEIGHT + 28)
