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

GOOD = {
    "README.md": "[all](docs/reading-order.md), `lib/a.c:f()`\n",
    "docs/decisions/README.md": "[why](why.md)\n",
    "docs/decisions/why.md": "because\n",
    "docs/reading-order.md": "## 1. One\n\n- `lib/a.h`, `lib/a.c`\n",
    "lib/a.h": "/* docs/decisions/why.md */\n",
    "lib/a.c": '#include "lib/a.h"\nvoid f(void) {}\n',
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
    ("docs/decisions/how.md", "so\n", "no link to how.md"),
    ("docs/reading-order.md", "- `lib/a.c`, `lib/a.h`\n",
     "lib/a.c: chapter 0, includes lib/a.h, chapter 0: not named before"),
    ("docs/reading-order.md", "## 1. x\n- `lib/a.c`\n## 2. y\n- `lib/a.h`\n",
     "lib/a.c: chapter 1, includes lib/a.h, chapter 2: not named before"),
])
def test_a_fault(tmp_path, name, text, fault):
    status, output = plant(tmp_path, {**GOOD, name: text})
    assert status == 1
    assert fault in output and "check_docs: 1 faults" in output, output
