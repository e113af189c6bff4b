# SPDX-License-Identifier: MIT
"""same.py - the table of mutants that are the same program

WHAT     Each row of same.tsv is a mutant that lives and that no test could
         see, with the reason. A row names its line by the text, so it stays
         valid when lines move. A row without its line is an error.

         Five columns between tabs: file, function, line, mutant, reason.
"""
import sys
from pathlib import Path


def row(site, text):
    return site.path, site.function, *site.diff(text)


def read(path):
    """(file, function, line, mutant) -> reason"""
    found = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) != 5 or not columns[4]:
            sys.exit(f"{path}:{number}: five columns, the last one a reason")
        found[tuple(columns[:4])] = columns[4]
    return found


def stale(table, root):
    """The rows that name no mutant of their file."""
    import sites
    for path in sorted({key[0] for key in table}):
        file = Path(root, path)
        text = file.read_text() if file.exists() else ""
        known = {row(site, text) for site in sites.sites(path, text)}
        yield from (key for key in table if key[0] == path
                    and key not in known)


def check(table, root):
    gone = list(stale(table, root))
    for key in gone:
        print("same.tsv: no such mutant: " + " | ".join(key))
    if gone:
        sys.exit(1)
