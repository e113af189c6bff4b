# SPDX-License-Identifier: MIT
"""measure.py - which tests count for which exercise

WHAT     Runs each test of the lab's suites once with every function from the
         reference, and once for each exercise with an empty function in its
         place. A test counts for an exercise exactly when the empty function
         fails it. The result is counts.json of the lab.

TERMS    empty    what a student is handed out: a stub
         works    a test that passes with the reference; only such a test can
                  count. One that is skipped on this machine does not work

ALGORITHM  On the host first: a process for each test. Then the suites that only
         the kernel has: a boot for each test, for an empty function may end the
         boot, and the tests behind it would count for nothing.

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


def word_of(exercise):
    """The word that puts the empty function in place."""
    place = "exercise" if exercise.on_bench else "promote"
    return f"{place}=e{exercise.n}"


def one(place, exercise, pair):
    """The outcome of one test with the empty function."""
    if hasattr(place, "one"):
        return place.one(pair, word_of(exercise))
    return place.tests([pair], word_of(exercise))[pair]


def failed(place, exercise, works, jobs):
    """The tests, of those that work, that the empty function fails."""
    with ThreadPoolExecutor(jobs) as pool:
        outcomes = pool.map(lambda pair: one(place, exercise, pair), works)
        return [pair for pair, outcome in zip(works, outcomes)
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
                 ".".join(pair) not in never]
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
