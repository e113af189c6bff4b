# SPDX-License-Identifier: MIT
"""A student's tree of each lab, from the stubs to half a solution.

WHAT    The tree builds, and is worth nothing with every exercise "not done yet"
        at its line. Half a solution is worth half. Every seeded bug is caught.
        The kernel's own functions, and a second solution that was written from
        the text alone, are not rejected (`make grade-selftest`, with one of its
        trees and one seed).

        Trees borrow the objects of this tree, as those of a class do. The tree
        of the selftest has the same twists, and borrows suites too.
"""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

import pytest

from machine import BUILD, ROOT

sys.path.insert(0, str(ROOT / "tools" / "lab"))
import borrow    # noqa: E402  (needs the path above)
import grade     # noqa: E402
import handout   # noqa: E402
import labs      # noqa: E402
import runs      # noqa: E402
import selftest  # noqa: E402
import split     # noqa: E402
import student   # noqa: E402
from report import Report  # noqa: E402

CODE = ("pae", "buddy", "kmap", "ipc")
SEED = 17


class Tree:
    """A student's tree of one lab."""

    def __init__(self, name, out):
        lab = labs.find(ROOT, name)
        handout.make(lab, SEED, out, lab.plain_twists())
        borrow.borrow(ROOT, BUILD, out, lab)
        self.path, self.home = out, lab
        self.lab = labs.Lab(out, lab.folder)

    def run(self, *words):
        done = subprocess.run([sys.executable, "tools/lab/lab", *words],
                              cwd=self.path, capture_output=True, text=True,
                              check=False)
        return done.returncode, done.stdout + done.stderr

    def write(self, texts):
        for path, text in texts.items():
            (self.path / path).write_text(text)

    def marks(self):
        worked, text = student.make(self.path, student.BUILT)
        assert worked, text[-3000:]
        places = student.places(self.lab, self.path / "build")
        assert student.works_here(self.lab, *places)
        return grade.Grader(self.lab, *places,
                            student.todo_lines(self.lab)).mark()

    def report(self):
        return Report(self.lab, self.marks(), self.path, 3)


@pytest.fixture(scope="module", params=CODE)
def tree(request, tmp_path_factory):
    """One tree for each lab; its tests run in the order of this file."""
    return Tree(request.param, tmp_path_factory.mktemp("lab") / "tree")


def test_counted_tests_are_there_and_are_enough(tree):
    """Section "what counts": six a exercise, two of them random."""
    counts, suites = tree.home.counts(), tree.home.all_suites()
    for e in tree.home.exercises:
        tests = counts.get(e.n, [])
        assert len(tests) >= 6, f"exercise {e.n}: {tests}"
        assert sum("random" in test for test in tests) >= 2, \
            f"exercise {e.n}: {tests}"
        assert {test.split(".")[0] for test in tests} <= set(suites)


def test_the_tree_is_one_commit_with_stubs(tree):
    log = handout.git(tree.path, "log", "--oneline")
    assert len(log.splitlines()) == 1
    for path in tree.lab.files:
        text = split.bare((tree.path / path).read_text())
        todos = [int(n) for n in re.findall(r"\bLAB_TODO\((\d+)\)", text)]
        assert sorted(todos) == [e.n for e in tree.lab.exercises
                                 if e.file == path]
    folders = [file.name for file in (tree.path / labs.FOLDER).iterdir()]
    assert folders == [tree.lab.folder.name]


def test_the_stubs_are_worth_nothing(tree):
    status, output = tree.run("grade")
    assert status == student.GRADED, output
    for e in tree.lab.exercises:
        line = int(re.search(rf"  0\.0/\S+ +exercise {e.n}, {e.function}\(\): "
                             rf"not done yet, {e.file}:(\d+)\n", output)[1])
        text = (tree.path / e.file).read_text().splitlines()[line - 1]
        assert text.strip() == f"LAB_TODO({e.n});"
    results = json.loads((tree.path / "results.json").read_text())
    assert results["score"] == 0
    assert all(test["tags"] == ["todo"] for test in results["tests"])
    cases = xml.parse(tree.path / "results.xml").iter("skipped")
    assert len(list(cases)) == len(tree.lab.exercises)


def test_what_is_not_done_is_skipped_with_its_line(tree):
    host, kernel = student.places(tree.lab, tree.path / "build")
    pairs = {grade.pairs_of(tree.lab, e)[0]: e for e in tree.lab.exercises}
    found = {pair: (host or kernel).together([pair], *grade.word_of([e]))[pair]
             for pair, e in pairs.items()}
    todos = student.todo_lines(tree.lab)
    for pair, e in pairs.items():
        assert found[pair].lines == (
            f"exercise {e.n} not done yet: {e.file}:{todos[e.n]}",), pair


def test_words_that_mean_nothing_are_refused(tree):
    host, kernel = student.places(tree.lab, tree.path / "build")
    if not host:
        pytest.skip("this lab has no host program")
    for word in ("99", "x", "b999", "1x"):
        status, text = runs.run([*host.command, f"--exercise={word}", "list"],
                                runs.HOST_SECONDS)
        assert status == 2
        assert f"there is no {word} in lab" in text


def test_half_a_solution_is_worth_its_half(tree):
    """Odd exercises are right, the others return at once."""
    texts, points = tree.lab.references(), 0
    for e in tree.lab.exercises:
        if e.n % 2:
            points += e.points
            continue
        chunk = next(chunk for chunk in split.split(texts[e.file])
                     if getattr(chunk, "name", None) == e.function)
        stub = labs.plain_stub(e.n, chunk).replace(f"\tLAB_TODO({e.n});\n", "")
        texts[e.file] = texts[e.file].replace(chunk.text, stub)
    tree.write(texts)
    report = tree.report()
    right = {mark.exercise.n for mark in report.marks if mark.right}
    assert right == {e.n for e in tree.lab.exercises if e.n % 2}, report.text()
    empty = sum(mark.earned for mark in report.marks if not mark.right)
    assert empty == 0 and report.score == points, report.text()


def test_bugs_are_caught_and_solutions_are_not_rejected(tree):
    lenders = borrow.Lenders()
    lenders.add(tree.lab)
    text, faults, _ = selftest.of_lab(tree.home, BUILD, 1, 1, lenders)
    assert not faults, text
