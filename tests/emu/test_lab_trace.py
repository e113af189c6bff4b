# SPDX-License-Identifier: MIT
"""A kernel without a lab has no trace of the engine.

WHAT    The commands that build the kernel and the host program are the same,
        letter by letter, in this tree and in a copy without tools/lab, without
        docs/labs and without the Makefile's line that reads lab.mk. The same
        compiler gives the same bytes for the same commands and sources.
"""

import re
import shutil
import subprocess

from machine import KERNEL, ROOT

LINE = "-include $(LAB_MK)\n"


def commands(root, build):
    """What make would do for all and host, from nothing."""
    done = subprocess.run(
        ["make", "-n", "-B", "Q=", f"BUILD={build}", "all", "host"],
        cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.replace(str(root), "ROOT")


def copy_without_labs(out):
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if name.startswith(("tools/lab/", "docs/labs/")):
            continue
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, out / name, follow_symlinks=False)
    text = (out / "Makefile").read_text()
    assert text.count(LINE) == 1
    (out / "Makefile").write_text(text.replace(LINE, ""))


def test_the_commands_are_the_same_without_the_engine(tmp_path):
    copy_without_labs(tmp_path / "tree")
    here = commands(ROOT, tmp_path / "build")
    assert here == commands(tmp_path / "tree", tmp_path / "build")
    assert len(re.findall(r"\bmm/page/buddy\.c\b", here)) >= 2


def test_a_student_s_tree_builds_otherwise(tmp_path):
    """The control: with lab.mk the commands are not the same."""
    copy_without_labs(tmp_path / "tree")
    shutil.copytree(ROOT / "tools/lab", tmp_path / "tree/tools/lab")
    (tmp_path / "tree/Makefile").write_text((ROOT / "Makefile").read_text())
    (tmp_path / "tree/lab.mk").write_text(
        "LAB_DIR := docs/labs/04\nLAB_FILES := mm/page/buddy.c\n"
        "LAB_SUITES := buddy\ninclude tools/lab/rules.mk\n")
    assert commands(ROOT, tmp_path / "build") != \
        commands(tmp_path / "tree", tmp_path / "build")


def test_no_symbol_of_the_kernel_is_the_engine_s():
    names = subprocess.run(["nm", KERNEL], check=True, capture_output=True,
                           text=True).stdout
    assert " buddy_alloc_locked\n" in names
    assert not re.search(r" (student_|bench_reference_|lab_)", names)
