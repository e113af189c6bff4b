# SPDX-License-Identifier: MIT
"""viva.py (lab kmap) - inputs to ask about; the model of exam.py answers

WHAT     questions(rng, twists, exam) gives (exercise, question, answer). In a
         question FUNCTION is the name of the student's function.
"""
SLOTS = 4
PAGES = "ABCDEFG"


def model(twists, exam):
    return exam.Kmap(SLOTS, twists["direction"] == "down",
                     twists["flush"] == "half")


def flush(rng, twists, exam):
    counts = [rng.choice((0, 1, 1, 2, 3)) for _ in range(8)]
    counts[rng.randrange(8)] = 1
    gone = [slot for slot, count in enumerate(counts) if count == 1]
    return (1, f"Eight slots have the counts {' '.join(map(str, counts))}. "
            "Which slots does FUNCTION empty? How many pages does it flush, "
            "from which slot on, in how many calls?",
            f"it empties {', '.join(map(str, gone))}; one call, "
            f"{gone[-1] - gone[0] + 1} pages from slot {gone[0]} on.")


def lap(rng, twists, exam):
    """A page is mapped, and unmapped at once, but for one that stays."""
    kmap, stays = model(twists, exam), rng.randrange(3)
    slots = []
    for i, page in enumerate(PAGES[:6]):
        slots.append(kmap.map(page))
        if i != stays:
            kmap.unmap(page)
    return (2, f"Imagine that there are only {SLOTS} slots; a new lap is about "
            "to begin, and all slots are free. The pages A to F are mapped one "
            f"after the other. Each but {PAGES[stays]} is unmapped at once. "
            "Which slot does FUNCTION give to each, and how often are unused "
            "slots emptied?",
            ", ".join(f"{page} {slot}" for page, slot in zip(PAGES, slots)) +
            f"; slots are emptied {kmap.flushes} times.")


def again(rng, twists, exam):
    kmap, page = model(twists, exam), rng.choice(PAGES[:2])
    for one in PAGES[:2]:
        kmap.map(one)
        kmap.unmap(one)
    slot = kmap.map(page)
    return (3, f"Imagine that there are only {SLOTS} slots, all free at the "
            "begin of a lap. The pages A and B are mapped and unmapped. "
            f"Then {page} is mapped again. Which slot does it have, and what "
            "is the count of the slot in the end?",
            f"slot {slot}, the one that it has still; the count is 2.")


def questions(rng, twists, exam):
    return [make(rng, twists, exam) for make in (flush, lap, again)]
