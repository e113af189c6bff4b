# SPDX-License-Identifier: MIT
"""student.py - the commands of a student's tree: grade, try, submission

WHAT     Builds the tree, grades it, prints the report and writes report.md,
         results.json and results.xml beside the Makefile.

TERMS    hint   an exercise has one to three. Each grading of a changed function
                that is still not right opens the next one

EXIT     0 full marks, 1 graded, 2 not gradable, 3 the fault is not the
         student's
"""
import hashlib
import json
import os
import re
import subprocess
import sys

import grade
import guard
import labs
import runs
import split
from report import Report

FULL, GRADED, NOT_GRADABLE, OWN_FAULT = 0, 1, 2, 3
ERROR = re.compile(r"^([^\s:]+):(\d+):(?:\d+:)? (?:fatal )?error: (.*)$",
                   re.MULTILINE)
LINK_ERROR = re.compile(r"^.*(?:undefined (?:reference|symbol)|"
                        r"multiple definition|duplicate symbol).*$",
                        re.MULTILINE)


def functions_of(lab):
    """exercise number -> the student's function; missing where it is not in
    the file, or the file cannot be split."""
    found = {}
    for path in lab.files:
        try:
            named = split.functions(split.split((lab.root / path).read_text()))
        except (OSError, split.SplitError):
            continue
        found |= {e.n: named[name] for name, e in lab.of_file(path).items()
                  if name in named}
    return found


def todo_lines(lab):
    """exercise number -> line of its LAB_TODO(), of those not done yet."""
    lines = {n: labs.todo_line(chunk) for n, chunk in functions_of(lab).items()}
    return {n: line for n, line in lines.items() if line}


# ---- build -------------------------------------------------------------------

BUILT = "graded"            # of make: all that a mark needs
WOVEN = "build/lab/woven"   # of make: what weave.py writes


def home_targets(lab):
    """Of make, in the grader's own tree: what trees of this lab borrow."""
    return ["all"] + (["host"] if lab.has_host else [])


def make(root, *words):
    """(worked?, what make printed)"""
    jobs = f"-j{os.cpu_count() or 1}"
    env = {name: value for name, value in os.environ.items()
           if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run(["make", jobs, *words], cwd=root, env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return done.returncode == 0, done.stdout


def make_with(lenders, lab, *words):
    """As make(), with what a tree with the same twists can lend."""
    make(lab.root, WOVEN, *words)
    lenders.lend(lab)
    worked, text = make(lab.root, BUILT, *words)
    lenders.add(lab)        # also where make failed: it made some objects
    return worked, text


def build_errors(lab, text):
    """What the compiler and the linker say of the student's files. Raises
    LabError if they say nothing: then something else does not compile."""
    own = [found.group() for found in ERROR.finditer(text)
           if found[1] in lab.files]
    own += [line.replace(f"{lab.root}/build/lab/", "")
            for line in LINK_ERROR.findall(text)]
    if not own:
        raise labs.LabError("the tree does not compile, and no file with "
                            "exercises is the reason:\n" +
                            "\n".join(text.splitlines()[-20:]))
    return own


def places(lab, build, seed=None):
    """(the host program or None, the kernel), as built in a folder; with the
    random numbers of a seed, or of the tree's."""
    machine, seed = lab.machine, seed or lab.data.get("seed", 1)
    host = runs.Host(build / "host" / "graded",
                     [*machine.of_host(), f"--seed={seed}"]) \
        if lab.has_host else None
    return host, runs.Kernel(build / "pagoda.elf", build / "boot.cpio",
                             machine.of_qemu(),
                             [*machine.words(), f"seed={seed}"])


def works_here(lab, host, kernel):
    """Does one counted test pass with the reference? If not, this machine
    cannot grade. Raises LabError if a counted test is not there."""
    lab.check_counts()
    tests = [pair for e in lab.exercises for pair in grade.pairs_of(lab, e)]
    if not tests:
        return False
    if host:
        return any(host.one(pair).passed for pair in tests[:3])
    return kernel.tests(tests[:1])[tests[0]].passed


# ---- hints -------------------------------------------------------------------

def open_hints(lab, marks):
    """exercise number -> the hints that are open now."""
    file = lab.root / "build" / "lab" / "hints.json"
    try:
        seen = json.loads(file.read_text())
    except (OSError, ValueError):
        seen = {}
    functions, hints = functions_of(lab), {}
    for mark in marks:
        e = mark.exercise
        if mark.right or mark.todo or e.n not in functions:
            continue
        text = functions[e.n].text.encode()
        digest = hashlib.sha256(text).hexdigest()
        old, nr = seen.get(str(e.n), ("", 0))
        nr = min(nr + (old != digest), len(e.hints))
        seen[str(e.n)] = (digest, nr)
        hints[e.n] = e.hints[:nr]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(seen))
    return hints


# ---- commands ----------------------------------------------------------------

def object_of(lab):
    """What the compiler made of the first file with exercises."""
    return lab.root / "build" / f"{lab.files[0]}.o"


def write_results(lab, report, clock):
    cpu, wall = clock.read()
    extra = {"lab": lab.name, "seed": lab.data.get("seed"),
             "commit": lab.data.get("made_from"), "cpu_seconds": round(cpu, 1),
             "versions": runs.versions(object_of(lab))}
    for name, text in (("report.md", report.markdown()),
                       ("results.json", report.results_json(wall, extra)),
                       ("results.xml", report.results_xml())):
        (lab.root / name).write_text(text)


def grade_tree(lab, numbers=None):
    """Build, grade, report. Returns the exit status."""
    clock = runs.Clock()
    worked, text = make(lab.root, BUILT)
    if not worked:
        print("\n".join(["the tree does not compile:",
                         *build_errors(lab, text)]))
        return NOT_GRADABLE
    host, kernel = places(lab, lab.root / "build")
    if not works_here(lab, host, kernel):
        print("lab: the reference itself fails on this machine. This is no "
              "fault of yours. `make check-tools` says what is missing.",
              file=sys.stderr)
        return OWN_FAULT
    marks = grade.Grader(lab, host, kernel, todo_lines(lab)).mark(numbers)
    report = Report(lab, marks, lab.root, runs.HOST_SECONDS,
                    open_hints(lab, marks))
    print(report.text(), end="")
    if not numbers:
        write_results(lab, report, clock)
    return FULL if report.score >= report.most else GRADED


def try_test(lab, name):
    """Run one test with all that is done, and show what it prints."""
    suite, _, test = name.partition(".")
    worked, text = make(lab.root, BUILT)
    if not worked:
        print("\n".join(build_errors(lab, text)))
        return NOT_GRADABLE
    host, kernel = places(lab, lab.root / "build")
    done = [e for e in lab.exercises if e.n not in todo_lines(lab)]
    words, pair = grade.word_of(done), (suite, test)
    outcome = host.one(pair, *words) if host else \
        kernel.tests([pair], *words)[pair]
    print("\n".join([*outcome.lines, f"{name}: {outcome.verdict}"]))
    print(f"in the kernel, under GDB: make debug "
          f"APPEND='seed={lab.data['seed']} selftest={name} "
          f"{' '.join(words)}'")
    return FULL if outcome.passed else GRADED


def handed_out(lab):
    """path -> the text as it was handed out: the first commit has it."""
    first = subprocess.run(["git", "rev-list", "--max-parents=0", "HEAD"],
                           cwd=lab.root, capture_output=True, text=True,
                           check=True).stdout.split()[-1]
    return {path: subprocess.run(["git", "show", f"{first}:{path}"],
                                 cwd=lab.root, capture_output=True, text=True,
                                 check=True).stdout for path in lab.files}


def submission(lab):
    """Say what the guard would say; write the one file to hand in."""
    refused, texts = [], {}
    for path, handed in handed_out(lab).items():
        text, refusal = guard.read_submission(lab.root / path)
        found = [refusal] if refusal else \
            guard.check_text(text, handed, set(lab.of_file(path)))
        refused += [one.text(path) for one in found]
        texts[path] = text
    if refused:
        print("\n".join(refused))
        return NOT_GRADABLE
    file = lab.root / f"submission-{lab.name}.json"
    file.write_text(json.dumps({"lab": lab.name, "seed": lab.data.get("seed"),
                                "files": texts}, indent=1) + "\n")
    print(f"{file.name}: hand in this file")
    return FULL
