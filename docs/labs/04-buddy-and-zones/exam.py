# SPDX-License-Identifier: MIT
"""exam.py - the lines that exam.c of this lab must print

WHAT     model(seed, twists) gives the lines, computed by a naive model.

ALGORITHM  The model knows of each frame only whether it is free. Two free
         buddies are always one block. So the free blocks are found by looking:
         a range is a block when all its frames are free; otherwise look at its
         two halves. A block that was not there before the last operation has
         come last on the list of its order.
"""
from functools import lru_cache

from draws import random_numbers

FRAMES = 1024
MAX_ORDER = 10
PCP_ORDERS = 4
DMA, NORMAL, HIGHMEM = range(3)
GFP_DMA, GFP_HIGHMEM, GFP_HIGH, GFP_ZERO = 1, 2, 8, 16
PLAIN = {"half": "lower", "end": "newest", "step": "quarter",
         "drain": "older"}


@lru_cache(4096)
def free_blocks(free, start, order):
    """The free blocks of a range; `free`: the bits of its frames."""
    half = 1 << order >> 1
    if free == 0:
        return ()
    if free == (1 << (1 << order)) - 1:
        return ((start, order),)
    return free_blocks(free & (1 << half) - 1, start, order - 1) + \
        free_blocks(free >> half, start + half, order - 1)


class Frames:
    """The frames of one block of 4 MiB, some of them free."""

    def __init__(self, twists, low=0, high=FRAMES):
        self.low, self.high = low, high     # the zone's part of the block
        self.free = 0                       # bit n: frame n is free
        self.born = {}                      # (start, order) -> a clock
        self.clock = 0
        self.upper = twists["half"] == "upper"
        self.oldest = twists["end"] == "oldest"

    def set(self, start, count, free):
        bits = (1 << count) - 1 << start
        self.free = self.free | bits if free else self.free & ~bits
        born = {}
        for found in free_blocks(self.free, 0, MAX_ORDER):
            if found not in self.born:
                self.clock += 1
            born[found] = self.born.get(found, self.clock)
        self.born = born

    def count(self):
        return bin(self.free).count("1")

    def orders(self):
        return sum(1 << order for order in {order for _, order in self.born})

    def list(self, order):
        """The blocks of a list, the first one first."""
        return sorted((start for start, n in self.born if n == order),
                      key=lambda start: -self.born[start, order])

    def smallest(self, order):
        """(start, order) of the block that a request is cut from, or None."""
        for n in range(order, MAX_ORDER + 1):
            blocks = self.list(n)
            if blocks:
                return blocks[-1 if self.oldest else 0], n
        return None

    def take(self, order):
        found = self.smallest(order)
        if found is None:
            return -1
        start, n = found
        if self.upper:
            start += (1 << n) - (1 << order)
        self.set(start, 1 << order, False)
        return start

    def refill(self, order, floor, batch):
        """The blocks that a list gets."""
        blocks = []
        want = min(batch, max(self.count() - floor, 0) >> order)
        while len(blocks) < want:
            found = self.smallest(order)
            if found is None:
                break
            n = 0
            while (2 << n) <= want - len(blocks) and n + 1 + order <= found[1]:
                n += 1
            start = self.take(order + n)
            blocks += [start + (i << order)
                       for i in range((1 << n) - 1, -1, -1)]
        return blocks


class Exam:
    def __init__(self, seed, twists):
        self.twists = PLAIN | dict(twists)
        self.below = random_numbers(seed)
        self.lines = []

    def put(self, *words):
        line = ["exam", len(self.lines), *words]
        self.lines.append("\t".join(map(str, line)))

    # ---- splitting and merging -----------------------------------------------

    def step_run(self, frames):
        order = 2 + self.below(5)
        cut = 1 + self.below((1 << order) - 1)
        frame = frames.take(order)
        if frame >= 0:
            frames.set(frame + cut, (1 << order) - cut, True)
            frames.set(frame, cut, True)
        self.put("run", order, frame, cut, frames.count(), frames.orders())

    def step_give(self, frames, held):
        i = self.below(len(held))
        order, frame = held[i]
        frames.set(frame, 1 << order, True)
        last = held.pop()
        if i < len(held):
            held[i] = last
        self.put("give", order, frame, frames.count(), frames.orders())

    def step_take(self, frames, held):
        order = self.below(self.below(8) + 1)
        frame = frames.take(order)
        if frame >= 0:
            held.append((order, frame))
        self.put("take", order, frame, frames.count(), frames.orders())

    def part_buddy(self):
        start = self.below(64)
        end = FRAMES - self.below(64)
        frames, held = Frames(self.twists), []
        frames.set(start, end - start, True)
        for i in range(300):
            what = self.below(8)
            if what == 0:
                self.step_run(frames)
            elif len(held) == 120 or (held and what < 4):
                self.step_give(frames, held)
            else:
                self.step_take(frames, held)
            if i % 30 == 29:
                for order in range(MAX_ORDER + 1):
                    self.put("list", order, *frames.list(order)[:12])

    # ---- lists of one CPU ----------------------------------------------------

    def frames_with_holes(self):
        used = 0
        for _ in range(self.below(200)):
            order = self.below(5)
            start = self.below(FRAMES) >> order << order
            used |= (1 << (1 << order)) - 1 << start
        frames = Frames(self.twists)
        frames.free = (1 << FRAMES) - 1 & ~used
        frames.set(0, 0, True)
        return frames

    def part_lists(self):
        for _ in range(40):
            frames = self.frames_with_holes()
            order = self.below(PCP_ORDERS)
            batch = 1 + self.below(64)
            floor = self.below(FRAMES) if self.below(2) else 0
            blocks = frames.refill(order, floor, batch)
            self.put("refill", order, floor, len(blocks), *blocks)
            half = max(len(blocks), 1) // 2
            if self.twists["drain"] == "newer":
                cut = len(blocks) - half
                stay, go = blocks[:cut], blocks[cut:]
            else:
                stay, go = blocks[half:], blocks[:half]
            for frame in go:
                frames.set(frame, 1 << order, True)
            self.put("half", frames.count(), frames.orders(), len(stay), *stay)
            for frame in stay:
                frames.set(frame, 1 << order, True)
            self.put("drain", frames.count(), frames.orders(), 0)

    # ---- which zone serves ---------------------------------------------------

    def zone(self, start, end, number):
        zone = Frames(self.twists, start, end)
        zone.set(start, end - start, True)
        zone.lists = [[] for _ in range(PCP_ORDERS)]
        zone.min = self.below(60)
        zone.low = zone.min + self.below(20)
        zone.reserve = [self.below(50) if j > number else 0
                        for j in range(3)]
        return zone

    @staticmethod
    def serve(zone, order, floor):
        """A block of the zone, or -1."""
        if zone.count() < floor + (1 << order):
            return -1
        if order >= PCP_ORDERS:
            return zone.take(order)
        if not zone.lists[order]:
            zone.lists[order] = zone.refill(order, floor, 4)
        return zone.lists[order].pop() if zone.lists[order] else -1

    def ask(self, zones, gfp, order):
        first = NORMAL
        if gfp & (GFP_DMA | GFP_HIGHMEM):
            first = DMA if gfp & GFP_DMA else HIGHMEM
        if order < PCP_ORDERS and zones[first].lists[order]:
            return zones[first].lists[order].pop()
        marks = [[zone.low for zone in zones],
                 [zone.min // 2 if gfp & GFP_HIGH else zone.min
                  for zone in zones]]
        for mark in marks:
            for i in range(first, -1, -1):
                frame = self.serve(zones[i], order,
                                   mark[i] + zones[i].reserve[first])
                if frame >= 0:
                    return frame
        return -1

    def part_zones(self):
        for _ in range(4):
            zones = [self.zone(768, 900, DMA), self.zone(512, 700, NORMAL),
                     self.zone(0, 400, HIGHMEM)]
            for _ in range(40):
                gfp = (GFP_DMA, 0, GFP_HIGHMEM)[self.below(3)]
                if self.below(4) == 0:
                    gfp |= GFP_HIGH
                order = self.below(6)
                self.put("ask", gfp, order, self.ask(zones, gfp, order),
                         *[zone.count() for zone in zones])

    # ---- marks, reserves, lists of zones -------------------------------------

    def marks(self, pages, number):
        """min, low and high of a zone; zeros for a zone without pages."""
        if not pages[number]:
            return [0, 0, 0]
        lowmem = pages[DMA] + pages[NORMAL]
        root = 0
        while (root + 1) ** 2 <= lowmem * 4 * 16:
            root += 1
        all_keep = max(128, min(root, 262144)) // 4
        if number == HIGHMEM:
            least = max(32, min(pages[number] // 1024, 128))
        else:
            least = all_keep * pages[number] // lowmem
        part = least // (2 if self.twists["step"] == "half" else 4)
        step = max(part, pages[number] // 1000)
        return [least, least + step, least + 2 * step]

    def part_marks(self):
        for _ in range(40):
            pages = [1 + self.below(4096), 0, 0]
            if self.below(4):
                pages[NORMAL] = self.below(240000)
            if self.below(3):
                pages[HIGHMEM] = self.below(1000000)
            reserves = [[pages[NORMAL] // 256,
                         (pages[NORMAL] + pages[HIGHMEM]) // 256],
                        [pages[HIGHMEM] // 32], []]
            self.put("marks", *[word for i in range(3)
                                for word in self.marks(pages, i) + reserves[i]])
            lists = [[i for i in range(top, -1, -1) if pages[i]]
                     for top in (NORMAL, DMA, HIGHMEM, DMA)]
            fast = [-1 if gfp & GFP_ZERO or not lists[gfp & 3]
                    else lists[gfp & 3][0] for gfp in range(32)]
            self.put("lists", *[i for zones in lists for i in zones + [-1]],
                     *fast)


def model(seed, twists):
    exam = Exam(seed, twists)
    exam.part_buddy()
    exam.part_lists()
    exam.part_zones()
    exam.part_marks()
    return exam.lines
