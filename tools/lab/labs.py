# SPDX-License-Identifier: MIT
"""labs.py - a lab as it is written down

WHAT     Reads docs/labs/NN-name/lab.json, the envelope with the reference, and
         the patches with the seeded bugs and the twists.

PICTURE  docs/labs/04-buddy-and-zones/
           lab.json        exercises, points, suites
           LAB.md          the text for students
           lab.h           constants of the twists
           counts.json     which test counts for which exercise (measure.py)
           stubs/F.c       what is handed out in place of F; without such a file
                           it is LAB_TODO() and a plain return
           bugs.patch, twists.patch
           suites/*.c, suite.c    suites that only the lab has
           peek/FILE       how these suites see static data of a FILE

         Of lab.json: `not_counted` names tests that know the kernel without
         twists ("suite.*": all of a suite); they are skipped in a tree that has
         others. `machines`: a seed chooses one (machines.py).
         `suites_see_lab_h`: the ordinary suites are compiled with lab.h.

TERMS    reference  the tree's own text of a file with exercises, with the
                    twists of a seed; in a student's tree it is in the envelope
         envelope   a text file that nobody reads by accident. It is no lock:
                    the sources of the kernel are public
"""
import base64
import hashlib
import json
import re
import textwrap
import zlib
from dataclasses import dataclass
from pathlib import Path

import patches
import split
from machines import Machine

FOLDER = Path("docs/labs")
BUG_HEAD = ("exercise", "class", "symptom", "story")
TEST = re.compile(r"^KTEST(?:_KEEPS)?\((\w+),\s*(\w+)\)", re.MULTILINE)
SUITE = re.compile(r"^SUITE\((\w+),", re.MULTILINE)
STUB_MARK = re.compile(r"\bLAB_TODO\s*\(")
TWIST_MARK = re.compile(r"\{\{twist:(\w+)\}\}")


class LabError(Exception):
    """What is wrong with a lab: for the person who writes it."""


@dataclass(frozen=True)
class Exercise:
    n: int
    function: str
    file: str
    where: tuple        # of "bench", "promoted"
    points: float = 0
    task: str = ""
    hints: tuple = ()

    @property
    def on_bench(self):
        return "bench" in self.where


@dataclass(frozen=True)
class Bug:
    n: int
    function: str
    file: str
    text: str           # the whole function, with the mistake
    head: dict


class Lab:
    """One lab. `folder` is relative to the root of the tree."""

    def __init__(self, root, folder):
        self.root, self.folder = Path(root), Path(folder)
        self.path = self.root / self.folder
        try:
            self.data = json.loads((self.path / "lab.json").read_text())
        except (OSError, ValueError) as error:
            raise LabError(f"{self.folder}/lab.json: {error}") from error
        self.name = self.data["lab"]
        self.exercises = [
            Exercise(row["n"], row["function"], row["file"],
                     tuple(row.get("where", ["bench", "promoted"])),
                     row["points"], row["task"], tuple(row["hints"]))
            for row in self.data["exercises"]]
        self.suites = self.data.get("suites", [])
        # suite -> files of which it calls bench_X(); all where it is not here.
        self.bench_of = self.data.get("bench_of", {})

    @property
    def files(self):
        """The files with exercises, in the order of the exercises."""
        return list(dict.fromkeys(e.file for e in self.exercises))

    def of_file(self, path):
        """function -> Exercise"""
        return {e.function: e for e in self.exercises if e.file == path}

    @property
    def has_host(self):
        """Can the host program run its tests?"""
        return self.data.get("host", True)

    @property
    def machine(self):
        """The machine of a student's tree; at home the first one."""
        row = self.data.get("machine") or self.data.get("machines", [{}])[0]
        return Machine(**row)

    def choose_machine(self, seed):
        """A row of `machines`, by the seed."""
        return choose(seed, f"{self.name} machine",
                      self.data.get("machines", [{}]))

    def on_bench(self, path):
        """Has the file functions for the bench?"""
        return any(e.on_bench for e in self.of_file(path).values())

    def own_suites(self):
        """The suites that only the lab has: name -> file."""
        files = sorted(self.path.glob("suites/*.c")) + \
            list(self.path.glob("suite.c"))
        return {name: file for file in files
                for name in SUITE.findall(file.read_text())}

    def check_counts(self):
        """Raises LabError if the counted tests are not those of the suites."""
        files = [self.root / f"tests/suites/{suite}.c"
                 for suite in self.suites] + list(self.own_suites().values())
        there = {".".join(pair) for file in files
                 for pair in TEST.findall(file.read_text())}
        for n, tests in self.counts().items():
            for test in set(tests) - there:
                raise LabError(f"{test} counts for exercise {n}, and there is "
                               "no such test: measure the lab again")

    def all_suites(self):
        return self.suites + list(self.own_suites())

    def counts(self):
        """exercise -> tests, as "suite.test"; empty where nobody measured."""
        counts = self.data.get("counts")
        file = self.path / "counts.json"
        if counts is None and file.exists():
            counts = json.loads(file.read_text())
        return {int(n): tests for n, tests in (counts or {}).items()}

    def plain(self):
        """file -> text as it stands in the tree."""
        return {path: (self.root / path).read_text() for path in self.files}

    def references(self):
        """file -> text: out of the envelope, or the tree's own."""
        envelope = self.path / "envelope"
        if envelope.exists():
            return open_envelope(envelope.read_text())
        return self.plain()

    def exercise_texts(self, references):
        """exercise -> the text of its function"""
        found = {path: split.functions(split.split(text))
                 for path, text in references.items()}
        try:
            return {e.n: found[e.file][e.function].text
                    for e in self.exercises}
        except KeyError as error:
            raise LabError(f"there is no function {error}()") from error

    def with_functions(self, references, texts):
        """The references with other texts for some exercises."""
        changed = dict(references)
        old = self.exercise_texts(references)
        for e in self.exercises:
            changed[e.file] = changed[e.file].replace(old[e.n], texts[e.n])
        return changed

    def stub(self, exercise, function):
        """The text that is handed out in place of a function."""
        file = self.path / "stubs" / f"{exercise.function}.c"
        if file.exists():
            return file.read_text()
        return plain_stub(exercise.n, function)

    def sections(self, name):
        file = self.path / name
        return patches.read(file.read_text(), file) if file.exists() else []

    def bugs(self, references):
        """The seeded bugs, as whole functions."""
        texts, found = self.exercise_texts(references), []
        for section in self.sections("bugs.patch"):
            missing = [w for w in BUG_HEAD if w not in section.words]
            n = int(section.words.get("exercise", 0))
            if missing or n not in texts:
                raise LabError(f"bug {section.name} lacks "
                               f"{', '.join(missing) or 'an exercise'}")
            e = next(e for e in self.exercises if e.n == n)
            text = patches.apply(section, texts, "bugs.patch")[n]
            found.append(Bug(int(section.name), e.function, e.file, text,
                             section.words))
        return found

    def second(self, references):
        """The references with the second solution's functions."""
        return self.with_functions(references, {
            e.n: (self.path / "second" / f"{e.function}.c").read_text()
            for e in self.exercises})

    def variants(self, references):
        """What is built in with LAB_BUGS=1: the seeded bugs; under other rules
        than the kernel's the functions that know one rule less."""
        file = self.path / "teeth.json"
        if not file.exists():
            return self.bugs(references)
        exercises = {e.n: e for e in self.exercises}
        return [Bug(n, exercises[row["exercise"]].function,
                    exercises[row["exercise"]].file, row["text"], row)
                for n, row in enumerate(json.loads(file.read_text()), 1)]

    # ---- twists --------------------------------------------------------------

    def twist_values(self):
        """twist -> {value: Section}, in the order of twists.patch"""
        values = {}
        for section in self.sections("twists.patch"):
            name, value = section.name.split()
            values.setdefault(name, {})[value] = section
        return values

    def choose_twists(self, seed, wishes=()):
        """twist -> value, by the seed; wishes ("half=upper") come first."""
        chosen = {}
        for name, values in self.twist_values().items():
            chosen[name] = choose(seed, f"{self.name} {name}", list(values))
        for wish in wishes:
            name, _, value = wish.partition("=")
            if value not in self.twist_values().get(name, {}):
                raise LabError(f"there is no twist {wish}")
            chosen[name] = value
        return chosen

    def plain_twists(self):
        """The values that the kernel itself has."""
        return {name: next(value for value, section in values.items()
                           if not section.hunks)
                for name, values in self.twist_values().items()}

    def twisted(self, references, twists):
        """The references as a tree with these twists has them."""
        values, texts = self.twist_values(), self.exercise_texts(references)
        for name, value in twists.items():
            texts = patches.apply(values[name][value], texts, "twists.patch")
        return self.with_functions(references, texts)

    def right_faults(self, twists):
        """How faults begin that the look from outside finds, and that these
        twists ask for."""
        values = self.twist_values()
        return tuple(values[name][value].words["fault"]
                     for name, value in twists.items()
                     if "fault" in values[name][value].words)

    def teeth(self, twists):
        """Rows {twist, exercise, text}: for each twist that is not the
        kernel's, the functions of a student who overlooks this one."""
        plain, rows = self.plain_twists(), []
        for name, value in twists.items():
            hunks = self.twist_values()[name][value].hunks
            texts = self.exercise_texts(self.twisted(
                self.plain(), twists | {name: plain[name]}))
            rows += [{"twist": name, "exercise": n, "text": texts[n]}
                     for n in dict.fromkeys(n for n, _ in hunks)]
        return rows

    def constants(self, twists):
        """The words NAME=VALUE of these twists."""
        values = self.twist_values()
        return [word for name, value in twists.items() for word in
                values[name][value].words.get("constant", "").split()]


def choose(seed, name, values):
    """One of the values, by the seed."""
    digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
    return values[int.from_bytes(digest[:8], "big") % len(values)]


def find(root, name):
    """The lab with a name ("buddy"), a number ("4") or a folder."""
    for file in sorted((Path(root) / FOLDER).glob("*/lab.json")):
        lab = Lab(root, FOLDER / file.parent.name)
        if name in (lab.name, str(lab.data["number"]), file.parent.name):
            return lab
    raise LabError(f"there is no lab \"{name}\" in {FOLDER}/")


def todo_line(chunk):
    """Line of LAB_TODO() in a function; 0: it is done."""
    found = STUB_MARK.search(split.bare(chunk.text))
    return chunk.line + chunk.text.count("\n", 0, found.start()) \
        if found else 0


def plain_stub(n, function):
    lines = [f"\tLAB_TODO({n});"]
    result = function.result
    if result.endswith("*"):
        lines.append("\treturn NULL;")
    elif result == "bool":
        lines.append("\treturn false;")
    elif result.endswith("_t") or result.startswith("struct "):
        lines.append(f"\treturn ({result}){{ 0 }};")
    elif result != "void":
        lines.append("\treturn 0;")
    return function.signature + "{\n" + "\n".join(lines) + "\n}\n"


def close_envelope(references):
    packed = zlib.compress(json.dumps(references).encode(), 9)
    return "\n".join(textwrap.wrap(base64.b64encode(packed).decode(), 76)) + \
        "\n"


def open_envelope(text):
    return json.loads(zlib.decompress(base64.b64decode(text)))


def header_with(text, constants):
    """lab.h with the values of these constants."""
    for word in constants:
        name, _, value = word.partition("=")
        text, times = re.subn(rf"(?m)^(#define {name}\s+)\S+",
                              lambda m, v=value: m[1] + v, text)
        if not times:
            raise LabError(f"lab.h does not define {name}")
    return text


def text_with(text, values, twists):
    """LAB.md with the sentences of these twists."""
    def sentence(mark):
        name = mark[1]
        if name not in twists:
            raise LabError(f"LAB.md names a twist that there is not: {name}")
        return values[name][twists[name]].words["sentence"]
    return TWIST_MARK.sub(sentence, text)
