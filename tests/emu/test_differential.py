# SPDX-License-Identifier: MIT
"""Memory calls under Linux and under Pagoda: ten thousand random sequences.

What may differ is in tests/differential/accepted.md, and nothing else.
"""

import sys

import pytest

from machine import ROOT

sys.path.insert(0, str(ROOT / "tests" / "differential"))

import compare  # noqa: E402  (needs the path above)

BLOCKS = range(compare.FIRST, compare.FIRST + compare.COUNT, compare.BLOCK)


@pytest.mark.parametrize("first", BLOCKS)
def test_sequences_have_the_same_log_as_under_linux(kernel, first):
    faults, used = compare.compare(first, compare.BLOCK)
    assert not faults, "\n".join(faults)


def test_there_are_ten_thousand_sequences():
    assert len(BLOCKS) * compare.BLOCK >= 10000


def test_record_is_that_of_this_generator(kernel):
    if not compare.native_works():
        pytest.skip("this host runs no 32-bit programs with 3 GiB")
    blocks, skipped = compare.read_record()
    linux = compare.digests(compare.run_native(1, compare.RECORD_BLOCK))
    assert blocks[1] == compare.block_digest(linux, 1, skipped), \
        "memdiff has changed: run tests/differential/compare.py --record"


def test_record_judges_as_a_live_linux_does(kernel):
    faults, _ = compare.compare_recorded(1, compare.RECORD_BLOCK)
    assert not faults, "\n".join(faults)


def test_the_same_sequence_has_the_same_log_twice(kernel):
    runs = [compare.run_pagoda(4242, 1, "full") for _ in range(2)]
    assert runs[0] == runs[1]
    assert len(runs[0]) > 40


RULE = "| E9 | `~child exec (\\S+) = 7` | `~child exec \\1 = b` | why |"


@pytest.mark.parametrize("linux, pagoda, allowed", [
    ("~child exec A+1 = 7", "~child exec A+1 = b", True),
    ("~child exec A+1 = 7", "~child exec A+2 = b", False),
    ("~child exec A+1 = b", "~child exec A+1 = 7", False),
    ("~child read A+1 = 7", "~child read A+1 = b", False),
    ("~munmap A+1 0x1000 = 0", "~munmap A+1 0x1000 = -22", False),
])
def test_only_a_rule_lets_a_difference_pass(linux, pagoda, allowed):
    rules = compare.accepted_rules(RULE)
    assert len(rules) == 1
    found = compare.first_difference(["~seq 1", linux], ["~seq 1", pagoda],
                                     rules, set())
    assert (found is None) == allowed


def test_a_difference_that_does_not_come_again_is_one():
    log = ["~seq 1", "~end 1 0123456789abcdef", "~done 1"]
    assert compare.unsteady(["0123456789abcdef"] * 2, [log] * 2) is None
    for before in (["0123456789abcdef", "f" * 16], ["f" * 16] * 2,
                   ["0123456789abcdef", None]):
        assert compare.unsteady(before, [log] * 2)


def test_a_shorter_log_is_a_difference():
    assert compare.first_difference(["~a", "~b"], ["~a"], [], set())


def test_each_rule_of_the_list_can_be_read():
    table = compare.ACCEPTED.read_text().split("## Rules")[1].split("## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| E")]
    assert len(rows) == len(compare.accepted_rules())
