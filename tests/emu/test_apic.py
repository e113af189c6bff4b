# SPDX-License-Identifier: MIT
"""Interrupts and ticks, by the APICs and by what was there before them.

Which of the two a machine has, and that everything above works with either.
"""

import re

import pytest

from judge import judge
from machine import ICOUNT, Shape, run
from test_shell import Shell

APIC = (r"irq: local APIC and I/O APIC\n", r"clock: timer of the local APIC,")
OLD = (r"irq: two 8259 interrupt controllers\n", r"clock: 8254 timer,")

PC = Shape("128M", "max")
Q35 = Shape("128M", "max", "q35")

#   what the machine is, command line, what it uses, and why
CASES = [
    ("pc", PC, "", APIC, None),
    ("pc-noapic", PC, "noapic", OLD, "noapic on the command line"),
    ("pc-qemu32", Shape("128M"), "", APIC, None),
    ("q35", Q35, "", APIC, None),
    ("q35-noapic", Q35, "noapic", OLD, "noapic on the command line"),
    ("no-apic-in-cpu", Shape("128M", "max,-apic"), "", OLD,
     "the CPU has none"),
    ("no-acpi", Shape("128M", "max", "pc,acpi=off"), "", OLD,
     "there is no MADT"),
    ("isapc", Shape("128M", "pentium3", "isapc"), "", OLD,
     "there is no MADT"),
    ("two-cpus", Shape("128M", "max", extra=["-smp", "2"]), "", APIC, None),
    ("icount", Shape("128M", "max", extra=ICOUNT), "", APIC, None),
    ("icount-noapic", Shape("128M", "max", extra=ICOUNT), "noapic", OLD,
     "noapic on the command line"),
]

SUITES = {"irq", "apic", "timer", "irq_alloc", "traps"}


@pytest.mark.parametrize("shape, word, used, why",
                         [case[1:] for case in CASES],
                         ids=[case[0] for case in CASES])
def test_interrupts_and_ticks_come(kernel, shape, word, used, why):
    done = run(shape, f"selftest={','.join(sorted(SUITES))} {word}",
               "selftest")
    verdict = judge(done.text, done.status, SUITES, done.timed_out)
    assert verdict.ok, verdict.text + done.text[-2000:]
    for form in used:
        assert re.search(form, done.text), done.text[:4000]
    said = re.search(r"irq: no APIC: (.*)", done.text)
    assert bool(said) == bool(why), done.text[:4000]
    if why:
        assert why in said.group(1)


@pytest.mark.parametrize("word", ["", "noapic"])
@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_a_pci_device_is_heard_by_level(kernel, machine, word):
    """Through the chipset's router, at the line that the firmware chose."""
    shape = Shape("128M", "max", machine, extra=["-device", "edu"])
    done = run(shape, f"selftest=irq {word}", "selftest")
    assert done.status == 33, done.text[-3000:]
    for name in ("a_level_that_its_handler_serves_comes_once",
                 "a_level_that_its_handler_masks_comes_until_served"):
        assert re.search(rf"^ +ok \d+ {name}$", done.text, re.MULTILINE), \
            done.text[-3000:]


def test_the_timer_of_the_local_apic_is_found_to_be_1_ghz(kernel):
    """QEMU's is. To the hertz, or the clock would go wrong in the long run."""
    for shape in (PC, Shape("128M", "max", extra=ICOUNT)):
        text = run(shape, "").text
        assert "lapic: timer at 1000.000 MHz" in text, text


@pytest.mark.parametrize("word", ["", "noapic"])
def test_a_shell_hears_what_is_typed(kernel, word):
    """The console is a driver in user mode: its line is masked until it has
    served the UART, and bytes come all the time."""
    shell = Shell(append=word)
    try:
        assert ("irq: two 8259" in shell.boot) == (word == "noapic")
        for i in range(20):
            typed = f"nothing{i}" + "abcdefghij" * 4
            assert f"{typed}: no such command" in shell.run(typed)
    finally:
        shell.close()
