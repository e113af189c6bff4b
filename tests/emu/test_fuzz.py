# SPDX-License-Identifier: MIT
"""A million spoilt ACPI tables, under AddressSanitizer and UBSan, and proof
that they get as far as the code that they are for."""

import re
import subprocess

import pytest

from machine import BUILD, limit

PROGRAM = BUILD / "host" / "acpi_fuzz"
INPUTS = 1_000_000


def fuzz(*arguments):
    assert PROGRAM.exists(), "no fuzzer: run `make host` first"
    return subprocess.run([PROGRAM, *map(str, arguments)], text=True,
                          capture_output=True, check=False,
                          timeout=limit("host"))


def test_parsers_survive_a_million_inputs():
    done = fuzz(INPUTS, 1)
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-4000:]
    assert f"acpi_fuzz: {INPUTS} inputs, seed 1: " in done.stdout
    seen = {name: int(n) for n, name in re.findall(
        r"(\d+) (with an RSDP|MADTs|I/O APICs|FADTs|sleep types|DMARs|units|"
        r"scopes)", done.stdout)}
    # Hardly one of a million would get so far by its checksums alone.
    assert len(seen) == 8 and min(seen.values()) > INPUTS // 20, seen


@pytest.mark.parametrize("seed", [2, 3])
def test_an_input_can_be_run_again(seed):
    """It depends on the seed and its number, not on those before it."""
    alone = fuzz(1, seed, 777)
    assert alone.returncode == 0
    assert alone.stdout == fuzz(1, seed, 777).stdout
    sums = [int(re.search(r"(\d+) lines", fuzz(*words).stdout)[1])
            for words in ((10, seed, 770), (7, seed, 770), (3, seed, 777))]
    assert sums[0] == sums[1] + sums[2]
