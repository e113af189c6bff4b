# SPDX-License-Identifier: MIT
"""labs.py - a lab as it is written down

WHAT     Reads docs/labs/NN-name/lab.json, the envelope with the reference, and
         the seeded bugs.

PICTURE  docs/labs/04-buddy-and-zones/
           lab.json      exercises, points, suites
           LAB.md        the text for students
           counts.json   which test counts for which exercise (measure.py)
           stubs/F.c     what is handed out in place of F; without such a file
                         it is LAB_TODO() and a plain return
           bugs/07-x.bug a seeded bug
           suites/*.c    suites that only the lab has

TERMS    reference  the tree's own text of a file with exercises; in a student's
                    tree it lies in the envelope
         envelope   a text file that nobody reads by accident. It is no lock:
                    the sources of the kernel are public
         bug        a function with a mistake: a head of "word: value" lines, an
                    empty line, then the change as a diff without line numbers:
                    the lines with a blank or `-` in column 0 stand in the
                    function once, and become those with a blank or `+`
"""
import base64
import json
import textwrap
import zlib
from dataclasses import dataclass
from pathlib import Path

import split

FOLDER = Path("docs/labs")
BUG_HEAD = ("exercise", "class", "symptom", "story")


class LabError(Exception):
    """What is wrong with a lab: for the person who writes it."""


@dataclass(frozen=True)
class Exercise:
    n: int
    function: str
    file: str
    where: tuple        # of "bench", "promoted"

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
                     tuple(row.get("where", ["bench", "promoted"])))
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

    def on_bench(self, path):
        """Has the file functions for the bench?"""
        return any(e.on_bench for e in self.of_file(path).values())

    def own_suites(self):
        """The suites that only the lab has, by name."""
        return [path.stem for path in sorted(self.path.glob("suites/*.c"))]

    def counts(self):
        """exercise -> tests, as "suite.test"; empty where nobody measured."""
        counts = self.data.get("counts")
        file = self.path / "counts.json"
        if counts is None and file.exists():
            counts = json.loads(file.read_text())
        return {int(n): tests for n, tests in (counts or {}).items()}

    def references(self):
        """file -> text: out of the envelope, or the tree's own."""
        envelope = self.path / "envelope"
        if envelope.exists():
            return open_envelope(envelope.read_text())
        return {path: (self.root / path).read_text() for path in self.files}

    def stub(self, exercise, function):
        """The text that is handed out in place of a function."""
        file = self.path / "stubs" / f"{exercise.function}.c"
        if file.exists():
            return file.read_text()
        return plain_stub(exercise.n, function)

    def bugs(self, references, folder=None):
        """The seeded bugs of a folder, by number."""
        folder = Path(folder) if folder else self.path / "bugs"
        return [read_bug(path, self, references)
                for path in sorted(folder.glob("*.bug"))]


def find(root, name):
    """The lab with a name ("buddy"), a number ("4") or a folder."""
    for file in sorted((Path(root) / FOLDER).glob("*/lab.json")):
        lab = Lab(root, FOLDER / file.parent.name)
        if name in (lab.name, str(lab.data["number"]), file.parent.name):
            return lab
    raise LabError(f"there is no lab \"{name}\" in {FOLDER}/")


def plain_stub(n, function):
    lines = [f"\tLAB_TODO({n});"]
    result = function.result
    if result.endswith("*"):
        lines.append("\treturn NULL;")
    elif result == "bool":
        lines.append("\treturn false;")
    elif result.endswith("_t"):
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


def changed(text, lines, where):
    """The text after a change, given as the lines of a diff."""
    old = "".join(line[1:] for line in lines if line[0] in " -")
    new = "".join(line[1:] for line in lines if line[0] in " +")
    if text.count(old) != 1:
        raise LabError(f"{where}: its old lines stand {text.count(old)} times "
                       "in the function")
    return text.replace(old, new)


def read_bug(path, lab, references):
    head, _, diff = path.read_text().partition("\n\n")
    head = dict(line.split(": ", 1) for line in head.splitlines())
    missing = [word for word in BUG_HEAD if word not in head]
    if missing:
        raise LabError(f"{path}: its head lacks {', '.join(missing)}")
    exercise = next(e for e in lab.exercises if e.n == int(head["exercise"]))
    functions = split.functions(split.split(references[exercise.file]))
    text = functions[exercise.function].text
    for change in diff.split("\n\n"):
        lines = [line or " \n" for line in change.strip("\n").splitlines(True)]
        lines = [line if line.endswith("\n") else line + "\n" for line in lines]
        text = changed(text, lines, path)
    return Bug(int(path.name.split("-")[0]), exercise.function, exercise.file,
               text, head)
