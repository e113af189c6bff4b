# SPDX-License-Identifier: MIT
"""The checkers of layers, style and laws see each planted fault, and name it.

The tree itself must keep the layers and the laws; style is `make check`'s
concern.
"""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import check_layers  # noqa: E402  (tools/ is found by the line above)

HEAD = "// SPDX-License-Identifier: MIT\n"


def run(tool, root, *args):
    """Exit status and output of one checker on a tree."""
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / tool, "--root", root, *args],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False)
    return done.returncode, done.stdout


def plant(root, path, text):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def tree(tmp_path):
    """A small tree without faults."""
    for name in ("lib/good.h", "kernel/diag/good.h", "mm/good.h",
                 "mm/x/x_impl.h", "boot/multiboot.h", "arch/i386/cpu/cpu.h",
                 "arch/i386/include/arch/good.h"):
        plant(tmp_path, name, HEAD + "#pragma once\n")
    plant(tmp_path, "lib/compiler.h",
          HEAD + "#pragma once\n#define __good __attribute__((cold))\n")
    return tmp_path


def test_the_tree_keeps_its_layers():
    status, output = run("check_layers.py", ROOT)
    assert status == 0, output


@pytest.mark.parametrize("tool", ["check_layers.py", "check_style.py"])
def test_a_good_tree_passes(tree, tool):
    status, output = run(tool, tree)
    assert status == 0, output


@pytest.mark.parametrize("path, include, fault", [
    ("lib/a.c", '"mm/good.h"', "breaks the layers"),
    ("mm/a.c", '"kernel/diag/good.h"', "breaks the layers"),
    ("mm/a.c", '"arch/i386/cpu/cpu.h"', "breaks the layers"),
    ("arch/i386/mm/a.c", '"kernel/diag/good.h"', "breaks the layers"),
    ("arch/i386/include/arch/a.h", '"mm/good.h"', "breaks the layers"),
    ("boot/a.c", '"mm/good.h"', "breaks the layers"),
    ("boot/a.c", "<arch/good.h>", "breaks the layers"),
    ("kernel/diag/a.c", '"boot/multiboot.h"', "breaks the layers"),
    ("mm/y/a.c", '"mm/x/x_impl.h"', "private"),
    ("mm/a.c", "<stdio.h>", "hosted"),
    ("mm/a.c", '"good.h"', "not there"),
    ("mm/a.c", "<arch/missing.h>", "not there"),
    ("elsewhere/a.c", '"lib/good.h"', "no folder"),
    ("kernel/a.c", '"lib/good.h"', "no room"),
    ("kernel/attic/a.c", '"lib/good.h"', "no room"),
])
def test_an_include_that_breaks_the_layers(tree, path, include, fault):
    plant(tree, path, HEAD + f"#include {include}\n")
    status, output = run("check_layers.py", tree)
    assert status == 1
    assert path in output and fault in output, output


FLOORS = check_layers.FLOORS


@pytest.mark.parametrize("room", FLOORS)
def test_a_room_includes_itself_and_those_below(tree, room):
    """Every pair of rooms: one file includes a header of each."""
    headers = {f"kernel/{other}/{other}.h": other for other in FLOORS}
    for header in headers:
        plant(tree, header, HEAD + "#pragma once\n")
    plant(tree, f"kernel/{room}/a.c",
          HEAD + "".join(f'#include "{header}"\n' for header in headers))
    _, output = run("check_layers.py", tree)
    refused = {headers[h] for h in headers if f" {h} " in output}
    # Linux's headers are nobody else's, whatever the floor.
    assert refused == {other for other, floor in FLOORS.items()
                       if other != room and
                       (floor >= FLOORS[room] or other == "linux")}, output


@pytest.mark.parametrize("path, header", check_layers.UP)
def test_an_include_that_is_excused(tree, path, header):
    plant(tree, header, HEAD + "#pragma once\n")
    plant(tree, path, HEAD + "#pragma once\n")
    status, output = run("check_layers.py", tree)
    assert status == 1 and "is in UP, and is not included" in output
    plant(tree, path, HEAD + f'#pragma once\n#include "{header}"\n')
    assert run("check_layers.py", tree)[0] == 0


def test_an_include_in_a_comment_is_none(tree):
    plant(tree, "lib/a.c", HEAD + '/*\n#include "mm/good.h"\n*/\n')
    assert run("check_layers.py", tree)[0] == 0


def test_a_header_that_does_not_compile_alone(tree):
    plant(tree, "lib/a.h", HEAD + "#pragma once\nint f(uint32_t x);\n")
    status, output = run("check_layers.py", tree, "--cc",
                         "gcc -I. -Iarch/i386/include -MMD")
    assert status == 1
    assert "lib/a.h:1: does not compile alone" in output


LOCKED = HEAD + "void f(struct mm *mm) MUST_HOLD(&mm->lock)\n{\n"


@pytest.mark.parametrize("text, fault", [
    (LOCKED + "\twork(mm);\n}\n", "f() must hold mm->lock"),
    (LOCKED + "\tassert_mutex_held(&mm->lock);\n}\n", None),
    (LOCKED + "\tdebug_assert_mutex_held(&mm->lock);\n}\n", None),
    (LOCKED + "\tint x = g(mm), *y;\n\tstruct a *b[2] = { NULL, };\n\n"
     "\tassert_held(&mm->lock);\n}\n", None),
    (LOCKED + "\tassert_held(&other->lock);\n}\n", "f() must hold mm->lock"),
    (LOCKED + "\twork(mm);\n\tassert_held(&mm->lock);\n}\n", "f() must hold"),
    (LOCKED + "\tmm->x = 1;\n\tassert_held(&mm->lock);\n}\n", "f() must hold"),
    (LOCKED + '\tcaller_must(mm, "give one");\n'
     "\tassert_held(&mm->lock);\n}\n", None),
    # The duty is declared in a header (planted below).
    (HEAD + "void declared(void)\n{\n\twork();\n}\n", "must hold a_lock"),
    (HEAD + "void declared(void)\n{\n\tassert_held(&a_lock);\n}\n", None),
    (HEAD + "static void declared(void)\n{\n\twork();\n}\n", None),
    (HEAD + "void f_locked(void)\n{\n\twork();\n}\n", "which lock?"),
    (HEAD + "void f(void)\n{\n\twork();\n}\n", None),
])
def test_who_needs_a_lock_looks_for_it(tree, text, fault):
    plant(tree, "lib/locks.h", HEAD + "#pragma once\n"
          "void declared(void) MUST_HOLD(&a_lock);\n")
    plant(tree, "lib/a.c", text)
    status, output = run("check_style.py", tree)
    assert status == (1 if fault else 0), output
    if fault:
        assert "lib/a.c" in output and fault in output, output


def function(lines):
    return HEAD + "void f(void)\n{\n" + lines + "}\n"


UNFINISHED = "TO" + "DO"


@pytest.mark.parametrize("name, text, fault", [
    ("a.c", "int x;\n", "SPDX"),
    ("a.c", HEAD + "int " + "x" * 80 + ";\n", "columns"),
    ("a.c", HEAD + "\t" * 9 + "int x;\n" * 2, None),
    ("a.c", HEAD + "\t" * 10 + "int x;\n", "columns"),
    ("a.c", HEAD + "int x; \n", "blanks"),
    ("a.c", HEAD + "int x;", "no end"),
    ("a.c", HEAD + f"/* {UNFINISHED}: later */\n", UNFINISHED),
    ("a.c", HEAD + '\tpanic("' + "a long message " * 8 + '");\n', None),
    ("a.c", HEAD + "int x;\n" * 519, None),
    ("a.c", HEAD + "int x;\n" * 520, "more than 520 lines"),
    ("a.c", function("\tx();\n" * 60), None),
    ("a.c", function("\tx();\n" * 61), "a function of 61 lines"),
    ("a.c", function("#ifdef X\n\tx();\n#endif\n"), "#if inside"),
    ("a.c", HEAD + "#if X\nint x;\n#endif\n", None),
    ("a.c", HEAD + "#ifdef CONFIG_DEBUG\nint x;\n#endif\n", "ordinary if"),
    ("a.c", HEAD + "int __x;\n", "__x"),
    ("a.c", HEAD + "int x __good = __builtin_ctz(8);\n", None),
    ("a.c", HEAD + 'char x[] = "__x"; /* __x */\n', None),
    ("a.c", HEAD + "static int f(int a,\n\t int b);\n", "forward"),
    ("a.c", HEAD + "static LIST_HEAD(x);\n", None),
    ("a.c", HEAD + "static int (*f)(void);\n", None),
    ("a.c", function('\tpr_warn("x\\n");\n'), "without a limit"),
    ("a.c", function('\tpr_warn_limited("x\\n");\n'), None),
    ("a.h", HEAD + "int x;\n", "#pragma once"),
    ("a.py", "#!/usr/bin/python3\n# SPDX-License-Identifier: MIT\n", None),
])
def test_a_habit(tree, name, text, fault):
    path = "lib/" + name
    plant(tree, path, text)
    status, output = run("check_style.py", tree)
    assert status == (1 if fault else 0), output
    if fault:
        assert path in output and fault in output, output


# ---- laws ---------------------------------------------------------------

HEAD_OF_POND = """/*
 * pond.c - ducks
 *
 * INVARIANTS of pond (pond_check() restates them)
 *          D1  no duck is
 *              under another
 *          D12 all ducks float
 * RULES of pond
 *          D2  ducks are quiet at night
 *
 * SEE      pond D2 for the night.
 */
"""
POND = HEAD + HEAD_OF_POND + """
const char *pond_check(void)
{
	HOLDS(!pile(),
	      "pond D1: no duck is under another");
	return sunk() ? "pond D12: a duck is under water" : NULL;
}
"""
POND_TEST = HEAD + """
	EXPECT_STREQ(pond_check(), "pond D1: no duck is under another");
	EXPECT_LAW(pond_check(), "pond D12");
"""


@pytest.fixture
def pond(tmp_path):
    """Two laws, each with a check and a test of the check, and one rule."""
    plant(tmp_path, "mm/pond.c", POND)
    plant(tmp_path, "tests/suites/pond.c", POND_TEST)
    plant(tmp_path, "mm/shore.c", HEAD + "/*\n * shore.c - reeds\n *\n"
          " * INVARIANTS of pond: D1 of pond.c\n * RULES    no bathing\n */\n"
          "static void look(void)\n{\n\tpond_check();\n}\n")
    return tmp_path


def test_every_law_of_the_tree_is_checked():
    status, output = run("check_laws.py", ROOT)
    assert status == 0, output


def test_laws_with_checks_pass(pond):
    status, output = run("check_laws.py", pond)
    assert status == 0, output
    assert "2 laws, 1 rules, 0 faults" in output


@pytest.mark.parametrize("path, old, new, fault", [
    ("mm/pond.c", "INVARIANTS of pond", "INVARIANTS", "INVARIANTS of whom?"),
    ("mm/pond.c", "RULES of pond", "RULES", "RULES of whom?"),
    ("mm/pond.c", "D12 all", "D1  all", "pond D1 stands in mm/pond.c:6 too"),
    ("mm/pond.c", "D2  ducks", "D1  ducks", "pond D1 stands in"),
    ("mm/pond.c", '"pond D1: no', '"no', "pond D1 is checked nowhere"),
    ("mm/pond.c", '"pond D1: no', '"D1: no', "whose law is D1?"),
    ("mm/pond.c", '"pond D1: no', '"lake D1: no', "no head has lake D1"),
    ("mm/pond.c", '"pond D1: no', '"pond D3: no', "no head has pond D3"),
    ("mm/pond.c", '"pond D1: no', '"pond D2: no', "pond D2 is a rule"),
    ("mm/pond.c", "pond D2 for", "pond D9 for", "no head has pond D9"),
    ("mm/pond.c", " * RULES of pond\n", "", "pond D2 is checked nowhere"),
    ("tests/suites/pond.c", "D12", "D13", "no head has pond D13"),
    ("tests/suites/pond.c", "pond D1:", "D1:", "whose law is D1?"),
    ("mm/shore.c", "pond.c\n", "lake.c\n", "call them RULES"),
    ("mm/shore.c", " of pond", "", "INVARIANTS of whom?"),
    ("mm/shore.c", "pond_check();", "/* pond_check(); */",
     "nobody asks pond_check()"),
    ("mm/shore.c", "pond_check();", "const char *pond_check(void);",
     "nobody asks pond_check()"),
])
def test_a_law_without_its_check(pond, path, old, new, fault):
    text = (pond / path).read_text()
    assert old in text
    plant(pond, path, text.replace(old, new, 1))
    status, output = run("check_laws.py", pond)
    assert status == 1
    assert fault in output, output


def test_a_document_names_laws_that_are_there(pond):
    plant(pond, "docs/pond.md", "By pond D1 and pond D12 ...\n")
    assert run("check_laws.py", pond)[0] == 0
    plant(pond, "docs/pond.md", "By pond D4 ...\n")
    status, output = run("check_laws.py", pond)
    assert status == 1 and "docs/pond.md:1: no head has pond D4" in output


def test_what_a_test_expects_is_no_check(pond):
    plant(pond, "mm/pond.c", HEAD + HEAD_OF_POND)
    status, output = run("check_laws.py", pond)
    assert status == 1 and "pond D1 is checked nowhere" in output


def test_a_suite_may_check_a_law_itself(pond):
    plant(pond, "mm/pond.c", HEAD + HEAD_OF_POND)
    plant(pond, "tests/suites/pond.c", POND.replace(HEAD_OF_POND, "")
          .replace("return sunk() ?", "HOLDS(!sunk(),")
          .replace(": NULL;", ");"))
    status, output = run("check_laws.py", pond)
    assert status == 0, output
