# SPDX-License-Identifier: MIT
"""The table of docs/memory-map.md is the one of arch/layout.h, to the digit."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]

PROGRAM = """
#include <stdio.h>
#include <arch/fixmap.h>

kva_t high_memory = PAGE_OFFSET + LOWMEM_MAX;

int main(void)
{
#define R(name, start, end, what) \\
	printf("%s|0x%08llx|0x%08llx|%s\\n", #name, \\
	       (unsigned long long)(start), \\
	       (end) ? (unsigned long long)(end) : 1ull << 32, what);
	KVA_REGIONS(R)
#undef R
	return 0;
}
"""


def regions_of_header(tmp_path):
    """Rows of KVA_REGIONS for the largest lowmem, by the compiler."""
    source, program = tmp_path / "map.c", tmp_path / "map"
    source.write_text(PROGRAM)
    # -O1: inline functions that are not called must leave no symbol behind.
    subprocess.run(["gcc", "-std=gnu11", "-O1", f"-I{ROOT}/tests/host/include",
                    f"-I{ROOT}", f"-I{ROOT}/arch/i386/include", source,
                    "-o", program], check=True)
    done = subprocess.run([program], check=True, stdout=subprocess.PIPE,
                          text=True)
    return [line.split("|") for line in done.stdout.splitlines()]


def regions_of_page():
    text = (ROOT / "docs" / "memory-map.md").read_text()
    row = r"^\| ([A-Z_]+) \| (0x\w+) \| (0x\w+) \| (.+) \|$"
    return [list(found) for found in re.findall(row, text, re.M)]


def test_the_page_has_the_regions_of_the_header(tmp_path):
    assert regions_of_page() == regions_of_header(tmp_path)
