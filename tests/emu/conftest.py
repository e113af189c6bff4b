# SPDX-License-Identifier: MIT
"""conftest.py - what the tests on whole machines share

The kernel and the host program are built before (`make test` does); a test
that finds none fails with the command that makes it.
"""

import struct
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import machine  # noqa: E402  (needs the path above)
from subjects import source_suites  # noqa: E402


@pytest.fixture(scope="session")
def suites():
    return source_suites()


@pytest.fixture(scope="session")
def kernel():
    assert machine.KERNEL.exists(), "no kernel: run `make` first"
    return machine.KERNEL


@pytest.fixture(scope="session")
def host_program():
    path = machine.BUILD / "host" / "suites"
    assert path.exists(), "no host program: run `make host` first"
    return path


@pytest.fixture(scope="module")
def make_iso(kernel, tmp_path_factory):
    """Makes a CD image that starts an entry of its menu at once, if given."""
    def make(*arguments):
        iso = tmp_path_factory.mktemp("iso") / "pagoda.iso"
        subprocess.run([machine.ROOT / "tools" / "make_iso", kernel,
                        machine.ARCHIVE, iso, *arguments], check=True,
                       timeout=machine.limit("build"))
        return iso
    return make


FLOPPY_SECTORS = 2880


def floppy_pattern(lba):
    """The content of a sector, as word_of() in tests/suites/floppy.c."""
    return struct.pack("<128I", *((lba << 16 ^ i * 0x9e3779b1) & 0xffffffff
                                  for i in range(128)))


@pytest.fixture(scope="session")
def floppy_image(tmp_path_factory):
    """A disk of 1.44 MB whose every word tells where it belongs."""
    path = tmp_path_factory.mktemp("floppy") / "floppy.img"
    path.write_bytes(b"".join(map(floppy_pattern, range(FLOPPY_SECTORS))))
    return path
