# SPDX-License-Identifier: MIT
"""annotate.py - a grading as GitHub shows it

WHAT     Runs `lab grade` in a student's tree, shows what it prints, writes the
         report as the summary of the job, and puts an annotation at each line
         of the student's that the report speaks of.

PICTURE  ::error file=mm/page/buddy.c,line=121,title=exercise 2::does not ...

ALGORITHM  The place of a failure is, in this order: the line at which the
         program was in a file of the student's; the first line of the
         exercise's function. A compiler's error has its own line. What is not
         done yet is a notice, at its LAB_TODO().

EXIT     as `lab grade`: with anything but full marks the job is red

USAGE    annotate.py   in a student's tree; $GITHUB_STEP_SUMMARY names the file
         of the summary
"""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import labs
import split
import student

LAB = Path(__file__).resolve().parent / "lab"
MOST = 10               # GitHub shows no more of a step
PLACE = re.compile(r"it was in \w+\(\) at (\S+?):(\d+): ")
ERROR = re.compile(r"^([^\s:]+):(\d+):(?:\d+:)? (?:fatal )?error: (.*)$",
                   re.MULTILINE)
NOT_DONE = re.compile(r"not done yet, (\S+?):(\d+)")


def escaped(text, more=()):
    for sign in ("%", "\r", "\n", *more):
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def command(kind, file, line, title, message):
    """A line that GitHub reads."""
    words = ",".join(f"{name}={escaped(str(value), ':,')}" for name, value in
                     (("file", file), ("line", line), ("title", title)))
    return f"::{kind} {words}::{escaped(message)}"


def of_compiler(text, files):
    """The compiler's errors in the student's files."""
    return [command("error", found[1], found[2], "it does not compile",
                    found[3])
            for found in ERROR.finditer(text) if found[1] in files]


def first_line(lab, exercise):
    """Where the function of an exercise begins."""
    try:
        named = split.functions(split.split(
            (lab.root / exercise.file).read_text()))
        return named[exercise.function].line
    except (OSError, split.SplitError, KeyError):
        return 1


def message_of(lines):
    """The head and its first failure, without points."""
    head = lines[0].split("exercise", 1)[-1]
    failures = [line.strip(" -") for line in lines[1:]
                if line.startswith("    - ")]
    return "exercise" + head + "".join(f"\n{line}" for line in failures)


def of_test(lab, test):
    """The annotation of one exercise of results.json; None: it is right."""
    if test["status"] == "passed":
        return None
    exercise = next(e for e in lab.exercises if str(e.n) == test["number"])
    title = f"exercise {exercise.n}"
    todo, place = NOT_DONE.search(test["output"]), PLACE.search(test["output"])
    if todo:
        return command("notice", todo[1], todo[2], title, "not done yet")
    if place and place[1] in lab.files:
        file, line = place[1], place[2]
    else:
        file, line = exercise.file, first_line(lab, exercise)
    return command("error", file, line, title,
                   message_of(test["output"].splitlines()))


def annotations(lab, status, text):
    """The lines for GitHub. `text`: what `lab grade` printed."""
    if status not in (student.FULL, student.GRADED):
        found = of_compiler(text, lab.files)
        return found or [f"::error title=lab::{escaped(text.strip()[-500:])}"]
    results = json.loads((lab.root / "results.json").read_text())
    found = [of_test(lab, test) for test in results["tests"]]
    return [one for one in found if one]


def summary(lab, status, text):
    if status in (student.FULL, student.GRADED):
        return (lab.root / "report.md").read_text()
    return f"# Not graded\n\n```text\n{text}```\n"


def only_lab(root):
    found = sorted((root / labs.FOLDER).glob("*/envelope"))
    if len(found) != 1:
        sys.exit("annotate.py: this is no student's tree")
    return labs.Lab(root, labs.FOLDER / found[0].parent.name)


def main():
    lab = only_lab(Path.cwd())
    done = subprocess.run([sys.executable, LAB, "grade"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    print(done.stdout, end="")
    print("\n".join(annotations(lab, done.returncode, done.stdout)[:MOST]))
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if page:
        with open(page, "a", encoding="utf-8") as stream:
            stream.write(summary(lab, done.returncode, done.stdout))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
