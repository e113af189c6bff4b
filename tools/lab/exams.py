# SPDX-License-Identifier: MIT
"""exams.py - a run with a secret seed, marked outside the kernel

WHAT     The program prints data: which frame, which slot, which entry, for
         several hundred random operations. The lab's model, in Python and in
         this process, gives the lines that are right. No verdict of the
         program is read (rule G4 of guard.py).

TERMS    words   what the counted tests said of an exercise
         lied    the words say that an exercise is right, and the data say that
                 it is not

ALGORITHM  With all exercises of a submission together first. If one line
         differs, each exercise runs alone, with the reference for the others.
"""
import importlib.util
from dataclasses import dataclass

LINE = "exam\t"


@dataclass(frozen=True)
class Difference:
    """The first line that is not the model's."""
    number: int
    expected: str
    came: str

    def text(self):
        return f"operation {self.number}: expected `{self.expected}`, " \
               f"came `{self.came}`"


def load_model(lab):
    """model(seed, twists) of a lab; None where it has no exam."""
    file = lab.path / "exam.py"
    if not file.exists():
        return None
    spec = importlib.util.spec_from_file_location(f"exam_{lab.name}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.model


def data_lines(text):
    return [line for line in text.replace("\r", "").splitlines()
            if line.startswith(LINE)]


def compare(came, expected):
    """The first Difference of two lists of lines; None: they are equal."""
    for i, line in enumerate(expected):
        if i >= len(came):
            return Difference(i, line, "nothing more")
        if came[i] != line:
            return Difference(i, line, came[i])
    if len(came) > len(expected):
        return Difference(len(expected), "nothing more", came[len(expected)])
    return None


class Exam:
    """The exam of a lab, with one secret seed."""

    def __init__(self, lab, seed, twists, place=None):
        self.suite, self.place, self.seed = f"exam_{lab.name}", place, seed
        self.model = load_model(lab)
        self.expected = self.model(seed, twists) if self.model else []

    def differs(self, words):
        """The first Difference of a run with these words; None: none."""
        return self.difference(self.place.say(
            [self.suite], *words, f"seed={self.seed}")[1])

    def difference(self, text):
        return compare(data_lines(text), self.expected)

    def judge(self, marks, word_of):
        """Sets `lied` of the marks that are right by their words only. Returns
        {exercise number: Difference}."""
        right, found = [mark for mark in marks if mark.right], {}
        if not self.model or not right or \
                not self.differs(word_of([mark.exercise for mark in right])):
            return found
        for mark in right:
            difference = self.differs(word_of([mark.exercise]))
            if difference:
                mark.lied = True
                found[mark.exercise.n] = difference
        if not found:               # only together: nobody knows whose it is
            for mark in right:
                mark.lied = True
        return found
