# SPDX-License-Identifier: MIT
"""test_docs.py - the documentation points at things that exist.

The tree itself has no fault; each kind of fault, planted in a small tree, is
seen and named.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import check_style    # noqa: E402

GOOD = {
    "README.md": "[all](docs/reading-order.md), `lib/a.c:f()`\n",
    "docs/decisions/README.md": "[why](why.md)\n",
    "docs/decisions/why.md": "because\n",
    "docs/reading-order.md": "## 1. One\n\n- `lib/a.h`, `lib/a.c`\n",
    "lib/a.h": "/* docs/decisions/why.md, lib/a.c, Linux lib/b.c */\n",
    "lib/a.c": '#include "lib/a.h"\nvoid f(void) {}\n',
    "docs/week.md": "## Day 1: one (about 3 lines)\n- `lib/a.c`, `lib/a.h`\n"
                    "## Beside\n- `lib/a.h`\n",
}


def check(root):
    done = subprocess.run(
        [sys.executable, ROOT / "tools/check_docs.py", "--root", root],
        capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def plant(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return check(root)


def test_documentation_is_true_to_the_tree():
    status, output = check(ROOT)
    assert status == 0, output


def test_a_good_tree_passes(tmp_path):
    status, output = plant(tmp_path, GOOD)
    assert status == 0, output


@pytest.mark.parametrize("name, text, fault", [
    ("lib/b.c", "", "lib/b.c: stands not times"),
    ("docs/reading-order.md", "- `lib/a.h`, `lib/a.c`, `lib/a.c`\n",
     "lib/a.c: stands 2 times"),
    ("docs/reading-order.md", "- `lib/a.h`, `lib/a.c`, `lib/c.c`\n",
     "`lib/c.c` does not exist"),
    ("README.md", "`lib/c.c:f()`\n", "README.md:1: no file lib/c.c"),
    ("README.md", "`lib/a.c:g()`\n", "README.md:1: no 'g' in lib/a.c"),
    ("README.md", "[all](none.html)\n", "link to none.html leads nowhere"),
    ("lib/a.h", "/* docs/none.md */\n", "lib/a.h:1: no page docs/none.md"),
    ("lib/a.h", "/* SEE lib/c.c. */\n", "names lib/c.c, which is not there"),
    ("lib/a.h", "/* Linux lib/b.c; lib/c.c */\n", "names lib/c.c, which"),
    ("lib/a.h", "/* <arch/c.h> */\n", "names arch/i386/include/arch/c.h, which"),
    ("docs/decisions/how.md", "so\n", "no link to how.md"),
    ("NEWS.md", "see `lib/c.c`\n", "NEWS.md:1: no lib/c.c"),
    ("docs/page.md", "\n`mm/`, `lib/`\n", "docs/page.md:2: no mm/"),
    ("docs/page.md", "`tools/none`\n", "docs/page.md:1: no tools/none"),
    ("docs/page.md", "`mm/NAME.c`\n", "docs/page.md:1: no mm/"),
    ("docs/reading-order.md", "- `lib/a.c`, `lib/a.h`\n",
     "lib/a.c: chapter 0, includes lib/a.h, chapter 0: not named before"),
    ("docs/reading-order.md", "## 1. x\n- `lib/a.c`\n## 2. y\n- `lib/a.h`\n",
     "lib/a.c: chapter 1, includes lib/a.h, chapter 2: not named before"),
    ("docs/week.md", "## Day 1: one (about 4 lines)\n- `lib/a.c`, `lib/a.h`\n",
     "docs/week.md: ## Day 1: one (about 4 lines): has 3 lines"),
    ("docs/week.md", "## Day 1: one (about 3 lines)\n- `lib/a.c`, `lib/a.h`\n"
     "## Day 2: two (about 1 lines)\n- `lib/a.h`\n",
     "docs/week.md:4: lib/a.h was read before"),
])
def test_a_fault(tmp_path, name, text, fault):
    status, output = plant(tmp_path, {**GOOD, name: text})
    assert status == 1
    assert fault in output and "check_docs: 1 faults" in output, output


def test_what_is_no_path_of_the_tree(tmp_path):
    """A placeholder, Linux's own file, a program of the boot archive."""
    text = "`lib/NAME.c`, Linux's `mm/none.c`, `tests/mmap`, `none/x.c`\n"
    status, output = plant(tmp_path, {**GOOD, "docs/page.md": text})
    assert status == 0, output


def test_a_day_that_is_too_long(tmp_path):
    """It says what is true, and nobody can read it in a day."""
    status, output = plant(tmp_path, {
        **GOOD, "lib/a.c": GOOD["lib/a.c"] + "\n" * 1800,
        "docs/week.md": "## Day 1: one (about 1,800 lines)\n- `lib/a.c`\n"})
    assert status == 1 and "has 1802 lines" in output, output


@pytest.mark.parametrize("row, faults", [
    ("| 1024 | A | task or 0 | READ | late | addr -> n |", 0),
    ("| 1024 | A | task or 0 | READ | held | addr -> n |", 1),
    ("", 1),
])
def test_the_table_of_calls_is_the_kernels(tmp_path, row, faults):
    _, output = plant(tmp_path, {
        **GOOD, "docs/messages.md": row + "\n",
        "docs/reading-order.md": "- `kernel/uapi/pagoda.h`\n"
                                 "- `lib/a.h`, `lib/a.c`\n",
        "kernel/uapi/pagoda.h":
            "#define PAGODA_CALLS(C) \\\n\tC(1024, A, a, LATE(TASK), READ) \\\n"
            "\t\t/* addr -> n */\n#define PG_CALL_FIRST 1024\n"})
    assert f"check_docs: {faults} faults" in output, output


def test_the_page_of_style_names_every_rule_and_limit():
    text = (ROOT / "docs/style.md").read_text()
    for rule, _, _ in check_style.RULES:
        assert f"| `{rule.__name__}` |" in text
    for limit in (check_style.COLUMNS, check_style.FUNCTION_LINES,
                  check_style.FILE_LINES, check_style.TEST_FILE_LINES):
        assert f" {limit} " in text, limit


def test_the_page_of_testing_names_every_folder_of_tests():
    text = (ROOT / "docs/testing.md").read_text()
    for folder in sorted((ROOT / "tests").iterdir()):
        if folder.is_dir() and folder.name != "__pycache__":
            assert f"tests/{folder.name}/" in text, folder.name
