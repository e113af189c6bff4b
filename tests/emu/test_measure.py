# SPDX-License-Identifier: MIT
"""test_measure.py - tools/measure.py counts what its head says it counts

A small tree in which each number is known; then one change for each number,
and that number alone has to move as told.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

TREE = {
    "mm/buddy.c": """\
// SPDX
/*
 * buddy.c
 *
 * INVARIANTS
 *          B1  a law
 *          B2  a law; CR3 is none
 * LOCKING  B9 is no law here
 */
#include "lib/list.h"

static int one(int a,
	       int b)
{
	assert(a);	/* a comment beside code */
	_Static_assert(1, "");
	return b;
}

const char *check(void)
{
	HOLDS(1, "B1: text");
	HOLDS(1, "B3, B2: text");
	return "B22: is another label";
}
""",
    "lib/list.h": "#pragma once\n",
    "kernel/low/low.h": "#pragma once\n",
    "kernel/high/high.c": '#include "kernel/low/low.h"\n',
    "kernel/main.c": '#include "kernel/low/low.h"\n',
    "docs/reading-order.md": """\
## 1
`lib/list.h` `kernel/low/low.h`
## 2
`mm/buddy.c` `kernel/high/high.c` `kernel/main.c`
""",
}

BEFORE = {
    "lines in mm/": "25", "lines in kernel/": "3", "lines in docs/": "4",
    "lines in mm/ kernel/ arch/ lib/ boot/": "29", "files of C": "5",
    "functions of mm/": "2", "    lines: median, 90 %, longest": "7 7 7",
    "assertions in mm/": "1", "laws checked in mm/": "2",
    "    both, per 1000 lines": "120.0", "comment lines in mm/, %": "36.0",
    "laws in head comments": "2", "    different labels": "2",
    "labels without a check": "0",
    "includes up between rooms of kernel/": "0",
    "includes of a later chapter": "0", "includes of a later file": "0",
}


def plant(root, path, text):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def measure(*roots, words=()):
    """{name: [a number of each tree]}, and the whole output."""
    done = subprocess.run(
        [sys.executable, ROOT / "tools/measure.py", *words,
         *(word for root in roots for word in ("--root", root))],
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    table = {}
    for line in done.stdout.split("\n\n")[0].splitlines():
        table.setdefault(line[:44].rstrip(), line[44:].strip())
    return table, done.stdout


@pytest.fixture
def tree(tmp_path):
    for path, text in TREE.items():
        plant(tmp_path, path, text)
    return tmp_path


def test_a_known_tree(tree):
    table, _ = measure(tree)
    assert {name: table[name] for name in BEFORE} == BEFORE


@pytest.mark.parametrize("path, old, new, name, number", [
    ("mm/buddy.c", "assert(a)", "lock_assert_held(a)", "assertions in mm/", "1"),
    ("mm/buddy.c", "\tassert(a)", "\tno(a)", "assertions in mm/", "0"),
    ("mm/buddy.c", 'HOLDS(1, "B1', 'no(1, "B1', "laws checked in mm/", "1"),
    ("mm/buddy.c", '"B1: ', '"B11: ', "labels without a check", "1"),
    ("mm/buddy.c", '"B3, B2: ', '"no B2: ', "labels without a check", "1"),
    ("mm/buddy.c", "INVARIANTS", "INVARIANTS of buddy",
     "labels without a check", "2"),
    ("mm/buddy.c", "INVARIANTS", "RULES of buddy", "laws in head comments",
     "0"),
    ("mm/buddy.c", " * LOCKING  B9", " *          B9", "laws in head comments",
     "3"),
    ("mm/buddy.c", "\treturn b;", "\treturn b;\n\n",
     "    lines: median, 90 %, longest", "9 9 9"),
    ("mm/buddy.c", "\treturn b;", "\t/* why */", "comment lines in mm/, %",
     "40.0"),
    ("kernel/low/low.h", "once\n", 'once\n#include "kernel/main.c"\n',
     "includes up between rooms of kernel/", "1"),
    ("lib/list.h", "once\n", 'once\n#include "kernel/low/low.h"\n',
     "includes of a later file", "1"),
    ("lib/list.h", "once\n", 'once\n#include "mm/buddy.c"\n',
     "includes of a later chapter", "1"),
    ("docs/reading-order.md", "## 2", "## 2\n", "lines in docs/", "5"),
])
def test_each_number_sees_its_change(tree, path, old, new, name, number):
    assert TREE[path].count(old) == 1
    plant(tree, path, TREE[path].replace(old, new))
    table, _ = measure(tree)
    assert table[name] == number


def test_a_law_with_a_name_is_checked_anywhere(tree):
    plant(tree, "mm/buddy.c",
          TREE["mm/buddy.c"].replace("INVARIANTS", "INVARIANTS of buddy"))
    plant(tree, "tests/suites/buddy.c",
          'const char *text = "buddy B1, B2: text", *other = "slab B3: text";')
    table, _ = measure(tree)
    assert table["labels without a check"] == "0"


def test_what_is_counted_can_be_named(tree):
    plant(tree, "kernel/low/low.h", '#include "kernel/main.c"\n')
    plant(tree, "mm/buddy.c", TREE["mm/buddy.c"].replace("B1: ", "X: "))
    _, output = measure(tree, words=["--list"])
    assert "mm/buddy.c: B1\n" in output
    assert "kernel/main.c: includes kernel/low/low.h, up from . to low" in output
    assert "chapter 1, includes kernel/main.c, chapter 2\n" in output


def test_two_trees_stand_side_by_side(tree):
    plant(tree / "other", "mm/one.c", "\n")
    table, _ = measure(tree, tree / "other")
    assert table["lines in mm/"].split() == ["25", "1"]


def test_this_tree():
    """A comparison of the parts with the sum, and nothing is counted as none."""
    table, _ = measure(ROOT)
    parts = sum(int(table[f"lines in {folder}/"])
                for folder in ("mm", "kernel", "arch", "lib", "boot"))
    assert parts == int(table["lines in mm/ kernel/ arch/ lib/ boot/"])
    assert parts > 40000
    assert int(table["laws in head comments"]) > 200
