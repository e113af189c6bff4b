# SPDX-License-Identifier: MIT
"""selftest.py - does the grader see the seeded bugs, and nothing else?

WHAT     Grades each seeded bug as if a student had handed it in. With
         solutions.py: docs/labs/selftest.md, which says how far the grader of
         each lab can be trusted.

TERMS    seen     a counted test of the bug's exercise does not pass with it.
                  One that an earlier test kept from running has seen nothing
         caught   seen by one test at least
         twice    seen by two tests at least: four bugs of five must be

ALGORITHM  All bugs of a lab are in one program, behind the switches of their
         exercises: `exercise=b7`. On the host first, all tests of a bug in one
         process, and a new process behind a test that ends one; what no test
         sees there
         is tried in the kernel, then in the kernel that calls the bug itself.
"""
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import borrow
import grade
import runs
import solutions
from runs import NONE

TWICE = 0.8
ENDS_MAX = 4    # of a bug that ends the process of its tests


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
        found, hangs, ends, left = {}, 0, 0, pairs
        while left and hangs < grade.HANGS_MAX and ends < ENDS_MAX:
            run = self.host.until_end(left, self.word(bug))
            ends += 1
            found |= {pair: o for pair, o in run.items() if pair in left}
            hangs += any(o.verdict == "hang" for o in run.values())
            left = [pair for pair in left if pair not in run]
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


# ---- all of a lab ------------------------------------------------------------

def part(seeds, i, nr):
    """The seeds of tree i of so many: all seeds are in one of them."""
    return range(1 + seeds * i // nr, 1 + seeds * (i + 1) // nr)


def of_lab(lab, build, seeds, jobs, lenders):
    """(the text about a lab, what is wrong). The trees share the seeds."""
    clock = runs.Clock()
    with tempfile.TemporaryDirectory(prefix="lab-") as work, \
            ThreadPoolExecutor(jobs) as pool:
        choices = solutions.choices(lab)[:seeds]
        trees = list(pool.map(lambda i: solutions.Tree(
            lab, build, Path(work) / str(i), choices[i], lenders),
            range(len(choices))))
        said = list(pool.map(lambda i: trees[i].said(
            part(seeds, i, len(trees))), range(len(trees))))
        seen = Selftest(lab, *trees[0].places(1), jobs).bugs(
            lab.bugs(lab.plain()))
    bugs, faults = table(seen)
    right, more = solutions.table(said)
    text = f"## Lab {lab.data['number']}: {lab.data['title']}\n\n" \
           f"{right}\n{bugs}"
    return text, [f"lab {lab.name}: {fault}" for fault in faults + more], \
        clock.read()[0]


HEADER = """\
# How far the grader can be trusted

`make grade-selftest` writes this page. For each lab:

* Solutions. A row is a student's tree. With each of so many seeds the random
  tests and the exam said yes to the kernel's own functions, and to a second
  solution that was written from `LAB.md` alone; with one seed all tests did.
  "rejected" says where one of them said no. A twist has no teeth if a student
  may overlook it without losing a test.
* Seeded bugs. Each was graded as if a student had handed it in. "seen by"
  counts the tests of its exercise that failed. Where a bug ends the program
  again and again, what would have come after the fourth end is not counted.
"""


def of_labs(labs, build, seeds, jobs):
    """(the page, what is wrong, [(lab's name, CPU seconds)])"""
    texts, faults, seconds = [HEADER], [], []
    for lab in labs:
        text, wrong, cpu = of_lab(lab, build, seeds, jobs, borrow.Lenders())
        texts.append(text)
        faults += wrong
        seconds.append((lab.name, cpu))
    return "\n".join(texts), faults, seconds
