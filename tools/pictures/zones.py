# SPDX-License-Identifier: MIT
"""zones.py - all physical memory, and one stretch of it as buddies

WHAT     draw() shows each zone in rows of 4 MiB, a dot for each frame; rows of
         one free block are drawn together as one row of small cells.
         draw_buddy() shows 256 frames, each block at the height of its order:
         the picture at the head of mm/page/buddy.c, from a real run.
"""
from dump import PAGE
from svg import FAINT, INK, SOFT, Sheet, size_text

ROW_ORDER = 10                  # a row is the largest block
ROW = 1 << ROW_ORDER
LEFT = 116

# Free blocks: a larger block has a deeper colour. Orders 0 to 10.
FREE = ("#d3f9d8", "#c0f2c8", "#abe9b4", "#94dfa0", "#7cd38b", "#64c676",
        "#4db763", "#38a652", "#279344", "#197d37", "#0f672b")

#  letter  fill       what it is
STATES = {
    "r": ("#495057", "reserved"),
    "u": ("#f59f9f", "allocated"),
    "s": ("#74a9f5", "slab"),
    "t": ("#b197fc", "page table"),
    "p": ("#ffe066", "kept ready by the CPU"),
    "-": ("url(#hatch)", "hole"),
}


def fill_of(block):
    return FREE[block.order] if block.letter == "f" else \
        STATES[block.letter][0]


def words_of(block):
    what = "free" if block.letter == "f" else STATES[block.letter][1]
    return (f"frame {block.pfn} (0x{block.pfn * PAGE:x}), order "
            f"{block.order}: {what}")


def merged(blocks):
    """Reserved frames and holes that follow each other, as one piece."""
    pieces = []
    for block in blocks:
        if pieces and block.letter in "r-" and \
                pieces[-1][0].letter == block.letter and \
                pieces[-1][0].pfn + pieces[-1][1] == block.pfn:
            pieces[-1][1] += block.frames
        else:
            pieces.append([block, block.frames])
    return pieces


def rows_of(zone):
    """("row", [blocks]): 4 MiB of many; ("cells", [blocks]): of one block."""
    rows = []
    for block in zone.blocks():
        whole = block.letter == "f" and block.order == ROW_ORDER
        number = None if whole else block.pfn // ROW
        if rows and rows[-1][0] == number:
            rows[-1][1].append(block)
        else:
            rows.append((number, [block]))
    return [("cells" if number is None else "row", blocks)
            for number, blocks in rows]


def draw_row(sheet, blocks, y, height):
    for block, frames in merged(blocks):
        x = LEFT + block.pfn % ROW
        # A wide gap would hide blocks of one frame.
        gap = 0.5 if frames > 2 else 0.15
        sheet.rect(x, y, frames - gap, height, fill_of(block),
                   tip=words_of(block) if frames == block.frames else
                   f"frames {block.pfn} to {block.pfn + frames - 1}: "
                   + STATES[block.letter][1])


def draw_cells(sheet, blocks, y, height):
    """One cell for each 4 MiB, as wide as there is room."""
    cell = min(26.0, ROW / len(blocks))
    for i, block in enumerate(blocks):
        sheet.rect(LEFT + i * cell, y, max(cell - 0.8, cell * 0.75), height,
                   FREE[ROW_ORDER], tip=words_of(block))
    words = (f"{len(blocks)} free block{'s'[:len(blocks) > 1]} of order "
             f"{ROW_ORDER}: {size_text(len(blocks) * ROW * PAGE)}")
    x = LEFT + len(blocks) * cell + 8
    if x + 7 * len(words) < LEFT + ROW:
        sheet.text(x, y + height - 4, words, 11, SOFT)
    else:
        sheet.rect(LEFT + 6, y + 1, 7.6 * len(words), height - 2,
                   FREE[ROW_ORDER])
        sheet.text(LEFT + 10, y + height - 6, words, 11, "#ffffff", bold=True)


def draw_zone(sheet, zone, y):
    """Returns: where the next zone begins."""
    free = f"{zone.free / zone.managed:.1%} of them free" \
        if zone.managed else "none managed"
    sheet.text(24, y, f"ZONE_{zone.name.upper()}", 15, bold=True)
    sheet.text(LEFT + 70, y,
               f"{size_text(zone.start * PAGE) if zone.start else '0'} to "
               f"{size_text(zone.end * PAGE)}:   {zone.spanned} frames "
               f"spanned, {zone.present} present, {zone.managed} managed, "
               f"{free}", 11.5, SOFT)
    y += 12
    for kind, blocks in rows_of(zone):
        sheet.text(LEFT - 8, y + 14, f"0x{blocks[0].pfn * PAGE:09x}", 10.5,
                   SOFT, "end", True)
        if kind == "row":
            sheet.rect(LEFT, y, ROW, 20, "none", FAINT, stroke_width=0.6)
            draw_row(sheet, blocks, y, 20)
        else:
            draw_cells(sheet, blocks, y, 20)
        y += 26
    return y + 26


def order_ramp(sheet, x, y, words):
    for order, fill in enumerate(FREE):
        sheet.rect(x + order * 20, y - 11, 20, 13, fill)
        sheet.text(x + order * 20 + 10, y - 0.6, str(order), 10,
                   INK if order < 7 else "#ffffff", "middle")
    sheet.text(x + len(FREE) * 20 + 8, y, words, 11.5, SOFT)


def legend(sheet, y):
    order_ramp(sheet, 24, y, "free, by order")
    sheet.legend(360, y, [(fill, None, what)
                          for letter, (fill, what) in STATES.items()])


def draw(dump):
    sheet = Sheet(LEFT + ROW + 24, "The zones of physical memory",
                  "All page frames of a machine, zone by zone, coloured by "
                  "what they are used for and by the order of free blocks.")
    sheet.heading("Physical memory",
                  "a row is 4 MiB, a frame one dot wide; rows that are one "
                  "free block are drawn as one cell each")
    legend(sheet, 90)
    y = 132
    for zone in dump.zones:
        if zone.spanned:
            y = draw_zone(sheet, zone, y)
    return sheet.write(y - 16)


# ---- buddies ----------------------------------------------------------------

WINDOW = 256        # frames
DOT = 4             # width of one
LEVELS = 9          # orders 0 to 8
LEVEL = 26          # height of one


def windows(dump):
    """(zone, first frame, blocks) for every aligned stretch of frames."""
    for zone in dump.zones:
        found = {}
        for block in zone.blocks():
            half = block.pfn // (WINDOW // 2)
            for number in (half - 1, half):
                found.setdefault(number, []).append(block)
        for number, blocks in found.items():
            if sum(b.frames for b in blocks) == WINDOW:
                yield zone, number * (WINDOW // 2), blocks


def worth(window):
    """How much there is to see: different kinds of blocks, mostly free ones."""
    blocks = window[2]
    free = {b.order for b in blocks if b.letter == "f"}
    other = {(b.order, b.letter) for b in blocks}
    dull = sum(b.letter in "r-" for b in blocks)
    return 3 * len(free) + len(other) - dull / 16


def draw_block(sheet, block, frames, x, base):
    y = base - (block.order + 1) * LEVEL
    width = frames * DOT
    sheet.rect(x, y + 3, width - 0.8, LEVEL - 6, fill_of(block), "#868e96",
               words_of(block), rx=1.5, stroke_width=0.6)
    if block.letter == "f":
        # The drop lines show which frames the block covers.
        for edge in (x, x + width - 0.8):
            sheet.line(edge, y + LEVEL - 3, edge, base + 12, "#38a652",
                       stroke_width=0.6, stroke_dasharray="2 3")
        if width >= 28:
            sheet.text(x + width / 2, y + LEVEL / 2 + 4, str(block.frames),
                       11, INK if block.order < 7 else "#ffffff", "middle")


def draw_buddy(dump):
    zone, first, blocks = max(windows(dump), key=worth)
    sheet = Sheet(LEFT + WINDOW * DOT + 24, "Buddies",
                  f"{WINDOW} page frames; each block at the height of its "
                  "order.")
    sheet.heading("Blocks of the buddy allocator",
                  f"{WINDOW} frames of ZONE_{zone.name.upper()} from frame "
                  f"{first}; a block of order n is 2ⁿ frames, and begins at a "
                  "multiple of 2ⁿ")
    legend(sheet, 90)
    base = 124 + LEVELS * LEVEL
    for order in range(LEVELS):
        y = base - order * LEVEL
        sheet.line(LEFT, y, LEFT + WINDOW * DOT, y, "#e9ecef")
        sheet.text(LEFT - 10, y - LEVEL / 2 + 4, f"order {order}", 11.5, SOFT,
                   "end")
    for block, frames in merged(blocks):
        x = LEFT + (block.pfn - first) * DOT
        draw_block(sheet, block, frames, x, base)
        sheet.rect(x, base + 12, frames * DOT - 0.4, 16, fill_of(block))
    sheet.text(LEFT - 10, base + 25, "frames", 11.5, SOFT, "end")
    for frame in range(0, WINDOW + 1, 32):
        x = LEFT + frame * DOT
        sheet.line(x, base + 28, x, base + 34, SOFT)
        sheet.text(x, base + 48, str(first + frame), 11, SOFT, "middle", True)
    return sheet.write(base + 66)
