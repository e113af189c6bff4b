# SPDX-License-Identifier: MIT
"""grade.py - what a tree with a lab is worth, exercise by exercise

WHAT     Runs the counted tests of each exercise with the student's function on
         the bench: first on the host, then in the kernel. Then the kernel
         itself calls the functions that passed, and the suites of the layers
         above run.

TERMS    share    the part of an exercise's points that one place gives: "host",
                  "kernel", "promoted" (weights in lab.json)
         right    all counted tests pass in every place so far

ALGORITHM  An error costs the points of its own exercise: only this exercise is
         the student's, all else is the reference. Together is tried first where
         that is cheaper, with all exercises that are right so far. If the run
         fails, each of them runs alone, and only the guilty one loses.

         On the host all tests of an exercise run in one process first. Unless
         all pass there, each of them runs in a process of its own, and only
         this counts: a crash costs one test.

         After two tests that did not come back, the other tests of the exercise
         are not run, and count as failed. In the kernel only tests run that
         passed on the host; and none of an exercise that hung there.
"""
from dataclasses import dataclass, field

import runs
from runs import NONE, Outcome, ending

WEIGHTS = {"host": 70, "kernel": 15, "promoted": 15}
HANGS_MAX = 2


@dataclass
class Mark:
    """What one exercise is worth. `outcomes`: place -> {pair: Outcome}."""
    exercise: object
    points: float
    todo: int = 0                   # line of LAB_TODO()
    refused: str = ""               # why the guard refuses it
    lied: bool = False
    exam: str = ""                  # the first line that is not the model's
    outcomes: dict = field(default_factory=dict)
    weights: dict = field(default_factory=dict)

    def share(self, place):
        """From 0 to 1; a test that is skipped there does not count."""
        wanted = [o for o in self.outcomes.get(place, {}).values()
                  if o.verdict != "skip"]
        return sum(o.passed for o in wanted) / len(wanted) if wanted else 0.0

    @property
    def earned(self):
        if self.todo or self.refused or self.lied:
            return 0.0
        places = [p for p in self.weights
                  if any(o.verdict != "skip"
                         for o in self.outcomes.get(p, {}).values())]
        total = sum(self.weights[p] for p in places)
        return self.points * sum(self.weights[p] * self.share(p)
                                 for p in places) / total if total else 0.0

    def failures(self):
        """[(place, pair, Outcome)] of what did not pass, the first first."""
        return [(place, pair, outcome)
                for place, found in self.outcomes.items()
                for pair, outcome in found.items()
                if outcome.verdict not in ("pass", "skip", "none")]

    @property
    def not_run(self):
        return sum(o.verdict == "none" for found in self.outcomes.values()
                   for o in found.values())

    @property
    def verdict(self):
        if self.todo:
            return "todo"
        if self.refused:
            return "refused"
        if self.lied:
            return "lied"
        failures = self.failures()
        if failures:
            return failures[0][2].verdict
        return "not-run" if self.not_run or not self.outcomes else "pass"

    @property
    def right(self):
        return self.verdict == "pass"


def pairs_of(lab, exercise):
    """The counted tests of an exercise, as (suite, test)."""
    return [tuple(test.split(".")) for test in
            lab.counts().get(exercise.n, [])]


def not_skipped(outcome):
    """A counted test runs on the host with the reference. So one that is
    skipped there has failed: its set-up found something missing."""
    if outcome.verdict != "skip":
        return outcome
    return Outcome("fail", (f"it could not run: {outcome.lines[0]}",))


def word_of(exercises):
    """The words that put the student's functions of exercises in place."""
    words = []
    for name, some in (("exercise", [e for e in exercises if e.on_bench]),
                       ("promote", [e for e in exercises if not e.on_bench])):
        if some:
            words.append(f"{name}={','.join(str(e.n) for e in some)}")
    return words


class Grader:
    """Grades one tree that is built. `host` may be None."""

    def __init__(self, lab, host, kernel, todo):
        self.lab, self.host, self.kernel = lab, host, kernel
        self.todo = todo            # exercise number -> line of its LAB_TODO()
        self.weights = WEIGHTS | lab.data.get("weights", {})

    def mark(self, numbers=None):
        """A Mark for each exercise, or for those with these numbers."""
        marks = [Mark(e, e.points, self.todo.get(e.n, 0),
                      weights=self.weights)
                 for e in self.lab.exercises if not numbers or e.n in numbers]
        done = [mark for mark in marks if not mark.todo]
        for mark in done:
            self.on_host(mark)
        self.in_kernel(done)
        self.promoted([mark for mark in done
                       if "promoted" in mark.exercise.where])
        return marks

    # ---- on the host ---------------------------------------------------------

    def on_host(self, mark):
        if not self.host:
            return
        pairs = pairs_of(self.lab, mark.exercise)
        found = self.host.until_end(pairs, *word_of([mark.exercise]))
        if not runs.all_passed(found):
            found = self.one_by_one(mark.exercise, pairs, found)
        outcomes = {pair: not_skipped(found[pair]) for pair in pairs
                    if found[pair].verdict != "absent"}
        if outcomes:
            mark.outcomes["host"] = outcomes

    def one_by_one(self, exercise, pairs, found):
        """Each test in a process of its own. `found`: of the run with all of
        them; only a test that did not come back there counts."""
        outcomes = {pair: outcome for pair, outcome in found.items()
                    if outcome.verdict == "hang"}
        hangs = len(outcomes)
        for pair in pairs:
            if pair in outcomes:
                continue
            if hangs == HANGS_MAX:
                outcomes[pair] = NONE
                continue
            outcomes[pair] = self.host.one(pair, *word_of([exercise]))
            hangs += outcomes[pair].verdict == "hang"
        return outcomes

    # ---- in the kernel, on the bench -----------------------------------------

    def kernel_pairs(self, mark):
        """What runs in the kernel: not what failed on the host already."""
        host = mark.outcomes.get("host", {})
        if any(o.verdict == "hang" for o in host.values()):
            return []
        return [pair for pair in pairs_of(self.lab, mark.exercise)
                if host.get(pair, Outcome("pass")).passed]

    def in_kernel(self, marks):
        right = [mark for mark in marks
                 if all(o.passed or o.verdict == "skip"
                        for o in mark.outcomes.get("host", {}).values())]
        if len(right) > 1 and self.together(right):
            marks = [mark for mark in marks if mark not in right]
        for mark in marks:
            self.alone(mark)

    def together(self, marks):
        """One boot for all of them. True: all passed, and they have marks."""
        pairs = {pair: mark for mark in marks
                 for pair in self.kernel_pairs(mark)}
        found = self.kernel.tests(list(pairs), *word_of(
            [mark.exercise for mark in marks]))
        if not all(o.passed or o.verdict == "skip" for o in found.values()):
            return False
        for mark in marks:
            mark.outcomes["kernel"] = {pair: found[pair] for pair in
                                       self.kernel_pairs(mark)}
        return True

    def alone(self, mark):
        pairs = self.kernel_pairs(mark)
        found = self.kernel.tests(pairs, *word_of([mark.exercise])) \
            if pairs else {}
        mark.outcomes["kernel"] = {
            pair: found.get(pair, NONE)
            for pair in pairs_of(self.lab, mark.exercise)}

    # ---- the kernel with the student's functions -----------------------------

    def promoted(self, marks):
        suites = self.lab.data.get("after", [])
        for mark in marks:
            if not mark.right:
                mark.outcomes["promoted"] = {("the kernel", suite): NONE
                                             for suite in suites}
        right = [mark for mark in marks if mark.right]
        if not right or not suites:
            return
        found = self.boot_with(right, suites)
        for mark in right:
            if any(not o.passed for o in found.values()) and len(right) > 1:
                mark.outcomes["promoted"] = self.boot_with([mark], suites)
            else:
                mark.outcomes["promoted"] = found

    def boot_with(self, marks, suites):
        numbers = ",".join(str(mark.exercise.n) for mark in marks)
        return suites_with(self.kernel, suites, f"promote={numbers}")


def suites_with(kernel, suites, *words):
    """{("the kernel", suite): Outcome}: does each suite pass?"""
    status, found, rest = kernel.boot(*words, f"selftest={','.join(suites)}")
    outcomes = {}
    for suite in sorted(suites):
        tests = {pair: o for pair, o in found.items() if pair[0] == suite}
        bad = [o for o in tests.values() if o.verdict not in ("pass", "skip")]
        whole = (suite, "check") in tests
        outcomes["the kernel", suite] = \
            bad[0] if bad else Outcome("pass") if whole else \
            Outcome(ending(status, rest), rest)
    return outcomes
