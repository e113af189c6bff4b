# SPDX-License-Identifier: MIT
"""A class, from the roster to grades.csv, by the instructor's own commands.

WHAT    Each student hands in one kind of submission whose marks are known. Six
        students in `make test`; LAB_CLASS=30 LAB=buddy makes a larger class, of
        another lab.
"""

import csv
import json
import os
import subprocess
import sys

import pytest

from machine import ROOT

sys.path.insert(0, str(ROOT / "tools" / "lab"))
import courses   # noqa: E402  (needs the path above)
import labs      # noqa: E402

LAB = os.environ.get("LAB", "ipc")
SIZE = int(os.environ.get("LAB_CLASS", "6"))
KEY = b"a key of the tests, no secret"


def solved(lab):
    return lab.references()


def stubs(lab):
    return lab.plain()


def odd(lab):
    """The exercises with an odd number; the others are not done yet."""
    texts = lab.references()
    own, stubs = lab.exercise_texts(texts), lab.exercise_texts(lab.plain())
    return lab.with_functions(texts, {
        n: own[n] if n % 2 else stubs[n] for n in own})


def in_first(statement):
    """The reference, with a statement before all others of exercise 1."""
    def make(lab):
        texts = lab.references()
        own = lab.exercise_texts(texts)
        first = own[1].replace("{\n", "{\n\t" + statement + "\n", 1)
        return lab.with_functions(texts, own | {1: first})
    return make


# kind -> (its texts, which exercises have full marks, verdict)
KINDS = {
    "solved": (solved, lambda n: True, "pass"),
    "stubs": (stubs, lambda n: False, "todo"),
    "odd": (odd, lambda n: n % 2, "todo"),
    "nothing": (None, lambda n: False, "refused"),
    "assembler": (in_first('asm("hlt");'), lambda n: False, "refused"),
    "no C": (in_first("this is no C;"), lambda n: False, "refused"),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A folder with a roster, a key, trees, and what was handed in."""
    folder = tmp_path_factory.mktemp("class")
    ids = [f"student{i:02}" for i in range(SIZE)]
    (folder / "class.csv").write_text("name,id\n" + "".join(
        f"N. N.,{one}\n" for one in ids))
    (folder / "key").write_bytes(KEY)
    command(folder, "make-class", LAB, "--out", folder / "trees")
    (folder / "handed-in").mkdir()
    for i, one in enumerate(ids):
        hand_in(folder, one, list(KINDS)[i % len(KINDS)])
    return folder


def command(folder, *words):
    done = subprocess.run(
        [sys.executable, ROOT / "tools/lab/lab", *words, "--roster",
         folder / "class.csv", "--key", folder / "key"],
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def lab_of(folder, one):
    home = labs.find(ROOT, LAB)
    return labs.Lab(folder / "trees" / one, home.folder)


def hand_in(folder, one, kind):
    make = KINDS[kind][0]
    if make:
        (folder / "handed-in" / f"{one}.json").write_text(json.dumps(
            {"lab": LAB, "files": make(lab_of(folder, one))}))


def test_the_marks_are_those_of_the_kinds(course):
    command(course, "grade-class", LAB, "--submissions", course / "handed-in",
            "--out", course / "marks")
    with open(course / "marks" / "grades.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == SIZE
    for i, row in enumerate(rows):
        kind = list(KINDS)[i % len(KINDS)]
        _, right, verdict = KINDS[kind]
        lab = lab_of(course, row["id"])
        wanted = [e.points if right(e.n) else 0 for e in lab.exercises]
        assert row["seed"] == str(courses.seed_of(KEY, row["id"], lab)) == \
            str(lab.data["seed"])
        assert [float(n) for n in row["points"].split()] == wanted, row
        assert float(row["total"]) == sum(wanted)
        assert row["verdict"] == verdict and row["lab"] == LAB, row
        assert bool(row["first_failure"]) == (verdict != "pass"), row
        own = course / "marks" / row["id"]
        results = json.loads((own / "results.json").read_text())
        assert results["score"] == sum(wanted)
        assert (own / "report.md").exists() and (own / "results.xml").exists()


def test_seeds_differ_and_so_do_twists(course):
    """Not each two trees differ in a twist, but a class has all values."""
    trees = [lab_of(course, f"student{i:02}") for i in range(SIZE)]
    assert len({lab.data["seed"] for lab in trees}) == SIZE
    assert len({json.dumps(lab.data["twists"]) for lab in trees}) > 1


@pytest.mark.parametrize("roster, words", [
    ("name\nN. N.\n", "needs a column"), ("id\na\na\n", "stands there twice"),
    ("id\n../a\n", "cannot be a file's name"), ("", "needs a column"),
])
def test_a_wrong_roster_is_refused(tmp_path, roster, words):
    (tmp_path / "class.csv").write_text(roster)
    (tmp_path / "key").write_bytes(KEY)
    done = subprocess.run(
        [sys.executable, ROOT / "tools/lab/lab", "make-class", LAB, "--roster",
         tmp_path / "class.csv", "--key", tmp_path / "key", "--out",
         tmp_path / "trees"], capture_output=True, text=True, check=False)
    assert done.returncode == 3 and words in done.stderr, done.stderr
    assert not (tmp_path / "trees").exists()
