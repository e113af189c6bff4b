# SPDX-License-Identifier: MIT
"""test_log.py - what a program can do to the kernel's log

tests/user/soak_log.c causes lines in every way there is, thousands of them,
under names made to be taken for something else.
"""

import re

import pytest

from machine import Shape, run

CALLS = 3000
LINES = 10             # LOG_LIMIT_LINES, of a window

COUNT = re.compile(r'^\.\.\. (\d+) more lines? of the kind "([^%]*)" left out$')

#   what is said, in the line and in that of the count     how often caused
CAUSED = [
    ("clone: flags", CALLS), ("no such call", CALLS), ("cannot run", 200),
    ("killed by signal", 100),
]


@pytest.fixture(scope="module")
def text(kernel):
    done = run(Shape("64M"), f"program=tests/soak_log,{CALLS} loglevel=8",
               "program", archive=True)
    assert f"{CALLS} calls" in done.text, done.text[-2000:]
    assert done.status == 33, done.text[-2000:]
    return done.text


@pytest.mark.parametrize("form, times", CAUSED, ids=[c[0] for c in CAUSED])
def test_a_flood_is_a_few_lines_and_an_exact_count(text, form, times):
    lines = [line for line in text.splitlines() if form in line]
    counts = [int(COUNT.match(line)[1]) for line in lines
              if COUNT.match(line)]
    said = len(lines) - len(counts)
    assert counts and said <= LINES * (len(counts) + 1)
    assert said + sum(counts) == times


def test_no_line_but_the_kernels_own_is_a_verdict(text):
    assert not re.search(r"\bpanic: ", text)
    assert "\x1b" not in text
    assert "???pagoda??panic??all?is?lost: cannot run: " in text
