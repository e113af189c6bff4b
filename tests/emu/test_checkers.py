# SPDX-License-Identifier: MIT
"""The checkers of layers and of style: each planted fault is seen, and named.

The tree itself must keep the layers; style is `make check`'s concern.
"""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
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
    for name in ("lib/good.h", "kernel/good.h", "mm/good.h", "mm/x/x_impl.h",
                 "boot/multiboot.h", "arch/i386/cpu/cpu.h",
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
    ("mm/a.c", '"kernel/good.h"', "breaks the layers"),
    ("mm/a.c", '"arch/i386/cpu/cpu.h"', "breaks the layers"),
    ("arch/i386/mm/a.c", '"kernel/good.h"', "breaks the layers"),
    ("arch/i386/include/arch/a.h", '"mm/good.h"', "breaks the layers"),
    ("boot/a.c", '"mm/good.h"', "breaks the layers"),
    ("boot/a.c", "<arch/good.h>", "breaks the layers"),
    ("kernel/a.c", '"boot/multiboot.h"', "breaks the layers"),
    ("mm/y/a.c", '"mm/x/x_impl.h"', "private"),
    ("mm/a.c", "<stdio.h>", "hosted"),
    ("mm/a.c", '"good.h"', "not there"),
    ("mm/a.c", "<arch/missing.h>", "not there"),
    ("elsewhere/a.c", '"lib/good.h"', "no folder"),
])
def test_an_include_that_breaks_the_layers(tree, path, include, fault):
    plant(tree, path, HEAD + f"#include {include}\n")
    status, output = run("check_layers.py", tree)
    assert status == 1
    assert path in output and fault in output, output


def test_an_include_in_a_comment_is_none(tree):
    plant(tree, "lib/a.c", HEAD + '/*\n#include "mm/good.h"\n*/\n')
    assert run("check_layers.py", tree)[0] == 0


def test_a_header_that_does_not_compile_alone(tree):
    plant(tree, "lib/a.h", HEAD + "#pragma once\nint f(uint32_t x);\n")
    status, output = run("check_layers.py", tree, "--cc",
                         "gcc -I. -Iarch/i386/include -MMD")
    assert status == 1
    assert "lib/a.h:1: does not compile alone" in output


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
