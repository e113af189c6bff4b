# SPDX-License-Identifier: MIT
"""courses.py - a lab for a whole class: seeds, trees, marks

WHAT     Makes a tree for each student of a roster, and grades what they hand
         in.

TERMS    roster      a CSV file; the column "id" names each student once
         course key  a secret text of the instructor, in a file
         seed        HMAC-SHA256 of the key, the student and the lab: the grader
                     computes it again, so nobody can choose his own

ALGORITHM  A submission is graded in a tree that the grader makes for it. Only
         the files with exercises come from the student. Trees of one class are
         graded side by side, one on each processor.

EXIT     as student.py has them, for a single submission
"""
import csv
import hashlib
import hmac
import io
import json
import secrets
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import borrow
import exams
import grade
import guard
import handout
import labs
import look
import outside
import outside_laws
import runs
import student
from report import Report

COLUMNS = ("id", "seed", "lab", "points", "total", "verdict", "first_failure",
           "commit", "seconds")


def seed_of(key, student_id, lab):
    """A number from 1 to 2^32 - 1."""
    text = f"{student_id}\0{lab.name}".encode()
    digest = hmac.new(key, text, hashlib.sha256).digest()
    return int.from_bytes(digest[:4], "big") or 1


def read_key(file):
    key = Path(file).read_bytes().strip()
    if len(key) < 16:
        raise labs.LabError(f"{file}: a key has 16 characters at least")
    return key


def read_roster(file):
    """The ids of a class, in the order of the file."""
    with open(file, newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    ids = [(row.get("id") or "").strip() for row in rows]
    if not ids or not all(ids):
        raise labs.LabError(f"{file}: needs a column \"id\", and a student in "
                            "each line")
    twice = {one for one in ids if ids.count(one) > 1}
    if twice:
        raise labs.LabError(f"{file}: {sorted(twice)[0]} stands there twice")
    bad = [one for one in ids if "/" in one or one.startswith(".")]
    if bad:
        raise labs.LabError(f"{file}: \"{bad[0]}\" cannot be a file's name")
    return ids


def make_class(lab, roster, key, out):
    """A tree for each student. Returns their number."""
    ids = read_roster(roster)
    for one in ids:
        handout.make(lab, seed_of(key, one, lab), Path(out) / one)
    return len(ids)


# ---- what was handed in ------------------------------------------------------

def find_submission(folder, student_id):
    """The file or the folder of a student; None where there is none."""
    for name in (student_id, f"{student_id}.json", f"{student_id}.c",
                 f"{student_id}.txt"):
        if (folder / name).exists() or (folder / name).is_symlink():
            return folder / name
    return None


def read_texts(lab, where):
    """(path -> text of each file with exercises, the refusals)."""
    if where.is_dir() and not where.is_symlink():
        json_file = where / f"submission-{lab.name}.json"
        if not json_file.exists():
            return read_plain(lab, {path: where / path for path in lab.files})
        where = json_file
    if where.suffix == ".c" and len(lab.files) == 1:
        return read_plain(lab, {lab.files[0]: where})
    text, refusal = guard.read_submission(where)
    if refusal:
        return {}, [refusal.text(where.name)]
    return read_packed(lab, where.name, text)


def read_plain(lab, files):
    texts, refused = {}, []
    for path, file in files.items():
        text, refusal = guard.read_submission(file)
        if refusal:
            refused.append(refusal.text(path))
        texts[path] = text
    return texts, refused


def read_packed(lab, name, text):
    """Of a file of `make submission`."""
    try:
        files = json.loads(text)["files"]
        texts = {path: files[path] for path in lab.files}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}, [f"{name}: this is no file of `make submission`"]
    if not all(isinstance(one, str) for one in texts.values()):
        return {}, [f"{name}: this is no file of `make submission`"]
    if any(len(one) > guard.SIZE_MAX for one in texts.values()):
        return {}, [f"{name}: a file has more than {guard.SIZE_MAX} bytes"]
    return texts, []


def read_checked(lab, where, seed):
    """(path -> text, path -> text as handed out, the refusals)"""
    handed = handout.handed_out(lab, lab.twisted(
        lab.plain(), lab.choose_twists(seed)))
    texts, refused = read_texts(lab, where) if where else \
        ({}, ["nothing was handed in"])
    for path, text in texts.items():
        if not refused:
            refused = [one.text(path) for one in guard.check_text(
                text, handed[path], set(lab.of_file(path)))]
    return texts, handed, refused


# ---- one submission ----------------------------------------------------------

class Graded:
    """What came out for one student."""

    def __init__(self, student_id, seed, report, status, clock, note="",
                 made=None):
        self.id, self.seed, self.report = student_id, seed, report
        self.status, self.note = status, note
        self.cpu, self.wall = clock.read()
        # Read now: the tree is gone when the report is written.
        self.versions = made and runs.versions(made)

    def write(self, folder):
        """report.md, results.json and results.xml, into a folder."""
        lab = self.report.lab
        extra = {"student": self.id, "seed": self.seed, "lab": lab.name,
                 "commit": lab.data.get("made_from") or
                 handout.commit_of(lab.root),
                 "cpu_seconds": round(self.cpu, 1), "versions": self.versions}
        Path(folder).mkdir(parents=True, exist_ok=True)
        for name, text in (
                ("report.md", self.report.markdown()),
                ("results.json", self.report.results_json(
                    self.wall, extra, examined=bool(self.versions))),
                ("results.xml", self.report.results_xml())):
            (Path(folder) / name).write_text(text)

    def row(self, commit):
        """What grades.csv says of this student."""
        report = self.report
        wrong = [mark for mark in report.marks if not mark.right]
        verdicts = [mark.verdict for mark in wrong] + ["pass"]
        has_marks = self.status != student.OWN_FAULT
        lines = report.of_mark(wrong[0])[:2] if wrong else [""]
        return dict(zip(COLUMNS, (
            self.id, self.seed, report.lab.name,
            " ".join(f"{mark.earned:g}" for mark in report.marks
                     if has_marks),
            f"{report.score:g}" if has_marks else "",
            "lied" if "lied" in verdicts else verdicts[0],
            self.note or lines[-1].strip(" -"), commit,
            f"{self.wall:.0f}")))


class GraderOfLab:
    """Grades submissions of one lab, each in a tree of its own."""

    def __init__(self, root, lab, build, work):
        self.root, self.lab, self.build = Path(root), lab, Path(build)
        self.work, self.lenders = Path(work), borrow.Lenders()

    def tree(self, student_id, seed):
        """The tree as the student got it."""
        out = Path(tempfile.mkdtemp(prefix=student_id, dir=self.work), "tree")
        handout.make(self.lab, seed, out, for_grader=True)
        return labs.Lab(out, self.lab.folder)

    def make(self, lab, texts, *words):
        """Build a tree with a student's texts in it; as student.make()."""
        for path, text in texts.items():
            (lab.root / path).write_text(text)
        borrow.borrow(self.root, self.build, lab.root, self.lab)
        exam = lab.path / "exam.c"
        return student.make_with(
            self.lenders, lab, *words,
            *([f"LAB_EXAM={lab.folder}/exam.c"] if exam.exists() else []))

    def refuse(self, lab, refusals):
        """Marks of 0 for all, with the reasons."""
        marks = [grade.Mark(e, e.points, refused="\n".join(refusals))
                 for e in lab.exercises]
        return Report(lab, marks, lab.root, runs.HOST_SECONDS)

    def no_marks(self):
        return Report(self.lab, [grade.Mark(e, e.points) for e in
                                 self.lab.exercises], self.root, 0)

    def grade(self, student_id, seed, where):
        """A Graded of one submission."""
        clock = runs.Clock()
        if look.is_look(self.lab):
            return Graded(student_id, seed, *look.grade_handed(
                self.lab, self.build, seed, where, clock))
        texts, _, refused = read_checked(self.lab, where, seed)
        if refused:
            return Graded(student_id, seed, self.refuse(self.lab, refused),
                          student.NOT_GRADABLE, clock, refused[0])
        return self.grade_texts(student_id, seed, texts, clock)

    def grade_texts(self, student_id, seed, texts, clock):
        lab = self.tree(student_id, seed)
        worked, text = self.make(lab, texts, "-k", "guard-objects")
        refused = self.check_objects(lab)
        if not worked and not refused:
            refused = ["it does not compile:",
                       *student.build_errors(lab, text)]
        if refused:
            return Graded(student_id, seed, self.refuse(lab, refused),
                          student.NOT_GRADABLE, clock, refused[-1])
        host, kernel = student.places(lab, lab.root / "build")
        if not student.works_here(lab, host, kernel):
            raise labs.LabError("the reference itself fails on this machine")
        marks = grade.Grader(lab, host, kernel,
                             student.todo_lines(lab)).mark()
        self.examine(lab, host or kernel, marks)
        report = Report(lab, marks, lab.root, runs.HOST_SECONDS)
        status = student.FULL if report.score >= report.most else \
            student.GRADED
        return Graded(student_id, seed, report, status, clock,
                      made=student.object_of(lab))

    def check_objects(self, lab):
        """What rule G3 says of the objects that there are: where a name is
        missing the linker has failed."""
        refused, build = [], lab.root / "build"
        for path in lab.files:
            objects = build / f"{path}.o", build / "lab/guard" / f"{path}.o"
            if all(file.exists() for file in objects):
                refused += [one.text(path) for one in guard.check_object(
                    *objects, lab.data.get("may_use", []))]
        return refused

    def examine(self, lab, place, marks):
        exam = exams.Exam(lab, 1 + secrets.randbelow(2 ** 32 - 2),
                          lab.data["twists"], place)
        for n, difference in exam.judge(marks, grade.word_of).items():
            mark = next(m for m in marks if m.exercise.n == n)
            mark.exam = difference.text()
        self.look_from_outside(lab, marks)

    def look_from_outside(self, lab, marks):
        """Rule G5: the kernel with the student's functions, after its suites.
        """
        build = lab.root / "build"
        machine = lab.machine

        def faults_of(some):
            numbers = ",".join(str(mark.exercise.n) for mark in some)
            return outside_laws.promoted_faults(
                build / "pagoda.elf", build / "boot.cpio",
                [*machine.words(), f"promote={numbers}"],
                lab.data.get("after") or lab.suites, machine.of_qemu(),
                self.lab.right_faults(lab.data["twists"]))
        try:
            found = outside_laws.judge(marks, faults_of)
        except outside.OutsideError as error:
            raise labs.LabError(f"no look from outside: {error}") from error
        for mark in marks:
            mark.exam = mark.exam or found.get(mark.exercise.n, "")


@contextmanager
def grader(root, lab):
    """A GraderOfLab with objects of a tree that is built, and a place to work
    in that is gone afterwards."""
    worked, text = student.make(root, *student.home_targets(lab))
    if not worked:
        raise labs.LabError("the grader's own tree does not compile:\n" +
                            "\n".join(text.splitlines()[-10:]))
    with tempfile.TemporaryDirectory(prefix="lab-") as work:
        yield GraderOfLab(root, lab, Path(root) / "build", work)


def grade_class(grader, roster, key, submissions, jobs):
    """[Graded] in the order of the roster. Where the grader itself fails, this
    student has no marks, and the others have theirs."""
    def one(student_id):
        seed = seed_of(key, student_id, grader.lab)
        clock = runs.Clock()
        try:
            return grader.grade(student_id, seed, find_submission(
                Path(submissions), student_id))
        except labs.LabError as error:
            return Graded(student_id, seed, grader.no_marks(),
                          student.OWN_FAULT, clock,
                          f"the grader failed: {error}")
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, read_roster(roster)))


def grades_csv(graded, commit):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(one.row(commit) for one in graded)
    return stream.getvalue()
