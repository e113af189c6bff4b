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

    def read(self, is_enough):
        """All text, up to the first moment at which it is enough."""
        text, end = "", time.monotonic() + limit("boot")
        while not is_enough(text):
            left = end - time.monotonic()
            assert left > 0, f"not enough: {text[-2000:]}"
            if select.select([self.child.stdout], [], [], left)[0]:
                data = self.child.stdout.read(1 << 16)
                assert data, f"it has ended: {text[-2000:]}"
                text += data.decode("utf-8", "replace")
        return text

    def read_until(self, wanted, times=1):
        """Text up to the last of so many `wanted`."""
        return self.read(lambda text: text.count(wanted) >= times)

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


def own_text(text):
    """Without the echo of the word `help`: an echo may stand anywhere, and the
    server may leave it out."""
    return re.sub(r"[help\r\n]", "", text)


def test_a_shell_whose_reader_pauses_loses_nothing_and_nobody_spins(
        start, tmp_path):
    """The console server waits for the wire with its writers, not with the
    CPU: it would be nobody else's, and keys would not be heard."""
    socket = tmp_path / "qmp"
    reader = start("", archive=True,
                   extra=["-qmp", f"unix:{socket},server=on,wait=off"])
    reader.read_until("\n$ ")
    reader.type("help\r")
    once = own_text(reader.read_until("\n$ "))
    reader.type("help\r" * HELPS)
    time.sleep(PAUSE)
    cpu = Qmp(socket)
    halted = sum("HLT=1" in cpu.human("info registers") for _ in range(20))
    text = reader.read(
        lambda text: len(own_text(text)) >= len(once) * HELPS)
    assert own_text(text) == once * HELPS
    assert halted >= 15, f"{halted} of 20 looks found the CPU halted"
