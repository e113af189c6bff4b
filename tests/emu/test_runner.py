# SPDX-License-Identifier: MIT
"""The runner itself, on a suite that fails in every way there is: each failure
is reported with its place, hides no later test, and is seen by the judge."""

import re
import subprocess

import pytest

from judge import judge, parse
from machine import BUILD, limit

FAILS = {
    "expect_goes_on": [r"1 \+ 1 == 3", r"40 \+ 2 is 42 \(0x2a\), 41 is 41",
                       r"\"a pear\" is not \"an apple\""],
    "require_leaves": [r"1 \+ 1 == 3"],
    "leaks_a_page": [r"leaks_a_page leaked 1 pages"],
    "skips_after_a_failure": [r"1 \+ 1 == 3"],
    "expects_a_panic_in_vain": [r"no panic; expected \"no such thing\""],
    "expects_another_panic": [r"panic \"something else\"; expected "],
    "leaves_with_interrupts_off": [r"1 \+ 1 == 3"],
    "ends_with_preemption_off": [r"preemption is not as before"],
    "operation_that_fails_by_itself": [r"although no allocation failed"],
    "check": [r"broken: this law is broken on purpose"],
}

PASSES = {
    "passes_after_expect", "passes_after_require", "may_end_with_more_pages",
    "may_keep_a_page", "interrupts_are_on_again", "preemption_is_on_again",
    "leaves_a_failure_armed",
    "no_failure_is_armed", "each_failure_counts_the_allocations",
}


@pytest.fixture(scope="module")
def done():
    program = BUILD / "host" / "mutant"
    assert program.exists(), "no mutant: run `make host` first"
    return subprocess.run([program, "failing"], capture_output=True,
                          check=False, timeout=limit("host"), text=True)


@pytest.fixture(scope="module")
def results(done):
    return {r.name: r for r in parse(done.stdout).suites["failing"].results}


def diagnostics(text):
    """name -> the comments that stand between the result before and its own"""
    found, comments = {}, []
    for line in text.splitlines():
        result = re.match(r"    (?:not )?ok \d+ (\w+)", line)
        if result:
            found[result.group(1)] = "\n".join(comments)
            comments = []
        elif line.startswith("    # "):
            comments.append(line)
    return found


@pytest.mark.parametrize("name", FAILS)
def test_failure_is_reported_with_its_reason(done, results, name):
    assert not results[name].ok
    said = diagnostics(done.stdout)[name]
    for form in FAILS[name]:
        assert re.search(form, said), said


@pytest.mark.parametrize("name", sorted(PASSES))
def test_no_failure_reaches_the_next_test(results, name):
    assert results[name].ok and not results[name].skipped


def test_skip_is_no_failure_and_has_its_reason(done, results):
    assert results["skips"].skipped
    assert "ok 8 skips # SKIP no reason but number 7\n" in done.stdout


def test_what_comes_after_require_is_not_run(done):
    assert "never reached" not in done.stdout


def test_diagnostics_name_file_and_line(done):
    assert re.search(r"^    # failed at tests/mutant/failing\.c:\d+: ",
                     done.stdout, re.MULTILINE)


def test_plan_was_known_and_kept(results):
    assert set(results) == set(FAILS) | PASSES | {"skips"}


def test_status_and_judge_say_failed(done):
    assert done.returncode == 1
    verdict = judge(done.stdout, 33, {"failing"})
    assert not verdict.ok
    for name in FAILS:
        assert f"failed: failing.{name}" in verdict.text
    # Nothing else is wrong with it.
    assert len(verdict.text.splitlines()) == len(FAILS)


# ---- a list of suites and single tests --------------------------------------

def selected(words):
    """The results of a run with such a list, and the whole text."""
    program = BUILD / "host" / "mutant"
    done = subprocess.run([program, words], capture_output=True, check=False,
                          timeout=limit("host"), text=True)
    return parse(done.stdout), done.stdout, done.returncode


def names(transcript, suite):
    return [r.name for r in transcript.suites[suite].results]


def test_single_tests_run_in_the_order_of_their_file():
    transcript, text, status = selected(
        "buddy.an_empty_zone_gives_nothing,bitmap,"
        "buddy.the_picture_in_its_theory_is_true")
    assert status == 0
    assert names(transcript, "buddy") == [
        "the_picture_in_its_theory_is_true", "an_empty_zone_gives_nothing",
        "check"]
    assert len(names(transcript, "bitmap")) > 1
    assert "\n    1..3\n" in text and "\n1..2\n" in text


def test_check_can_run_alone():
    transcript, _, status = selected("buddy.check")
    assert status == 0 and names(transcript, "buddy") == ["check"]


def test_a_suite_and_one_of_its_tests_is_the_suite():
    transcript, _, _ = selected("list.check,list")
    assert len(names(transcript, "list")) > 1


@pytest.mark.parametrize("wrong, what", [
    ("bud", "suite"), ("buddyx", "suite"), ("buddy.an_empty_zone", "test"),
    ("buddy.", "test"), ("buddy.an_empty_zone_gives_nothing.x", "test")])
def test_a_name_that_nothing_has_is_a_failure(wrong, what):
    _, text, status = selected(f"list.check,{wrong}")
    assert status == 1
    assert f"\nnot ok 2 {wrong} # no such {what}\n" in text
