# SPDX-License-Identifier: MIT
"""What `make grade-selftest` grades, and that its verdict can be bad.

NOT HERE  one of its trees with one seed: test_labs.py
"""

import sys

from machine import ROOT

sys.path.insert(0, str(ROOT / "tools" / "lab"))
import labs         # noqa: E402  (needs the path above)
import runs         # noqa: E402
import selftest     # noqa: E402
import solutions    # noqa: E402

# class of mistake -> words of which one stands in a bug's class
CLASSES = {
    "off by one": "off by one", "bit": "wrong bit or mask",
    "flush": "flush", "reference": "lost or double reference",
    "undo": "forgotten undo", "order": "wrong fallback or order of search",
    "lock": "lock kept or not taken", "stale": "state left stale",
    "wrap": "wrapped arithmetic near 4 GiB",
    "64 bit": "32-bit truncation of a physical address",
    "sleep": "sleeping where it may not", "cost": "cost of a wrong order",
}
BUGS_MIN, BUGS_OF_ALL = 10, 55


def all_labs():
    return [labs.find(ROOT, name) for name in ("pae", "buddy", "kmap", "ipc")]


def test_the_bugs_are_many_and_of_every_class():
    of_labs = [lab.bugs(lab.plain()) for lab in all_labs()]
    assert all(len(bugs) >= BUGS_MIN for bugs in of_labs)
    bugs = sum(of_labs, [])
    assert len(bugs) >= BUGS_OF_ALL
    for name, words in CLASSES.items():
        assert any(words in bug.head["class"] for bug in bugs), name


def test_trees_have_each_value_and_each_machine():
    for lab in all_labs():
        choices = solutions.choices(lab)
        assert choices[0][0] == lab.plain_twists()
        for name, values in lab.twist_values().items():
            assert len(values) >= 2
            assert {twists[name] for twists, _ in choices} == set(values)
        assert len({str(machine) for _, machine in choices}) == \
            len(lab.data["machines"]) >= 2
        assert len(lab.twist_values()) >= 2


# ---- the controls ------------------------------------------------------------

def test_a_bug_that_no_test_sees_is_a_fault():
    lab = labs.find(ROOT, "buddy")
    bugs = lab.bugs(lab.plain())[:5]
    failed = ("host", ("buddy", "x"), runs.Outcome("fail"))
    twice = [selftest.Seen(bug, 1, (failed, failed), 9) for bug in bugs]
    assert selftest.table(twice)[1] == []
    once = [selftest.Seen(bug, 1, (failed,), 9) for bug in bugs[:2]] + twice[2:]
    assert selftest.table(once)[1] == ["only 3 of 5 bugs are seen by two tests"]
    never = [selftest.Seen(bugs[0], 1, (), 9), *twice[1:]]
    text, faults = selftest.table(never)
    assert faults == [f"bug {bugs[0].n} is not caught"]
    assert "NOT CAUGHT" in text


class Rejecting:
    """A place in which one test does not pass with some words."""

    def __init__(self, bad_words):
        self.bad = bad_words

    def tests(self, pairs, *words):
        return {pair: runs.Outcome("fail" if self.bad in words else "pass")
                for pair in pairs}


def test_a_rejected_solution_and_a_twist_without_teeth_are_faults():
    lab = labs.find(ROOT, "buddy")
    twists = lab.plain_twists() | {"half": "upper"}
    tree = object.__new__(solutions.Tree)
    tree.home = tree.lab = lab
    tree.twists, tree.machine = twists, {"mem": "1G"}
    bug = labs.Bug(1, lab.exercises[0].function, "", "", {"twist": "half"})
    assert tree.fails(Rejecting("exercise=b1"), bug)
    assert not tree.fails(Rejecting("exercise=b2"), bug)
    said = solutions.Said(twists, {}, 1, ["seed 1, second: t"], ["half=upper"])
    assert solutions.table([said])[1] == \
        ["seed 1, second: t", "half=upper has no teeth"]


def test_teeth_are_the_functions_without_one_rule():
    lab = labs.find(ROOT, "buddy")
    twists = lab.plain_twists() | {"half": "upper", "end": "oldest"}
    whole = lab.exercise_texts(lab.twisted(lab.plain(), twists))
    rows = lab.teeth(twists)
    assert {row["twist"] for row in rows} == {"half", "end"}
    for row in rows:
        rest = twists | {row["twist"]: lab.plain_twists()[row["twist"]]}
        texts = lab.exercise_texts(lab.twisted(lab.plain(), rest))
        assert row["text"] == texts[row["exercise"]] != whole[row["exercise"]]
