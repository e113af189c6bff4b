# SPDX-License-Identifier: MIT
"""machine.py - run the kernel in an emulated machine

WHAT     Builds the emulator's command line, runs it with a time limit and
         gives back what the kernel printed and how the emulator ended.

TERMS    shape   size of RAM, CPU model and machine type of one run
         limit   seconds before a run counts as hung; generous, because test
                 machines are slow and shared
"""

import atexit
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD_WORD = os.environ.get("BUILD", "build")     # as make wants it
BUILD = ROOT / BUILD_WORD


def plain(folder):
    """The folder under a name that QEMU takes: it splits -initrd at blanks and
    commas, and puts the kernel's name before its words. A folder with such a
    name is reached through a link."""
    if not re.search(r"[\s,]", str(folder)):
        return folder
    home = tempfile.TemporaryDirectory()
    atexit.register(home.cleanup)
    link = Path(home.name) / "build"
    link.symlink_to(folder)
    return link


PLAIN_BUILD = plain(BUILD)
KERNEL = PLAIN_BUILD / "pagoda.elf"
ARCHIVE = PLAIN_BUILD / "boot.cpio"
QEMU = "qemu-system-i386"
QEMU_64 = "qemu-system-x86_64"    # the same machine, with a wider CPU

# Every time limit of the tests, in seconds. SLOW=3 triples them.
SLOW = float(os.environ.get("SLOW", "1"))
SOAK = float(os.environ.get("SOAK", "1"))
LIMITS = {
    "selftest": 180,   # all suites, any size of RAM
    "bochs":   1800,   # all suites in Bochs: three minutes of a free CPU
    "boot":     60,    # up to a message, then out
    "hang":     10,    # a run that is expected never to end
    "bench":    240,   # all benchmarks under icount
    "build":    400,   # the whole kernel, from nothing
    "debug":    240,   # a session of GDB
    "program":  240,   # one program of the boot archive
    "soak":     400 * SOAK,  # one that runs long
    "host":     240,   # all suites on the host
}

ICOUNT = ["-accel", "tcg", "-icount", "shift=0,sleep=off"]

# More than this is not reserved on the host: the kernel touches little of it.
PLAIN_RAM_MAX = 5 << 30

UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def limit(kind):
    return LIMITS[kind] * SLOW


def size_bytes(text):
    return int(text[:-1]) * UNITS[text[-1]]


@dataclass
class Run:
    """How a run ended: status is None when it had to be stopped."""
    text: str
    status: int
    timed_out: bool
    errors: str     # the emulator's own complaints


@dataclass
class Shape:
    mem: str = "128M"
    cpu: str = None             # None: the emulator's default
    machine: str = "pc"
    extra: list = field(default_factory=list)
    qemu: str = QEMU

    def __str__(self):
        return "-".join([self.machine, self.cpu or "default", self.mem])

    def options(self):
        machine = self.machine
        options = list(self.extra)
        if size_bytes(self.mem) > PLAIN_RAM_MAX:
            machine += ",memory-backend=ram"
            options += ["-object", "memory-backend-ram,id=ram,"
                        f"size={self.mem},reserve=off"]
        options += ["-M", machine, "-m", self.mem]
        if self.cpu:
            options += ["-cpu", self.cpu]
        return options


def command(shape, append, kernel=KERNEL, exit_device=True, archive=False):
    """The command line of the contract, plus the shape. archive: a path, or
    True for the one that `make` builds."""
    words = [shape.qemu, "-kernel", str(kernel), "-append", append]
    if exit_device:
        words += ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]
    if archive:
        words += ["-initrd", str(ARCHIVE if archive is True else archive)]
    return words + ["-display", "none", "-serial", "stdio", "-monitor",
                    "none", "-no-reboot", *shape.options()]


def run(shape, append, kind="boot", kernel=KERNEL, cwd=None, **options):
    words = command(shape, append, kernel, **options)
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, check=False,
                              cwd=cwd, capture_output=True,
                              timeout=limit(kind))
    except subprocess.TimeoutExpired as late:
        return Run(decode(late.stdout), None, True, decode(late.stderr))
    return Run(decode(done.stdout), done.returncode, False,
               decode(done.stderr))


def decode(data):
    return (data or b"").decode("utf-8", "replace").replace("\r\n", "\n")
