# SPDX-License-Identifier: MIT
"""pack.py - a lab for a service that grades

WHAT     gradescope   a zip: setup.sh, run_autograder, the seeds of the class,
                      and the grader's tree with a build folder in it. So the
                      image is made fast, and a submission compiles its files
         github       puts a workflow into students' trees, which grades each
                      push

PICTURE  F.zip
           setup.sh, run_autograder
           pack.json      the lab; the students with their seeds, or the key
           targets        what `make` builds before the first submission
           tree.tar.gz    a git repository with one commit: that of this tree

RULES    P1  the files are those of a commit, never what somebody is editing
         P2  with a roster the course key stays at home: only the seeds of this
             lab are in the pack
"""
import json
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path

import borrow
import courses
import gradebook
import handout
import labs
import look
import student

TEMPLATES = Path(__file__).resolve().parent / "pack"
WORKFLOW = Path(".github/workflows/grade.yml")


# ---- Gradescope --------------------------------------------------------------

def clone(root, tree):
    """The commit of a tree, alone, as a repository that knows no other."""
    if handout.git(root, "status", "--porcelain", "-uno").strip():
        raise labs.LabError("commit your changes first: a pack has the files "
                            "of a commit")
    handout.git(root, "clone", "-q", "--depth", "1",
                f"file://{Path(root).resolve()}", str(tree))
    handout.git(tree, "remote", "remove", "origin")


def make(root, lab):
    worked, text = student.make(root, *student.home_targets(lab))
    if not worked:
        raise labs.LabError("the tree does not compile:\n" +
                            "\n".join(text.splitlines()[-10:]))


def build(root, tree, lab):
    """Objects of this tree first, which must be new; then what is missing."""
    make(root, lab)
    borrow.borrow(root, Path(root) / "build", tree)
    make(tree, lab)
    said = subprocess.run([tree / "tools" / "lab" / "compilers"], check=True,
                          capture_output=True, text=True).stdout
    (tree / "build" / "compilers").write_text(said)


def pack_json(lab, key, roster):
    if not roster:
        return {"lab": lab.name, "key": key.decode()}
    courses.read_roster(roster)
    return {"lab": lab.name, "students": [
        {"id": row["id"], "email": row.get("email") or row["id"],
         "seed": courses.seed_of(key, row["id"], lab)}
        for row in gradebook.read(roster)]}


def add(zip_, name, data, mode=0o644):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    zip_.writestr(entry, data)


def gradescope(root, lab, out, key, roster=None):
    """Write the zip."""
    if look.is_look(lab):
        raise labs.LabError("this lab asks about the very bits of this build, "
                            "which another machine cannot build: use "
                            "`grade-class`")
    with tempfile.TemporaryDirectory(prefix="lab-pack-") as work:
        tree, archive = Path(work) / "tree", Path(work) / "tree.tar.gz"
        clone(root, tree)
        build(root, tree, lab)
        with tarfile.open(archive, "w:gz", compresslevel=5) as tar:
            tar.add(tree, arcname=".")
        with zipfile.ZipFile(out, "w") as zip_:
            for name in ("setup.sh", "run_autograder"):
                add(zip_, name, (TEMPLATES / "gradescope" / name).read_bytes(),
                    0o755)
            add(zip_, "pack.json",
                json.dumps(pack_json(lab, key, roster), indent=1) + "\n")
            add(zip_, "targets", " ".join(student.home_targets(lab)) + "\n")
            zip_.write(archive, archive.name)


# ---- GitHub ------------------------------------------------------------------

def trees_of(folder, lab):
    """The students' trees of a lab: the folder itself, or those in it."""
    folder = Path(folder)
    some = [folder] if (folder / "lab.mk").exists() else \
        sorted(file.parent for file in folder.glob("*/lab.mk"))
    found = [tree for tree in some if (tree / lab.folder).is_dir()]
    if not found:
        raise labs.LabError(f"{folder}: no tree of lab \"{lab.name}\" here")
    return found


def github(lab, folder):
    """Put the workflow into trees, as a second commit. Returns their number.
    """
    trees = trees_of(folder, lab)
    for tree in trees:
        target = tree / WORKFLOW
        if target.exists():
            continue
        target.parent.mkdir(parents=True)
        shutil.copyfile(TEMPLATES / "github" / "grade.yml", target)
        handout.git(tree, "add", "-f", str(WORKFLOW))
        handout.git(tree, "commit", "-q", "-m", "Grade on each push",
                    "--", str(WORKFLOW), env=handout.COMMIT_ENV)
    return len(trees)
