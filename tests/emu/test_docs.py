# SPDX-License-Identifier: MIT
"""test_docs.py - the documentation points at things that exist."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_documentation_is_true_to_the_tree():
    done = subprocess.run([sys.executable, ROOT / "tools/check_docs.py"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
