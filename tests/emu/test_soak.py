# SPDX-License-Identifier: MIT
"""Long runs from ring 3, after which nothing may be missing.

The kernel counts free pages zone by zone, objects and threads before and after
the program, and runs every checker; its lines are judged here once more.
SOAK=10 makes everything ten times as long; `make soak` does that.
"""

import os
import re

import pytest

from machine import Shape, run

SOAK = int(os.environ.get("SOAK", "1"))

PAGES = re.compile(r"^# pagoda: free pages: (\w+) (\d+) before, (\d+) after$",
                   re.MULTILINE)
IN_USE = re.compile(
    r"^# pagoda: in use: page tables (\d+) before, (\d+) after; "
    r"objects (\d+), (\d+); threads (\d+), (\d+)$", re.MULTILINE)

SMALL = Shape("64M", "qemu32")
PLAIN = Shape("512M", "max")
HIGHMEM = Shape("1G", "core2duo")

# program, its arguments, machine
SOAKS = [
    ("soak_forks", (100000 * SOAK,), PLAIN),
    ("soak_forks", (10000 * SOAK,), SMALL),
    ("soak_forks", (10000 * SOAK,), HIGHMEM),
    ("soak_bomb", (3 * SOAK,), PLAIN),
    ("soak_bomb", (2 * SOAK,), SMALL),
    ("soak_hog", (4 * SOAK,), PLAIN),
    ("soak_hog", (4 * SOAK,), SMALL),
    ("soak_hog", (2 * SOAK,), HIGHMEM),
    ("soak_fuzz", (1000000 * SOAK, 1), PLAIN),
    ("soak_fuzz", (100000 * SOAK, 1000000), SMALL),
    ("soak_fuzz", (100000 * SOAK, 2000000), HIGHMEM),
]


def missing_pages(text):
    """Free pages that are no more, without those that became page tables of
    the kernel's own part, which stay."""
    zones = PAGES.findall(text)
    assert zones, text[-2000:]
    tables = [int(n) for n in IN_USE.search(text).groups()]
    lost = sum(int(before) - int(after) for _, before, after in zones)
    return lost - (tables[1] - tables[0])


@pytest.mark.parametrize("program, arguments, shape", SOAKS,
                         ids=lambda x: str(x) if isinstance(x, Shape) else
                         "-".join(map(str, x)) if isinstance(x, tuple) else x)
def test_nothing_is_missing_after(kernel, program, arguments, shape):
    words = ",".join([f"tests/{program}", *map(str, arguments)])
    done = run(shape, f"program={words}", "soak", archive=True)
    assert done.status == 33, \
        f"status {done.status}\n{done.text[-3000:]}\n{done.errors}"
    assert missing_pages(done.text) <= 0
    objects = [int(n) for n in IN_USE.search(done.text).groups()[2:]]
    assert objects[0] == objects[1] and objects[2] == objects[3]


def test_a_lost_page_would_be_seen():
    text = ("# pagoda: free pages: DMA 3100 before, 3100 after\n"
            "# pagoda: free pages: Normal 9000 before, 8997 after\n"
            "# pagoda: in use: page tables 1 before, 3 after; "
            "objects 1, 1; threads 2, 2\n")
    assert missing_pages(text) == 1
