# SPDX-License-Identifier: MIT
"""test_iommu.py - devices reach what is mapped for them, and nothing else

WHAT    The suites on a q35 with QEMU's VT-d unit, in its two widths, with a
        device behind it that really copies memory; `noiommu`; what the boot
        log and the monitor say, with a unit and without.
"""
import re
import subprocess

import pytest

import machine
from judge import judge
from monitor import Session

SUITES = ["iommu", "vtd", "vtd_edu"]
FAULT_LINE = re.compile(r"iommu: blocked: device [0-9a-f:.]+ ", re.MULTILINE)

# Without a width a unit has 39 bits in some QEMUs, 48 in others.
WIDE = "intel-iommu,aw-bits=48"
UNIT = "intel-iommu,aw-bits=39"


def board(unit, mem="2G", cpu="max"):
    extra = ["-device", "edu"]
    return machine.Shape(mem, cpu, "q35",
                         extra + (["-device", unit] if unit else []))


@pytest.mark.parametrize("unit, bits, cpu", [
    (UNIT, 39, "max"),
    (WIDE, 48, "max"),
    (UNIT + ",caching-mode=on", 39, "pentium3"),    # which has no CLFLUSH
])
def test_a_device_behind_the_unit(kernel, unit, bits, cpu):
    done = machine.run(board(unit, cpu=cpu), "selftest=" + ",".join(SUITES),
                       "selftest")
    verdict = judge(done.text, done.status, SUITES, done.timed_out)
    assert verdict.ok, verdict.text + done.text[-3000:]
    assert f"translation is on, bus addresses have {bits} bits" in done.text
    # With all devices there nothing has a reason to be left out but one.
    skipped = re.findall(r"ok \d+ (\w+) # SKIP", done.text)
    assert skipped == ["no_device_without_hardware"]


def test_what_is_blocked_is_in_the_log(kernel):
    done = machine.run(board(UNIT), "selftest=vtd_edu", "selftest")
    assert re.search(r"iommu: blocked: device 00:\d\d\.0 writes to bus "
                     r"0x00005000: not mapped for writing \(reason 5\)",
                     done.text)
    assert re.search(r"iommu: blocked: device 00:\d\d\.0 reads from bus "
                     r"0x00005000: not mapped for reading \(reason 6\)",
                     done.text)


def test_noiommu_leaves_it_off(kernel):
    done = machine.run(board(UNIT), "noiommu selftest=iommu,vtd_edu",
                       "selftest")
    assert done.status == 33
    assert "noiommu: translation stays off" in done.text
    assert "translation is on" not in done.text
    assert "needs an IOMMU that is on" in done.text
    assert re.search(r"ok \d+ no_device_without_hardware$", done.text,
                     re.MULTILINE)


def test_a_device_in_a_loop_does_not_flood_the_log(host_program):
    """100 faults are ten lines, and one that counts the others."""
    done = subprocess.run([str(host_program), "iommu_device"], check=True,
                          capture_output=True, text=True,
                          timeout=machine.limit("host"))
    part = re.search(r"ok \d+ latest_faults_are_kept\n(.*)"
                     r"ok \d+ a_loop_of_faults_does_not_flood_the_log",
                     done.stdout, re.DOTALL).group(1)
    assert len(re.findall("bus 0x00009000", part)) == 10
    assert '... 90 more lines of the kind "iommu: blocked: device ' in part
    assert len(FAULT_LINE.findall(part)) == 11


# ---- the monitor -----------------------------------------------------------


@pytest.fixture(scope="module")
def with_unit(kernel):
    session = Session(board="q35", extra=["-device", UNIT])
    yield session
    session.close()


def test_monitor_shows_units_and_faults(with_unit):
    text = with_unit.run("iommu")
    assert "translation is on, bus addresses have 39 bits" in text
    assert re.search(r"^unit 0 at 0x0*fed90000: VT-d 1\.0, on, 65536 domains",
                     text, re.MULTILINE)
    assert re.search(r"^  domain  device   pages$", text, re.MULTILINE)
    assert "blocked accesses: 0" in text
    assert re.search(r"^  iommu +ok$", with_unit.run("check"), re.MULTILINE)


@pytest.mark.parametrize("line, answer", [
    ("iommu walk 00:1e.7 5000", "the device has no domain"),
    ("iommu walk 00:20.0 5000", "a device is BUS:SLOT.FUNCTION"),
    ("iommu walk 0000 5000", "a device is BUS:SLOT.FUNCTION"),
    ("iommu walk 00:03.0 xyz", "not a hexadecimal number"),
    ("iommu jump 00:03.0 5000", "iommu walk DEVICE BUSADDR"),
    ("iommu walk", "iommu walk DEVICE BUSADDR"),
    ("help iommu", "iommu walk 00:04.0 5000"),
])
def test_monitor_says_what_is_wrong(with_unit, line, answer):
    assert answer in with_unit.run(line)


def test_monitor_without_a_unit(kernel):
    session = Session()
    try:
        text = session.run("iommu")
        assert "translation is off: bus addresses are physical ones" in text
        assert "unit 0" not in text
    finally:
        session.close()
