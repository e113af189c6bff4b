# SPDX-License-Identifier: MIT
"""similar.py - which submissions of a class are alike

WHAT     Compares what each student has written with what each other student
         has written, and with the kernel's own functions. Prints the pairs that
         are more alike than this class makes plausible, with the lines.

         The answer is a reason to look, and no verdict: `lab viva` asks.

TERMS    own text     the bodies of the exercises, and functions that are new
         token        a word or a sign of C. A name that one can change freely
                      is `n`; a number is `0`. Names of functions of the kernel,
                      of members, of types and of constants stay
         fingerprint  the hash of GRAM tokens that follow each other. Of each
                      WINDOW hashes only the smallest one is kept, so that a
                      match of GRAM + WINDOW - 1 tokens is always found
         weight       log((1 + submissions) / submissions that have it): what
                      everybody writes says little
         likeness     weight of the shared fingerprints by the weight of all
                      fingerprints of the smaller text: 0 to 1

ALGORITHM  Comments, blanks, braces and words like `static` are no tokens. A
         function is fingerprinted alone, so the order of functions and the
         names of variables do not count. What was handed out does not count.

         The limit is what lies far outside the class: the median of all pairs
         and SPREAD times their spread (the median of the distances from it).
         With few pairs there is no such number, so the limit is never below
         LEAST; a copy of everything is always above MOST.

         Then the same for each exercise alone, for pairs that are not alike as
         a whole. A function that most of the class writes alike says nothing:
         it is left out, and so is everything in a class of less than CLASS.

SEE      Schleimer, Wilkerson, Aiken: Winnowing: Local Algorithms for Document
         Fingerprinting, SIGMOD 2003.
"""
import hashlib
import json
import math
import re
import statistics
from dataclasses import dataclass, field
from itertools import combinations

import courses
import guard
import handout
import labs
import look
import split
from split import Function

GRAM = 9
WINDOW = 4
SPREAD = 6
LEAST, MOST = 0.5, 0.9
PART, PART_PRINTS, CLASS = 0.8, 16, 5   # of one exercise
REFERENCE = "the kernel's own functions"

TOKEN = re.compile(r"""
    [A-Za-z_]\w* | \d\w* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' |
    -> | \+\+ | -- | << | >> | <= | >= | == | != | && | \|\| | [-+*/%&|^]= |
    \S
    """, re.VERBOSE)
STAYS = set("""
    auto bool break case char continue default do double else enum float for
    goto if int long return short signed sizeof struct switch typedef union
    unsigned void while NULL true false
    """.split())
NO_TOKEN = set("{ } const static inline register volatile".split())


# ---- tokens ------------------------------------------------------------------

def without_comments(text):
    """Each token keeps its line."""
    def blank(match):
        one = match.group()
        return one if one[0] in "\"'" else re.sub(r"[^\n]", " ", one)
    return split.QUOTED.sub(blank, text)


def stays(word, before, behind, own):
    """Can a student not change this name?"""
    return word in STAYS or before in (".", "->", "struct", "enum", "union") \
        or word.isupper() or word.endswith("_t") or \
        (behind == "(" and word not in own)


def tokens(text, line, own=()):
    """[(token, line)] of a text that begins in a line. `own`: the functions
    that the student has added."""
    text = without_comments(text)
    found = [(m.group(), line + text.count("\n", 0, m.start()))
             for m in TOKEN.finditer(text)]
    words = [word for word, _ in found] + [""]
    result = []
    for i, (word, at) in enumerate(found):
        if word in NO_TOKEN:
            continue
        if word[0].isalpha() or word[0] == "_":
            before = words[i - 1] if i else ""
            word = word if stays(word, before, words[i + 1], own) else "n"
        elif word[0].isdigit() or word[0] == "'":
            word = "0"
        elif word[0] == '"':
            word = '"'
        result.append((word, at))
    return result


# ---- fingerprints ------------------------------------------------------------

def grams(found):
    """[(hash, line)] of all runs of GRAM tokens."""
    result = []
    for i in range(len(found) - GRAM + 1):
        text = "\0".join(word for word, _ in found[i:i + GRAM])
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        result.append((int.from_bytes(digest, "big"), found[i][1]))
    return result


def winnow(found):
    """The smallest hash of each window; of equal ones the last."""
    kept = {}
    for i in range(max(len(found) - WINDOW + 1, min(len(found), 1))):
        window = range(i, min(i + WINDOW, len(found)))
        at = min(window, key=lambda j: (found[j][0], -j))
        kept[at] = found[at]
    return [kept[at] for at in sorted(kept)]


@dataclass
class Text:
    """What one student has written. `places`: fingerprint -> [(file, function,
    line)]."""
    id: str
    places: dict = field(default_factory=dict)
    note: str = ""

    def part(self, function):
        """What of the text stands in one function."""
        return Text(self.id, {one: at for one, at in self.places.items()
                              if any(name == function for _, name, _ in at)})

    def add(self, path, function, prints):
        for one, line in prints:
            self.places.setdefault(one, []).append((path, function, line))


def own_functions(text, handed, exercises):
    """[(name, text, line)]: bodies of exercises, and functions that are new."""
    old = {chunk.name for chunk in split.split(handed)
           if isinstance(chunk, Function)}
    for chunk in split.split(text):
        if not isinstance(chunk, Function):
            continue
        if chunk.name in exercises:
            yield chunk.name, chunk.body, chunk.body_line
        elif chunk.name not in old:
            yield chunk.name, chunk.text, chunk.line


def read_text(lab, id_, files, handed):
    """A Text of files: path -> text."""
    result, base = Text(id_), base_grams(lab, handed)
    for path, text in files.items():
        found = list(own_functions(text, handed[path], lab.of_file(path)))
        own = {name for name, _, _ in found} - set(lab.of_file(path))
        for name, body, line in found:
            prints = winnow(grams(tokens(body, line, own)))
            result.add(path, name, [one for one in prints
                                    if one[0] not in base])
    return result


def handed_out(lab):
    """path -> the text with stubs, as any student got it."""
    return handout.handed_out(lab, lab.plain())


BASES = {}


def base_grams(lab, handed):
    """The hashes of all that was handed out."""
    if lab.name not in BASES:
        BASES[lab.name] = {
            one for text in handed.values() for chunk in split.split(text)
            if isinstance(chunk, Function)
            for one, _ in grams(tokens(chunk.text, chunk.line))}
    return BASES[lab.name]


def reference(lab, handed):
    """A Text of the kernel's functions, with every value of every twist."""
    plain, result = lab.plain(), Text(REFERENCE)
    trees = [plain] + [lab.twisted(plain, {name: value})
                       for name, values in lab.twist_values().items()
                       for value in values]
    for files in trees:
        for one, places in read_text(lab, REFERENCE, files,
                                     handed).places.items():
            result.places.setdefault(one, places)
    return result


# ---- likeness ----------------------------------------------------------------

def weights(texts):
    """fingerprint -> weight"""
    seen = {}
    for text in texts:
        for one in text.places:
            seen[one] = seen.get(one, 0) + 1
    return {one: math.log((1 + len(texts)) / nr) for one, nr in seen.items()}


def likeness(a, b, weight):
    """From 0 to 1. `weight` knows the fingerprints of students only."""
    heavy = max(weight.values(), default=0)

    def sum_of(prints):
        return sum(weight.get(one, heavy) for one in prints)
    smaller = min(sum_of(a.places), sum_of(b.places))
    return sum_of(a.places.keys() & b.places.keys()) / smaller \
        if smaller else 0.0


def outside(values):
    """What lies far outside these likenesses. (1.4826: for a normal
    distribution the median of the distances is the deviation by that.)"""
    middle = statistics.median(values)
    spread = statistics.median(abs(value - middle) for value in values)
    return middle + SPREAD * 1.4826 * spread


def limit_of(values):
    return min(max(outside(values), LEAST), MOST) if values else LEAST


@dataclass(frozen=True)
class Pair:
    a: Text
    b: Text
    likeness: float

    def lines(self):
        """Where it is: a line for each function of `a` that `b` has."""
        shared, found = self.a.places.keys() & self.b.places.keys(), {}
        for one in shared:
            mine, other = self.a.places[one][0], self.b.places[one][0]
            found.setdefault((mine[:2], other[:2]), []).append(
                (mine[2], other[2]))
        for ((path, name), (_, other)), at in sorted(found.items()):
            left, right = zip(*at)
            if len(at) > 1:
                yield f"{path}: {name}() {min(left)}-{max(left)} is like " \
                      f"{other}() {min(right)}-{max(right)}"


def compare(texts, own=None):
    """([Pair] above the limit, the limit, the median), the likest first.
    `own`: the Text of the reference."""
    weight = weights(texts)
    pairs = [Pair(a, b, likeness(a, b, weight))
             for a, b in combinations(texts, 2)]
    values = [pair.likeness for pair in pairs]
    limit = limit_of(values)
    if own:
        pairs += [Pair(text, own, likeness(text, own, weight))
                  for text in texts]
    found = sorted((pair for pair in pairs if pair.likeness >= limit),
                   key=lambda pair: -pair.likeness)
    return found, limit, statistics.median(values) if values else 0.0


def compare_parts(texts, functions):
    """[(function, Pair)] of one function each."""
    found = []
    for function in functions if len(texts) >= CLASS else ():
        parts = [part for part in (text.part(function) for text in texts)
                 if len(part.places) >= PART_PRINTS]
        weight = weights(parts)
        pairs = [Pair(a, b, likeness(a, b, weight))
                 for a, b in combinations(parts, 2)]
        values = [pair.likeness for pair in pairs]
        if len(parts) >= CLASS and statistics.median(values) < LEAST:
            limit = max(outside(values), PART)
            found += [(function, pair) for pair in pairs
                      if pair.likeness >= limit]
    return found


# ---- a folder ----------------------------------------------------------------

def lab_of(root, folder, name):
    """The lab with a name, or that which the submissions name."""
    if name:
        return labs.find(root, name)
    for file in sorted(folder.glob("*.json")) + \
            sorted(folder.glob("*/submission-*.json")):
        text, refusal = guard.read_submission(file)
        try:
            return labs.find(root, str(json.loads(text)["lab"]))
        except (ValueError, KeyError, TypeError) as error:
            if refusal or error:
                continue
    raise labs.LabError(f"{folder}: nothing here names a lab: say --lab")


def read_folder(lab, folder, handed):
    """([Text], [what cannot be compared, and why])"""
    texts, notes = [], []
    for where in sorted(folder.iterdir()):
        files, refused = courses.read_texts(lab, where)
        try:
            if not refused:
                text = read_text(lab, where.stem, files, handed)
                refused = [] if text.places else ["has nothing of its own"]
        except split.SplitError as error:
            refused = [str(error)]
        if refused:
            notes.append(f"{where.stem}: {refused[0]}")
        else:
            texts.append(text)
    return texts, notes


def report(root, folder, name=None):
    """The lines to print."""
    lab = lab_of(root, folder, name)
    if look.is_look(lab):
        raise labs.LabError("this lab has no code to compare")
    handed = handed_out(lab)
    texts, notes = read_folder(lab, folder, handed)
    found, limit, middle = compare(texts, reference(lab, handed))
    yield f"lab {lab.name}: {len(texts)} submissions; the median pair is " \
          f"{middle:.0%} alike; shown are pairs from {limit:.0%}"
    for pair in found:
        yield f"{pair.likeness:4.0%}  {pair.a.id} - {pair.b.id}"
        yield from (f"      {line}" for line in pair.lines())
    if not found:
        yield "no pair is more alike than that"
    whole = {(pair.a.id, pair.b.id) for pair in found}
    for function, pair in compare_parts(
            texts, [e.function for e in lab.exercises]):
        if (pair.a.id, pair.b.id) not in whole:
            yield f"{pair.likeness:4.0%}  {pair.a.id} - {pair.b.id}, only " \
                  f"{function}()"
            yield from (f"      {line}" for line in pair.lines())
    yield from (f"not compared: {note}" for note in notes)
