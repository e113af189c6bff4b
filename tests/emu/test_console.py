# SPDX-License-Identifier: MIT
"""A reader of the serial console that pauses: nothing is lost, and what is
typed meanwhile is heard.

tests/host/ports.c has the chips' side: stalls of any length, what is dropped
when one does not end.
"""

import fcntl
import os
import re
import select
import subprocess
import time

import pytest

from machine import Shape, command, limit
from qmp import Qmp

F_SETPIPE_SZ = 1031
PIPE = 4096            # the smallest there is: full after 50 lines
PAUSE = 1.0

DUMP = 0x1000
START = 0xc0101000


class SlowReader:
    """A machine on the other side of a small pipe."""

    def __init__(self, append, extra=(), **options):
        words = command(Shape("64M", extra=list(extra)), append, **options)
        self.child = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        fcntl.fcntl(self.child.stdout, F_SETPIPE_SZ, PIPE)
        os.set_blocking(self.child.stdout.fileno(), False)

    def type(self, text):
        self.child.stdin.write(text.encode())
        self.child.stdin.flush()

    def read_until(self, wanted, times=1):
        """Text up to the last of so many `wanted`."""
        text, end = "", time.monotonic() + limit("boot")
        while text.count(wanted) < times:
            left = end - time.monotonic()
            assert left > 0, f"no {wanted!r} in: {text[-2000:]}"
            if select.select([self.child.stdout], [], [], left)[0]:
                data = self.child.stdout.read(1 << 16)
                assert data, f"it has ended: {text[-2000:]}"
                text += data.decode("utf-8", "replace")
        return text

    def close(self):
        self.child.kill()
        self.child.communicate()


@pytest.fixture
def start(kernel):
    readers = []

    def make(append, **options):
        readers.append(SlowReader(append, **options))
        return readers[-1]
    yield make
    for reader in readers:
        reader.close()


def test_a_reader_that_pauses_loses_nothing_and_is_heard(start):
    reader = start("monitor")
    reader.read_until("pagoda> ")
    reader.type(f"x {START:x} {DUMP}\n" * 4)
    time.sleep(PAUSE)
    reader.type("meminfo\n")
    text = reader.read_until("DirectMap2M:")
    assert "bytes lost" not in text
    lines = [int(a, 16) for a in re.findall(r"^([0-9a-f]{8})  ", text, re.M)]
    assert lines == list(range(START, START + DUMP, 16)) * 4


def test_what_many_write_at_once_to_a_reader_that_pauses_is_not_lost(start):
    reader = start("", archive=True)
    reader.read_until("\n$ ")
    reader.type("thief write\r")
    time.sleep(PAUSE)
    reader.read_until("12345678901234567", 20 * 100)


HELPS = 20             # a screen each: more than pipe and server hold


def test_a_shell_whose_reader_pauses_loses_nothing_and_nobody_spins(
        start, tmp_path):
    """The console server waits for the wire with its writers, not with the
    CPU: it would be nobody else's, and keys would not be heard."""
    socket = tmp_path / "qmp"
    reader = start("", archive=True,
                   extra=["-qmp", f"unix:{socket},server=on,wait=off"])
    reader.read_until("\n$ ")
    reader.type("help\r")
    once = reader.read_until("\n$ ").count("\n")
    reader.type("help\r" * HELPS)
    time.sleep(PAUSE)
    cpu = Qmp(socket)
    halted = sum("HLT=1" in cpu.human("info registers") for _ in range(20))
    # Lines, not prompts: the echo of a key may stand in the middle of a word.
    reader.read_until("\n", once * HELPS)
    assert halted >= 15, f"{halted} of 20 looks found the CPU halted"
