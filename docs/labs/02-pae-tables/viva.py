# SPDX-License-Identifier: MIT
"""viva.py (lab pae) - inputs to ask about; the model of exam.py answers

WHAT     questions(rng, twists, exam) gives (exercise, question, answer). In a
         question FUNCTION is the name of the student's function.
"""
WIDTH = 36              # address bits of the CPU in the question
WRONG_BITS = (1, 2, 7, 13, 21, 36, 63)


def law(rng, twists, exam):
    chunk = rng.randrange(2, 200)
    entry = chunk * exam.CHUNK + 0x83
    for bit in rng.sample(WRONG_BITS, 2):
        entry ^= 1 << bit
    number = exam.Exam(1, twists).law(entry, chunk, 0x38000000, WIDTH)
    return (2, f"Entry {chunk} of the directory is {entry:#x}. Lowmem has this "
            f"chunk, and the CPU has {WIDTH} address bits. Which label does "
            "FUNCTION return, and which bits of the entry are wrong?",
            f"boot_paging P{number}.")


def indices(rng, twists, exam):
    address = rng.randrange(0xf8800000, 0xfffff000)
    return (6, f"Which entries of the three levels does {address:#x} use, and "
            "which of the three does FUNCTION return a pointer to?",
            f"PDPT {address >> 30}, directory {address >> 21 & 511}, table "
            f"{address >> 12 & 511}; the last one.")


def populate(rng, twists, exam):
    first = rng.randrange(448, 470)
    there = rng.sample(range(first, first + 7), 2)
    memory = rng.randrange(2, 4)
    down = twists["populate"] == "down"
    missing = sorted(set(range(first, first + 7)) - set(there), reverse=down)
    made = missing[:memory]
    return (8, "FUNCTION gets a range that needs the directory entries "
            f"{first} to {first + 6}. Two of them have tables: "
            f"{' and '.join(map(str, sorted(there)))}. There is memory for "
            f"{memory} tables more. What does FUNCTION return, and which "
            "entries have tables then?",
            "-ENOMEM; " +
            ", ".join(map(str, sorted(there + made))) + ".")


def chunk(rng, twists, exam):
    number = rng.randrange(1, 16)
    least = exam.SMALL_CHUNKS[twists["small"]]
    is_large = number >= least
    return (5, f"Chunk {number} of the direct map has nothing of the kernel's "
            "image, and no guard page. What does FUNCTION write for it, and "
            "how many entries of the TLB does a walk over the chunk need?",
            "one page of 2 MiB; 1." if is_large else
            "a table with 512 entries; 512.")


def mapping(rng, twists, exam):
    keep = twists["present"] == "keep"
    frame, at = rng.randrange(0x1000, 0x100000), rng.randrange(4)
    frames = [frame + i for i in range(4)]
    if keep:
        frames[at] = 0x777
    return (9, f"Four pages are to be mapped to the frames from {frame:#x} on. "
            f"The page number {at} of the four (from 0) is mapped to frame "
            "0x777 already. Which frames do the four pages have when FUNCTION "
            "returns?", ", ".join(map(hex, frames)) + ".")


def questions(rng, twists, exam):
    return [make(rng, twists, exam) for make in
            (law, indices, populate, chunk, mapping)]
