#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Prove that the documentation points at things that exist.

Ten rules:

  R1  every source file of the kernel stands in docs/reading-order.md, once
  R2  a citation `path/file.c:name` or `path/file.c:name()` in docs/ or a page
      of the root names a file of the tree, and the name stands in that file
  R3  a relative link of a Markdown file leads to a file of the tree
  R4  a page of docs/ that a source file, or a page, names as docs/page.md is
      there
  R5  docs/decisions/README.md links to every decision
  R6  docs/reading-order.md names a header before the files that include it
  R7  a path `folder/file.c` or `folder/` in docs/ or a page of the root is
      there; NAME stands for any name, and Linux's `mm/...` is Linux's
  R8  docs/week.md says how many lines each day has, to a tenth; a day has at
      most 1800, and no file is read twice
  R9  a file that a comment names by its path, or as <arch/name.h>, is there;
      what a sentence calls Linux's is Linux's
  R10 docs/messages.md has the table of all calls, as kernel/uapi/pagoda.h has
      it: `check_docs.py --calls` prints the table

USAGE  check_docs.py [--root DIR] [--calls]

Prints each breach with its place; the exit status is 1 when there is one.
"""

import argparse
import re
import sys
from collections import Counter
from itertools import zip_longest
from pathlib import Path

from measure import read_later

READING_ORDER = "docs/reading-order.md"
WEEK = "docs/week.md"
CALLS = "kernel/uapi/pagoda.h"
CALLS_PAGE = "docs/messages.md"
DAY_LINES = 1800
SOURCE_DIRS = ("boot", "arch", "lib", "mm", "kernel", "user")
SOURCE_ENDINGS = {".c", ".h", ".S"}

CITATION = re.compile(r"`([\w./-]+\.(?:c|h|S|py)):(\w+)(?:\(\))?`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PAGE = re.compile(r"\bdocs/[\w/-]+\.md\b")
PATH = re.compile(r"(?<!Linux's )`((?:boot|arch|lib|mm|kernel|user|tests|tools|"
                  r"docs)/[\w./-]*)`")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
NAMED_FILE = re.compile(
    r"(?<![\w/<.-])((?:boot|arch/i386|lib|mm|kernel|user|tests|tools)/[\w/.-]+"
    r"\.(?:c|h|S|py))\b|<(arch/\w+\.h)>")
LINUX = re.compile(r"\bLinux\b[^;]{0,160}$")
DAY = re.compile(r"## Day .*\(about ([\d,]+) lines\)")
FILE_NAME = re.compile(r"`([\w./-]+\.(?:c|h|S|ld))`")
# C(number, NAME, name, what the handle names, right) /* arguments */
CALL = re.compile(r"\tC\((\d+), (\w+), \w+, (LATE)?\(?(\w+)\)?, (\w+)\) *(.*)")
CALL_ROW = re.compile(r"^\| \d{4} \|.*", re.MULTILINE)
# What a word of PAGODA_CALLS means; the other words are types of objects.
HANDLES = {"NONE": "-", "TASK": "task or 0", "SPACE": "task's memory or 0",
           "CALLER": "reply or 0"}


def sources(root):
    for folder in SOURCE_DIRS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SOURCE_ENDINGS:
                yield path.relative_to(root).as_posix()


def documents(root):
    yield from sorted(root.glob("*.md"))
    yield from sorted((root / "docs").rglob("*.md"))


def numbered_lines(path):
    return enumerate(path.read_text().splitlines(), start=1)


def check_reading_order(root):
    """R1"""
    text = (root / READING_ORDER).read_text()
    listed = Counter(FILE_NAME.findall(text))
    for source in sources(root):
        if listed[source] != 1:
            times = listed[source] or "not"
            yield f"{source}: stands {times} times in the reading order"
    for name in listed:
        if not (root / name).exists():
            yield f"{READING_ORDER}: `{name}` does not exist"


def check_citations(root, document):
    """R2"""
    for number, line in numbered_lines(document):
        for name, symbol in CITATION.findall(line):
            where = f"{document.relative_to(root)}:{number}"
            path = root / name
            if not path.exists():
                yield f"{where}: no file {name}"
            elif not re.search(rf"\b{symbol}\b", path.read_text()):
                yield f"{where}: no '{symbol}' in {name}"


def check_links(root, document):
    """R3"""
    for number, line in numbered_lines(document):
        for target in LINK.findall(line):
            if "://" in target:
                continue
            if not (document.parent / target).exists():
                yield (f"{document.relative_to(root)}:{number}: "
                       f"link to {target} leads nowhere")


def check_named_pages(root, document):
    """R4"""
    for number, line in numbered_lines(document):
        for page in PAGE.findall(line):
            if not (root / page).exists():
                yield f"{document.relative_to(root)}:{number}: no page {page}"


def check_decisions(root):
    """R5"""
    folder = root / "docs/decisions"
    linked = set(LINK.findall((folder / "README.md").read_text()))
    for page in sorted(folder.glob("*.md")):
        if page.name != "README.md" and page.name not in linked:
            yield f"docs/decisions/README.md: no link to {page.name}"


def check_order_of_includes(root):
    """R6"""
    for _, text in read_later(root):
        yield f"{READING_ORDER}: {text}: not named before"


def check_paths(root, document):
    """R7, where R1 does not look; a word without a dot, tests/mmap, is a program of the archive."""
    if document == root / READING_ORDER:
        return
    for number, line in numbered_lines(document):
        for path in PATH.findall(line):
            path = path.partition("NAME")[0]
            last = path.rpartition("/")[2]
            named = "." in last or not last or path.startswith("tools/")
            if named and not (root / path).exists():
                yield f"{document.relative_to(root)}:{number}: no {path}"


def days(text):
    """(heading, promised number, [(line number, file)]) of each day."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("## "):
            found = DAY.match(line)
            promised = int(found[1].replace(",", "")) if found else None
            day = line, promised, []
            yield day
        elif re.match("(- |  )`", line):
            day[2].extend((number, name) for name in FILE_NAME.findall(line))


def check_week(root):
    """R8"""
    seen = set()
    page = root / WEEK
    for heading, promised, files in list(days(page.read_text())
                                         if page.exists() else ()):
        if promised is None:
            continue
        for number, name in files:
            if name in seen:
                yield f"{WEEK}:{number}: {name} was read before"
            seen.add(name)
        lines = sum(len((root / name).read_text().splitlines())
                    for _, name in files if (root / name).exists())
        if abs(lines - promised) * 10 > lines or lines > DAY_LINES:
            yield f"{WEEK}: {heading}: has {lines} lines"


def check_comments(root, source):
    """R9"""
    text = source.read_text()
    for comment in COMMENT.finditer(text):
        words = re.sub(r"\n \* *", " ", comment[0])
        for found in NAMED_FILE.finditer(words):
            name = found[1] or "arch/i386/include/" + found[2]
            if not (root / name).exists() and not LINUX.search(
                    words[:found.start()]):
                number = text.count("\n", 0, comment.start()) + 1
                yield (f"{source.relative_to(root)}:{number}: "
                       f"the comment names {name}, which is not there")


def calls(root):
    """The rows of PAGODA_CALLS: number, name, handle, right, reference, rest."""
    text = (root / CALLS).read_text().partition("#define PAGODA_CALLS(C)")[2]
    text = re.sub(r",\s*\\\n\t  (?=\w)", ", ", text.partition("\n#define ")[0])
    rows = []
    for line in text.splitlines():
        line = line.rstrip("\\").rstrip()
        call = CALL.match(line)
        if call:
            number, name, late, word, right, comment = call.groups()
            reference = "late" if late else "-" if word == "NONE" else "held"
            rows.append([number, name, HANDLES.get(word, word.lower()),
                         right.replace("NONE", "-"), reference, comment])
        elif line.startswith("\tC("):
            rows.append([f"a row that this rule cannot read: {line.strip()}"])
        elif line.startswith("\t\t") and rows:
            rows[-1][-1] += " " + re.sub(r"^\* ", "", line.strip())
    for row in rows:
        row[-1] = re.sub(r"/\*|\*/", "", row[-1]).strip()
    return rows


def check_calls(root):
    """R10"""
    if not (root / CALLS).exists():
        return
    page = (root / CALLS_PAGE).read_text()
    for call, row in zip_longest(map(call_row, calls(root)),
                                 CALL_ROW.findall(page)):
        if call != row:
            yield (f"{CALLS_PAGE}: the table of calls has {row}, and {CALLS} "
                   f"has {call}")


def call_row(call):
    cells = [re.sub(r"([*|])", r"\\\1", cell) for cell in call]
    return "| " + " | ".join(cells) + " |"


def check_all(root):
    yield from check_reading_order(root)
    for document in documents(root):
        yield from check_citations(root, document)
        yield from check_links(root, document)
        yield from check_named_pages(root, document)
        yield from check_paths(root, document)
    for source in sources(root):
        yield from check_named_pages(root, root / source)
        yield from check_comments(root, root / source)
    yield from check_decisions(root)
    yield from check_order_of_includes(root)
    yield from check_week(root)
    yield from check_calls(root)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path,
                        default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--calls", action="store_true",
                        help="print the table of R10")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    if arguments.calls:
        print(*map(call_row, calls(root)), sep="\n")
        return 0
    breaches = list(check_all(root))
    for breach in breaches:
        print(breach)
    print(f"check_docs: {len(breaches)} faults")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
