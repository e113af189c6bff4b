# SPDX-License-Identifier: MIT
"""handout.py - the tree that a student gets

WHAT     Copies the tree, blanks the exercises, closes the reference into its
         envelope, and makes a git repository of it with one commit.

PICTURE  the student's tree, beside all of Pagoda:
           LAB.md               the lab's text
           lab.mk               which files have exercises
           docs/labs/NN-name/   lab.json, envelope, suites/, LAB.md

ALGORITHM  Only files that git knows are copied, so nothing of a build is. The
         other labs stay at home: a lab's bugs and stubs tell its solution.
         The same lab, seed and sources give the same commit.
"""
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import labs
import look
import split
from labs import LabError
from machines import Machine

# What only the makers of labs need.
AT_HOME = ("docs/labs/", "tests/emu/test_lab")
LINK = re.compile(r"\]\((?![a-z]+:|#)([^)]+)\)")
LAB_MK = """\
# Made by tools/lab/lab: the exercises of this tree.
LAB_DIR    := {folder}
LAB_FILES  := {files}
LAB_SUITES := {suites}
LAB_WORDS  := {words}
LAB_KERNEL_ONLY := {kernel_only}
MEM        := {machine.mem}
CPU        := {machine.cpu}
include tools/lab/rules.mk
"""
COMMIT_ENV = {"GIT_AUTHOR_NAME": "Pagoda", "GIT_AUTHOR_EMAIL": "lab@localhost",
              "GIT_COMMITTER_NAME": "Pagoda",
              "GIT_COMMITTER_EMAIL": "lab@localhost",
              "GIT_AUTHOR_DATE": "2000-01-01T00:00:00Z",
              "GIT_COMMITTER_DATE": "2000-01-01T00:00:00Z",
              "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


def git(root, *words, env=None):
    done = subprocess.run(["git", "-C", root, *words], capture_output=True,
                          check=False, text=True, env=os.environ | (env or {}))
    if done.returncode:
        raise LabError(f"git {words[0]}: {done.stderr.strip()}")
    return done.stdout


def commit_of(root):
    return git(root, "rev-parse", "HEAD").strip()


def copy_tree(root, out):
    for name in git(root, "ls-files", "-z").split("\0"):
        source, target = root / name, out / name
        if not name or name.startswith(AT_HOME) or not os.path.lexists(source):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)


def with_stubs(lab, path, text):
    """The file as it is handed out."""
    exercises, parts = lab.of_file(path), []
    for chunk in split.split(text):
        exercise = exercises.get(getattr(chunk, "name", None))
        parts.append(lab.stub(exercise, chunk) if exercise else chunk.text)
    return "".join(parts)


def handed_out(lab, references):
    """path -> the text with stubs, as a student gets it."""
    return {path: with_stubs(lab, path, references[path])
            for path in lab.files}


def lab_mk(lab, machine):
    def several(words):
        return " \\\n\t".join(words)
    return LAB_MK.format(folder=lab.folder, files=several(lab.files),
                         suites=several(lab.suites), machine=machine,
                         words=" ".join(machine.words()),
                         kernel_only="" if lab.has_host else 1)


def not_here(lab, twists):
    """The tests that know the kernel without twists: skipped in other trees."""
    if twists == lab.plain_twists():
        return []
    return [row["test"] for row in lab.data.get("not_counted", [])]


def lab_json(lab, seed, twists, machine):
    """The lab's own words, and those of this student's tree."""
    counts = {str(n): tests for n, tests in sorted(lab.counts().items())}
    made = {"seed": seed, "twists": twists, "sources": lab.files,
            "machine": machine,
            "counts": counts, "not_here": not_here(lab, twists),
            "made_from": commit_of(lab.root)}
    return json.dumps(lab.data | made, indent=2) + "\n"


def copy_files(lab, folder, names):
    """Those of these files that the lab has."""
    for name in names:
        if (lab.path / name).exists():
            shutil.copy2(lab.path / name, folder / name)


def copy_suites(lab, folder):
    """What is compiled with the kernel."""
    copy_files(lab, folder, ("suite.c", "stage.h"))
    for name in ("suites", "peek"):
        if (lab.path / name).is_dir():
            shutil.copytree(lab.path / name, folder / name)


def copy_bugs(lab, folder, twists):
    """For tests of tests. The second solution does not come along."""
    if twists == lab.plain_twists():
        shutil.copy2(lab.path / "bugs.patch", folder / "bugs.patch")
    else:
        (folder / "teeth.json").write_text(json.dumps(lab.teeth(twists)))


def links_from_root(text, folder):
    """A text of a folder, for the root: its links lead to the same files."""
    return LINK.sub(lambda link:
                    f"]({os.path.normpath(folder / link[1])})", text)


def write_lab(lab, out, seed, twists, machine):
    """Everything of the tree that is not the kernel's."""
    folder = out / lab.folder
    references = lab.twisted(lab.plain(), twists)
    folder.mkdir(parents=True)
    for path, text in handed_out(lab, references).items():
        (out / path).write_text(text)
    (folder / "envelope").write_text(labs.close_envelope(references))
    (folder / "lab.json").write_text(lab_json(lab, seed, twists, machine))
    (out / "lab.mk").write_text(lab_mk(lab, Machine(**machine)))
    header = lab.path / "lab.h"
    if header.exists():
        (folder / "lab.h").write_text(labs.header_with(
            header.read_text(), lab.constants(twists)))
    text = lab.path / "LAB.md"
    if text.exists():
        (out / "LAB.md").write_text(links_from_root(labs.text_with(
            text.read_text(), lab.twist_values(), twists), lab.folder))
    copy_suites(lab, folder)


def make(lab, seed, out, twists=None, with_bugs=False, machine=None,
         for_grader=False):
    """Write the tree of one student; `out` must not be there yet. Without
    `twists` and `machine` the seed chooses them. The grader's own copy has the
    exam, and is no repository."""
    out = Path(out)
    if out.exists() and any(out.iterdir()):
        raise LabError(f"{out} is there already, and not empty")
    out.mkdir(parents=True, exist_ok=True)
    copy_tree(lab.root, out)
    if look.is_look(lab):
        look.write_tree(lab, out, seed, commit_of(lab.root))
    else:
        twists = lab.choose_twists(seed) if twists is None else twists
        write_lab(lab, out, seed, twists,
                  machine or lab.choose_machine(seed))
        if with_bugs:
            copy_bugs(lab, out / lab.folder, twists)
    if for_grader:
        copy_files(lab, out / lab.folder, ("exam.c", "exam.py"))
        return
    git(out, "init", "-q", "-b", "main")
    git(out, "add", "-A", "-f")
    git(out, "commit", "-q", "-m", f"Lab {lab.data['number']}: "
        f"{lab.data['title']}", env=COMMIT_ENV)
