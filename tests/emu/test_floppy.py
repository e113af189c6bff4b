# SPDX-License-Identifier: MIT
"""test_floppy.py - ISA DMA by a real device: sectors of a floppy disk

WHAT    A disk whose every word tells where it belongs, in both of QEMU's
        machines; then a drive without a disk, a disk of another format, and no
        controller at all: an error in words each time, and never a hang.
        (In Bochs: test_bochs.py.)
"""
import re

import pytest

import machine
from conftest import FLOPPY_SECTORS, floppy_pattern
from judge import judge, parse
from test_monitor import Session

SUITES = {"isa_dma", "floppy"}
PAGE_OFFSET = 0xc0000000

DUMP = re.compile(r"^([0-9a-f]{8}) ((?: [0-9a-f]{2}){16}) ", re.MULTILINE)
ADDRESS = re.compile(r"^  (virtual|physical|bus) +0x([0-9a-f]+)$", re.MULTILINE)


def pc(image):
    return ["-drive", f"if=floppy,format=raw,file={image}"]


def q35(image):
    return ["-device", "isa-fdc,id=fdc", "-drive",
            f"if=none,id=f0,format=raw,file={image}",
            "-device", "floppy,drive=f0,drive-type=144"]


def selftest(shape):
    return machine.run(shape, "selftest=" + ",".join(sorted(SUITES)),
                       "selftest")


@pytest.mark.parametrize("name, options", [("pc", pc), ("q35", q35)])
@pytest.mark.parametrize("mem", ["12M", "1G"])
def test_every_sector_wherever_the_buffer_lies(kernel, floppy_image, name,
                                               options, mem):
    done = selftest(machine.Shape(mem, "max", name, options(floppy_image)))
    verdict = judge(done.text, done.status, SUITES, done.timed_out)
    assert verdict.ok, verdict.text
    # With 12 MiB there is nothing that the 8237 does not reach.
    if mem != "12M":
        assert not verdict.skipped


@pytest.mark.parametrize("name, options, reason", [
    ("pc", [], "needs a floppy disk"),
    ("q35", [], "needs a floppy drive"),
    ("q35", ["-device", "isa-fdc"], "needs a floppy drive"),
])
def test_what_is_not_there_is_no_hang(kernel, name, options, reason):
    done = selftest(machine.Shape("128M", "max", name, options))
    verdict = judge(done.text, done.status, SUITES, done.timed_out)
    assert verdict.ok, verdict.text
    skipped = [r for r in parse(done.text).suites["floppy"].results
               if r.skipped]
    assert skipped
    assert {r.reason for r in skipped} == {reason}


@pytest.fixture
def monitor(kernel):
    sessions = []

    def start(options):
        sessions.append(Session(extra=options))
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()


def dumped(text):
    return b"".join(bytes.fromhex(line) for _, line in DUMP.findall(text))


def test_monitor_shows_bytes_and_all_three_addresses(monitor, floppy_image):
    session = monitor(pc(floppy_image))
    for lba, nr in [(0, 1), (17, 2), (FLOPPY_SECTORS - 16, 16)]:
        text = session.run(f"floppy {lba} {nr}")
        assert dumped(text) == b"".join(
            map(floppy_pattern, range(lba, lba + nr)))
        address = {kind: int(n, 16) for kind, n in ADDRESS.findall(text)}
        assert address["virtual"] - PAGE_OFFSET == address["physical"]
        assert address["bus"] == address["physical"] < 16 << 20
        assert DUMP.search(text).group(1) == f"{address['virtual']:08x}"


def test_monitor_says_what_is_wrong(monitor, floppy_image):
    session = monitor(pc(floppy_image))
    assert "not between 0 and 2879" in session.run("floppy 2880")
    assert "not between 1 and 16" in session.run("floppy 0 17")
    assert "not a number" in session.run("floppy x")
    assert "the disk ends before" in session.run("floppy 2879 2")
    # What was refused leaves a drive that works.
    assert dumped(session.run("floppy 2879")) == floppy_pattern(2879)


def test_a_drive_without_a_disk_says_so(monitor):
    session = monitor([])
    for _ in range(2):
        assert "no disk is in the drive" in session.run("floppy 0")


def test_a_disk_of_another_format_is_an_error(monitor, tmp_path):
    """720 KiB are recorded at half the rate: no sector can be found."""
    image = tmp_path / "half.img"
    image.write_bytes(bytes(720 << 10))
    session = monitor(pc(image))
    assert "cannot be read" in session.run("floppy 0")
    assert "floppy: cylinder 0, head 0, sectors 1 to 1: " in session.run("log")
