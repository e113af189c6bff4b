#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Set the kernel's benchmark lines beside their bounds and Linux's figures.

Reads the console output of a run with `bench` from standard input, and the
bounds from tests/bench/bounds.tsv. Prints one table; the exit status is 1 when
a bound was missed or a benchmark that has a bound gave no figure.
"""

import sys
from pathlib import Path

BOUNDS = Path(__file__).resolve().parent.parent / "tests/bench/bounds.tsv"


def read_bounds(path=BOUNDS):
    """name -> (bound or None, Linux's figure or None)"""
    bounds = {}
    for line in path.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, bound, linux = line.split("\t")
        bounds[name] = tuple(None if figure == "-" else int(figure)
                             for figure in (bound, linux))
    return bounds


def read_figures(lines):
    """name -> instructions per operation, from the console's bench lines"""
    figures = {}
    for line in lines:
        fields = line.rstrip("\r\n").split("\t")
        if len(fields) == 4 and fields[0] == "bench":
            figures[fields[1]] = int(fields[2])
    return figures


def compare(bounds, figures):
    """Rows (name, figure, bound, linux, verdict), and the names that fail."""
    rows, failed = [], []
    for name, (bound, linux) in bounds.items():
        figure = figures.get(name)
        if figure is None:
            verdict = "no figure"
        elif bound is None:
            verdict = ""
        else:
            verdict = "ok" if figure <= bound else "MISSED"
        if verdict == "MISSED" or (figure is None and bound is not None):
            failed.append(name)
        rows.append((name, figure, bound, linux, verdict))
    return rows, failed


def print_table(rows):
    print(f"{'guest instructions per operation':36}"
          f"{'Pagoda':>8}{'at most':>9}{'Linux':>9}{'ratio':>7}")
    for name, figure, bound, linux, verdict in rows:
        ratio = f"{linux / figure:.1f}x" if figure and linux else ""
        print(f"{name:36}{figure if figure is not None else '-':>8}"
              f"{bound if bound is not None else '':>9}"
              f"{linux if linux is not None else '':>9}"
              f"{ratio:>7}  {verdict}".rstrip())


def main():
    bounds = read_bounds()
    figures = read_figures(sys.stdin)
    rows, failed = compare(bounds, figures)
    print_table(rows)
    for name in figures.keys() - bounds.keys():
        print(f"{name}: no row in {BOUNDS.name}")
    if failed:
        print(f"{len(failed)} missed: {', '.join(failed)}")
        return 1
    print("all bounds held")
    return 0


if __name__ == "__main__":
    sys.exit(main())
