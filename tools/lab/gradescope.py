# SPDX-License-Identifier: MIT
"""gradescope.py - grades one submission on Gradescope

WHAT     Finds out who hands in, and what; runs `lab grade` in the grader's own
         tree; leaves results.json where Gradescope looks for it.

PICTURE  /autograder/
           source/pack.json            which lab, and the seeds or the key
           grader/                     the grader's tree, with build/
           submission/                 what the student has handed in
           submission_metadata.json    who: users[].email
           results/results.json        what comes out

TERMS    known     the students of the pack: id, email, seed. Without a roster
                   there is the course key in place of that, and a student's id
                   is the e-mail address

ALGORITHM  A group hands in one file for several students. The file names the
         seed of its tree. If one of the group has that seed, the submission is
         graded with it; if not, with the seed of the first one.

EXIT     0 graded, and results.json is there. 3 the fault is not the student's:
         there is no results.json, and Gradescope says that the autograder has
         failed
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import courses
import guard
import labs

ROOT = Path(__file__).resolve().parents[2]
GRADED = (0, 1, 2)
OWN_FAULT = 3


class Fault(Exception):
    """What the instructor must mend."""


# ---- who ---------------------------------------------------------------------

def emails(metadata):
    return [user["email"].strip().lower()
            for user in json.loads(metadata.read_text())["users"]]


def students(pack, lab, found):
    """[(id, seed)] of the people with these e-mail addresses."""
    if "key" in pack:
        return [(email, courses.seed_of(pack["key"].encode(), email, lab))
                for email in found]
    known = {}
    for one in pack["students"]:
        for name in (one["email"], one["id"]):
            known.setdefault(name.lower(), (one["id"], one["seed"]))
    return [known[email] for email in found if email in known]


def choose(people, seed):
    """The one of a group whose tree it is."""
    return next((one for one in people if one[1] == seed), people[0])


# ---- what --------------------------------------------------------------------

def packed_files(folder):
    """Files of `make submission`; a browser may have given another name."""
    return [file for file in sorted(folder.glob("*.json"))
            if not file.is_symlink()]


def seed_in(file):
    """The seed that a file of `make submission` names; None without one."""
    text, _ = guard.read_submission(file)
    try:
        return json.loads(text)["seed"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def find(lab, folder, work):
    """What to grade: a file of `make submission`, or a folder with the files
    of the exercises at their places. Single files without their folders are put
    there."""
    packed = packed_files(folder)
    if len(packed) == 1:
        return packed[0]
    if packed or any(os.path.lexists(folder / path) for path in lab.files):
        return folder
    for path in lab.files:
        flat, target = folder / Path(path).name, work / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(flat):       # a link stays one: the guard sees it
            shutil.copy(flat, target, follow_symlinks=False)
    return work


# ---- the whole ---------------------------------------------------------------

def grade(lab, who, what, out):
    """The exit status of `lab grade`."""
    id_, seed = who
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "lab" / "lab", "grade", lab.name,
         "--student", id_.replace("/", "_"), "--seed", str(seed),
         "--submission", what, "--out", out], cwd=ROOT,
        check=False).returncode


def run(autograder):
    results = autograder / "results" / "results.json"
    results.unlink(missing_ok=True)
    pack = json.loads((autograder / "source" / "pack.json").read_text())
    lab = labs.find(ROOT, pack["lab"])
    found = emails(autograder / "submission_metadata.json")
    people = students(pack, lab, found)
    if not people:
        raise Fault(f"the roster has nobody of {' '.join(found) or 'nobody'}: "
                    "make the pack again")
    with tempfile.TemporaryDirectory(prefix="gradescope-") as work:
        what = find(lab, autograder / "submission", Path(work) / "files")
        who = choose(people, seed_in(what) if what.is_file() else None)
        status = grade(lab, who, what, Path(work) / "out")
        if status not in GRADED:
            raise Fault("the grader itself fails here")
        results.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(work) / "out" / "results.json", results)


def main():
    try:
        run(Path(os.environ.get("AUTOGRADER", "/autograder")))
    except (Fault, labs.LabError, OSError, ValueError, KeyError) as fault:
        print(f"run_autograder: {fault}", file=sys.stderr)
        sys.exit(OWN_FAULT)


if __name__ == "__main__":
    main()
