# SPDX-License-Identifier: MIT
"""The judge on doctored transcripts: each lie is seen, and named."""

import pytest

from judge import judge

GOOD = """\
Pagoda boots
KTAP version 1
# seed 1
1..2
    # Subtest: buddy
    KTAP version 1
    1..3
    ok 1 splits_a_block
    # a line of the log
    ok 2 needs_highmem # SKIP no highmem
    ok 3 check
ok 1 buddy
    # Subtest: slab
    KTAP version 1
    1..1
    ok 1 check
ok 2 slab
# pagoda: selftest: 3 passed, 0 failed, 1 skipped
"""

SUITES = {"buddy", "slab"}


def doctored(old, new):
    assert GOOD.count(old) == 1, f"{old!r} is not in the transcript once"
    return GOOD.replace(old, new)


def test_good_run_passes():
    verdict = judge(GOOD, 33, SUITES)
    assert verdict.ok, verdict.text
    assert verdict.text == "pass"
    assert verdict.tests == 4
    assert verdict.skipped == ["buddy.needs_highmem"]


def test_carriage_returns_do_not_matter():
    assert judge(GOOD.replace("\n", "\r\n"), 33, SUITES).ok


@pytest.mark.parametrize("status, words", [
    (0, "triple fault"), (1, "emulator itself"), (35, "test failed"),
    (37, "panicked"), (-9, "status -9"),
])
def test_text_alone_is_no_pass(status, words):
    verdict = judge(GOOD, status, SUITES)
    assert not verdict.ok
    assert words in verdict.text


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_status_alone_is_no_pass(text):
    verdict = judge(text, 33, SUITES)
    assert not verdict.ok
    assert verdict.text == "no output"


def test_hang_is_named():
    verdict = judge(GOOD, None, SUITES, timed_out=True)
    assert not verdict.ok
    assert "hung" in verdict.text


def test_last_line_alone_is_no_pass():
    last = "# pagoda: selftest: 150 passed, 0 failed, 0 skipped\n"
    verdict = judge("Pagoda boots\n" + last, 33, SUITES)
    assert not verdict.ok
    assert "there is no plan" in verdict.text
    assert "suite buddy is missing" in verdict.text


@pytest.mark.parametrize("old, new, words", [
    ("    1..3\n", "    1..4\n", "buddy: plan of 4, but 3 results"),
    ("    1..3\n", "", "buddy: result without a plan"),
    ("\n1..2\n", "\n1..3\n", "top level: plan of 3, but 2 results"),
    ("\n1..2\n", "\n", "top level: result without a plan"),
    ("    ok 3 check\nok 1", "    ok 4 check\nok 1", "result 4 where 3"),
    ("    ok 3 check\nok 1", "    not ok 3 check\nok 1",
     "buddy: ok, although"),
    ("ok 1 splits_a_block", "not ok 1 splits_a_block",
     "failed: buddy.splits_a_block"),
    ("\nok 1 buddy", "\nnot ok 1 buddy", "not ok, although"),
    ("\nok 2 slab", "", "slab: stopped after 1 of 1"),
    ("3 passed, 0 failed", "4 passed, 0 failed", "totals say 4 passed"),
    ("# pagoda: selftest: 3 passed, 0 failed, 1 skipped\n", "",
     "the last line is not the totals"),
    ("1 skipped\n", "1 skipped\nPagoda boots\n",
     "the last line is not the totals"),
    ("ok 1 buddy\n    # Subtest: slab",
     "ok 1 buddy\nKTAP version 1\n    # Subtest: slab", "started twice"),
    ("    # a line of the log\n", "panic: no memory\n", "panic: no memory"),
    ("    1..1\n", "    1..1\n    1..1\n", "slab: a second plan"),
])
def test_each_lie_is_seen(old, new, words):
    verdict = judge(doctored(old, new), 33, SUITES)
    assert not verdict.ok
    assert words in verdict.text


def test_missing_suite_is_named():
    verdict = judge(GOOD, 33, SUITES | {"vmalloc"})
    assert not verdict.ok
    assert verdict.text == "suite vmalloc is missing"


def test_unknown_suite_is_named():
    verdict = judge(GOOD, 33, {"buddy"})
    assert not verdict.ok
    assert "suite slab is not one of" in verdict.text


@pytest.mark.parametrize("cut", range(1, len(GOOD.splitlines())))
def test_no_beginning_of_a_good_run_passes(cut):
    beginning = "\n".join(GOOD.splitlines()[:cut]) + "\n"
    assert not judge(beginning, 33, SUITES).ok


def test_all_skipped_is_no_pass():
    text = """\
KTAP version 1
1..1
    # Subtest: slab
    KTAP version 1
    1..1
    ok 1 check # SKIP not today
ok 1 slab
# pagoda: selftest: 0 passed, 0 failed, 1 skipped
"""
    verdict = judge(text, 33, {"slab"})
    assert not verdict.ok
    assert "not one test has run" in verdict.text
