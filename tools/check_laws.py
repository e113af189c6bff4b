#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_laws.py - a law is what is checked; the rest are rules

WHAT    The head of a file numbers what is always true, under one of two
        headings. Each entry has a label of its own in the whole tree: a name
        and a number, "buddy B4".

            INVARIANTS of buddy     laws: a function checks them
            RULES of pin            what no function can check

        The function that checks a law returns a text that begins with the
        label, HOLDS(..., "buddy B4: two buddies are never both free").

        Six things must be true:
          1  a heading says whose laws or rules they are, and INVARIANTS has
             laws, or names another file that has them
          2  a label stands in one head
          3  each law has the text of a check
          4  the text of a check, or of a test, names a law that is there
          5  a label in a comment or a document names a law or rule that is
             there
          6  each function that checks, x_check(), is called in the kernel, by
             another one or through the table of kernel/trial/laws.h

TERMS   head   the first comment of a file
        text   a string in the source

USAGE   check_laws.py [--root DIR] [--count]
        Exit status 1 and one line per fault, "file:line: what is wrong".
        --count: laws, rules and texts of each folder.
"""
import argparse
import collections
import os
import re
import sys

FOLDERS = ("arch", "boot", "kernel", "lib", "mm", "tests", "user")
ENDINGS = (".c", ".h", ".S")
MORE = ("linker.ld", "tools/check_image.py", "README.md")

HEAD = re.compile(r"/\*\n.*?\*/", re.DOTALL)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
HEADING = re.compile(r"^ \* (INVARIANTS|RULES)\b(?: of (\w+))?(.*)$")
ENTRY = re.compile(r"^ \* {10}([A-Z]{1,2}\d+) +\S")
OTHER_HEADING = re.compile(r"^ \* [A-Z]{2}")
FILE_NAME = re.compile(r"\b[\w/]+\.[chS]\b")

CHECKER = re.compile(r"^const char \*(\w+_check)\(", re.MULTILINE)
# They check one object: suites call them. vm_check() does what mm_check() does.
OF_ONE = {"line_check", "mempool_check", "mm_check"}

NUMBERS = r"[A-Z]{1,2}\d+(?:, [A-Z]{1,2}\d+)*"
TEXT = re.compile(r'"([a-z_]+ [A-Z]{1,2}\d+)(: [^"]*)?"')
NAKED = re.compile(r'"[A-Z]{1,2}\d+: ')
HOLDS = re.compile(r"\bHOLDS\(")
NAMED = re.compile(rf"\b([a-z_]+) ({NUMBERS})\b")

Entry = collections.namedtuple("Entry", "kind path line")


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def files(root):
    for folder in FOLDERS:
        for where, _, names in sorted(os.walk(os.path.join(root, folder))):
            for name in sorted(names):
                if name.endswith(ENDINGS):
                    yield os.path.relpath(os.path.join(where, name), root)
    for folder, _, names in sorted(os.walk(os.path.join(root, "docs"))):
        for name in sorted(names):
            if name.endswith(".md"):
                yield os.path.relpath(os.path.join(folder, name), root)
    for name in MORE:
        if os.path.exists(os.path.join(root, name)):
            yield name


class Tree:
    """What all the heads and texts say, and what is wrong with them."""

    def __init__(self, root):
        self.root = root
        self.entries = {}       # "buddy B4" -> Entry
        self.checks = {}        # "buddy B4" -> the first check's place
        self.texts = []         # (path, line, label, is it a check?)
        self.faults = []
        self.contents = {}
        for path in files(root):
            with open(os.path.join(root, path), encoding="utf-8") as file:
                self.contents[path] = file.read()

    def fault(self, path, line, what):
        self.faults.append(f"{path}:{line}: {what}")

    # ---- heads ----------------------------------------------------------

    def read_head(self, path, text):
        comment = HEAD.search(text)
        if not comment:
            return
        first = line_of(text, comment.start())
        section = None
        for line, words in enumerate(comment[0].splitlines(), first):
            heading = HEADING.match(words)
            if heading:
                self.end_section(path, section)
                section = [line, heading, 0]
            elif OTHER_HEADING.match(words):
                self.end_section(path, section)
                section = None
            elif section and ENTRY.match(words):
                section[2] += 1
                self.add(path, line, section[1], ENTRY.match(words)[1])
        self.end_section(path, section)

    def end_section(self, path, section):
        """Fault 1"""
        if not section:
            return
        line, heading, entries = section
        kind, subject, rest = heading.groups()
        if not subject and (entries or kind == "INVARIANTS"):
            self.fault(path, line, f"{kind} of whom?")
        elif kind == "INVARIANTS" and not entries and \
                not self.names_a_file(path, rest):
            self.fault(path, line, "INVARIANTS without a law, or the file "
                       "that has them: call them RULES")

    def names_a_file(self, path, words):
        """Do the words name a file of the same folder?"""
        name = FILE_NAME.search(words)
        return name and os.path.join(os.path.dirname(path),
                                     name[0]) in self.contents

    def add(self, path, line, heading, number):
        """Fault 2"""
        kind, subject, _ = heading.groups()
        if not subject:
            return      # fault 1 says so
        label = f"{subject} {number}"
        if label in self.entries:
            there = self.entries[label]
            self.fault(path, line, f"{label} stands in "
                       f"{there.path}:{there.line} too")
            return
        self.entries[label] = Entry("law" if kind == "INVARIANTS" else "rule",
                                    path, line)

    # ---- texts ----------------------------------------------------------

    def read_texts(self, path, text):
        """Fault 4, a part: a text has a number, but not the name before it"""
        code = blank_comments(text)
        for found in NAKED.finditer(code):
            self.fault(path, line_of(code, found.start()),
                       f"whose law is {found[0][1:-2]}?")
        for found in TEXT.finditer(code):
            in_test = path.startswith("tests/")
            checks = found[2] and (not in_test or
                                   in_holds(code, found.start()))
            self.texts.append((path, line_of(code, found.start()), found[1],
                               checks))

    def compare(self):
        """Faults 3 and 4"""
        subjects = {label.split()[0] for label in self.entries}
        checked = set()
        for path, line, label, checks in self.texts:
            entry = self.entries.get(label)
            if checks and not entry:
                self.fault(path, line, f"no head has {label}")
            elif checks and entry.kind == "rule":
                self.fault(path, line, f"{label} is a rule, and checked: "
                           "call it a law")
            elif not entry and label.split()[0] in subjects:
                self.fault(path, line, f"no head has {label}")
            if checks:
                checked.add(label)
        for label, entry in self.entries.items():
            if entry.kind == "law" and label not in checked:
                self.fault(entry.path, entry.line,
                           f"{label} is checked nowhere: call it a rule")
        return subjects

    def compare_names(self, subjects):
        """Fault 5"""
        for path, text in self.contents.items():
            prose = text if path.endswith(".md") else keep_comments(text)
            for found in NAMED.finditer(prose):
                if found[1] not in subjects:
                    continue
                for number in found[2].split(", "):
                    if f"{found[1]} {number}" not in self.entries:
                        self.fault(path, line_of(prose, found.start()),
                                   f"no head has {found[1]} {number}")

    def compare_checkers(self):
        """Fault 6"""
        kernel = {path: blank_comments(text)
                  for path, text in self.contents.items()
                  if path.endswith((".c", ".h")) and
                  not path.startswith(("tests/", "user/"))}
        code = "\n".join(kernel.values())
        for path, text in kernel.items():
            for found in CHECKER.finditer(text):
                name = found[1]
                if path.endswith(".c") and name not in OF_ONE and \
                        not re.search(rf"(?<!const char \*)\b{name}\b", code):
                    self.fault(path, line_of(text, found.start()),
                               f"nobody asks {name}()")

    def check(self):
        for path, text in self.contents.items():
            if not path.endswith((".md", ".py")):
                self.read_head(path, text)
            if not path.endswith(".md"):
                self.read_texts(path, text)
        self.compare_names(self.compare())
        self.compare_checkers()
        return self.faults


def in_holds(code, at):
    """Does the statement in which the text stands begin with HOLDS( ?"""
    start = max(code.rfind(";", 0, at), code.rfind("{", 0, at),
                code.rfind("}", 0, at))
    return bool(HOLDS.search(code, start + 1, at))


def blank_comments(text):
    return COMMENT.sub(lambda c: re.sub(r"[^\n]", " ", c[0]), text)


def keep_comments(text):
    """The text with all but its comments blanked."""
    kept, at = [], 0
    for comment in COMMENT.finditer(text):
        kept.append(re.sub(r"[^\n]", " ", text[at:comment.start()]))
        kept.append(comment[0])
        at = comment.end()
    return "".join(kept)


def count(tree):
    """Laws, rules and texts of checks, of each folder."""
    counts = collections.defaultdict(lambda: [0, 0, 0])
    for entry in tree.entries.values():
        counts[entry.path.split("/")[0]][entry.kind == "rule"] += 1
    for path, _, _, checks in tree.texts:
        counts[path.split("/")[0]][2] += bool(checks)
    print(f"{'folder':12} {'laws':>6} {'rules':>6} {'checks':>7}")
    for folder, (laws, rules, texts) in sorted(counts.items()):
        print(f"{folder:12} {laws:6} {rules:6} {texts:7}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--root", default=os.path.join(
        os.path.dirname(os.path.abspath(__file__)), ".."))
    parser.add_argument("--count", action="store_true")
    options = parser.parse_args()
    tree = Tree(options.root)
    faults = tree.check()
    for fault in faults:
        print(fault)
    if options.count:
        count(tree)
    kinds = collections.Counter(e.kind for e in tree.entries.values())
    print(f"check_laws: {kinds['law']} laws, {kinds['rule']} rules, "
          f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
