# SPDX-License-Identifier: MIT
"""borrow.py - objects of a built tree for a tree with the same sources

WHAT     Copies every object that a make in the new tree would make with the
         same bytes: the object's source and all headers that the compiler read
         for it (its .d file) are the same in both trees. Then a student's tree
         with a lab compiles a dozen files and not five hundred.

RULES    R1  what the lab compiles in another way is never borrowed from a tree
             without the lab: files with exercises, and suites with a bench
         R2  an object is lent only if it is younger than its sources: a make
             in the lender's tree would not make it again
         R3  a borrowed object is younger than the sources: make takes it
"""
import os
import shutil
from pathlib import Path


def sources_of(dep):
    """The files that a .d file names, relative to the tree."""
    rule = dep.read_text().replace("\\\n", " ").split("\n", 1)[0]
    return rule.split(":", 1)[1].split()


class Borrower:
    def __init__(self, lender, tree, own):
        self.lender, self.tree, self.own = Path(lender), Path(tree), own
        self.known, self.times = {}, {}

    def is_same(self, name):
        if name not in self.known:
            mine, other = self.tree / name, self.lender / name
            self.known[name] = mine.exists() and other.exists() and \
                mine.read_bytes() == other.read_bytes()
            self.times[name] = self.known[name] and other.stat().st_mtime_ns
        return self.known[name]

    def may_borrow(self, dep, made):
        sources, age = sources_of(dep), made.stat().st_mtime_ns
        return not self.own & set(sources) and \
            all(self.is_same(name) and self.times[name] <= age
                for name in sources)


def copy(path, build, target_build):
    target = target_build / path.relative_to(build)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    return target


def borrow(lender, build, tree, lab=None):
    """Copy the objects of lender's folder `build` that the tree does not have.
    `lab`: the tree has it, and the lender has not. Returns: how many."""
    own = {*lab.files, *(f"tests/suites/{suite}.c" for suite in lab.suites)} \
        if lab else set()
    borrower, target, copied = Borrower(lender, tree, own), tree / "build", 0
    if not (build / "flags").exists():
        return 0
    # Old: where the flags do not fit, make writes them anew.
    os.utime(copy(build / "flags", build, target), (0, 0))
    for dep in sorted(build.rglob("*.d")):
        made = dep.with_suffix(".o")
        if made.exists() and not (target / made.relative_to(build)).exists() \
                and borrower.may_borrow(dep, made):
            copy(dep, build, target)
            copy(made, build, target)
            copied += 1
    return copied


class Lenders:
    """Trees of one lab in which make has run. They lend suites, and files with
    exercises whose text is the same, to trees with the same twists."""

    def __init__(self):
        self.trees = {}     # text of lab.h -> folder

    def add(self, lab):
        self.trees.setdefault((lab.path / "lab.h").read_text(), lab.root)

    def lend(self, lab):
        """To a tree in which weave.py has written its files."""
        lender = self.trees.get((lab.path / "lab.h").read_text())
        if lender:
            borrow(lender, lender / "build", lab.root)
