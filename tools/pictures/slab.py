# SPDX-License-Identifier: MIT
"""slab.py - the slabs of one cache, byte by byte

WHAT     Each slab is a bar from the first byte of its block to the last: the
         descriptor, the colour, the objects with their owners. Above them is
         the chain of free objects, in the order in which they will be given
         out.
"""
from dump import PAGE
from svg import FAINT, INK, SOFT, Sheet

LEFT, WIDTH = 116, 1024
BAR = 44
PITCH = 122         # from slab to slab

DESCRIPTOR = ("#d0bfff", "#7048e8")
COLOUR = ("#ffdeeb", "#d6336c")
REST = ("url(#hatch)", "#adb5bd")
STATES = {
    "#": ("#74a9f5", "#1971c2", "taken"),
    "m": ("#ffe066", "#f08c00", "in the CPU's magazine"),
    ".": ("#d3f9d8", "#2f9e44", "free"),
}


class Bar:
    """Bytes of one slab, on a sheet."""

    def __init__(self, sheet, cache, slab, y):
        self.sheet, self.cache, self.slab, self.y = sheet, cache, slab, y
        self.scale = WIDTH / (PAGE << cache.order)

    def x(self, offset):
        return LEFT + offset * self.scale

    def piece(self, start, end, colours, tip, words=None):
        if end <= start:
            return
        width = (end - start) * self.scale
        fill, stroke = colours
        self.sheet.rect(self.x(start), self.y, width, BAR, fill, stroke,
                        f"bytes {start} to {end - 1}: {tip}",
                        stroke_width=0.8)
        if words and width >= 8 * len(words):
            self.sheet.text(self.x(start) + width / 2, self.y + BAR / 2 + 5,
                            words, 12, INK, "middle")

    def draw_parts(self):
        cache, slab = self.cache, self.slab
        plain = slab.offset - (slab.offset - cache.first)
        self.piece(0, plain, DESCRIPTOR, "struct slab and next[]")
        self.piece(plain, slab.offset, COLOUR, "colour",
                   str(slab.offset - plain))
        for i, letter in enumerate(slab.map):
            fill, stroke, what = STATES[letter]
            start = slab.offset + i * cache.stride
            self.piece(start, start + cache.stride, (fill, stroke),
                       f"object {i}, {what}", str(i))
        self.piece(slab.offset + len(slab.map) * cache.stride,
                   PAGE << cache.order, REST, "left over")

    def middle(self, i):
        return self.x(self.slab.offset + (i + 0.5) * self.cache.stride)

    def arc(self, start, end, lift):
        top = self.y - 2
        self.sheet.path(f"M{start:.1f} {top}C{start:.1f} {top - lift:.1f} "
                        f"{end:.1f} {top - lift:.1f} {end:.1f} {top}", SOFT,
                        marker_end="url(#arrow)")

    def draw_chain(self):
        """Arcs from the descriptor's `free` to the last; short arcs are low."""
        at = self.x(self.cache.first / 2)
        for i in self.slab.chain:
            to = self.middle(i)
            # The ends are beside the middle, so that no two ends meet.
            way = 1 if to > at else -1
            begin = at if at < self.x(self.cache.first) else at + 12 * way
            self.arc(begin, to - 4 * way, 14 + abs(to - at) * 0.045)
            at = to

    def draw_labels(self):
        self.sheet.text(LEFT - 8, self.y + 20, f"0x{self.slab.address:08x}",
                        11, INK, "end", True)
        colour = (self.slab.offset - self.cache.first) // self.cache.step
        self.sheet.text(LEFT - 8, self.y + 36, f"colour {colour}", 11, SOFT,
                        "end")
        taken = self.slab.map.count("#")
        words = f"{taken} of {len(self.slab.map)} at users"
        if self.slab.chain:
            words += "; next to be given out: " + \
                ", ".join(str(i) for i in self.slab.chain)
        self.sheet.text(LEFT, self.y + BAR + 17, words, 11.5, SOFT)


def draw_ruler(sheet, cache, y):
    size = PAGE << cache.order
    for offset in range(0, size + 1, size // 8):
        x = LEFT + offset * WIDTH / size
        sheet.line(x, y - 6, x, y, FAINT)
        sheet.text(x, y + 14, str(offset), 11, SOFT, "middle", True)
    sheet.text(LEFT - 8, y + 14, "byte", 11, SOFT, "end")


def draw(dump):
    cache = dump.caches[0]
    sheet = Sheet(LEFT + WIDTH + 28, "Slabs of one cache",
                  f"The slabs of the cache {cache.name}, with descriptor, "
                  "colour, objects and the chain of free objects.")
    sheet.heading(f"Slabs of the cache “{cache.name}”",
                  f"{cache.objects} objects of {cache.size} bytes in a block "
                  f"of {1 << cache.order} page, {cache.colours} colours of "
                  f"{cache.step} bytes; an arrow is a link of the chain of "
                  "free objects")
    sheet.legend(24, 90, [
        (*DESCRIPTOR, "struct slab, next[]"), (*COLOUR, "colour"),
        *STATES.values(), (*REST, "left over")])
    y = 150
    for slab in cache.slabs:
        bar = Bar(sheet, cache, slab, y)
        bar.draw_parts()
        bar.draw_chain()
        bar.draw_labels()
        y += PITCH
    draw_ruler(sheet, cache, y - PITCH + BAR + 38)
    return sheet.write(y - PITCH + BAR + 70)
