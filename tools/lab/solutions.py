# SPDX-License-Identifier: MIT
"""solutions.py - is a right solution ever rejected, and does a twist count?

WHAT     For each lab some trees, which together have every value of each twist
         and every machine. In each tree, with many seeds: the random tests
         and the exam, and with one seed all tests, say yes to the reference
         and to the second solution, which was written from LAB.md alone. Once a
         tree: the second solution is graded, and gets full marks. And the
         function of the plain kernel fails a test wherever a twist asks for
         another one.

TERMS    rejected  a seed with which a test, or the exam, says no
         teeth     a twist has them if the plain kernel's function fails
"""
import re
from dataclasses import dataclass, field

import borrow
import exams
import grade
import handout
import labs
import runs
import student


@dataclass
class Said:
    """What came out of one tree."""
    twists: dict
    machine: dict
    seeds: int = 0
    faults: list = field(default_factory=list)
    toothless: list = field(default_factory=list)

    def row(self):
        words = " ".join(f"{name}={value}" for name, value
                         in self.twists.items())
        return (words, " ".join(
            f"{name}={','.join(value) if name == 'holes' else value}"
            for name, value in self.machine.items() if name != "why"),
                str(self.seeds), "; ".join(self.faults) or "none",
                ", ".join(self.toothless) or "none")


SEEDS_SECONDS = 300     # CPU time of a run with many seeds
SEED = re.compile(r"^KTAP version 1\n# seed (\d+)$", re.MULTILINE)
GOOD = ("pass", "skip", "absent")   # absent: the host lacks such a suite
HEAD = ("twists", "machine", "seeds", "rejected", "twists without teeth")


def choices(lab):
    """[(twists, machine)] that have each value once at least; the first one is
    the plain kernel's."""
    values = {name: list(all_) for name, all_ in lab.twist_values().items()}
    machines = lab.data.get("machines", [{}])
    most = max(map(len, [machines, *values.values()]))
    return [({name: some[i % len(some)] for name, some in values.items()},
             machines[i % len(machines)]) for i in range(most)]


class Tree:
    """A student's tree with seeded bugs, in which the second solution is."""

    def __init__(self, lab, build, out, choice, lenders):
        self.home, self.twists, self.machine = lab, *choice
        self.exams = {}         # seed -> Exam
        handout.make(lab, 1, out, self.twists, True, self.machine, True)
        borrow.borrow(lab.root, build, out, lab)
        self.lab = labs.Lab(out, lab.folder)
        for path, text in lab.second(self.lab.references()).items():
            (out / path).write_text(text)
        worked, text = student.make_with(
            lenders, self.lab, "LAB_BUGS=1", f"LAB_EXAM={lab.folder}/exam.c")
        if not worked:
            raise labs.LabError(f"{out} does not compile:\n{text[-2000:]}")

    def places(self, seed):
        return student.places(self.lab, self.lab.root / "build", seed)

    def counted(self, exercises):
        return list(dict.fromkeys(pair for e in exercises for pair in
                                  grade.pairs_of(self.lab, e)))

    def said(self, seeds):
        said = Said(self.twists, self.machine, len(seeds))
        second = grade.word_of(self.lab.exercises)
        for name, words in (("reference", []), ("second", second)):
            said.faults += [f"{name}, {fault}" for fault in
                            self.suites(words) + self.rejected(seeds, words)]
        said.faults += self.marks()
        said.toothless = self.toothless()
        return said

    def rejected(self, seeds, words):
        """What the random tests and the exam say no to. All seeds in one run:
        a program needs longer to begin than for the tests of a seed."""
        host, kernel = self.places(seeds[0])
        counted = [pair for pair in self.counted(self.lab.exercises)
                   if "random" in pair[1]]
        faults = []
        text = (host or kernel).say(
            [*map(".".join, counted), f"exam_{self.lab.name}"], *words,
            f"last_seed={seeds[-1]}", seconds=SEEDS_SECONDS)[1]
        parts = SEED.split(text.replace("\r", ""))
        said = {int(n): part for n, part in zip(parts[1::2], parts[2::2])}
        for seed in seeds:
            faults += [f"seed {seed}: {fault}" for fault in self.judge(
                counted, said.get(seed, ""), seed)]
        return faults

    def judge(self, counted, text, seed):
        """What is wrong with all that a run with a seed has printed."""
        found = runs.read_results(text)[0]
        bad = [".".join(pair) for pair in {*counted, *found}
               if found.get(pair, runs.NONE).verdict not in GOOD]
        if seed not in self.exams:
            self.exams[seed] = exams.Exam(self.lab, seed, self.twists)
        difference = self.exams[seed].difference(text)
        return bad + ([f"exam: {difference.text()}"] if difference else [])

    def suites(self, words):
        """The tests of the lab's suites that fail; those that know the plain
        kernel are skipped under other rules."""
        faults = []
        for place in filter(None, self.places(1)):
            found = place.suites(self.lab.all_suites(), *words)
            faults += [] if found else ["suites: they do not come to an end"]
            faults += [f"suites: {'.'.join(pair)}: {outcome.verdict}"
                       for pair, outcome in found.items()
                       if outcome.verdict not in ("pass", "skip")]
        return faults

    def marks(self):
        """Where the second solution does not get all points."""
        return [f"second, exercise {mark.exercise.n}: {mark.verdict}"
                for mark in grade.Grader(self.lab, *self.places(1), {}).mark()
                if not mark.right]

    def toothless(self):
        """The twists that a student may overlook without losing a test."""
        host, kernel = self.places(1)
        found = set(self.twists)
        for bug in self.lab.variants(self.lab.references()):
            name = bug.head.get("twist")
            if name in found and self.fails(host or kernel, bug):
                found.remove(name)
        plain = self.home.plain_twists()
        return [f"{name}={value}" for name, value in self.twists.items()
                if name in found and value != plain[name]]

    def fails(self, place, bug):
        """Does a counted test see a function that overlooks a twist?"""
        e = next(e for e in self.lab.exercises if e.function == bug.function)
        word = f"{'exercise' if e.on_bench else 'promote'}=b{bug.n}"
        outcomes = place.tests(self.counted([e]), word)
        return not outcomes or any(o.verdict not in ("pass", "skip")
                                   for o in outcomes.values())


def table(found):
    """The rows of all trees as a table of Markdown, and what is wrong."""
    rows = [HEAD, tuple("---" for _ in HEAD), *(one.row() for one in found)]
    faults = [fault for one in found for fault in
              one.faults + [f"{t} has no teeth" for t in one.toothless]]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n", \
        faults
