#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""compile_commands.py - how each file is compiled, for editors and clangd

WHAT    Reads what `make -nB V=1` would do, and writes one entry for each C
        file. lib/ and mm/ are compiled several times: for the kernel, for the
        boot world, for user mode, for the host. The entry has the kernel's
        command if there is one, or else the first in this order.

USAGE   make -nB V=1 all host | compile_commands.py > compile_commands.json
        `make compile_commands.json` does it.
"""
import json
import os
import re
import shlex
import sys

COMPILES = re.compile(r" -c (\S+\.c) -o (\S+)$")
# How an object's path begins, below the build folder.
PLACES = re.compile(r"(?:^|/)(bootunit|user|host)/")
ORDER = [None, "bootunit", "user", "host"]


def entries(lines):
    """{file: (rank, entry)} of the best command for each file."""
    best = {}
    for line in lines:
        found = COMPILES.search(line)
        # Only a shell could run this line; the file has another command.
        if not found or "$(" in line:
            continue
        file, output = found.groups()
        place = PLACES.search(output)
        rank = ORDER.index(place and place[1])
        words = shlex.split(line)
        if file not in best or rank < best[file][0]:
            best[file] = rank, {"directory": os.getcwd(), "file": file,
                                "output": output, "arguments": words}
    return best


def main():
    best = entries(sys.stdin.read().splitlines())
    if not best:
        sys.exit("compile_commands: no command that compiles C came in")
    json.dump([best[file][1] for file in sorted(best)], sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
