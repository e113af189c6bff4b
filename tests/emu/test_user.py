# SPDX-License-Identifier: MIT
"""The programs of tests/user/: each under Pagoda, and under the host's Linux.

A program prints KTAP, one line a test. Every test that its source defines must
be there and ok; under Linux too, unless it says that it is about Pagoda only.
"""

import re
import subprocess

import pytest

from machine import BUILD, ICOUNT, ROOT, Shape, limit, run
from test_differential import compare

SOURCES = ROOT / "tests" / "user"
TEST = re.compile(r"^UTEST\((\w+)\)", re.MULTILINE)
RESULT = re.compile(r"^(ok|not ok) \d+ (\w+)(?: # SKIP (.*))?$", re.MULTILINE)

# insn.c makes a test of each line of its table.
TABLE = re.compile(r"^\tP\((\w+), ", re.MULTILINE)

MACHINES = {
    "max": Shape("512M", "max"),
    "plain": Shape("64M", "qemu32"),
    "highmem": Shape("1G", "core2duo"),
}

# What only some CPUs have, or none that QEMU makes, or makes rightly.
MAY_SKIP = re.compile(r"this CPU has no|this CPU checks no|there is no|Linux|"
                      r"the emulator lets")


def defined_tests(path):
    text = path.read_text()
    names = TEST.findall(text)
    return sorted(names + [f"{name}_is_refused"
                           for name in TABLE.findall(text)])


def programs():
    """name -> tests, for each source that has tests."""
    found = {path.stem: defined_tests(path) for path in SOURCES.glob("*.c")}
    return {name: tests for name, tests in sorted(found.items()) if tests}


def judge_results(text, expected):
    """What is wrong, one line each; and what was skipped."""
    results = RESULT.findall(text)
    names = sorted(name for _, name, _ in results)
    faults = [f"not ok: {name}" for verdict, name, _ in results
              if verdict != "ok"]
    if names != expected:
        faults.append(f"missing or too many: {set(names) ^ set(expected)}")
    return faults, {name: why for _, name, why in results if why}


def tail(text):
    keep = [line for line in text.splitlines()
            if re.match(r" *(#|not ok)|# pagoda|panic", line)]
    return "\n".join(keep[-40:])


@pytest.mark.parametrize("shape", MACHINES)
@pytest.mark.parametrize("name", programs())
def test_program_passes_in_ring_3(kernel, name, shape):
    done = run(MACHINES[shape], f"program=tests/{name}", "program",
               archive=True)
    faults, skipped = judge_results(done.text, programs()[name])
    assert not faults and done.status == 33, \
        "\n".join(faults) + f"\nstatus {done.status}\n" + tail(done.text)
    assert all(MAY_SKIP.search(why) for why in skipped.values()), skipped


@pytest.mark.parametrize("name", programs())
def test_linux_agrees(kernel, name):
    if not compare.native_works():
        pytest.skip("this host runs no 32-bit programs with 3 GiB")
    done = subprocess.run([*compare.NATIVE, BUILD / "user" / "tests" / name],
                          capture_output=True, text=True, check=False,
                          timeout=limit("program"))
    faults, skipped = judge_results(done.stdout, programs()[name])
    assert not faults and done.returncode == 0, \
        "\n".join(faults) + f"\n{done.stdout[-3000:]}"


def forking():
    """The programs that have children, in their source or in a header of it."""
    def text(path):
        own = path.read_text()
        return own + "".join(
            (SOURCES / name).read_text() for name in
            re.findall(r'"tests/user/(\w+\.h)"', own) if name != "utest.h")
    return [name for name in programs()
            if "fork(" in text(SOURCES / f"{name}.c")]


@pytest.mark.parametrize("name", forking())
def test_a_child_that_is_refused_or_killed_is_not_waited_for(kernel, name):
    """Under failing allocations a program may fail; it must end."""
    done = run(Shape("128M", "max", extra=ICOUNT),
               f"program=tests/{name} failures=40 seed=1", "program",
               archive=True)
    assert done.status in (33, 35) and "KTAP" in done.text, tail(done.text)


def test_there_are_a_hundred_tests_in_ring_3():
    assert sum(len(tests) for tests in programs().values()) >= 100


def test_each_program_is_in_the_archive(kernel):
    data = (BUILD / "boot.cpio").read_bytes()
    for name in programs():
        assert f"tests/{name}\0".encode() in data


def test_a_missing_test_is_noticed():
    faults, _ = judge_results("ok 1 first\n", ["first", "second"])
    assert faults
    assert not judge_results("ok 1 first\n", ["first"])[0]
    assert judge_results("not ok 1 first\n", ["first"])[0]
