# SPDX-License-Identifier: MIT
"""`make smoke`: its verdict is "passed" only when both parts have passed.

The whole is tried on emulators that do not run the kernel, so that it costs
nothing: what the suites say is for test_selftest.py and test_host.py.
"""

import os
import re
import subprocess

import pytest

import machine
from machine import ROOT, limit

SMOKE = ROOT / "tests" / "emu" / "smoke.py"


def python(*words, **environment):
    return subprocess.run(["/usr/bin/python3", *words], check=False, text=True,
                          capture_output=True, timeout=limit("host"),
                          env={**os.environ, **environment})


def make_smoke(folder, emulator):
    """`make smoke` where the emulator is this script."""
    path = folder / machine.QEMU
    path.write_text("#!/bin/sh\n" + emulator)
    path.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    return subprocess.run(["make", "smoke"], cwd=ROOT, check=False, text=True,
                          capture_output=True, timeout=limit("build"),
                          env={**os.environ, "PATH": path})


@pytest.mark.parametrize("emulator, fault", [
    ("exit 33", "no output"),
    ("echo KTAP version 1; exit 33", "no test has run"),
    ("echo 'oops: panic: all is lost'; exit 37", "all is lost"),
])
def test_a_kernel_that_does_not_pass_fails_it(kernel, host_program, tmp_path,
                                              emulator, fault):
    done = make_smoke(tmp_path, emulator)
    assert done.returncode != 0
    assert fault in done.stdout
    assert re.search(r"^kernel: FAILED", done.stdout, re.MULTILINE)
    # The other part has its say all the same.
    assert re.search(r"^host: passed: \d+ tests", done.stdout, re.MULTILINE)
    assert re.search(r"^smoke: FAILED in \d+ s$", done.stdout, re.MULTILINE)


def test_host_suites_that_fail_fail_it(tmp_path):
    folder = tmp_path / "host"
    folder.mkdir()
    (folder / "suites").symlink_to(machine.BUILD / "host" / "mutant")
    done = python(SMOKE, "host", BUILD=str(tmp_path))
    assert done.returncode == 1
    assert "failed: failing.leaks_a_page" in done.stdout
    assert "leaked 1 pages" in done.stdout
    assert "\nhost: FAILED: " in done.stdout


def test_a_subject_selects_suites_programs_and_files():
    done = python(SMOKE.with_name("subjects.py"), "holes")
    assert done.returncode == 0
    assert "suites in the kernel: holes" in done.stdout
    assert "files of tests: holes" in done.stdout
    done = python(SMOKE.with_name("subjects.py"), "no_such_thing")
    assert done.returncode == 2
    assert "no subject is called 'no_such_thing'" in done.stderr
    for name in ("buddy", "mmap", "selftest"):      # of each kind
        assert name in done.stderr.split()


@pytest.mark.parametrize("subject, there, not_there", [
    ("buddy", ["test_suite_passes_by_itself[buddy]",
               "test_each_suite_passes_by_itself[buddy]"], "slab"),
    ("insn", ["test_program_passes_in_ring_3[insn-max]"], "mmap"),
    ("doctor", ["test_doctor.py::"], "test_gdb.py"),
])
def test_a_subject_selects_tests(subject, there, not_there):
    done = python("-m", "pytest", "-c", ROOT / "tests" / "pytest.ini", "-q",
                  "--collect-only", ROOT / "tests", SUBJECT=subject)
    for text in there:
        assert text in done.stdout
    assert f"[{not_there}" not in done.stdout
    assert f"{not_there}::" not in done.stdout


def test_a_run_says_which_part_it_is_in():
    """With workers, too, which run two parts at once."""
    for workers in "0", "2":
        done = python("-m", "pytest", "-c", ROOT / "tests" / "pytest.ini",
                      "-q", "-n", workers, *(ROOT / "tests" / "emu" / file for
                      file in ("test_docs.py", "test_judge_rules.py")))
        last = re.findall(r"^part (\d) of 2: (\w+) (\d+)/\3, ",
                          done.stdout, re.MULTILINE)
        assert {name for _, name, _ in last} == {"docs", "judge_rules"}
        assert re.search(r", (\d+) of \1 in all$", done.stdout, re.MULTILINE)
        assert "...." not in done.stdout


def test_one_suite_can_be_had(host_program):
    done = python(SMOKE, "host", "list")
    assert done.returncode == 0
    assert re.fullmatch(r"host: passed: \d tests, 0 of them skipped, .* s\n",
                        done.stdout)
