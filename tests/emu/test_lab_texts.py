# SPDX-License-Identifier: MIT
"""test_lab_texts.py - what the labs say fits the tree: links, bugs, twists,
second solutions; and what counts in one tree only does not count"""

import re
import sys

import pytest

from machine import ROOT

sys.path.insert(0, str(ROOT / "tools" / "lab"))

import handout      # noqa: E402  (needs the path above)
import labs         # noqa: E402
import look         # noqa: E402
import measure      # noqa: E402
import split        # noqa: E402
from runs import Outcome    # noqa: E402

ALL = [labs.Lab(ROOT, labs.FOLDER / file.parent.name)
       for file in sorted((ROOT / labs.FOLDER).glob("*/lab.json"))]
NAMES = [lab.name for lab in ALL if not look.is_look(lab)]   # with functions
LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#]+)")
PASS, FAIL = Outcome("pass"), Outcome("fail")


@pytest.fixture(name="lab", params=NAMES)
def fixture_lab(request):
    return labs.find(ROOT, request.param)


def test_links_lead_to_files(lab):
    text = (lab.path / "LAB.md").read_text()
    for link in LINK.findall(text):
        assert (lab.path / link).exists(), link
    for link in LINK.findall(handout.links_from_root(text, lab.folder)):
        assert (ROOT / link).exists(), link


def test_a_link_of_a_folder_is_one_of_the_root():
    text = "[a](../../a.md#b) [b](https://c/d) [e](#f) [g](h.md)"
    assert handout.links_from_root(text, labs.FOLDER / "01-x") == \
        "[a](docs/a.md#b) [b](https://c/d) [e](#f) [g](docs/labs/01-x/h.md)"


def test_bugs_and_twists_fit_the_functions(lab):
    references = lab.references()
    assert lab.bugs(references)
    for name, values in lab.twist_values().items():
        assert len(values) > 1
        for value in values:
            twists = lab.plain_twists() | {name: value}
            is_plain = lab.twisted(references, twists) == references
            assert is_plain == (twists == lab.plain_twists())
            labs.text_with((lab.path / "LAB.md").read_text(),
                           lab.twist_values(), twists)


def test_a_second_solution_has_each_function(lab):
    for e in lab.exercises:
        text = (lab.path / "second" / f"{e.function}.c").read_text()
        assert e.function in split.functions(split.split(text))


def test_a_test_that_does_not_know_the_twists_is_skipped_with_them(lab):
    rows = [row["test"] for row in lab.data.get("not_counted", [])]
    plain = lab.plain_twists()
    name, values = next(iter(lab.twist_values().items()))
    other = next(value for value in values if value != plain[name])
    assert handout.not_here(lab, plain) == []
    assert handout.not_here(lab, plain | {name: other}) == rows
    counted = {test for tests in lab.counts().values() for test in tests}
    assert not counted & set(rows)


class Place:
    """Tests of one tree; `fails`: (test, word of the empty function)."""

    def __init__(self, tests, fails):
        self.pairs, self.fails, self.tried = tests, fails, []

    def suites(self, _):
        return {pair: PASS for pair in self.pairs}

    def one(self, pair, word):
        self.tried.append((pair, word))
        return FAIL if (pair, word) in self.fails else PASS

    def together(self, pairs, word):
        """A test with "spoils" in its name lets all behind it fail; one with
        "ends" is the last one."""
        found, spoilt = {("kmap", "check"): PASS}, False
        for pair in pairs:
            if "ends" in pair[1]:
                return found
            spoilt = spoilt or "spoils" in pair[1]
            found[pair] = FAIL if spoilt or (pair, word) in self.fails \
                else PASS
        return found


def test_only_what_counts_in_each_tree_counts():
    lab = labs.find(ROOT, "kmap")
    a, b, c = [("kmap", name) for name in "abc"]
    first = Place([a, b, c], [(a, "exercise=e1"), (b, "exercise=e1")])
    second = Place([a, b, c], [(a, "exercise=e1"), (c, "exercise=e1")])
    counts = measure.measure_all(lab, [[first], [second]], 1)
    assert counts[1] == ["kmap.a"]
    assert counts[2] == []
    assert second.tried == [(a, "exercise=e1")]


def test_only_a_test_that_fails_alone_counts():
    lab = labs.find(ROOT, "kmap")
    for bad in ("spoils", "ends"):
        pairs = [("kmap", name) for name in ("a", bad, "b", "c")]
        place = Place(pairs, [(pairs[1], "exercise=e1"),
                              (pairs[3], "exercise=e1")])
        assert measure.measure(lab, [place], 1)[1] == [f"kmap.{bad}", "kmap.c"]
