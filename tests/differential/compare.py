#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""compare.py - memdiff under Linux and under Pagoda, line by line

WHAT    Runs the same sequences of memory calls in both and demands equal logs.
        First only digests are compared, one a sequence; where two differ, that
        sequence runs again in full, and its first differing line is shown.

TERMS   reference  this host's Linux, with a user space of 3 GiB and without
                   random addresses (setarch i686 -3 -R); where it runs no
                   32-bit programs, or not so: what a Linux that does has
                   recorded in recorded.tsv
        accepted   a pair of lines that may differ, by a rule of accepted.md;
                   nothing else may

USAGE   compare.py [--first N] [--count N]     compare
        compare.py --record                    write recorded.tsv
SEE     memdiff.c; accepted.md
"""
import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "emu"))

import machine  # noqa: E402  (needs the path above)

sys.path.insert(0, str(machine.ROOT / "tools"))

from make_archive import loaded  # noqa: E402  (the same)

PROGRAM = "tests/memdiff"
BINARY = machine.BUILD / "user" / PROGRAM
RECORDED = HERE / "recorded.tsv"
ACCEPTED = HERE / "accepted.md"
NATIVE = ["setarch", "i686", "-3", "-R"]

# In CI: so many sequences, in runs of so many.
FIRST, COUNT, BLOCK = 1, 10000, 2500
# One line of recorded.tsv stands for so many.
RECORD_BLOCK = 100
SHOWN = 10

DIGEST = re.compile(r"~seq (\d+) ([0-9a-f]{16})$")
END = re.compile(r"~end \d+ ([0-9a-f]{16})$")
ROW = re.compile(r"\|\s*(\w+)\s*\|\s*`([^`]+)`\s*\|\s*`([^`]+)`\s*\|.*\|")


# ---- accepted differences ----------------------------------------------------

@dataclass
class Rule:
    name: str
    linux: str      # regular expression for Linux's line
    pagoda: str     # the same for Pagoda's, \1 ... from Linux's

    def allows(self, linux, pagoda):
        found = re.fullmatch(self.linux, linux)
        if not found:
            return False
        expected = self.pagoda
        for number, text in enumerate(found.groups(), 1):
            expected = expected.replace(f"\\{number}", re.escape(text))
        return re.fullmatch(expected, pagoda) is not None


def accepted_rules(text=None):
    if text is None:
        text = ACCEPTED.read_text()
    rows = [ROW.fullmatch(line.strip()) for line in text.splitlines()]
    return [Rule(*row.groups()) for row in rows if row]


# ---- running -----------------------------------------------------------------

def own_lines(text):
    """memdiff's lines begin with ~; a kernel may print others."""
    return [line for line in text.splitlines() if line.startswith("~")]


def run_native(first, count, *words):
    done = subprocess.run([*NATIVE, str(BINARY), str(first), str(count),
                           *words], capture_output=True, text=True,
                          check=True, timeout=machine.limit("program"))
    return own_lines(done.stdout)


def native_works():
    """Does this host run 32-bit programs, with 3 GiB for them?"""
    if not shutil.which("setarch"):
        return False
    try:
        return run_native(1, 1)[-1] == "~done 1"
    except (OSError, subprocess.SubprocessError):
        return False


def run_pagoda(first, count, *words):
    program = ",".join([PROGRAM, str(first), str(count), *words])
    done = machine.run(machine.Shape("512M", "max"), f"program={program}",
                       "program", archive=True)
    lines = own_lines(done.text)
    assert done.status == 33 and lines[-1] == f"~done {count}", \
        f"memdiff did not end: status {done.status}\n{done.text[-2000:]}"
    return lines


def digests(lines):
    """seed -> digest; a sequence that died has its text instead."""
    result = {}
    for line in lines[:-1]:
        seed = int(line.split()[1])
        found = DIGEST.match(line)
        result[seed] = found.group(2) if found else line
    return result


# ---- comparing ---------------------------------------------------------------

def first_difference(linux, pagoda, rules, used):
    """None, or a text. Rules that were needed go into `used`."""
    for number, (left, right) in enumerate(zip(linux, pagoda)):
        if left == right:
            continue
        if left.startswith("~end ") and right.startswith("~end "):
            continue    # the digest, of what has been compared
        names = [rule.name for rule in rules if rule.allows(left, right)]
        if not names:
            before = "".join(f"    {line}\n" for line in
                             linux[max(0, number - 5):number])
            return f"{before}  - {left}\n  + {right}"
        used.add(names[0])
    if len(linux) != len(pagoda):
        return f"{len(linux)} lines under Linux, {len(pagoda)} under Pagoda"
    return None


def unsteady(before, logs):
    """None, or who had another log of the same sequence a moment ago. Such a
    difference must not pass only because it does not come again."""
    for name, digest, log in zip(("Linux", "Pagoda"), before, logs):
        again = END.match(log[-2])
        if not again or again.group(1) != digest:
            return f"    {name}'s digest was {digest}, and now: {log[-2]}"
    return None


def compare_in_full(seed, before, rules, used):
    """before: the digests that differ."""
    logs = (run_native(seed, 1, "full"), run_pagoda(seed, 1, "full"))
    return unsteady(before, logs) or first_difference(*logs, rules, used)


def differing(linux, pagoda):
    return [seed for seed in linux if linux[seed] != pagoda.get(seed)]


def check_same_program():
    assert loaded(BINARY.read_bytes()) in machine.ARCHIVE.read_bytes(), \
        "the boot archive holds another memdiff: run `make`"


def compare_native(first, count):
    """What is unexplained, one text a sequence; and the rules that were used."""
    rules, used, faults = accepted_rules(), set(), []
    check_same_program()
    linux = digests(run_native(first, count))
    pagoda = digests(run_pagoda(first, count))
    for seed in differing(linux, pagoda):
        why = compare_in_full(seed, (linux[seed], pagoda.get(seed)), rules,
                              used)
        if why:
            faults.append(f"sequence {seed} (memdiff {seed} 1 full), "
                          f"- Linux, + Pagoda:\n{why}")
        if len(faults) == SHOWN:
            faults.append("and more")
            break
    return faults, used


# ---- what another Linux has recorded -----------------------------------------

def block_digest(by_seed, first, skipped):
    text = "".join(f"{seed} {by_seed[seed]}\n"
                   for seed in range(first, first + RECORD_BLOCK)
                   if seed not in skipped)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def read_record():
    """(first of a block -> digest, seeds with an accepted difference)"""
    blocks, skipped = {}, set()
    for line in RECORDED.read_text().splitlines():
        fields = line.split("\t")
        if fields[0] == "except":
            skipped.add(int(fields[1]))
        elif not line.startswith("#"):
            blocks[int(fields[0])] = fields[1]
    return blocks, skipped


def compare_recorded(first, count):
    blocks, skipped = read_record()
    pagoda = digests(run_pagoda(first, count))
    faults = []
    for at in range(first, first + count, RECORD_BLOCK):
        if blocks.get(at) != block_digest(pagoda, at, skipped):
            faults.append(f"sequences {at} to {at + RECORD_BLOCK - 1} differ "
                          "from what Linux has recorded; a host that runs "
                          "32-bit programs can say where")
    return faults, set()


def record_text(linux, skipped):
    lines = ["# first of a hundred sequences, digest of their digests; written",
             "# by compare.py --record under Linux. except: has an accepted",
             "# difference."]
    lines += [f"except\t{seed}" for seed in sorted(skipped)]
    lines += [f"{at}\t{block_digest(linux, at, skipped)}"
              for at in range(FIRST, FIRST + COUNT, RECORD_BLOCK)]
    return "\n".join(lines) + "\n"


def record():
    linux = digests(run_native(FIRST, COUNT))
    skipped = set(differing(linux, digests(run_pagoda(FIRST, COUNT))))
    RECORDED.write_text(record_text(linux, skipped))
    print(f"{COUNT} sequences recorded, {len(skipped)} of them excepted")


def compare(first, count):
    if native_works():
        return compare_native(first, count)
    return compare_recorded(first, count)


def main():
    parser = argparse.ArgumentParser(description="memdiff, here and there")
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    if options.record:
        record()
        return 0
    failed = False
    for first in range(options.first, options.first + options.count, BLOCK):
        count = min(BLOCK, options.first + options.count - first)
        faults, used = compare(first, count)
        print(f"{first} .. {first + count - 1}: {len(faults)} unexplained, "
              f"accepted by {' '.join(sorted(used)) or 'no rule'}")
        print("\n".join(faults))
        failed |= bool(faults)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
