# SPDX-License-Identifier: MIT
"""Long runs from ring 3, after which nothing may be missing.

The kernel counts free pages zone by zone, objects and threads before and after
the program, and runs every checker; its lines are judged here once more.
SOAK=10 makes everything ten times as long; `make soak` does that.

The fuzzer runs in a machine whose time is counted in instructions: a run with
the same words and seed does the same, to the last instruction. The kernel looks
at its laws itself (watch=). What to do with a finding: docs/fuzzing.md.
"""

import os
import re

import pytest

from machine import ICOUNT, Shape, run

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
]

# Ten million operations in `make soak`, whose kernel is a debug build.
FUZZ_OPS = 30000 if SOAK == 1 else 1000000 * SOAK
FUZZ_SEEDS = (1, 2) if SOAK == 1 else (1, 2, 3, 4, 5)
FUZZ_SHAPES = [Shape("64M", "max", extra=ICOUNT),
               Shape("2G", "max", extra=ICOUNT)]
# One allocation in so many fails.
FUZZ_FAILURES = 300


def missing_pages(text):
    """Free pages that are no more, without those that became page tables of
    the kernel's own part, which stay."""
    zones = PAGES.findall(text)
    assert zones, text[-2000:]
    tables = [int(n) for n in IN_USE.search(text).groups()]
    lost = sum(int(before) - int(after) for _, before, after in zones)
    return lost - (tables[1] - tables[0])


def judge(done):
    """Nothing is missing, and the kernel says so."""
    assert done.status == 33, \
        f"status {done.status}\n{done.text[-6000:]}\n{done.errors}"
    assert missing_pages(done.text) <= 0
    objects = [int(n) for n in IN_USE.search(done.text).groups()[2:]]
    assert objects[0] == objects[1] and objects[2] == objects[3]


@pytest.mark.parametrize("program, arguments, shape", SOAKS,
                         ids=lambda x: str(x) if isinstance(x, Shape) else
                         "-".join(map(str, x)) if isinstance(x, tuple) else x)
def test_nothing_is_missing_after(kernel, program, arguments, shape):
    words = ",".join([f"tests/{program}", *map(str, arguments)])
    judge(run(shape, f"program={words}", "soak", archive=True))


def fuzz(shape, seed, words=""):
    return run(shape, f"program=tests/soak_fuzz,{FUZZ_OPS},{seed} watch=20 "
               f"loglevel=4 {words}", "soak", archive=True)


@pytest.mark.parametrize("seed", FUZZ_SEEDS)
@pytest.mark.parametrize("shape", FUZZ_SHAPES, ids=str)
def test_no_call_breaks_a_law(kernel, shape, seed):
    done = fuzz(shape, seed)
    judge(done)
    looks = re.search(r"^# pagoda: watch: (\d+) looks, every law held$",
                      done.text, re.MULTILINE)
    assert int(looks[1]) > 10
    ops = re.findall(r"(\d+) ops, \d+ streams", done.text)
    assert int(ops[-1]) >= FUZZ_OPS


# Calls that need a right that no fuzzer has, that never come back, or that
# succeed so seldom that a short run may miss them.
MAY_FAIL = set("""
    IRQ_CREATE IO_PORTS_CREATE IO_PORTS_ALLOW LOG_WRITE POWER_OFF DEVICE_OPEN
    THREAD_EXIT exit exit_group
    CALLER_READ CALLER_WRITE CALLER_GET_REGS CALLER_SET_REGS TASK_OPEN
    TASK_START IRQ_ACK DEVICE_MAP_BAR DEVICE_SET_MASK DEVICE_IRQ DMA_SYNC
    DMA_UNMAP DMA_CHECK setpgid getpgid getsid
    """.split())


def test_the_calls_do_something(kernel):
    """A fuzzer whose calls are all refused would find nothing."""
    shape = Shape("2G", "max", extra=[*ICOUNT, "-device", "edu"])
    done = fuzz(shape, 1)
    judge(done)
    never = re.search(r"^soak_fuzz: never succeeded:(.*)$", done.text,
                      re.MULTILINE)
    assert not set(never[1].split()) - MAY_FAIL


def test_an_operation_can_be_made_again(kernel):
    """The same seed, stream and number: the same calls."""
    told = [re.findall(r"^9\.\d+ .*$", run(
        FUZZ_SHAPES[0], f"program=tests/soak_fuzz,replay,{seed},9,0,24",
        "program", archive=True).text, re.MULTILINE) for seed in (1, 1, 2)]
    assert len(told[0]) > 12
    assert told[0] == told[1]
    assert told[0] != told[2]


@pytest.mark.parametrize("seed", FUZZ_SEEDS)
def test_no_failing_allocation_breaks_a_law(kernel, seed):
    judge(fuzz(FUZZ_SHAPES[0], seed,
               f"failures={FUZZ_FAILURES} seed={seed}"))


def test_a_lost_page_would_be_seen():
    text = ("# pagoda: free pages: DMA 3100 before, 3100 after\n"
            "# pagoda: free pages: Normal 9000 before, 8997 after\n"
            "# pagoda: in use: page tables 1 before, 3 after; "
            "objects 1, 1; threads 2, 2\n")
    assert missing_pages(text) == 1
