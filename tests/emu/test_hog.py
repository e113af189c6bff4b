# SPDX-License-Identifier: MIT
"""test_hog.py - the shell answers while a program has all that it may have

For each kind of thing that the kernel holds: tests/user/hog.c takes it up to
the limit that every program begins with, and its children keep it. The shell
then does what somebody would do who wants to see what is wrong.
"""
import re

import pytest

from test_shell import Shell

AGAIN, NO_MEMORY, STOPPED = -11, -12, 0

# kind, how the last request ended, at least so many in 64 MiB. A chain of
# descendants may run into the limit of page tables before that of tasks.
KINDS = [
    ("tasks", (AGAIN,), 1000),
    ("threads", (AGAIN,), 200),
    ("descendants", (AGAIN, NO_MEMORY), 100),
    ("tables", (STOPPED,), 1000),
    ("areas", (NO_MEMORY,), 32000),
    ("handles", (NO_MEMORY,), 100000),
    ("endpoints", (NO_MEMORY,), 10000),
    ("notifications", (NO_MEMORY,), 10000),
    ("arrays", (NO_MEMORY,), 100),
]


@pytest.fixture(name="shell")
def a_shell_of_its_own():
    shell = Shell(mem="64M")
    yield shell
    shell.close()


def names_in_ps(shell):
    return [line.split()[-1] for line in shell.run("ps").splitlines()[1:]]


@pytest.mark.parametrize("kind,ends,least", KINDS, ids=[k[0] for k in KINDS])
def test_the_shell_answers_beside_a_hog(shell, kind, ends, least):
    text = shell.run(f"tests/hog {kind}")
    taken, how = re.search(rf"hog: (\d+) {kind} taken, then (-?\d+)",
                           text).groups()
    assert int(how) in ends and int(taken) >= least, text
    assert "tests/hog" in names_in_ps(shell), "the hog has ended"
    for _ in range(3):
        assert "Hello from user mode" in shell.run("hello")
    assert "contents are right" in shell.run("pager")
    assert "alone; wrote both" in shell.run("cow")
    assert "kernel objects" in shell.run("free")
    names = names_in_ps(shell)
    assert "tests/hog" in names and "sh" in names
