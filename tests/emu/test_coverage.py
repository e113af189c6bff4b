# SPDX-License-Identifier: MIT
"""tools/coverage, on one small file: what the host's run counts, what the log
of a kernel's blocks says, and what neither has reached."""

import re
import subprocess
import sys

import pytest

from machine import ROOT, limit

SOURCE = """\
int pick(int n)
{
	if (n > 1)
		return 10;
	if (n > 0)
		return 20;
	return 30;
}
#ifdef HOST
int main(void)
{
	return pick(2) != 10;
}
#endif
"""


def call(tree, *words):
    return subprocess.run(words, cwd=tree, check=True, text=True,
                          capture_output=True, timeout=limit("host")).stdout


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "mm").mkdir()
    (tmp_path / "mm" / "pick.c").write_text(SOURCE)
    call(tmp_path, "gcc", "--coverage", "-DHOST", "mm/pick.c", "-o", "pick")
    call(tmp_path, "./pick")
    # Not linked: the addresses begin at 0, which is as good as any.
    call(tmp_path, "gcc", "-g", "-O0", "-c", "mm/pick.c", "-o", "kernel")
    return tmp_path


def plant_block(tree, line):
    """A log of QEMU in which the code of one line was run."""
    text = call(tree, "objdump", "--dwarf=decodedline", "kernel")
    address = re.search(rf"^pick\.c +{line} +(?:0x)?([0-9a-f]+)", text,
                        re.MULTILINE)[1]
    (tree / "blocks").write_text(
        f"IN: \n0x{int(address, 16):08x}:  b8 14 00 00 00  movl $20, %eax\n")


def coverage(tree):
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "coverage", "--host", ".",
         "--kernel", "kernel", "--blocks", "blocks", "--missed", "missed"],
        cwd=tree, check=False, text=True, capture_output=True,
        timeout=limit("host"))


def test_both_runs_count_and_what_neither_reached_is_listed(tree):
    plant_block(tree, 6)
    done = coverage(tree)
    assert done.returncode == 0, done.stderr
    missed = (tree / "missed").read_text()
    assert "mm/pick.c:7: return 30;\n" in missed
    assert "mm/pick.c:6:" not in missed and "mm/pick.c:4:" not in missed
    # Two conditions; the host has gone one of the four ways.
    assert re.search(r"^mm .* 4 +25\.0 %$", done.stdout, re.MULTILINE), \
        done.stdout


def test_a_kernel_that_ran_nothing_is_an_error(tree):
    (tree / "blocks").write_text("")
    assert "has left no data" in coverage(tree).stderr
