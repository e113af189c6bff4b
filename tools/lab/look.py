# SPDX-License-Identifier: MIT
"""look.py - lab 0: questions about a student's own machine

WHAT     The seed chooses a machine: size of RAM, end of the direct map, NX or
         not; and what is asked about it. The student writes answers.txt. The
         grader boots the same machine, types the same lines, and finds each
         answer from outside (look_answers.py). There is no table of answers.

PICTURE  the student's tree:
           LAB.md                      the questions, with the student's numbers
           answers.txt                 `N: value`, a line for each question
           lab.mk                      the machine, as variables of make
           docs/labs/00-boot-and-look/
             lab.json                  the machine, and what is asked
             image/pagoda.elf, boot.cpio   what is looked at: the same bits for
                                       the student and for the grader

TERMS    kinds of answers:
           hex      0x1f, 1f           dec   31, 0x1f
           word     one word of a few
           bits     names of bits, in any order: P RW G

EXIT     0 full marks; 1 graded; 2 no answers.txt, or not readable; 3 the
         machine cannot be looked at here
"""
import hashlib
import json
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import grade
import labs
import look_answers
import outside
import runs
from report import Report

ANSWERS = "answers.txt"
ANSWERS_MAX = 1 << 16
IMAGE = ("pagoda.elf", "boot.cpio")
LINE = re.compile(r"^\s*(\d+)\s*:(.*)$")
ASK_MARK = re.compile(r"\{\{ask:(\w+)\}\}")
FULL, GRADED, NOT_GRADABLE, OWN_FAULT = 0, 1, 2, 3

LAB_MK = """\
# Made by tools/lab/lab: the machine of this tree.
LOOK_IMAGE := {folder}/image
MEM := {mem}M
CPU := {cpu}
LOOK_WORDS := vmalloc={vmalloc}M
include tools/lab/look.mk
"""
FORM = """\
# Lab 0: your answers. One line for each question: the number, a colon, the
# value. Lines that begin with # do not count.
"""


def is_look(lab):
    return lab.data.get("kind") == "look"


# ---- the seed ----------------------------------------------------------------

def machine_of(seed):
    """MiB of RAM, of vmalloc=; the CPU; MiB of lowmem, which follows."""
    lowmem = labs.choose(seed, "look lowmem", range(96, 400, 4))
    if labs.choose(seed, "look hole", range(4)) == 0:
        # RAM beyond the hole of PCI
        mem = labs.choose(seed, "look large", range(3650, 4450))
        lowmem = max(lowmem, 160)
    else:
        mem = lowmem + labs.choose(seed, "look highmem", range(40, 300))
    cut = labs.choose(seed, "look cut", range(4))         # rounded up to 4 MiB
    return {"mem": mem, "vmalloc": 1024 - lowmem - cut, "lowmem": lowmem,
            "cpu": labs.choose(seed, "look nx", ("max", "max,nx=off"))}


def asked(seed):
    """name -> what is asked, as numbers and words."""
    def one(name, values):
        return labs.choose(seed, f"look {name}", values)
    mib = one("mib", range(32, 72, 2))
    return {
        "order": one("order", range(2, 7)),
        "dma_order": one("dma_order", range(0, 4)),
        "pages": one("pages", range(5, 30)),
        "page": one("page", range(2, 5)),
        "users": one("users", range(1, 4)),
        "register": one("register", (0xfed00000, 0xfd000000, 0xfebf0000)),
        "zone": one("zone", ("Normal", "HighMem")),
        "mark_zone": one("mark_zone", ("DMA", "Normal")),
        "mark": one("mark", ("min", "low", "high")),
        "free_order": one("free_order", range(0, 10)),
        "free_zone": one("free_zone", ("DMA", "Normal", "HighMem")),
        "symbol": one("symbol", look_answers.VARIABLES),
        "bits_symbol": one("bits_symbol", look_answers.FUNCTIONS),
        "address": 0xc0000000 + (mib << 20) + one("offset",
                                                  range(0x1004, 0x1ff000, 4)),
        "program_page": one("program_page", (0x08048000, 0x08049000)),
    }


def in_words(name, value):
    """A value as LAB.md shows it."""
    if name in ("address", "register", "program_page"):
        return f"0x{value:08x}"
    return str(value)


# ---- the student's tree ------------------------------------------------------

def write_tree(lab, out, seed, commit):
    """All that the tree of lab 0 has beside the kernel's sources."""
    folder, machine = out / lab.folder, machine_of(seed)
    (folder / "image").mkdir(parents=True)
    for name in IMAGE:
        file = lab.root / "build" / name
        if not file.exists():
            raise labs.LabError("lab 0 hands out the kernel that is built "
                                "here: `make all` first")
        shutil.copy2(file, folder / "image" / name)
    made = {"seed": seed, "machine": machine, "ask": asked(seed),
            "image": image_of(folder / "image"), "made_from": commit}
    (folder / "lab.json").write_text(json.dumps(lab.data | made, indent=2)
                                     + "\n")
    (folder / "envelope").write_text(labs.close_envelope({}))
    (out / "lab.mk").write_text(LAB_MK.format(folder=lab.folder, **machine))
    (out / "LAB.md").write_text(text_for(lab, seed))
    (out / ANSWERS).write_text(FORM + "".join(
        f"{e.n}:\n" for e in lab.exercises))


def image_of(folder):
    """What names the bits of an image."""
    digest = hashlib.sha256()
    for name in IMAGE:
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()


def text_for(lab, seed):
    """LAB.md with the numbers of a seed."""
    ask, machine = asked(seed), machine_of(seed)
    words = {name: in_words(name, value) for name, value in ask.items()}
    words |= {"mem": str(machine["mem"]), "kib": str(ask["pages"] * 4)}

    def word(mark):
        if mark[1] not in words:
            raise labs.LabError(f"LAB.md asks for \"{mark[1]}\"")
        return words[mark[1]]
    return ASK_MARK.sub(word, (lab.path / "LAB.md").read_text())


# ---- answers.txt -------------------------------------------------------------

class Unreadable(Exception):
    """There is no answers.txt that one can read: the reason."""


@dataclass(frozen=True)
class Answer:
    text: str
    line: int
    twice: int = 0      # another line with the same number


def read_answers(file):
    """question -> Answer"""
    file = Path(file)
    if file.is_symlink() or not file.is_file():
        raise Unreadable(f"there is no file {file.name}")
    if file.stat().st_size > ANSWERS_MAX:
        raise Unreadable(f"{file.name} has more than {ANSWERS_MAX} bytes")
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise Unreadable(f"{file.name} is not a text")
    return answers_of(text)


def answers_of(text):
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = LINE.match(line)
        if not match:
            continue
        n, old = int(match[1][:9]), found.get(int(match[1][:9]))
        found[n] = Answer(match[2].partition("#")[0].strip(), number,
                          old.line if old else 0)
    return found


def number_of(text, base):
    if not text.isascii() or "_" in text or len(text) > 40:
        return None
    try:
        return int(text, 16 if text[:2].lower() == "0x" else base)
    except ValueError:
        return None


def value_of(kind, text):
    """The value of an answer's text; None: it has not this form."""
    if kind in ("hex", "dec"):
        return number_of(text, 16 if kind == "hex" else 10)
    words = text.upper().replace(",", " ").split()
    if kind == "bits":
        known = set(words) <= set(look_answers.BITS)
        return frozenset(words) if known and words else None
    return words[0].lower() if len(words) == 1 else None


FORMS = {"hex": "a hexadecimal number, for example 0x1f",
         "dec": "a decimal number",
         "bits": "names of bits: " + " ".join(look_answers.BITS),
         "word": "one word"}


# ---- marks -------------------------------------------------------------------

def mark_of(exercise, answer, right):
    """The Mark of one question. `right`: the value that was found."""
    mark = grade.Mark(exercise, exercise.points, weights={"machine": 100})
    pair = ("look", exercise.function)
    if not answer or not answer.text:
        mark.todo = answer.line if answer else 1
        return mark
    kind = look_answers.QUESTIONS[exercise.n].kind
    value, lines = value_of(kind, answer.text), ()
    if answer.twice:
        lines = (f"the number stands twice: lines {answer.twice} and "
                 f"{answer.line}",)
    elif value is None:
        lines = (f"{ANSWERS}:{answer.line}: this is not {FORMS[kind]}",)
    elif value != right:
        lines = (f"{ANSWERS}:{answer.line}: this is not what the machine has",)
    mark.outcomes["machine"] = {
        pair: runs.Outcome("fail" if lines else "pass", lines)}
    return mark


def marks_of(lab, answers, right, numbers=None):
    return [mark_of(e, answers.get(e.n), right[e.n]) for e in lab.exercises
            if not numbers or e.n in numbers]


def find_right(folder, seed):
    """question -> the right value, found in two boots of the image."""
    return look_answers.find(*(folder / name for name in IMAGE),
                             machine_of(seed), asked(seed))


def title(exercise):
    return f"question {exercise.n}, {exercise.function.replace('_', ' ')}"


class LookReport(Report):
    """The report of the engine, in the words of this lab."""

    def of_mark(self, mark):
        e = mark.exercise
        head = f"{mark.earned:5.1f}/{mark.points:<3g} {title(e)}: "
        if mark.todo:
            return [f"{head}not answered yet, {ANSWERS}:{mark.todo}"]
        if mark.refused:
            return [head + "refused", f"    - {mark.refused}"]
        lines = [head + ("right" if mark.right else "wrong")]
        lines += [f"    - {line}" for _, _, outcome in mark.failures()
                  for line in outcome.lines]
        return lines + [f"      hint: {hint}"
                        for hint in self.hints.get(e.n, ()) if not mark.right]

    def lines(self):
        right = sum(mark.right for mark in self.marks)
        return [line for mark in self.marks for line in self.of_mark(mark)] + [
            f"{self.score:5.1f}/{self.most:<3g} {right} of "
            f"{len(self.marks)} questions"]

    def of_gradescope(self, mark):
        return super().of_gradescope(mark) | {"name": title(mark.exercise)}

    def add_suite(self, suites, mark):
        super().add_suite(suites, mark)
        suites[-1].set("name", title(mark.exercise))


# ---- hints -------------------------------------------------------------------

def open_hints(lab, marks, answers):
    """question -> the hints that are open: one more for each wrong answer
    that was not there before."""
    file = lab.root / "build" / "lab" / "hints.json"
    try:
        seen = json.loads(file.read_text())
    except (OSError, ValueError):
        seen = {}
    hints = {}
    for mark in marks:
        e = mark.exercise
        if mark.right or mark.todo:
            continue
        old, nr = seen.get(str(e.n), ("", 0))
        nr = min(nr + (old != answers[e.n].text), len(e.hints))
        seen[str(e.n)] = (answers[e.n].text, nr)
        hints[e.n] = e.hints[:nr]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(seen))
    return hints


# ---- commands ----------------------------------------------------------------

def grade_tree(lab, numbers=None):
    """Grade answers.txt of a student's tree. Returns the exit status."""
    clock = runs.Clock()
    try:
        answers = read_answers(lab.root / ANSWERS)
        right = find_right(lab.path / "image", lab.data["seed"])
    except Unreadable as error:
        print(f"not gradable: {error}")
        return NOT_GRADABLE
    except outside.OutsideError as error:
        print(f"lab: the machine cannot be looked at: {error}. This is no "
              "fault of yours. `make doctor` says what is missing.",
              file=sys.stderr)
        return OWN_FAULT
    marks = marks_of(lab, answers, right, numbers)
    report = LookReport(lab, marks, lab.root, runs.HOST_SECONDS,
                        open_hints(lab, marks, answers))
    print(report.text(), end="")
    if not numbers:
        write_results(lab, report, clock)
    return FULL if report.score >= report.most else GRADED


def write_results(lab, report, clock):
    cpu, wall = clock.read()
    extra = {"lab": lab.name, "seed": lab.data["seed"],
             "commit": lab.data["made_from"], "cpu_seconds": round(cpu, 1)}
    for name, text in (("report.md", report.markdown()),
                       ("results.json", report.results_json(wall, extra)),
                       ("results.xml", report.results_xml())):
        (lab.root / name).write_text(text)


def submission(lab):
    """Write the one file to hand in."""
    try:
        answers = read_answers(lab.root / ANSWERS)
    except Unreadable as error:
        print(error)
        return NOT_GRADABLE
    empty = [str(e.n) for e in lab.exercises
             if not answers.get(e.n) or not answers[e.n].text]
    if empty:
        print(f"no answer yet: {', '.join(empty)}")
    file = lab.root / f"submission-{lab.name}.json"
    text = (lab.root / ANSWERS).read_bytes().decode("utf-8-sig")
    file.write_text(json.dumps(
        {"lab": lab.name, "seed": lab.data["seed"],
         "image": lab.data["image"], "files": {ANSWERS: text}}, indent=1)
        + "\n")
    print(f"{file.name}: hand in this file")
    return FULL


# ---- for a class -------------------------------------------------------------

def read_handed(where, image):
    """question -> Answer, of what a student handed in: a submission, a tree,
    or answers.txt alone."""
    if where is None:
        raise Unreadable("nothing was handed in")
    where = Path(where)
    if where.is_dir() and not where.is_symlink():
        where = next((where / name for name in
                      ("submission-look.json", ANSWERS)
                      if (where / name).exists()), where / ANSWERS)
    if where.suffix != ".json":
        return read_answers(where)
    if where.is_symlink() or not where.is_file() or \
            where.stat().st_size > 2 * ANSWERS_MAX:
        raise Unreadable(f"{where.name}: this is no file of `make submission`")
    try:
        data = json.loads(where.read_bytes())
        text, handed = data["files"][ANSWERS], data["image"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unreadable(f"{where.name}: this is no file of "
                         "`make submission`") from error
    if not isinstance(text, str) or len(text) > ANSWERS_MAX:
        raise Unreadable(f"{where.name}: this is no file of `make submission`")
    if handed != image:
        raise labs.LabError("the kernel that is built here is not the one "
                            "that the class has: grade in the tree that made "
                            "the class, without a new build")
    return answers_of(text)


def grade_handed(lab, build, seed, where, clock):
    """(Report, exit status, clock, note) of one submission. `build`: the folder
    with the image."""
    try:
        answers = read_handed(where, image_of(build))
    except Unreadable as error:
        marks = [grade.Mark(e, e.points, refused=str(error))
                 for e in lab.exercises]
        return LookReport(lab, marks, lab.root, 0), NOT_GRADABLE, clock, \
            str(error)
    try:
        right = find_right(build, seed)
    except outside.OutsideError as error:
        raise labs.LabError(f"the machine cannot be looked at: {error}") \
            from error
    report = LookReport(lab, marks_of(lab, answers, right), lab.root, 0)
    status = FULL if report.score >= report.most else GRADED
    return report, status, clock, ""
