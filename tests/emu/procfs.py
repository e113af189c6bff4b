# SPDX-License-Identifier: MIT
"""procfs.py - parsers of Linux's /proc, strict about every line

WHAT    They must read Linux's own files too; tests/emu/test_proc_formats.py
        tries both. A line that they do not know is an assertion.
"""

import re


def meminfo(text):
    rows = {}
    for line in text.strip().splitlines():
        row = re.fullmatch(r"(\S+):\s+(\d+)( kB)?", line)
        assert row, line
        rows[row[1]] = int(row[2])
    return rows


def buddyinfo(text):
    zones = {}
    for line in text.strip().splitlines():
        row = re.fullmatch(r"Node (\d+), zone +(\w+) ((?: +\d+)+) ?",
                           line)
        assert row, line
        zones[row[1], row[2]] = [int(n) for n in row[3].split()]
    return zones


def zoneinfo(text):
    zones, zone = {}, None
    for line in text.strip("\n").splitlines():
        head = re.fullmatch(r"Node (\d+), zone +(\w+)", line)
        if head:
            zone = zones.setdefault((head[1], head[2]), {})
            continue
        row = re.fullmatch(r" +(?:pages )?([\w-]+):? +(\d+|\(.*\))", line)
        if row:
            zone.setdefault(row[1], row[2])
        else:
            assert re.fullmatch(r"  per-node stats|  pagesets|"
                                r"  vm stats threshold: \d+|"
                                r" +cpu: \d+", line), line
    return zones


SLAB = re.compile(r"(\S+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) : tunables +(\d+)"
                  r" +(\d+) +(\d+) : slabdata +(\d+) +(\d+) +(\d+)")


def slabinfo(text):
    lines = text.strip().splitlines()
    assert lines[0] == "slabinfo - version: 2.1"
    assert lines[1].startswith("# name            <active_objs> <num_objs> "
                               "<objsize> <objperslab> <pagesperslab>")
    rows = [SLAB.fullmatch(line) for line in lines[2:]]
    assert all(rows), lines
    return {row[1]: [int(n) for n in row.groups()[1:]] for row in rows}


def vmallocinfo(text):
    areas = []
    for line in text.strip().splitlines():
        row = re.match(r"0x([0-9a-f]+)-0x([0-9a-f]+) +(\d+) (\S+)", line)
        assert row, line
        areas.append((int(row[1], 16), int(row[2], 16), int(row[3]), row[4]))
    return areas


def iomem(text):
    """Checks that lines nest. Returns: (depth, start, end, name) of each."""
    rows, outer = [], []
    for line in text.strip("\n").splitlines():
        row = re.fullmatch(r"( *)([0-9a-f]{8,})-([0-9a-f]{8,}) : (.+)", line)
        assert row, line
        depth, start, end = len(row[1]) // 2, int(row[2], 16), int(row[3], 16)
        del outer[depth:]
        assert len(outer) == depth, line
        assert all(a <= start <= end <= b for a, b in outer) or end == 0, line
        outer.append((start, end))
        rows.append((depth, start, end, row[4]))
    return rows
