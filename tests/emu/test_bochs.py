# SPDX-License-Identifier: MIT
"""test_bochs.py - all self-tests in Bochs, and the same verdict everywhere

WHAT    One kernel file three ways: QEMU -kernel, QEMU + GRUB, Bochs + GRUB.
        Bochs keeps to the manual where QEMU's software MMU is lenient, and its
        CPU is slow beside its clock: 40 000 instructions a tick. What differs
        between the three must be a test that one of them skips, for a reason
        that is listed here.
"""
import os
import subprocess

import machine
from judge import judge, parse

MEMORY = 1024     # MiB: there is highmem

# What a machine may lack that another one has.
REASONS = {
    "needs RAM that ends within a page",      # the firmware's map
    "needs a line that works by level",       # Bochs's MADT names none
    "needs a device with memory of its own",  # Bochs's screen is no PCI device
    "needs a PCI device that nobody drives",  # Bochs has no network card
    "the emulator lets WBINVD run in ring 3",  # QEMU 10, not Bochs
    "the emulator lets INVD run in ring 3",
}


def in_bochs(iso, floppy):
    """Bochs has no exit status to give: run_bochs is content when the machine
    has switched itself off; else it says why not."""
    serial = iso.with_suffix(".txt")
    limit = {"BOCHS_LIMIT": str(int(machine.limit("bochs")))}
    done = subprocess.run(
        [machine.ROOT / "tools/run_bochs", iso, serial, str(MEMORY),
         floppy],
        check=False, capture_output=True, env={**os.environ, **limit})
    text = serial.read_bytes().decode("utf-8", "replace")
    return machine.Run(text.replace("\r\n", "\n"),
                       33 if done.returncode == 0 else done.returncode, False,
                       machine.decode(done.stderr))


def shape(floppy, *extra):
    disk = ["-drive", f"if=floppy,format=raw,file={floppy}"]
    return machine.Shape(f"{MEMORY}M", "max", extra=disk + list(extra))


def through_grub(iso, floppy):
    words = machine.command(shape(floppy, "-cdrom", str(iso), "-boot", "d"),
                            "")
    del words[words.index("-kernel"):words.index("-append") + 2]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, check=False,
                          capture_output=True,
                          timeout=machine.limit("selftest"))
    text = machine.decode(done.stdout)
    return machine.Run(text[max(text.find("Pagoda, a teaching"), 0):],
                       done.returncode, False, machine.decode(done.stderr))


def results(text):
    """{(suite, test): "ok", "not ok" or why it was skipped}"""
    return {(suite.name, r.name): r.reason if r.skipped
            else "ok" if r.ok else "not ok"
            for suite in parse(text).suites.values() for r in suite.results}


def differences(ours, theirs):
    """Of two runs' results; without skips for a listed reason."""
    return [f"{suite}.{test}: {ours.get((suite, test))!r}, "
            f"QEMU -kernel: {theirs.get((suite, test))!r}"
            for suite, test in sorted(ours.keys() | theirs.keys())
            if (a := ours.get((suite, test))) !=
            (b := theirs.get((suite, test))) and not REASONS & {a, b}]


def test_full_selftest_in_bochs_and_the_same_verdict_everywhere(
        make_iso, floppy_image, suites):
    """One test, so that each machine runs once, whatever xdist does."""
    iso = make_iso("selftest")
    runs = {
        "Bochs + GRUB": in_bochs(iso, floppy_image),
        "QEMU + GRUB": through_grub(iso, floppy_image),
        "QEMU -kernel": machine.run(shape(floppy_image), "selftest", "selftest",
                                    archive=True),
    }
    for way, run in runs.items():
        verdict = judge(run.text, run.status, suites, run.timed_out)
        assert verdict.ok, f"{way}: {verdict.text}\n{run.errors}"
    plain = results(runs["QEMU -kernel"].text)
    for way, run in runs.items():
        wrong = differences(results(run.text), plain)
        assert not wrong, way
