# SPDX-License-Identifier: MIT
"""test_unused.py - tools/check_unused.py sees what nobody calls, and only that

A tree of a few functions, compiled here; then one change for each way to be
called, or not to be.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from check_unused import DEBUG, EXCEPTED    # noqa: E402

# Where the objects of a source are, by the folder of the source.
PLACES = {"boot": ["bootunit"], "user": ["user/obj"], "kernel": ["."],
          "lib": [".", "user/obj"], "mm": [".", "host"], "tests": ["host"]}

TREE = {
    "boot/start.c": "void _start(void) {}\n",
    "lib/lib.c": "void by_user(void) {}\n",
    "lib/lib.h": "static inline int small(void) { return 0; }\n",
    "mm/mm.c": "void by_host(void) {}\nvoid by_kernel(void) {}\n",
    "kernel/main.c": """\
#include "lib/lib.h"
void by_kernel(void);
void kernel_main(void) { by_kernel(); small(); }
""",
    "user/main.c": "void by_user(void);\nint main(void) { by_user(); }\n",
    "user/start.c": "int main(void);\nvoid _start(void) { main(); }\n",
    "tests/host/main.c": "void by_host(void);\nint main(void) { by_host(); }\n",
}


def plant(root, path, text):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def tree(tmp_path):
    """TREE, and the functions that the tree's own exceptions name."""
    for path, text in TREE.items():
        plant(tmp_path, path, text)
    for path, names, _ in EXCEPTED + DEBUG:
        plant(tmp_path, path, "".join(f"void {name}(void) {{}}\n"
                                      for name in names.split()))
    return tmp_path


def compile_tree(root):
    build = root / "build"
    for path in root.rglob("*.c"):
        source = path.relative_to(root)
        for place in PLACES[source.parts[0]]:
            object_file = build / place / f"{source}.o"
            object_file.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["gcc", "-O1", "-w", "-ffunction-sections",
                            "-fdata-sections", "-I.", "-c", source,
                            "-o", object_file], cwd=root, check=True)
    return build


def check(root, *words):
    done = subprocess.run(
        [sys.executable, ROOT / "tools/check_unused.py", "--root", root, *words,
         compile_tree(root)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False)
    return done.returncode, done.stdout


def test_a_tree_in_which_all_is_called(tree):
    status, output = check(tree)
    assert status == 0, output


@pytest.mark.parametrize("path, more, fault", [
    ("kernel/a.c", "\nvoid idle(void) {}", "kernel/a.c:2: idle()"),
    ("lib/a.c", "void idle(void) {}", "lib/a.c:1: idle()"),
    ("mm/a.c", "void idle(void) {}", "mm/a.c:1: idle()"),
    ("user/a.c", "void idle(void) {}", "user/a.c:1: idle()"),
    ("tests/host/a.c", "void idle(void) {}", "tests/host/a.c:1: idle()"),
    ("lib/a.h", "\n\nstatic inline void idle(void) {}", "lib/a.h:3: idle()"),
])
def test_a_function_that_nobody_calls(tree, path, more, fault):
    plant(tree, path, more + "\n")
    status, output = check(tree)
    assert status == 1
    assert fault in output, output


@pytest.mark.parametrize("a, b", [
    ("void b(void); void a(void) { b(); }", "void a(void); void b(void) { a(); }"),
    ("void b(void); void a(void) { b(); }", "void b(void) {}"),
    ("void b(void); void (*const table[])(void) = { b };\n"
     "void a(void) { table[0](); }", "void b(void) {}"),
])
def test_unused_functions_that_call_each_other(tree, a, b):
    """A compiler and a search for names see none of them."""
    plant(tree, "kernel/a.c", a + "\n")
    plant(tree, "kernel/b.c", b + "\n")
    status, output = check(tree)
    assert status == 1
    assert " a(): nobody" in output and " b(): nobody" in output, output


@pytest.mark.parametrize("changed", [
    # only its own file names it, and it has become part of its caller
    {"kernel/main.c": TREE["kernel/main.c"].replace(
        "void kernel_main(void) {", "void own(void) {}\n"
        "void kernel_main(void) { own();")},
    # an entry of a list that the linker keeps names it
    {"kernel/a.c": "void tried(void) {}\n"
                   "__attribute__((section(\"ktests\"), used))\n"
                   "void (*const entry)(void) = tried;\n"},
    # the host's stand-in for what is named in a function that the host's
    # program does not need
    {"mm/mm.c": TREE["mm/mm.c"].replace(
        "void by_kernel(void) {}",
        "void by_kernel_only(void);\n"
        "void by_kernel(void) { by_kernel_only(); }"),
     "tests/host/a.c": "void by_kernel_only(void) {}\n"},
], ids=["own file", "kept list", "stand-in"])
def test_what_is_called_some_other_way(tree, changed):
    for path, text in changed.items():
        plant(tree, path, text)
    status, output = check(tree)
    assert status == 0, output


def test_an_exception_that_is_none_any_more(tree):
    path, names, _ = EXCEPTED[0]
    name = names.split()[0]
    plant(tree, "boot/start.c",
          f"void {name}(void);\nvoid _start(void) {{ {name}(); }}\n")
    status, output = check(tree)
    assert status == 1
    assert f"{path}:1: {name}(): is called" in output, output


def test_what_a_debug_build_calls_is_no_fault_there(tree):
    path, names, _ = DEBUG[0]
    name = names.split()[0]
    plant(tree, "kernel/a.c", f"void {name}(void);\n"
          f"void by_kernel_main(void) {{ {name}(); }}\n")
    plant(tree, "kernel/main.c", TREE["kernel/main.c"].replace(
        "void kernel_main(void) {", "void by_kernel_main(void);\n"
        "void kernel_main(void) { by_kernel_main();"))
    status, output = check(tree)
    assert status == 0, output


def test_what_only_tests_call_can_be_listed(tree, monkeypatch):
    plant(tree, "kernel/a.c", "void tried(void) {}\n")
    plant(tree, "tests/suites/a.c", "void tried(void);\n"
          "__attribute__((section(\"ktests\"), used))\n"
          "void (*const entry)(void) = tried;\n")
    monkeypatch.setitem(PLACES, "tests", ["host", "."])
    assert check(tree)[0] == 0
    status, output = check(tree, "--for-tests")
    assert status == 0
    assert "kernel/a.c: tried()" in output
    assert "by_kernel()" not in output


def test_without_a_build_it_says_so(tree):
    done = subprocess.run(
        [sys.executable, ROOT / "tools/check_unused.py", "--root", tree,
         tree / "nowhere"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "make all host" in done.stderr
