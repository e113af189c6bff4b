# SPDX-License-Identifier: MIT
"""The same suites as a program of the host, under AddressSanitizer and UBSan,
on a simulated machine of several shapes."""

import subprocess

import pytest

from judge import judge
from machine import limit
from subjects import host_skipped, host_suites

HERE = sorted(host_suites())

SHAPES = {
    "16M": ["--mem=16M"],
    "1G": ["--mem=1G"],
    "4G": ["--mem=4G"],
    "5G": ["--mem=5G"],
    "split": ["--mem=256M", "--below-4g=64M"],
    "holes": ["--mem=1G", "--hole=200M-217M", "--hole=0x1f3ff000-0x20001000",
              "--hole=900M-901M"],
    "large-vmalloc": ["--mem=512M", "--vmalloc=768M"],
    "no-nx": ["--mem=1G", "--nonx"],
    "tiny-tlb": ["--mem=128M", "--tlb=4"],
    "large-tlb": ["--mem=1G", "--tlb=512", "--seed=99"],
    "32-bit-addresses": ["--mem=1G", "--phys-bits=32"],
    "61G": ["--mem=61G"],
    "no-room-for-mem-map": ["--mem=8G", "--below-4g=64M"],
}


def run_suites(program, *options):
    done = subprocess.run([program, *options], capture_output=True,
                          check=False, timeout=limit("host"), text=True)
    # The host's success is status 0; the judge speaks of the kernel's 33.
    status = 33 if done.returncode == 0 else done.returncode
    return done, status


def check(program, options, expected):
    done, status = run_suites(program, *options)
    verdict = judge(done.stdout, status, expected)
    assert verdict.ok, (f"{verdict.text}\n{done.stdout[-3000:]}"
                        f"{done.stderr[-3000:]}")
    return verdict


@pytest.mark.parametrize("suite", HERE)
def test_suite_passes_by_itself(host_program, suite):
    check(host_program, [suite], {suite})


@pytest.mark.parametrize("shape", SHAPES)
def test_all_suites_pass(host_program, shape):
    check(host_program, SHAPES[shape], set(HERE))


def test_most_suites_run_here_too():
    assert len(HERE) > len(host_skipped())


@pytest.mark.parametrize("entries", ["0", "3", "513"])
def test_a_tlb_that_cannot_work_is_refused(host_program, entries):
    done, status = run_suites(host_program, f"--tlb={entries}", "fork_mm")
    assert status == 2
    assert 'cannot use "--tlb"' in done.stderr


def test_unknown_suite_is_a_failure(host_program):
    done, _ = run_suites(host_program, "no_such_suite")
    assert done.returncode == 1
    assert "not ok 1 no_such_suite" in done.stdout
