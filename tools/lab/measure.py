# SPDX-License-Identifier: MIT
"""measure.py - which tests count for which exercise

WHAT     Runs each test of the lab's suites once with every function from the
         reference, and once for each exercise with an empty function in its
         place. A test counts for an exercise exactly when the empty function
         fails it. The result is counts.json of the lab.

TERMS    empty    what a student is handed out: a stub
         works    a test that passes with the reference; only such a test can
                  count. One that is skipped on this machine does not work

ALGORITHM  On the host first, then the suites that only the kernel has. The
         tests of a suite run together first. What does not pass is taken out,
         until the others pass and the law of the suite holds: these do not
         count. Each of the tests that were taken out runs alone then, and only
         this decides: an empty function may spoil what the next test needs.

         With an empty function a test that is skipped has failed: its set-up
         found something missing.

         An exercise that no suite calls directly (its `where` has no bench) is
         measured promoted.

         A test must count whatever the seed: several trees are measured, with
         different twists, and a test counts only if it counts in all of them.
         After the first tree only those tests run that have counted so far.
"""
import json
from concurrent.futures import ThreadPoolExecutor

from runs import NONE

ENDS_MAX = 2    # runs of a suite that end early; then each test runs alone


def word_of(exercise):
    """The word that puts the empty function in place."""
    place = "exercise" if exercise.on_bench else "promote"
    return f"{place}=e{exercise.n}"


def one(place, exercise, pair):
    """The outcome of one test with the empty function."""
    if hasattr(place, "one"):
        return place.one(pair, word_of(exercise))
    return place.tests([pair], word_of(exercise))[pair]


def suspects(place, exercise, suite, works):
    """The tests of a suite that do not pass together with the others."""
    left = [pair for pair in works if pair[0] == suite]
    found, ends = {}, 0
    while left and ends <= ENDS_MAX:
        found = place.together(left, word_of(exercise))
        bad = {pair for pair in left if pair in found and
               not found[pair].passed}
        missing = [pair for pair in left if pair not in found]
        ends += bool(missing)
        bad |= set(missing[:1])
        if not bad:
            break
        left = [pair for pair in left if pair not in bad]
    if left and ends <= ENDS_MAX and found.get((suite, "check"), NONE).passed:
        works = [pair for pair in works if pair not in left]
    return [pair for pair in works if pair[0] == suite]


def failed(place, exercise, works, jobs):
    """The tests, of those that work, that the empty function fails."""
    suites = list(dict.fromkeys(suite for suite, _ in works))
    with ThreadPoolExecutor(jobs) as pool:
        tried = [pair for some in pool.map(
            lambda suite: suspects(place, exercise, suite, works), suites)
                 for pair in some]
        outcomes = pool.map(lambda pair: one(place, exercise, pair), tried)
        return [pair for pair, outcome in zip(tried, outcomes)
                if not outcome.passed]


def measure(lab, places, jobs, so_far=None):
    """exercise -> ["suite.test", ...], in the order of the suites. `so_far`:
    what an earlier tree gave; no other test is tried then."""
    counts, suites = {e.n: [] for e in lab.exercises}, lab.all_suites()
    never = {row["test"] for row in lab.data.get("not_counted", [])}
    for place in places:
        found = place.suites(suites) if suites else {}
        seen = {suite for suite, _ in found}
        suites = [suite for suite in suites if suite not in seen]
        works = [pair for pair, outcome in found.items()
                 if outcome.passed and pair[1] != "check" and
                 not never & {".".join(pair), f"{pair[0]}.*"}]
        for exercise in lab.exercises:
            tried = [pair for pair in works if not so_far or
                     ".".join(pair) in so_far[exercise.n]]
            counts[exercise.n] += map(".".join, failed(place, exercise, tried,
                                                       jobs))
    return counts


def measure_all(lab, trees, jobs):
    """The tests that count in every tree; a tree is a list of places."""
    counts = None
    for places in trees:
        counts = measure(lab, places, jobs, counts)
    return counts


def text_of(counts):
    return json.dumps({str(n): tests for n, tests in counts.items()},
                      indent=2) + "\n"
