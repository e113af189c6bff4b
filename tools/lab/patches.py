# SPDX-License-Identifier: MIT
"""patches.py - changes of exercise functions: seeded bugs and twists

WHAT     Reads bugs.patch and twists.patch of a lab, and applies their hunks to
         functions.

PICTURE  bug 7                          twist half upper
         exercise: 2                    sentence: The upper half is split on.
         class: wrong bit or mask       constant: LAB_KEEP_UPPER=1
         symptom: ...                   exercise: 1
         story: ...                     @@
         @@                             -	old line
         -	old line                +	new line
         +	new line

TERMS    hunk   old lines (a blank or `-` in column 0) that stand in the
                function exactly once, and become new ones (a blank or `+`). No
                line numbers: other parts of the function may change
         plain  a value of a twist without hunks: what the kernel itself does
         fault  a word of a twist: how a fault begins that the look from outside
                finds in every kernel with this value
"""
import re
from dataclasses import dataclass, field

HEAD = re.compile(r"(bug|twist) (.*)")
WORD = re.compile(r"([a-z]+): (.*)")


class PatchError(Exception):
    """What is wrong with a patch: for the person who writes it."""


@dataclass
class Section:
    """One bug or one value of a twist."""
    kind: str
    name: str                 # "7", or "half upper"
    line: int
    words: dict = field(default_factory=dict)
    hunks: list = field(default_factory=list)    # (exercise, [line, ...])


def read(text, where):
    """The sections of a patch file."""
    sections, inside = [], False
    for number, line in enumerate(text.splitlines(), 1):
        head, word = HEAD.fullmatch(line), WORD.fullmatch(line)
        if head:
            sections.append(Section(head[1], head[2], number))
            inside = False
        elif not sections:
            if line.strip() and not line.startswith("#"):
                raise PatchError(f"{where}:{number}: no section has begun")
        elif line.startswith("@@"):
            exercise = sections[-1].words.get("exercise")
            if exercise is None:
                raise PatchError(f"{where}:{number}: of which exercise?")
            sections[-1].hunks.append((int(exercise), []))
            inside = True
        elif inside and line[:1] in ("-", "+", " "):
            sections[-1].hunks[-1][1].append(line)
        elif word:
            sections[-1].words[word[1]] = word[2]
            inside = False
        elif line.strip():
            raise PatchError(f"{where}:{number}: cannot be read: {line}")
    return sections


def apply_hunk(text, lines, where):
    old = "".join(line[1:] + "\n" for line in lines if line[0] in " -")
    new = "".join(line[1:] + "\n" for line in lines if line[0] in " +")
    times = ("\n" + text).count("\n" + old) if old else 0
    if times != 1:
        raise PatchError(f"{where}: the old lines stand {times} times in the "
                         "function")
    return ("\n" + text).replace("\n" + old, "\n" + new)[1:]


def apply(section, texts, where):
    """Change functions by the hunks of a section; texts: exercise -> text."""
    changed = dict(texts)
    for exercise, lines in section.hunks:
        if exercise not in changed:
            raise PatchError(f"{where}:{section.line}: no exercise {exercise}")
        changed[exercise] = apply_hunk(changed[exercise], lines,
                                       f"{where}:{section.line}")
    return changed
