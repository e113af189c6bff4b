# SPDX-License-Identifier: MIT
"""How long the start takes, counted in guest instructions, and that such
counts repeat. Under icount a tick of the time-stamp counter is exactly one
instruction, so these figures do not depend on the machine that tests."""

import os
import re
import subprocess
import sys

import pytest

from machine import ICOUNT, ROOT, Shape, run

BOOT_LINE = re.compile(r"# pagoda: boot: (\d+) cycles since reset, "
                       r"(\d+) in the kernel")


def boot_cycles(mem):
    """Instructions from reset to the first test, the firmware's included."""
    shape = Shape(mem, "max", extra=ICOUNT)
    text = run(shape, "").text
    found = BOOT_LINE.search(text)
    assert found, text
    return int(found.group(1)), int(found.group(2))


def test_boot_at_128m_takes_less_than_50_million(kernel):
    since_reset, in_kernel = boot_cycles("128M")
    assert in_kernel < since_reset < 50_000_000


@pytest.mark.parametrize("small, large, gigabytes", [
    ("1G", "3G", 2), ("4G", "12G", 8), ("2G", "61G", 59),
])
def test_each_gigabyte_adds_less_than_a_million(kernel, small, large,
                                                gigabytes):
    growth = boot_cycles(large)[0] - boot_cycles(small)[0]
    assert growth < gigabytes * 1_000_000


def test_two_runs_are_the_same_to_the_byte(kernel):
    """Without that, no figure of `make bench` would mean anything."""
    shape = Shape("128M", "max", extra=ICOUNT)
    first = run(shape, "bench=alloc_page", "bench")
    second = run(shape, "bench=alloc_page", "bench")
    assert first.status == second.status == 33, first.text
    assert "\nbench\t" in first.text
    assert first.text == second.text


def test_every_operation_is_within_its_bound(kernel):
    """The table of `make bench`: tests/bench/bounds.tsv has the bounds."""
    shape, text = Shape("2G", extra=ICOUNT), ""
    for words in ("bench", "program=tests/bench_user"):
        done = run(shape, words, "bench", archive=True)
        assert done.status == 33, done.text
        text += done.text
    table = subprocess.run([sys.executable, ROOT / "tools/bench_table.py"],
                           input=text, text=True, capture_output=True,
                           check=False)
    assert table.returncode == 0, table.stdout + table.stderr


def test_boots_under_kvm(kernel):
    """Only where a boot in it works at all: many virtual machines offer a
    /dev/kvm that cannot run 32-bit PAE."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        pytest.skip("KVM: no usable /dev/kvm")
    shape = Shape("128M", "host", extra=["-accel", "kvm"])
    probe = run(shape, "", "hang")
    if "Pagoda" not in probe.text or "boot:" not in probe.text:
        pytest.skip("KVM: a probe boot in it does not work")
    done = run(shape, "selftest", "selftest")
    assert done.status == 33, done.text[-2000:]
