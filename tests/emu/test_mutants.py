# SPDX-License-Identifier: MIT
"""tools/mutants itself, on a program of two files: one whose tests see every
change, one that no test calls. Rows of the table are about lines that exist."""

import os
import re
import subprocess
import sys

import pytest

from machine import ROOT, limit

sys.path.insert(0, str(ROOT / "tools" / "mutants"))
import same  # noqa: E402  (needs the path above)
import sites  # noqa: E402
import trial  # noqa: E402

MAKEFILE = """\
OBJS := $(BUILD)/host/seen/sum.c.o $(BUILD)/host/blind/sum.c.o \\
	$(BUILD)/host/suites.c.o
$(BUILD)/host/suites: $(OBJS)
	gcc $(OBJS) -o $@
$(BUILD)/host/%.c.o: %.c
	@mkdir -p $(@D)
	gcc $(CFLAGS_EXTRA) -O1 -c $< -o $@
"""
SUM = """\
#define NAME %s
int NAME(int n);

/* 1 + 2 + ... + n */
int NAME(int n)
{
	int sum = 0;

	while (n > 0)
		sum += n--;
	return sum;
}
"""
# Its tests see every other change.
SAME = "seen/sum.c\tNAME\twhile (n > 0)\twhile (n >= 0)\tadds 0 once more\n"
SUITES = """\
#include <stdio.h>
int seen(int n);
int main(void)
{
	int ok = seen(4) == 10 && seen(1) == 1;

	printf("    # Subtest: sum\\n    %%sok 1 adds\\n", ok ? "" : "not ");
	return %s;
}
"""


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / "suites.c").write_text(SUITES % "!ok")
    for folder in ("seen", "blind"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "sum.c").write_text(SUM % folder)
    (tmp_path / "same.tsv").write_text(SAME)
    return tmp_path


def mutants(tree, *args):
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "mutants", "--root", tree,
         "--build", "build", "--same", tree / "same.tsv", "--n", "100", *args],
        capture_output=True, check=False, text=True, timeout=limit("host"),
        env=os.environ | {"MAKEFLAGS": ""})
    return done.returncode, done.stdout + done.stderr


def row(output, folder):
    """The row of one folder in the table, as numbers by column."""
    lines = output.splitlines()
    head = next(line for line in lines if line.startswith("folder"))
    names = re.split(r"  +", head)[1:]
    values = next(line for line in lines if re.match(folder + " +[0-9]", line))
    return dict(zip(names, re.split(r"  +", values)[1:]))


def test_what_a_test_sees_dies(tree):
    status, output = mutants(tree, "seen")
    found = row(output, "seen")
    assert status == 0, output
    assert int(found["died"]) == int(found["made"]) - 1 >= 6, output
    assert found["same"] == "1" and found["seen"] == "100.0 %", output
    # n++ for n-- sums up until the limit of time: it hangs, and is seen.
    assert int(found["time"]) >= 1, output


def test_what_no_test_calls_lives_and_is_shown(tree):
    status, output = mutants(tree, "blind")
    found = row(output, "blind")
    assert status == 0, output
    assert int(found["lives"]) == int(found["made"]) >= 8, output
    assert ("blind/sum.c:10 in NAME(): lives\n"
            "  - sum += n--;\n  + sum -= n--;\n") in output


def test_a_row_of_the_table_is_counted_apart(tree):
    (tree / "same.tsv").write_text(
        "blind/sum.c\tNAME\tsum += n--;\tsum -= n--;\tnobody calls it\n")
    _, output = mutants(tree, "blind")
    found = row(output, "blind")
    assert found["same"] == "1", output
    assert "+ sum -= n--;" not in output


def test_a_row_whose_line_is_gone_is_an_error(tree):
    (tree / "same.tsv").write_text("seen/sum.c\tNAME\tn--;\tn++;\ta reason\n")
    status, output = mutants(tree, "seen")
    assert status == 1
    assert "no such mutant: seen/sum.c | NAME | n--; | n++;" in output


def test_a_row_whose_mutant_dies_is_an_error(tree):
    status, output = mutants(tree, "--rows", "seen", "blind")
    assert status == 0 and row(output, "all")["made"] == "1", output
    with open(tree / "same.tsv", "a", encoding="utf-8") as table:
        table.write("seen/sum.c\tNAME\tsum += n--;\tsum -= n--;\ta reason\n")
    status, output = mutants(tree, "--rows", "seen", "blind")
    assert status == 1 and row(output, "all")["made"] == "2", output
    assert "sum.c:10 in NAME(): died, but same.tsv has a row" in output


def test_a_program_that_fails_unchanged_ends_the_run(tree):
    (tree / "suites.c").write_text(SUITES % "1")
    status, output = mutants(tree, "seen")
    assert status == 1
    assert "the unchanged program fails before" in output


def test_the_same_seed_draws_the_same_mutants(tree):
    first, again, other = (mutants(tree, "--n", "5", "--seed", seed, "blind")[1]
                           for seed in "778")
    assert re.findall("blind.*", first) == re.findall("blind.*", again)
    assert re.findall("blind.*", first) != re.findall("blind.*", other)


def test_sources_are_as_before(tree):
    before = {path: path.read_bytes() for path in tree.glob("*/*.c")}
    mutants(tree, "--n", "5", "seen")
    assert before == {path: path.read_bytes() for path in before}


def test_a_name_that_no_suite_has_is_never_asked_for(tmp_path):
    def program(name, *lines):
        (tmp_path / name).write_text("\n".join(["#!/bin/sh", *lines, ""]))
        (tmp_path / name).chmod(0o755)
        return f"./{name}"

    good = program("good", "echo '    # Subtest: sum'",
                   "case \"$1\" in ''|-*|sum) exit 0;; esac; exit 1")
    runner = trial.Runner(tmp_path)
    assert runner.control(good)[0] is None
    for name in ("", "smu", "two words", "sum"):
        bad = program("bad", f"echo '    # Subtest: {name}'", "echo 'not ok'")
        assert runner.judge("seen/sum.c", bad) == ("test", name, "")
        assert runner.judge("seen/sum.c", good) is None


# ---- where a token can be changed --------------------------------------------

CHANGES = {
    "if (a < b)": {"if (a <= b)", "if (a >= b)", "if (!(a < b))"},
    "x = a - 1;": {"x = a + 1;", "x = a - 2;", "x = a - 0;", ";"},
    "x = -a;": {";"},
    "return 0x10u;": {"return 0x11u;", "return 0xfu;", ";"},
    "if (a && p->b)": {"if (a || p->b)", "if (!(a && p->b))"},
    "struct page *p = q;": set(),
    'assert(a == 1);': set(),
    'f("a == 1"); /* + 1 */': {"; /* + 1 */"},
    "for (i = 0; i < n; i++)": {
        "for (i = 1; i < n; i++)", "for (i = 0; i <= n; i++)",
        "for (i = 0; i >= n; i++)", "for (i = 0; i < n; i--)"},
}


@pytest.mark.parametrize("line", CHANGES)
def test_every_change_of_a_line(line):
    text = f"int f(void)\n{{\n\t{line}\n\tg();\n\treturn x;\n}}\n"
    found = {site.diff(text)[1] for site in sites.sites("a.c", text)
             if site.line == 3}
    assert found == CHANGES[line]


def test_lines_stay_where_they_are():
    text = "void f(void)\n{\n\tg(1,\n\t  a);\n\th();\n}\n"
    for site in sites.sites("a.c", text):
        assert site.apply(text).count("\n") == text.count("\n")


def test_the_table_is_about_lines_that_are_there():
    table = same.read(ROOT / "tools" / "mutants" / "same.tsv")
    assert not list(same.stale(table, ROOT))
