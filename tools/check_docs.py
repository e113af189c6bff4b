#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Prove that the documentation points at things that exist.

Five rules:

  R1  every source file of the kernel stands in docs/reading-order.md, once
  R2  a citation `path/file.c:name` or `path/file.c:name()` in docs/ or the
      README names a file of the tree, and the name stands in that file
  R3  a relative link of a Markdown file leads to a file of the tree
  R4  a page of docs/ that a source file, or a page, names as docs/page.md is
      there
  R5  docs/decisions/README.md links to every decision

Prints each breach with its place; the exit status is 1 when there is one.
"""

import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READING_ORDER = ROOT / "docs/reading-order.md"
SOURCE_DIRS = ("boot", "arch", "lib", "mm", "kernel", "user")
SOURCE_ENDINGS = {".c", ".h", ".S"}

CITATION = re.compile(r"`([\w./-]+\.(?:c|h|S|py)):(\w+)(?:\(\))?`")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PAGE = re.compile(r"\bdocs/[\w/-]+\.md\b")
FILE_NAME = re.compile(r"`([\w./-]+\.(?:c|h|S|ld))`")


def sources():
    for folder in SOURCE_DIRS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SOURCE_ENDINGS:
                yield path.relative_to(ROOT).as_posix()


def documents():
    yield ROOT / "README.md"
    yield from sorted((ROOT / "docs").rglob("*.md"))


def numbered_lines(path):
    return enumerate(path.read_text().splitlines(), start=1)


def check_reading_order():
    """R1"""
    text = READING_ORDER.read_text()
    listed = Counter(FILE_NAME.findall(text))
    for source in sources():
        if listed[source] != 1:
            times = listed[source] or "not"
            yield f"{source}: stands {times} times in the reading order"
    for name in listed:
        if not (ROOT / name).exists():
            yield f"docs/reading-order.md: `{name}` does not exist"


def check_citations(document):
    """R2"""
    for number, line in numbered_lines(document):
        for name, symbol in CITATION.findall(line):
            where = f"{document.relative_to(ROOT)}:{number}"
            path = ROOT / name
            if not path.exists():
                yield f"{where}: no file {name}"
            elif not re.search(rf"\b{symbol}\b", path.read_text()):
                yield f"{where}: no '{symbol}' in {name}"


def check_links(document):
    """R3"""
    for number, line in numbered_lines(document):
        for target in LINK.findall(line):
            if "://" in target:
                continue
            if not (document.parent / target).exists():
                yield (f"{document.relative_to(ROOT)}:{number}: "
                       f"link to {target} leads nowhere")


def check_named_pages(document):
    """R4"""
    for number, line in numbered_lines(document):
        for page in PAGE.findall(line):
            if not (ROOT / page).exists():
                yield f"{document.relative_to(ROOT)}:{number}: no page {page}"


def check_decisions():
    """R5"""
    folder = ROOT / "docs/decisions"
    linked = set(LINK.findall((folder / "README.md").read_text()))
    for page in sorted(folder.glob("*.md")):
        if page.name != "README.md" and page.name not in linked:
            yield f"docs/decisions/README.md: no link to {page.name}"


def main():
    breaches = list(check_reading_order())
    for document in documents():
        breaches += check_citations(document)
        breaches += check_links(document)
        breaches += check_named_pages(document)
    for source in sources():
        breaches += check_named_pages(ROOT / source)
    breaches += check_decisions()
    for breach in breaches:
        print(breach)
    print(f"check_docs: {len(breaches)} faults")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
