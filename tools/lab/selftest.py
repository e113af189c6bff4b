# SPDX-License-Identifier: MIT
"""selftest.py - does the grader see the seeded bugs, and nothing else?

WHAT     Grades each seeded bug as if a student had handed it in, and the
         reference as if it were a student's solution.

TERMS    seen     a counted test of the bug's exercise does not pass with it.
                  One that an earlier test kept from running has seen nothing
         caught   seen by one test at least
         twice    seen by two tests at least: four bugs of five must be

ALGORITHM  All bugs of a lab are in one program, behind the switches of their
         exercises: `exercise=b7`. On the host first; what no test sees there
         is tried in the kernel, then in the kernel that calls the bug itself.
"""
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import grade
from runs import NONE

TWICE = 0.8


@dataclass(frozen=True)
class Seen:
    """What the tests say of one bug. `tests`: [(place, pair, Outcome)]."""
    bug: object
    exercise: int
    tests: tuple
    of: int             # counted tests of the exercise

    @property
    def caught(self):
        return bool(self.tests)

    def row(self):
        place, pair, outcome = self.tests[0] if self.tests else \
            ("", ("", "NOT CAUGHT"), NONE)
        return (self.bug.n, self.exercise, self.bug.function,
                self.bug.head["class"], f"{len(self.tests)} of {self.of}",
                place, ".".join(filter(None, pair)), outcome.verdict)


HEAD = ("bug", "exercise", "function", "class", "seen by", "where",
        "first test", "verdict")


def wrong(outcomes):
    return [(pair, outcome) for pair, outcome in outcomes.items()
            if outcome.verdict not in ("pass", "skip", "none")]


class Selftest:
    """The bugs of one lab, in a program that has them (LAB_BUGS=1)."""

    def __init__(self, lab, host, kernel, jobs):
        self.lab, self.host, self.kernel, self.jobs = lab, host, kernel, jobs
        self.number = {e.function: e for e in lab.exercises}

    def word(self, bug):
        place = "exercise" if self.number[bug.function].on_bench else "promote"
        return f"{place}=b{bug.n}"

    def on_host(self, bug, pairs):
        found, hangs = {}, 0
        for pair in pairs:
            if hangs < grade.HANGS_MAX:
                found[pair] = self.host.one(pair, self.word(bug))
                hangs += found[pair].verdict == "hang"
        return {pair: o for pair, o in found.items()
                if o.verdict != "absent"}

    def one(self, bug):
        """A Seen of one bug."""
        exercise = self.number[bug.function]
        pairs = grade.pairs_of(self.lab, exercise)
        seen = [("host", *one) for one in
                wrong(self.on_host(bug, pairs))] if self.host else []
        if not seen:
            seen = [("kernel", *one) for one in
                    wrong(self.kernel.tests(pairs, self.word(bug)))]
        suites = self.lab.data.get("after", [])
        if not seen and suites and "promoted" in exercise.where:
            found = grade.suites_with(self.kernel, suites,
                                      f"promote=b{bug.n}")
            seen = [("promoted", *one) for one in wrong(found)]
        return Seen(bug, exercise.n, tuple(seen), len(pairs))

    def bugs(self, bugs):
        with ThreadPoolExecutor(self.jobs) as pool:
            return list(pool.map(self.one, bugs))


def table(found):
    """The rows of all bugs as a table of Markdown, and what is wrong."""
    rows = [HEAD, tuple("---" for _ in HEAD), *(one.row() for one in found)]
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    faults = [f"bug {one.bug.n} is not caught" for one in found
              if not one.caught]
    twice = sum(len(one.tests) > 1 for one in found)
    if found and twice < TWICE * len(found):
        faults.append(f"only {twice} of {len(found)} bugs are seen by two "
                      "tests")
    return "\n".join(lines) + "\n", faults
