# SPDX-License-Identifier: MIT
"""viva.py - questions to a student about the student's own code

WHAT     Makes three to five questions from a submission, with answers for the
         person who asks. Whoever wrote the code answers them in five minutes.

TERMS    input     what comes out for this input? The model of the lab computes
                   the answer (viva.py in the folder of the lab)
         mutant    the submission with one line changed. The answer is which
                   test fails then: the grader builds the mutant and runs it
         rule      which lines depend on a rule of the seed? The answer is the
                   difference that the rule makes in the kernel's own function
         line      what holds at this line? For a person to judge

ALGORITHM  The choice depends on the seed of the student only: the same
         submission has the same questions. Only functions that are done are
         asked about. A mutant counts when a test that passes with the
         submission fails with the mutant; after MUTANTS_MAX mutants that do not
         count there is no such question.

         The guard looks at a submission before anything of it runs.
"""
import difflib
import importlib.util
import random
import re
from dataclasses import dataclass

import courses
import grade
import labs
import look
import split
import student

MOST = 5
INPUTS = 2
MUTANTS_MAX = 3
TESTS_MAX = 24          # of a mutant
FAILURES_SHOWN = 2

SIMPLE = re.compile(r"^\t+(?!return\b|goto\b|break\b|continue\b|else\b|case\b)"
                    r"[\w>.\[\]*&()-]+(?:\(.*\)|\s*[-+|&]?=[^=].*|\+\+|--);$")
DECLARES = re.compile(r"^\t+(?:static |const |struct |unsigned|int\b|long\b|"
                      r"bool\b|char\b|u?int\d+_t\b|\w+_t\b)")
CONDITION = re.compile(r"^\t+(?:if|while|for) \(.*(?:==|!=|<=|>=| < | > )")
CHECKS = re.compile(r"\b(?:assert|debug_assert|caller_must|debug_caller_must|"
                    r"LAB_TODO|pr_\w+)\b")
INSTEAD = (("<=", "<"), (">=", ">"), ("==", "!="), ("!=", "=="),
           (" < ", " <= "), (" > ", " >= "))


class Refused(labs.LabError):
    """Why there is nothing to ask about: for the person who asks."""


@dataclass(frozen=True)
class Question:
    exercise: int
    text: str
    answer: str
    code: str = ""

    def lines(self, number, with_answer):
        yield f"## Question {number}: exercise {self.exercise}"
        yield f"\n{self.text}\n"
        if self.code:
            yield f"```c\n{self.code}\n```\n"
        if with_answer:
            yield f"**Answer:** {self.answer}\n"


@dataclass(frozen=True)
class Line:
    """A line of an exercise that the student has written."""
    exercise: object
    number: int
    text: str


# ---- the submission ----------------------------------------------------------

def functions_of(lab, texts):
    """exercise number -> Function, of those that are done."""
    found = {}
    for path, text in texts.items():
        named = split.functions(split.split(text))
        for name, e in lab.of_file(path).items():
            if name in named and not labs.todo_line(named[name]):
                found[e.n] = named[name]
    return found


def own_lines(lab, texts, handed):
    """[Line] of the bodies, but for lines that were handed out."""
    result = []
    for e in lab.exercises:
        function = functions_of(lab, texts).get(e.n)
        if not function:
            continue
        old = {line.strip() for line in handed[e.file].splitlines()}
        body = split.bare(function.body).splitlines()
        for i, line in enumerate(function.body.splitlines()):
            if line.strip() and line.strip() not in old and \
                    body[i].strip() == line.strip():
                result.append(Line(e, function.body_line + i, line))
    return result


def excerpt(texts, line, around=3):
    """The lines around one, with their numbers."""
    lines = texts[line.exercise.file].splitlines()
    return "\n".join(
        f"{number:4}{'>' if number == line.number else ' '} {text}"
        for number, text in enumerate(lines, 1)
        if abs(number - line.number) <= around)


# ---- input: the model of the lab ---------------------------------------------

def load(path):
    spec = importlib.util.spec_from_file_location(
        f"{path.stem}_{path.parent.name[:2]}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def inputs(lab, rng, twists, done):
    """[Question] that the lab itself has, about exercises that are done."""
    file = lab.path / "viva.py"
    if not file.exists():
        return []
    found = load(file).questions(rng, twists, load(lab.path / "exam.py"))
    functions = {e.n: e.function for e in lab.exercises}
    return [Question(n, text.replace("FUNCTION", f"`{functions[n]}()`"), answer)
            for n, text, answer in found if n in done]


# ---- rule: what the seed has chosen ------------------------------------------

def rules(lab, rng, twists, done):
    """A Question about one rule of the student, where there is one."""
    found = []
    for name, values in lab.twist_values().items():
        mine = values[twists[name]]
        for value, other in values.items():
            numbers = {n for n, _ in mine.hunks + other.hunks} & done
            if value != twists[name] and numbers:
                found.append((min(numbers), name, value))
    if not found:
        return []
    n, name, value = rng.choice(found)
    values = lab.twist_values()[name]
    return [Question(
        n, f"Your rule is: \"{sentence(values[twists[name]])}\" Another "
        f"student's rule is: \"{sentence(values[value])}\" Show each line of "
        "yours that would change, and change it.",
        "in the kernel's own function the difference is\n\n```diff\n" +
        difference(lab, n, twists, twists | {name: value}) + "\n```")]


def sentence(section):
    """Of a rule; what it says of the kernel's files is for whoever reads them.
    """
    return re.sub(r" \(.*\)$", "", section.words["sentence"])


def difference(lab, n, mine, other):
    """The lines in which an exercise of the reference differs."""
    plain = lab.plain()
    old, new = (lab.exercise_texts(lab.twisted(plain, twists))[n].splitlines()
                for twists in (mine, other))
    return "\n".join(line for line in difflib.ndiff(old, new)
                     if line[0] in "-+")


# ---- line: for a person to judge ---------------------------------------------

def conditions(texts, lines, rng):
    found = [line for line in lines if CONDITION.match(line.text)]
    if not found:
        return []
    line = rng.choice(found)
    return [Question(
        line.exercise.n, f"Line {line.number} of `{line.exercise.file}`. What "
        "is true whenever the program comes to this line? Give one input for "
        "which the condition is true at once, and one for which it is false.",
        "the student names values of all variables of the line, and the "
        "function returns what the student says for both inputs.",
        excerpt(texts, line))]


# ---- mutant: one line changed ------------------------------------------------

def mutants(lines, rng):
    """[(Line, the new text of the line)] in the order in which to try them."""
    found = []
    for line in lines:
        if CHECKS.search(line.text):
            continue
        if SIMPLE.match(line.text) and not DECLARES.match(line.text):
            found.append((line, "\t;"))
        elif CONDITION.match(line.text):
            old, new = next(pair for pair in INSTEAD if pair[0] in line.text)
            found.append((line, line.text.replace(old, new, 1)))
    rng.shuffle(found)
    return found


def with_line(texts, line, new):
    changed = dict(texts)
    lines = texts[line.exercise.file].split("\n")
    lines[line.number - 1] = new
    changed[line.exercise.file] = "\n".join(lines)
    return changed


class Bench:
    """The student's tree, in which mutants are built and run."""

    def __init__(self, grader, lab):
        self.grader, self.lab = grader, lab
        self.has_host = lab.has_host

    def build(self, texts, *more):
        for path, text in texts.items():
            (self.lab.root / path).write_text(text)
        return student.make(self.lab.root,
                            "build/host/graded" if self.has_host else "all",
                            *more)

    def check(self, texts):
        """Raises Refused if the guard says no, or it does not compile."""
        worked, text = self.build(texts, "all", "guard-objects")
        if not worked:
            raise Refused("it does not compile:\n" + "\n".join(
                student.build_errors(self.lab, text)))
        refused = self.grader.check_objects(self.lab)
        if refused:
            raise Refused(refused[0])

    def run(self, exercise, pairs):
        """{pair: Outcome}"""
        host, kernel = student.places(self.lab, self.lab.root / "build")
        words = grade.word_of([exercise])
        if not host:
            return kernel.tests(pairs, *words)
        return {pair: host.one(pair, *words) for pair in pairs}

    def passing(self, exercise):
        pairs = grade.pairs_of(self.lab, exercise)[:TESTS_MAX]
        return [pair for pair, outcome in self.run(exercise, pairs).items()
                if outcome.passed]

    def question(self, texts, line, new):
        """A Question, or None where no test sees the mutant."""
        good = self.passing(line.exercise)
        if not good or not self.build(with_line(texts, line, new))[0]:
            return None
        bad = [(pair, outcome) for pair, outcome in
               self.run(line.exercise, good).items()
               if outcome.verdict not in ("pass", "skip", "none")]
        self.build(texts)
        if not bad:
            return None
        return Question(line.exercise.n, change_of(line, new) + " Which test "
                        "of this lab fails then, and why?",
                        answer_of(bad, len(good)), excerpt(texts, line))


def change_of(line, new):
    if new.strip() == ";":
        return f"Suppose line {line.number} of `{line.exercise.file}` is " \
               "left out."
    return f"Suppose line {line.number} of `{line.exercise.file}` says " \
           f"`{new.strip()}`."


def answer_of(bad, of):
    said = [f"`{'.'.join(pair)}` ({outcome.verdict}"
            f"{': ' + outcome.lines[0].lstrip('# ') if outcome.lines else ''})"
            for pair, outcome in bad[:FAILURES_SHOWN]]
    return f"{len(bad)} of the {of} tests that pass now fail then. For " \
           f"example {' and '.join(said)}."


def mutant_questions(bench, texts, lines, rng):
    for line, new in mutants(lines, rng)[:MUTANTS_MAX]:
        found = bench.question(texts, line, new)
        if found:
            return [found]
    return []


# ---- the whole ---------------------------------------------------------------

def read(lab, where, seed):
    """(path -> text, path -> text as handed out). Raises Refused."""
    if look.is_look(lab):
        raise Refused("this lab has no code to ask about")
    texts, handed, refused = courses.read_checked(lab, where, seed)
    if refused:
        raise Refused(refused[0])
    return texts, handed


def questions(lab, texts, handed, seed, bench=None):
    """[Question]; without a bench there is none about a mutant."""
    rng = random.Random(f"viva {seed} {lab.name}")
    done = set(functions_of(lab, texts))
    if not done:
        raise Refused("no exercise is done: there is nothing to ask")
    twists, lines = lab.choose_twists(seed), own_lines(lab, texts, handed)
    found = inputs(lab, rng, twists, done)
    found = rng.sample(found, min(INPUTS, len(found)))
    found += rules(lab, rng, twists, done)
    found += conditions(texts, lines, rng)
    if bench:
        bench.check(texts)
        found += mutant_questions(bench, texts, lines, rng)
    return found[:MOST]


def sheet(lab, title, found, with_answers):
    text = [f"# Lab {lab.data['number']}, {title}\n"]
    for number, question in enumerate(found, 1):
        text += question.lines(number, with_answers)
    return "\n".join(text)
