# SPDX-License-Identifier: MIT
"""evening.py - what a new student and a new instructor type, and how long it
takes

WHAT     Follows README.md and docs/labs/README.md, in a tree in which nothing
         has been built yet: a student's first mark, a class of three, and the
         pack for Gradescope, which must give the same marks. tools/fresh runs
         this file on machines that have nothing yet.

USAGE    make lab LAB=buddy SEED=17 OUT=FOLDER/mylab && evening.py FOLDER
"""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import labs     # noqa: E402  (needs the path above)

ROOT = Path(__file__).resolve().parents[2]
LAB = [sys.executable, "tools/lab/lab"]
CLASS = {"ann": None, "bob": {3}, "cam": set()}     # exercises that are done


def step(name, *words, at=ROOT, status=0, env=None):
    """Run a command, and say how long it took. Returns: what it printed."""
    start = time.monotonic()
    done = subprocess.run(words, cwd=at, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=os.environ | (env or {}))
    print(f"{name}: {time.monotonic() - start:.0f} s", flush=True)
    if done.returncode != status:
        sys.exit(f"{done.stdout}\n{name}: status {done.returncode}")
    return done.stdout


def must(true, words):
    if not true:
        sys.exit(f"evening: {words}")


def solve(tree, numbers):
    """Write the kernel's own functions into these exercises; None: into all.
    """
    lab = labs.Lab(tree, labs.find(ROOT, "buddy").folder)
    texts = {path: (tree / path).read_text() for path in lab.files}
    stubs = lab.exercise_texts(texts)
    own = lab.exercise_texts(lab.references())
    chosen = {n: own[n] if numbers is None or n in numbers else stubs[n]
              for n in own}
    for path, text in lab.with_functions(texts, chosen).items():
        (tree / path).write_text(text)


def of_student(out):
    tree = out / "mylab"
    said = step("the first make grade", "make", "grade", at=tree)
    must(said.count("not done yet") == 8 and "  0.0/100" in said, said)
    solve(tree, {3})
    said = step("make grade with one function", "make", "grade", at=tree)
    must(" 10.0/10  exercise 3, " in said and " 10.0/100" in said, said)
    step("make submission", "make", "submission", at=tree)


def of_instructor(out):
    """Returns: total of each student."""
    step("tools/setup grade", "tools/setup", "grade")
    step("make all host", "make", f"-j{os.cpu_count()}", "all", "host")
    (out / "course.key").write_bytes(os.urandom(32).hex().encode())
    (out / "class.csv").write_text("id,email\n" + "".join(
        f"{one},{one}@example.org\n" for one in CLASS))
    course = ["--roster", out / "class.csv", "--key", out / "course.key"]
    step("make-class", *LAB, "make-class", "buddy", *course, "--out",
         out / "trees")
    (out / "handed-in").mkdir()
    for one, numbers in CLASS.items():
        solve(out / "trees" / one, numbers)
        step(f"make submission of {one}", "make", "submission",
             at=out / "trees" / one)
        (out / "trees" / one / "submission-buddy.json").rename(
            out / "handed-in" / f"{one}.json")
    step("grade-class", *LAB, "grade-class", "buddy", *course, "--submissions",
         out / "handed-in", "--out", out / "marks")
    totals = {one: json.loads((out / "marks" / one / "results.json")
                              .read_text())["score"] for one in CLASS}
    must(totals == {"ann": 100, "bob": 10, "cam": 0}, str(totals))
    step("pack gradescope", *LAB, "pack", "gradescope", "buddy", *course,
         "--out", out / "buddy.zip")
    return totals


def of_gradescope(out, totals):
    """As their image does it: setup.sh once, run_autograder for each one."""
    home = out / "autograder"
    (home / "source").mkdir(parents=True)
    step("unzip", sys.executable, "-m", "zipfile", "-e", out / "buddy.zip",
         home / "source")
    env = {"AUTOGRADER": str(home)}
    step("setup.sh", "sh", home / "source/setup.sh", env=env)
    for one, total in totals.items():
        (home / "submission").mkdir(exist_ok=True)
        (home / "submission" / "submission-buddy.json").write_text(
            (out / "handed-in" / f"{one}.json").read_text())
        (home / "submission_metadata.json").write_text(json.dumps(
            {"users": [{"email": f"{one}@example.org", "name": one}]}))
        step(f"run_autograder for {one}", "sh", home / "source/run_autograder",
             env=env)
        score = json.loads((home / "results/results.json").read_text())["score"]
        must(score == total, f"{one}: {score}, and not {total}")


def main():
    out = Path(sys.argv[1])
    of_student(out)
    of_gradescope(out, of_instructor(out))
    print("evening: all marks are right")


main()
