#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""measure.py - the size and shape of a tree, in numbers

WHAT    One column of numbers for each tree, so that "before" and "after" stand
        side by side. It judges nothing: the checkers do (check_style.py,
        check_layers.py, check_docs.py).

TERMS   function   from its first line, where its type and name are, to its last
                   brace
        comment    a line with a comment and no code
        room       a folder of kernel/; the files in kernel/ itself are one too
        up         an #include between two rooms against the order of the rooms.
                   The order is the one with the fewest such lines: the number
                   says how far the rooms are from having an order
        later      an #include of a file that docs/reading-order.md names only
                   in a later chapter, or later in this one
        label      B4 in the INVARIANTS of a head comment
        checked    a text begins with the label: "buddy B4: ..." anywhere, if
                   the head says INVARIANTS of buddy; "B4: ..." in its folder

USAGE   measure.py [--root DIR]... [--list]
        --list  names what the last three numbers count
"""
import argparse
import os
import re
import sys
from pathlib import Path

from check_layers import CONTRACT, includes
from check_style import C, SKIPPED, STRING, TOKENS, Source

FOLDERS = ("mm", "kernel", "arch", "lib", "boot", "user", "tests", "tools",
           "docs")
# The parts that the kernel itself is made of.
KERNEL = ("mm", "kernel", "arch", "lib", "boot")
COUNTED = C + (".S", ".ld", ".py", ".sh", ".md", ".mk", ".tsv")

ASSERTION = re.compile(r"\b(?!_Static_)\w*(?:assert\w*|caller_must)\(")
LAW = re.compile(r"\bHOLDS\w*\(")
STATION = re.compile(r"^ \* ?[A-Z][A-Z ]+\b")
HEADING = re.compile(r"^ \* ?INVARIANTS(?: of (\w+))?")
# CR0 and the like are registers of the CPU, not labels.
LABEL = re.compile(r"^ \*\s+(?!CR\d)([A-Z]{1,3}\d{1,2})\s")
CHAPTER = re.compile(r"^## ")
FILE_NAME = re.compile(r"`([\w./-]+\.(?:c|h|S|ld))`")


def is_text(path):
    """Scripts without an ending begin with #!"""
    if path.suffix in COUNTED or path.name == "Makefile":
        return True
    if path.suffix:
        return False
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


def files_of(root, folder):
    for where, folders, names in os.walk(root / folder):
        folders[:] = sorted(f for f in folders if f not in SKIPPED)
        for name in sorted(names):
            path = Path(where) / name
            if path.is_file() and is_text(path):
                yield path.relative_to(root).as_posix()


def sources(root, folders):
    """The C files below these folders, each read once."""
    return [Source(root, path) for folder in folders
            for path in files_of(root, folder) if path.endswith(C)]


def count_lines(root, folder):
    return sum(len((root / path).read_text(errors="replace").splitlines())
               for path in files_of(root, folder))


def function_lines(source):
    for first, last in source.functions():
        while first > 1 and source.code[first - 1][:1] in "{ \t":
            first -= 1
        yield last - first + 1


def lengths(parts):
    return sorted(n for source in parts for n in function_lines(source))


def at(values, share):
    """The value below which this share of the sorted values lies."""
    last = len(values) - 1
    return values[min(int(len(values) * share), last)] if values else 0


def count_matches(parts, pattern):
    """How often the pattern is in code, but not where the name is defined."""
    return sum(len(pattern.findall(line)) for source in parts
               for line in source.code if not line.startswith("#define"))


def comment_lines(source):
    """How many lines have a comment and no code."""
    marked = TOKENS.sub(
        lambda token: re.sub(r"[^\n]+", "\1", token.group())
        if token.group()[0] == "/" else token.group(), source.text)
    return sum(1 for line in marked.splitlines()
               if "\1" in line and not line.replace("\1", "").strip())


def included(root, path):
    """The files of the tree that a file includes."""
    for _, name in includes((root / path).read_text(errors="replace")):
        name = CONTRACT + name[1:-1] if name.startswith("<") else name
        if (root / name).exists():
            yield name


# ---- rooms ---------------------------------------------------------------

def room_of(path):
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else "."


def room_edges(root):
    """(from, to) -> the includes between these rooms, as (file, header)."""
    edges = {}
    for path in files_of(root, "kernel"):
        if not path.endswith(C):
            continue
        for name in included(root, path):
            ends = (room_of(path), room_of(name))
            if name.startswith("kernel/") and ends[0] != ends[1]:
                edges.setdefault(ends, []).append((path, name))
    return edges


def best_order(edges):
    """
    The rooms from the bottom up, with the fewest includes that run up: the
    cheapest way to add one room after another, for each set of rooms.
    """
    rooms = sorted({room for ends in edges for room in ends})
    best = {frozenset(): (0, ())}
    for _ in rooms:
        longer = {}
        for below, (cost, order) in sorted(best.items(), key=lambda b: b[1]):
            for room in rooms:
                if room in below:
                    continue
                up = sum(len(edges.get((room, other), ())) for other in rooms
                         if other != room and other not in below)
                found = (cost + up, order + (room,))
                key = below | {room}
                longer[key] = min(longer.get(key, found), found)
        best = longer
    return min(best.values())[1]


def upward(root):
    """The includes against the order of the rooms."""
    edges = room_edges(root)
    order = best_order(edges)
    return [f"{path}: includes {name}, up from {ends[0]} to {ends[1]}"
            for ends, lines in sorted(edges.items())
            if order.index(ends[0]) < order.index(ends[1])
            for path, name in lines]


# ---- the reading order ---------------------------------------------------

def reading_places(root):
    """Each file's (chapter, place) in docs/reading-order.md."""
    page = root / "docs/reading-order.md"
    places, chapter = {}, 0
    for line in page.read_text().splitlines() if page.exists() else []:
        chapter += bool(CHAPTER.match(line))
        for name in FILE_NAME.findall(line):
            places.setdefault(name, (chapter, len(places)))
    return places


def read_later(root):
    """Includes of files that come later: (in a later chapter?, text)."""
    places = reading_places(root)
    for path, (chapter, place) in places.items():
        if not (root / path).exists():
            continue
        for name in included(root, path):
            there = places.get(name, (0, 0))
            if there[1] > place:
                yield (there[0] > chapter,
                       f"{path}: chapter {chapter}, includes {name}, "
                       f"chapter {there[0]}")


# ---- laws ----------------------------------------------------------------

def labels(source):
    """The labels in the INVARIANTS of the file's comments: B4, buddy B4."""
    owner = None
    for line in source.raw:
        if STATION.match(line):
            heading = HEADING.match(line)
            owner = heading and (heading[1] or "")
        elif not line.startswith(" *"):
            owner = None
        found = LABEL.match(line)
        if owner is not None and found:
            yield f"{owner} {found[1]}".lstrip()


def begins(label, text):
    """Does a text begin with the label? "kmap K1, K4: ..." has two labels."""
    owner, _, number = label.rpartition(" ")
    return re.match(rf'"{owner and owner + " "}(\w+, )*{number}\b', text)


def unchecked(root, parts):
    """Laws that no text begins with."""
    everywhere = parts + sources(root, ["user", "tests"])
    texts = [(os.path.dirname(source.path), text) for source in everywhere
             for text in STRING.findall(source.text)]
    for source in parts:
        folder = os.path.dirname(source.path)
        for label in labels(source):
            if not any(begins(label, text) for where, text in texts
                       if " " in label or where == folder):
                yield f"{source.path}: {label}"


# ---- the table -----------------------------------------------------------

def rows(root):
    """(name, number) of each row, then the lists that --list names."""
    parts = {folder: sources(root, [folder]) for folder in KERNEL}
    mm = parts["mm"]
    whole = [source for folder in KERNEL for source in parts[folder]]

    for folder in FOLDERS:
        yield f"lines in {folder}/", count_lines(root, folder)
    yield ("lines in " + " ".join(f"{f}/" for f in KERNEL),
           sum(count_lines(root, folder) for folder in KERNEL))
    yield "files of C", len(whole)
    for name, some in (("mm/", mm), ("the kernel", whole)):
        lines = lengths(some)
        yield f"functions of {name}", len(lines)
        yield "    lines: median, 90 %, longest", \
            f"{at(lines, .5)} {at(lines, .9)} {at(lines, 1)}"
    lines = sum(len(source.raw) for source in mm) or 1
    asserts, laws = count_matches(mm, ASSERTION), count_matches(mm, LAW)
    yield "assertions in mm/", asserts
    yield "laws checked in mm/", laws
    yield "    both, per 1000 lines", f"{(asserts + laws) * 1000 / lines:.1f}"
    for name, some in (("mm/", mm), ("the kernel", whole)):
        lines = sum(len(source.raw) for source in some) or 1
        share = sum(comment_lines(source) for source in some) * 100 / lines
        yield f"comment lines in {name}, %", f"{share:.1f}"
    found = [label for source in whole for label in labels(source)]
    yield "laws in head comments", len(found)
    yield "    different labels", len(set(found))


def lists(root):
    whole = sources(root, KERNEL)
    later = list(read_later(root))
    yield "labels without a check", list(unchecked(root, whole))
    yield "includes up between rooms of kernel/", upward(root)
    yield "includes of a later chapter", [text for far, text in later if far]
    yield "includes of a later file", [text for _, text in later]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", action="append", type=Path)
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    roots = args.root or [Path(__file__).resolve().parent.parent]

    named = [list(lists(root)) for root in roots]
    columns = [list(rows(root)) + [(name, len(found)) for name, found in some]
               for root, some in zip(roots, named)]
    for cells in zip(*columns):
        print(f"{cells[0][0]:<44}" + "".join(f"{c[1]!s:>12}" for c in cells))
    if args.list:
        for root, some in zip(roots, named):
            for name, found in some:
                print(f"\n{root}: {name}: {len(found)}")
                print("\n".join(f"    {text}" for text in found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
