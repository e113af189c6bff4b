# SPDX-License-Identifier: MIT
"""exam.py (lab pae) - what right page tables look like in the run of exam.c

WHAT     model(seed, twists) gives the lines that exam.c must print, as a list.
         `twists` is a table of names and values, such as {"populate": "down"}.
         It is written from the text of the lab. It shares nothing with the C
         code but the random numbers and the order in which they are drawn.

TERMS   kind   1 RW, 2 RO or RX, 3 DEVICE, 0 nothing
"""
from draws import random_numbers

PAGE, CHUNK = 0x1000, 0x200000
KINDS = {"RW": 1, "RO": 2, "RX": 2, "DEVICE": 3}
PROTECTIONS = ["RW", "RO", "RX", "DEVICE"]
SMALL_CHUNKS = {"first": 1, "dma": 8, "low": 12}
WINDOW = 3 * 512                # pages
LARGE_FRAME = 0x880000
EBDA_PAGE = 0x9f
ENOMEM = -12


def total(values):
    """The sum of exam.c."""
    result = 0
    for value in values:
        result = (result ^ value) * 16777619 & 0xffffffff
    return result


class Exam:
    def __init__(self, seed, twists):
        self.below = random_numbers(seed)
        self.lines = []
        self.down = twists.get("populate", "up") == "down"
        self.keep = twists.get("present", "replace") == "keep"
        self.small_chunks = SMALL_CHUNKS[twists.get("small", "first")]
        self.page_0 = twists.get("page0", "rw").upper()
        self.tables = {}        # entry of the directory (0 to 59) -> owner
        self.window = {}        # page of the window -> (frame, kind)

    def say(self, *fields):
        self.lines.append("\t".join(
            map(str, ("exam", len(self.lines) + 1) + fields)))

    # ---- boot/paging.c

    def draw_boot(self):
        tables = (0x100 + self.below(64)) * PAGE
        end = CHUNK + self.below(0x38000000 - CHUNK)
        return tables, end, 32 + self.below(21)

    def paging_build(self):
        tables, end, _ = self.draw_boot()
        words = []
        for chunk in range(512):
            in_use = chunk * CHUNK < end
            words += [chunk * CHUNK + 0x83 if in_use else 0, 0]
        directory = f"{tables + PAGE + 1:x}"
        self.say("paging_build", directory, 0, 0, directory,
                 f"{total(words):x}")

    def law(self, entry, chunk, end, width):
        """The number of the law, in the order of LAB.md's table."""
        in_use = chunk * CHUNK < end
        present = entry & 1
        if not in_use or not present:
            return 7 if in_use or present else None
        bits = [n for n in range(64) if entry >> n & 1]
        address = sum(1 << n for n in bits if 21 <= n < 52)
        broken = [(4, 63 in bits), (5, 7 not in bits),
                  (4, any(13 <= n <= 20 for n in bits)),
                  (4, any(width <= n < 52 for n in bits)),
                  (5, 2 in bits), (5, 1 not in bits),
                  (6, address != chunk * CHUNK)]
        return next((law for law, is_broken in broken if is_broken), None)

    def lint_pde(self):
        _, end, width = self.draw_boot()
        chunk = end // CHUNK
        if self.below(4):
            chunk = self.below(chunk + 1)
        else:
            chunk += self.below(3)
        entry = chunk * CHUNK + 0x83
        for _ in range(self.below(4)):
            entry ^= 1 << self.below(64)
        law = self.law(entry, chunk, end, width)
        self.say("lint_pde", f"boot_paging P{law}" if law else "-")

    # ---- arch/i386/mm/paging.c; a place in the direct map is a page number

    def draw_image(self, page):
        edges = []
        for i in range(6):
            page += self.below(300 if i % 2 else 10)
            edges.append(page)
        guards = [edges[4] + self.below(100) for _ in range(self.below(3))]
        return edges, guards

    def protection(self, image, page):
        edges, _ = image
        if page in range(edges[0], edges[1]):
            return "RX"
        if page in range(edges[2], edges[3]):
            return "RO"
        if page in range(0xa0, 0x100):
            return "DEVICE"
        return self.page_0 if page == 0 else "RW"

    def kind(self, image, page):
        return 0 if page in image[1] else KINDS[self.protection(image, page)]

    def direct_map_prot(self):
        image = self.draw_image(0x100)
        self.say("direct_map_prot",
                 self.protection(image, self.below(0x400)))

    def map_small_chunk(self):
        image = self.draw_image(0x100)
        end = 1 + self.below(512)
        kinds = [self.kind(image, page) if page < end else 0
                 for page in range(512) if page != EBDA_PAGE]
        self.say("map_small_chunk", f"{total(kinds):x}")

    def map_chunk(self):
        image = self.draw_image(0x100 + self.below(0x2000))
        chunk = 1 + self.below(19)
        pages = range(512 * chunk, 512 * chunk + 512)
        edges = image[0]
        if chunk >= self.small_chunks and (edges[0] > pages[-1] or
                                           edges[-1] <= pages[0]):
            self.say("map_chunk", "large", 1)
        else:
            kinds = [self.kind(image, page) for page in pages]
            self.say("map_chunk", "table", f"{total(kinds):x}")

    # ---- arch/i386/mm/kpgtable.c

    def kpt_populate_one(self):
        at = self.below(60)
        trouble = self.below(4)
        result, allocations = 0, 0
        if at not in self.tables:
            if trouble == 0:
                result = ENOMEM
            else:
                self.tables[at] = "rival" if trouble == 1 else "own"
                allocations = 1
        self.say("kpt_populate_one", result, self.tables.get(at, "-"),
                 allocations)

    def kpt_populate(self):
        pages = 0x77ff          # from 0xf8800000 to 0xfffff000
        first = self.below(pages)
        nr = self.below(pages - first + 1)
        memory = self.below(6) or None
        nr %= 4000
        missing = sorted({page // 512 for page in range(first, first + nr)} -
                         set(self.tables), reverse=self.down)
        fails = memory is not None and len(missing) >= memory
        for at in missing[:memory - 1] if fails else missing:
            self.tables[at] = "own"
        self.say("kpt_populate", ENOMEM if fails else 0,
                 f"{sum(1 << at for at in self.tables):x}")

    def kpt_entry(self):
        self.say("kpt_entry", self.below(WINDOW))

    def draw_length(self, first):
        nr = self.below(WINDOW - first + 1)
        return nr % 20 if self.below(3) else nr

    def say_window(self, function):
        pages = (self.window.get(page, (0, 0)) for page in range(WINDOW))
        values = (frame << 4 & 0xffffffff | kind for frame, kind in pages)
        self.say(function, f"{total(values):x}")

    def kpt_map_range(self):
        first = self.below(WINDOW)
        nr = self.draw_length(first)
        frame = self.below(1 << 24)
        kind = KINDS[PROTECTIONS[self.below(4)]]
        for i in range(nr):
            if not (self.keep and first + i in self.window):
                self.window[first + i] = frame + i, kind
        self.say_window("kpt_map_range")

    def kpt_unmap(self):
        first = self.below(WINDOW)
        for i in range(self.draw_length(first)):
            self.window.pop(first + i, None)
        self.say_window("kpt_unmap")

    def kpt_lookup(self):
        at = self.below(WINDOW * PAGE)
        where = self.below(6)
        frame, _ = self.window.get(at // PAGE, (None, 0))
        if where == 0:
            frame = None
        if where == 1:
            frame = LARGE_FRAME + at % CHUNK // PAGE
        self.say("kpt_lookup", "-" if frame is None else f"{frame:x}")

    # ---- the whole

    def run(self):
        for function, times in ((self.paging_build, 30), (self.lint_pde, 80),
                                (self.direct_map_prot, 80),
                                (self.map_small_chunk, 20),
                                (self.map_chunk, 40),
                                (self.kpt_populate_one, 60)):
            for _ in range(times):
                function()
        for i in range(60):
            if i % 10 == 0:
                self.tables = {}
            self.kpt_populate()
        for i in range(60):
            self.kpt_entry()
            self.kpt_map_range()
            self.kpt_lookup()
            self.kpt_lookup()
            if i % 2:
                self.kpt_unmap()
        return self.lines


def model(seed, twists):
    return Exam(seed, twists).run()
