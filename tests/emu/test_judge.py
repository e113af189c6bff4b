# SPDX-License-Identifier: MIT
"""The judge on real kernels that fail, each in its own way.

Every one of them must be reported as failed, and for the right reason; a
judge that never says no would pass everything else in this folder.
"""

import re

import pytest

from judge import judge
from machine import Shape, run
from subjects import source_suites

SHAPE = Shape("64M")


def verdict_on(append, kind="selftest"):
    done = run(SHAPE, append, kind)
    return judge(done.text, done.status, source_suites(), done.timed_out), done


@pytest.mark.parametrize("crash, status, words", [
    ("panic", 37, "status 37: the kernel panicked"),
    ("panic", 37, "panic: as the command line asked"),
    ("assert", 37, "assertion failed: two + two == 5"),
    ("early-panic", 37, "status 37: the kernel panicked"),
    ("triple", 0, "status 0: it reset (triple fault)"),
    ("early-triple", 0, "status 0: it reset (triple fault)"),
    ("fakeexit", 33, "no test has run: there is no plan"),
    ("halfway", 33, "stopped after 5 of"),
])
def test_broken_kernel_is_reported(kernel, crash, status, words):
    verdict, done = verdict_on(f"selftest crash={crash}")
    assert not verdict.ok
    assert words in verdict.text, verdict.text
    assert done.status == status


@pytest.mark.parametrize("crash", ["hang", "early-hang", "fakepass"])
def test_hanging_kernel_is_stopped_and_reported(kernel, crash):
    """Also when it has printed the line of a pass before."""
    verdict, done = verdict_on(f"selftest crash={crash}", "hang")
    assert not verdict.ok
    assert "it hung" in verdict.text
    assert done.status is None


def test_left_out_suite_is_reported(kernel):
    names = sorted(source_suites())
    verdict, done = verdict_on("selftest=" + ",".join(names[1:]))
    # The kernel itself is content.
    assert done.status == 33, re.findall("^ *not ok.*", done.text, re.MULTILINE)
    assert not verdict.ok
    assert verdict.text == f"suite {names[0]} is missing"


def test_kernel_that_says_nothing_is_reported(tmp_path):
    """A multiboot kernel of one instruction: it leaves with status 33."""
    image = tmp_path / "silent.elf"
    image.write_bytes(silent_kernel())
    done = run(SHAPE, "selftest", "boot", kernel=image)
    assert done.status == 33
    verdict = judge(done.text, done.status, source_suites(), done.timed_out)
    assert not verdict.ok
    assert verdict.text == "no output"


def test_no_kernel_at_all_is_reported(tmp_path):
    done = run(SHAPE, "selftest", "boot", kernel=tmp_path / "absent.elf")
    verdict = judge(done.text, done.status, source_suites(), done.timed_out)
    assert not verdict.ok
    assert "no output" in verdict.text
    assert "status 1: the emulator itself failed" in verdict.text


def silent_kernel():
    """An ELF32 file: multiboot header, then `mov $0x10, %al; out %al, $0xf4`.
    """
    base, at = 0x100000, 0x1000
    magic, flags = 0x1BADB002, 0
    code = bytes([0xB0, 0x10, 0xE6, 0xF4, 0xEB, 0xFE])
    body = b"".join(n.to_bytes(4, "little") for n in
                    (magic, flags, -(magic + flags) & 0xFFFFFFFF)) + code
    half = lambda n: n.to_bytes(2, "little")
    word = lambda n: n.to_bytes(4, "little")
    header = b"\x7fELF\x01\x01\x01" + bytes(9)
    header += half(2) + half(3) + word(1) + word(base + 12) + word(52)
    header += word(0) + word(0) + half(52) + half(32) + half(1)
    header += half(0) + half(0) + half(0)
    segment = b"".join(map(word, (1, at, base, base, len(body), len(body),
                                  5, 0x1000)))
    return (header + segment).ljust(at, b"\0") + body
