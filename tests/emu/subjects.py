# SPDX-License-Identifier: MIT
"""subjects.py - what there is to test, and what of it belongs to a subject

WHAT     Knows the suites of the source tree and where each runs. Says what
         `make test T=SUBJECT` selects, in words, and the suites' names as lists
         for the two programs that run them.

TERMS    subject  one word of the name of a suite (dma_sg: dma, sg), of a test
                  file (test_gdb.py: gdb), of a program of tests/user/, or the
                  whole of such a name
         words    a name cut at everything that is no letter and no digit

USAGE    subjects.py SUBJECT    what it selects; status 2 and the list of
                                subjects when there is no such subject
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUITE_LINE = re.compile(r"^SUITE\((\w+),", re.MULTILINE)
USAGE_ERROR = 2


def source_suites():
    """Names of all suites in the source tree."""
    names = set()
    for path in (ROOT / "tests" / "suites").glob("*.c"):
        found = SUITE_LINE.findall(path.read_text())
        assert len(found) == 1, f"{path}: one SUITE() line, not {found}"
        names.add(found[0])
    return names


def host_only():
    """Suites about what only the host program simulates."""
    folder = ROOT / "tests" / "host"
    return {name for path in folder.glob("*.c")
            for name in SUITE_LINE.findall(path.read_text())}


def host_skipped():
    """Suites that the Makefile leaves out of the host program."""
    text = (ROOT / "Makefile").read_text()
    found = re.search(r"^HOST_SKIP\s*:=((?:.*\\\n)*.*)$", text, re.MULTILINE)
    return set(found.group(1).replace("\\\n", " ").split())


def host_suites():
    return source_suites() - host_skipped() | host_only()


def test_files():
    """What each file of tests is about: test_gdb.py is about gdb."""
    return {path.stem[len("test_"):]
            for path in (ROOT / "tests" / "emu").glob("test_*.py")}


def user_programs():
    return {path.stem for path in (ROOT / "tests" / "user").glob("*.c")}


def words(name):
    return re.findall(r"[A-Za-z0-9]+", name)


def is_about(name, subject):
    """Do the words of the subject stand in the name, side by side?"""
    wanted, there = words(subject), words(name)
    return bool(wanted) and any(there[i:i + len(wanted)] == wanted
                                for i in range(len(there)))


def about(names, subject):
    return sorted(name for name in names if is_about(name, subject))


def selection(subject):
    """(kind, names) of all that the subject selects by name."""
    return [("suites in the kernel", about(source_suites(), subject)),
            ("suites on the host", about(host_suites(), subject)),
            ("programs in ring 3", about(user_programs(), subject)),
            ("files of tests", about(test_files(), subject))]


def explain(subject):
    """Print what the subject selects; is there any?"""
    rows = selection(subject)
    if not any(names for _, names in rows):
        print(f"test: no subject is called '{subject}'. There are the words of"
              " these names:", file=sys.stderr)
        for kind, names in (("suites", source_suites() | host_only()),
                            ("programs", user_programs()),
                            ("files", test_files())):
            print(f"  {kind:9}" + " ".join(sorted(names)), file=sys.stderr)
        return False
    for kind, names in rows:
        print(f"test: {subject}: {kind}: {' '.join(names) or 'none'}")
    print(f"test: {subject}: and each test of pytest whose name has the word",
          flush=True)
    return True


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} SUBJECT")
    sys.exit(0 if explain(sys.argv[1]) else USAGE_ERROR)
