# SPDX-License-Identifier: MIT
"""viva.py (lab buddy) - inputs to ask about; the model of exam.py answers

WHAT     questions(rng, twists, exam) gives (exercise, question, answer). In a
         question FUNCTION is the name of the student's function.
"""


def blocks_of(frames):
    """ "0-3, 8" for the free blocks of a model."""
    return ", ".join(f"{start}-{start + (1 << order) - 1}" if order else
                     str(start) for start, order in sorted(frames.born)) or \
        "none"


def allocation(rng, twists, exam):
    orders = rng.choice([(0, 1, 0), (1, 0, 2), (0, 2, 0), (2, 0, 1)])
    frames = exam.Frames(twists)
    frames.set(0, 16, True)
    given = [frames.take(order) for order in orders]
    return (1, "A zone has one free block: frames 0 to 15. FUNCTION is called "
            f"with the orders {', '.join(map(str, orders))}, one after the "
            "other. Which first frame does each call give, and which free "
            "blocks are left?",
            f"frames {', '.join(map(str, given))}; left: {blocks_of(frames)}.")


def merging(rng, twists, exam):
    freed, other = rng.sample(range(16), 2)
    frames = exam.Frames(twists)
    frames.set(0, 16, True)
    for frame in (freed, other):
        frames.set(frame, 1, False)
    before = blocks_of(frames)
    frames.set(freed, 1, True)
    order = next(n for start, n in frames.born
                 if start <= freed < start + (1 << n))
    return (2, f"Of the frames 0 to 15 only {freed} and {other} are in use. "
            f"The free blocks are {before}. FUNCTION gets frame {freed}, order "
            "0. How often does the block merge, and which free blocks are "
            "there afterwards?",
            f"it merges {order} times; {blocks_of(frames)}.")


def run(rng, twists, exam):
    first = rng.randrange(1, 12)
    nr = rng.randrange(5, 17)
    parts, at, end = [], first, first + nr
    while at < end:
        size = 1
        while at % (2 * size) == 0 and at + 2 * size <= end:
            size *= 2
        parts.append(f"{at}-{at + size - 1}" if size > 1 else str(at))
        at += size
    return (3, f"FUNCTION gets the run that begins at frame {first} and has "
            f"{nr} pages. Which blocks does it free, in which order?",
            f"{', '.join(parts)}.")


def refill(rng, twists, exam):
    batch = rng.randrange(5, 9)
    frames = exam.Frames(twists)
    for start, count in ((1, 1), (6, 2), (16, 16)):
        frames.set(start, count, True)
    before = blocks_of(frames)
    blocks = frames.refill(0, 0, batch)
    return (7, f"The free blocks of a zone are {before}. FUNCTION fills a list "
            f"of order 0; batch is {batch}, the floor is 0. Which frames has "
            "the array then, the first one first?",
            f"{', '.join(map(str, blocks))}.")


def marks(rng, twists, exam):
    pages = [3976, rng.randrange(40, 200) * 100, 0]
    values = exam.Exam(1, twists).marks(pages, exam.NORMAL)
    return (5, f"ZONE_DMA has {pages[0]} managed pages, ZONE_NORMAL has "
            f"{pages[1]}. Say how FUNCTION gets min, low and high of "
            "ZONE_NORMAL. A calculator is allowed.",
            "min {}, low {}, high {}.".format(*values))


def drain(rng, twists, exam):
    array = rng.sample(range(100, 200), 6)
    nr = rng.randrange(2, 5)
    newer = twists.get("drain") == "newer"
    rest = array[:-nr] if newer else array[nr:]
    return (8, "The array of a list has the frames "
            f"{', '.join(map(str, array))}. FUNCTION gives {nr} blocks back. "
            "What is in the array then?",
            f"{', '.join(map(str, rest))}.")


def questions(rng, twists, exam):
    return [make(rng, twists, exam) for make in
            (allocation, merging, run, refill, marks, drain)]
