# SPDX-License-Identifier: MIT
"""exam.py (lab kmap) - what a right kmap answers in the run of exam.c

WHAT     model(seed, twists) gives the lines that exam.c must print, as a list.
         It is written from the text of the lab. It shares nothing with the C
         code but the random numbers and the table of operations.

ALGORITHM  The slots of the lap that are still to come lie in a queue. A page
         that wants a slot takes them out one by one, until one is free.
"""
from collections import deque

from draws import random_numbers

OPERATIONS = 600
WHOLE_ABOVE = 32        # pages: a larger range is one flush of everything


class Kmap:
    def __init__(self, slots, down, half):
        self.lap = list(range(slots))
        if down:
            self.lap.reverse()
        self.half = slots // 2 if half else None
        self.to_come = deque()
        self.slot_of = {}       # page -> slot
        self.users = {}         # page -> how many; no page with 0
        self.flushes = self.one = self.all = 0

    def unused(self):
        return self.slot_of.keys() - self.users.keys()

    def flush(self):
        slots = [self.slot_of.pop(page) for page in self.unused()]
        if slots:
            self.flushes += 1
            reach = max(slots) - min(slots) + 1
            if reach > WHOLE_ABOVE:
                self.all += 1
            else:
                self.one += reach
        return len(slots)

    def new_slot(self):
        taken = set(self.slot_of.values())
        while True:
            if not self.to_come or len(self.to_come) == self.half:
                self.flush()
                taken = set(self.slot_of.values())
            if not self.to_come:
                self.to_come.extend(self.lap)
            slot = self.to_come.popleft()
            if slot not in taken:
                return slot

    def map(self, page):
        if page not in self.slot_of:
            if len(self.users) == len(self.lap):
                return -1
            self.slot_of[page] = self.new_slot()
        self.users[page] = self.users.get(page, 0) + 1
        return self.slot_of[page]

    def unmap(self, page):
        self.users[page] -= 1
        if not self.users[page]:
            del self.users[page]

    def freed(self, page):
        if self.slot_of.pop(page, None) is not None:
            self.one += 1


class Run:
    def __init__(self, seed, slots, kmap):
        self.below, self.kmap = random_numbers(seed), kmap
        self.pages = slots + 100
        self.operations = 3 * [("map", self.fill, 1)] + \
            2 * [("fill", self.fill, slots)] + \
            4 * [("sweep", self.sweep, 40)] + \
            4 * [("unmap", self.unmap, slots)] + \
            2 * [("freed", self.freed, 8)] + \
            [("flush", None, 0)]

    def from_page(self, page):
        return [(page + n) % self.pages for n in range(self.pages)]

    def fill(self, page, count):
        return sum(self.kmap.map(p) for p in self.from_page(page)[:count])

    def sweep(self, page, count):
        total = 0
        for p in self.from_page(page)[:count]:
            slot = self.kmap.map(p)
            total += slot
            if slot >= 0:
                self.kmap.unmap(p)
        return total

    def unmap(self, page, count):
        found = [p for p in self.from_page(page) if p in self.kmap.users]
        for p in found[:count]:
            self.kmap.unmap(p)
        return len(found[:count])

    def freed(self, page, count):
        found = [p for p in self.from_page(page) if p not in self.kmap.users]
        for p in found[:count]:
            self.kmap.freed(p)
        return len(found[:count])

    def step(self, number):
        word, run, most = self.operations[self.below(16)]
        if run:
            page = self.below(self.pages)
            count = 1 + self.below(most)
            result = run(page, count)
        else:
            page, count, result = 0, 1, self.kmap.flush()
        kmap = self.kmap
        return "\t".join(map(str, (
            "exam", number, word, page, count, result, len(kmap.users),
            len(kmap.unused()), kmap.flushes, kmap.one, kmap.all)))


def model(seed, twists):
    """The lines of the run with this seed. twists: name -> value."""
    slots = int(twists.get("slots", 512))
    kmap = Kmap(slots, twists.get("direction") == "down",
                twists.get("flush") == "half")
    run = Run(seed, slots, kmap)
    return [run.step(number) for number in range(1, OPERATIONS + 1)]
