# SPDX-License-Identifier: MIT
"""A zoo of hostile submissions: none of them earns a point that its functions
are not worth.

WHAT    Each one is graded as a student's, with a seed that the grader computes.
        What the guard's texts show (test_lab_guard.py) is here once as a whole
        submission: refused, status 2. The others are compiled and run.

TERMS   liar    a function that is right as long as the visible tests run, or
                that changes what the tests say
"""

import json
import re
import subprocess
import sys

import pytest

from machine import ROOT

sys.path.insert(0, str(ROOT / "tools" / "lab"))
import courses   # noqa: E402  (needs the path above)
import handout   # noqa: E402
import labs      # noqa: E402
import student   # noqa: E402

SEED = 20
FILE = "mm/page/buddy.c"
ALLOC, FREE = "buddy_alloc_locked", "buddy_free_locked"


@pytest.fixture(scope="module")
def grader():
    with courses.grader(ROOT, labs.find(ROOT, "buddy")) as one:
        yield one


@pytest.fixture(scope="module")
def tree(grader, tmp_path_factory):
    """A student's tree: where the texts of the submissions come from."""
    out = tmp_path_factory.mktemp("zoo") / "tree"
    handout.make(grader.lab, SEED, out)
    return labs.Lab(out, grader.lab.folder)


class Submission:
    """Texts of the files, as they are handed in."""

    def __init__(self, lab, solved):
        self.lab = lab
        self.texts = lab.references() if solved else lab.plain()

    def replace(self, name, change):
        """Give one exercise another text; change() gets the old one."""
        n = next(e.n for e in self.lab.exercises if e.function == name)
        own = self.lab.exercise_texts(self.texts)
        self.texts = self.lab.with_functions(self.texts,
                                             own | {n: change(own[n])})
        return self

    def write(self, folder):
        file = folder / "one.json"
        file.write_text(json.dumps({"lab": self.lab.name,
                                    "files": self.texts}))
        return file


def first(statement):
    """A change: this statement comes before all others."""
    return lambda old: old.replace("{\n", "{\n" + statement, 1)


def only(body):
    """A change: the function has this body."""
    return lambda old: old[:old.index("{\n")] + "{\n" + body + "}\n"


def grade(grader, where):
    return grader.grade("one", SEED, where)


# ---- refused before anything runs --------------------------------------------

# name -> the change of buddy_alloc_locked(), words of the refusal
REFUSED = {
    "the exit device, by assembler":
        (first('\tasm volatile ("outb %%al, $0xf4" : : "a"(16));\n'),
         "rule G2"),
    "another name of assembler":
        (first('\t__asm__ volatile ("cli; hlt");\n'), "rule G2"),
    "the envelope, by .incbin":
        (first('\t__asm__(".incbin \\"envelope\\"");\n'), "rule G2"),
    "the envelope, by #include":
        (first('#include "docs/labs/04-buddy-and-zones/envelope"\n'),
         "rule G2"),
    "a constructor":
        (lambda old: "static __attribute__((constructor)) void early(void)\n"
                     "{\n}\n\n" + old, "rule G2"),
    "a jump out of the test":
        (first("\tkernel_longjmp((void *)0, 1);\n"), "rule G2"),
    "the lab's own function":
        (lambda old: old.replace("{\n", "{\n\treturn reference_"
                                 "buddy_alloc_locked(zone, order);\n", 1),
         "rule G2"),
    "a suite of its own":
        (lambda old: "static const char *mine(void)\n{\n\treturn 0;\n}\n\n"
                     "SUITE(mine, mine);\n\n" + old, "rule G1"),
    "prints a pass and exits":
        (only("\tint puts(const char *);\n\tvoid _exit(int);\n\n"
              '\tputs("ok 1 - everything");\n\t_exit(0);\n'
              "\treturn 0;\n"), "rule G3"),
    "ends the kernel with the status of success":
        (only("\tvoid kernel_exit(int status);\n\n\tkernel_exit(16);\n"
              "\treturn 0;\n"), "rule G3"),
    "endless output":
        (only("\tint console_printf(const char *, ...);\n\n\tfor (;;)\n"
              '\t\tconsole_printf("ok 1 - everything\\n");\n'
              "\treturn 0;\n"), "rule G3"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_earns_nothing(grader, tree, tmp_path, name):
    change, words = REFUSED[name]
    file = Submission(tree, solved=True).replace(ALLOC, change).write(tmp_path)
    graded = grade(grader, file)
    assert graded.status == student.NOT_GRADABLE, graded.report.text()
    assert graded.report.score == 0
    assert words in graded.report.text(), graded.report.text()


def archive(path):
    subprocess.run(["tar", "-czf", path, "-C", ROOT, FILE], check=True)


def files_of_its_own(folder):
    """A tree whose Makefile, linker script, suite and header are its own; the
    file of the exercises is missing."""
    for name in ("Makefile", "linker.ld", "tests/suites/buddy.c",
                 "mm/page/zone.h"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("all:\n\ttouch /tmp/was-here\n")


# name -> what makes the file or folder "one" of a folder; None: no file
FILES = {
    "nothing": lambda one: None,
    "a link": lambda one: one.with_suffix(".json").symlink_to("/etc/passwd"),
    "a link to a folder": lambda one: one.symlink_to(ROOT),
    "50 MB": lambda one: one.with_suffix(".json").write_bytes(
        b" " * 50_000_000),
    "binary": lambda one: one.with_suffix(".json").write_bytes(
        bytes(range(256)) * 40),
    "an archive": lambda one: archive(one.with_suffix(".json")),
    "CR LF": lambda one: one.with_suffix(".json").write_bytes(
        b'{\r\n"files": {}\r\n}\r\n'),
    "a path with ..": lambda one: one.with_suffix(".json").write_text(
        json.dumps({"files": {"../../" + FILE: "int x;\n"}})),
    "files that are no texts": lambda one: one.with_suffix(".json").write_text(
        json.dumps({"files": {path: 5 for path in (
            FILE, "mm/page/page_alloc.c", "mm/page/watermark.c",
            "mm/page/pcp.c")}})),
    "lists, very deep": lambda one: one.with_suffix(".json").write_text(
        "[" * 150_000),
    "a build of its own": lambda one: files_of_its_own(one),
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_submission_earns_nothing(grader, tmp_path, name):
    FILES[name](tmp_path / "one")
    graded = grade(grader, courses.find_submission(tmp_path, "one"))
    assert graded.status == student.NOT_GRADABLE
    assert graded.report.score == 0 and graded.note
    assert not (tmp_path / "was-here").exists()


# ---- compiled and run --------------------------------------------------------

def at(symbol):
    """An address of the host program, to be filled in: the same in every run
    (-no-pie)."""
    return f"ADDRESS_OF_{symbol}"


def late_in_the_kernel(calls):
    """A change: right on the host, and in the kernel for so many calls; then
    the zone is spoilt."""
    return first("\tstatic unsigned calls;\n\n"
                 f"\tif (sizeof(long) == 4 && ++calls > {calls})\n"
                 "\t\tzone->free_orders ^= 1u;\n")


def on_host_if(condition):
    """A change: wrong on the host where a condition about the seed holds."""
    return first(f"\tif (sizeof(long) == 8 && *(volatile unsigned *){at('seed')}"
                 f" {condition})\n\t\treturn 0;\n")


# name -> (the change of buddy_alloc_locked(), the verdicts it may have)
RUN = {
    "a stub that returns something":
        (only("\treturn 0;\n"), {"fail", "panic", "crash"}),
    # Clears what the runner has counted, again and again.
    "the runner's counter, by a computed address":
        (first(f"\t*(volatile unsigned *){at('running')} = 0;\n"
               "\tif (order <= MAX_ORDER)\n\t\treturn 0;\n"),
         {"fail", "panic", "crash", "lied"}),
    # Students know the seed of their tree, so their tests say that all is well.
    "right for the visible tests only": (on_host_if(f"!= {SEED}"), {"lied"}),
    "right for the seeds 1 to 19 only": (on_host_if("> 19"),
                                         {"fail", "panic", "crash"}),
    "breaks the promoted kernel, late":
        (late_in_the_kernel(800), {"fail", "panic", "hang", "lied"}),
}


def addresses(grader, texts, names):
    """symbol -> its address, in the program of a submission."""
    lab = grader.tree("one", SEED)
    worked, said = grader.make(lab, texts)
    assert worked, said[-2000:]
    nm = subprocess.run(["nm", lab.root / "build/host/graded"], text=True,
                        capture_output=True, check=True).stdout
    return {name: int(re.search(rf"^(\w+) \w {name}$", nm, re.MULTILINE)[1], 16)
            for name in names}


def with_addresses(grader, tree, change):
    """A change with the addresses of a program that has the same code."""
    text = change("{\n}\n")
    names = set(re.findall(r"ADDRESS_OF_(\w+)", text))

    def fill(known):
        def changed(old):
            return re.sub(r"ADDRESS_OF_(\w+)",
                          lambda m: f"{known[m[1]]:#010x}ul", change(old))
        return changed
    if not names:
        return change
    guess = fill(dict.fromkeys(names, 0x12345678))
    return fill(addresses(
        grader, Submission(tree, True).replace(ALLOC, guess).texts, names))


@pytest.mark.parametrize("name", RUN)
def test_a_liar_earns_nothing(grader, tree, tmp_path, name):
    change, verdicts = RUN[name]
    change = with_addresses(grader, tree, change)
    file = Submission(tree, solved=True).replace(ALLOC, change).write(tmp_path)
    graded = grade(grader, file)
    mark = graded.report.marks[0]
    assert mark.verdict in verdicts, graded.report.text()
    assert not mark.right
    others = graded.report.marks[1:]
    assert all(other.right for other in others), graded.report.text()


def test_functions_that_never_come_back_cost_a_minute(grader, tree, tmp_path):
    submission = Submission(tree, solved=True)
    for e in tree.exercises:
        submission.replace(e.function, lambda old: first(
            "\tfor (volatile unsigned i = 0; ; i++)\n\t\t;\n")(old))
    graded = grade(grader, submission.write(tmp_path))
    assert graded.report.score == 0, graded.report.text()
    assert all(mark.verdict == "hang" for mark in graded.report.marks)
    assert graded.status == student.GRADED
