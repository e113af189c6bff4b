# SPDX-License-Identifier: MIT
"""test_machines.py - odd machines: each boots, or is refused in words

WHAT    A table of machines that lack what others have, or whose firmware says
        what is not so. A row has the sentence that the kernel must say, and
        how the run must end: never by a reset, never in silence.

        To add a machine, add a row.
"""

import re
import subprocess
from dataclasses import dataclass

import pytest

from machine import KERNEL, ROOT, Shape, command, decode, limit, run

PASSED, PANIC = 33, 37

SUITES = "selftest=holes,memblock,pgtable,zone,timer,fpu"


@dataclass
class Row:
    says: str               # a regular expression
    shape: Shape = None     # None: 64 MiB through GRUB
    grub: str = None        # GRUB's command before the kernel
    append: str = SUITES
    status: int = PASSED
    archive: bool = False


def cpu(minus, says, status=PANIC):
    return Row(says, Shape("64M", f"max,-{minus}"), status=status)


TAKEN = r"memory map: (\d+) KiB of the kernel are no RAM in it, but are there"

# Not skipped: there is such a hole.
ONE_MAPPING = r"ok \d+ a_hole_among_ram_has_one_mapping_and_one_cache_type\n"
HOLE_SUITES = "selftest=holes,ioremap,pgtable_check,dma,dma_sg,bounce"

NO_CLOCK = r"no tick comes from the 8254(.|\n)*panic: this machine has no clock"

MACHINES = {
    # -- memory
    "hole-in-the-image": Row(TAKEN, grub="cutmem 0x200000 0x400000"),
    "bad-ram-in-the-image": Row(TAKEN, grub="badram 0x00200000,0xffe00000"),
    "no-ram-at-the-image": Row(TAKEN, grub="cutmem 0x100000 0x1000000"),
    "hole-in-a-chunk": Row(ONE_MAPPING, grub="cutmem 0x2345000 0x2349000",
                           append=HOLE_SUITES),
    "hole-within-pages": Row(ONE_MAPPING, grub="cutmem 0x2345123 0x2348fff",
                             append=HOLE_SUITES),
    "2M": Row(r"no memory at 0x002\w+: the kernel needs all", Shape("2M"),
              status=PANIC),
    "3M": Row(r"no memory at 0x003\w+: the kernel needs all", Shape("3M"),
              status=PANIC),
    "mem-option-in-the-image": Row("lowmem ", Shape("64M"),
                                   append="mem=2M " + SUITES),
    "mem-option-in-a-module": Row("lowmem ", Shape("64M"), archive=True,
                                  append="mem=5M selftest=memblock,pgtable"),
    "mem-map-larger-than-lowmem": Row(
        r"memory: 248 MiB of RAM at the top are not used",
        Shape("256M", "max", "pc,max-ram-below-4g=8M")),
    "mem-map-takes-most-of-lowmem": Row(
        r"selftest: \d+ passed, 0 failed, 0 skipped",
        Shape("8G", "max", "pc,max-ram-below-4g=64M"),
        append="selftest=pcp"),
    # -- clocks and interrupts
    "no-8254": Row("timer at 1000.000 MHz, by the ACPI timer",
                   Shape("64M", "max", "pc,pit=off")),
    "no-8254-q35": Row("timer at 1000.000 MHz, by the ACPI timer",
                       Shape("64M", "max", "q35,pit=off")),
    "no-8254-no-apic": Row(NO_CLOCK, Shape("64M", "max,-apic", "pc,pit=off"),
                           status=PANIC),
    "no-8254-noapic": Row(NO_CLOCK, Shape("64M", "max", "pc,pit=off"),
                          append="noapic", status=PANIC),
    "lint0-is-masked": Row(
        "no APIC: there is no MADT(.|\n)*clock: 8254 timer",
        Shape("64M", "max",
              "microvm,pic=on,pit=on,rtc=on,isa-serial=on,acpi=off")),
    "microvm": Row("clock: timer of the local APIC",
                   Shape("64M", "max", "microvm")),
    # -- the CPU
    "no-pae": cpu("pae", r"this CPU has no PAE \("),
    "no-tsc": cpu("tsc", r"this CPU has no TSC \("),
    "no-msr": cpu("msr", r"this CPU has no MSRs \("),
    "no-cmov": cpu("cmov", r"this CPU has no CMOV \("),
    "sse-without-fxsr": cpu("fxsr", r"this CPU has no FXSR \("),
    "no-fpu": cpu("fpu", r"cpu: has not.* FPU", PASSED),
    "no-fxsr-no-sse": cpu("fxsr,-sse,-sse2", r"cpu: has not.* FXSR SSE",
                          PASSED),
    "486": Row(r"this CPU has no PAE \(", Shape("64M", "486"), status=PANIC),
}


def run_grub(iso):
    words = command(Shape("64M"), "")
    at = words.index("-kernel")
    words[at:at + 4] = ["-cdrom", str(iso), "-boot", "d"]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, check=False,
                          capture_output=True, timeout=limit("selftest"))
    return decode(done.stdout), done.returncode


@pytest.mark.parametrize("name", MACHINES)
def test_it_boots_or_says_why_not(kernel, make_iso, name):
    row = MACHINES[name]
    if row.grub:
        text, status = run_grub(make_iso("run", row.append, row.grub))
    else:
        done = run(row.shape, row.append, "selftest", archive=row.archive)
        text, status = done.text, done.status
    assert re.search(row.says, text), text[-2000:]
    assert status == row.status, text[-2000:]


# ---- the CPU's features, one by one ------------------------------------------

# Leaf 1 EDX as QEMU names it, and three from elsewhere.
FEATURES = """fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat
pse36 clflush mmx fxsr sse sse2 nx smep smap""".split()


@pytest.mark.parametrize("feature", FEATURES)
def test_no_feature_is_missed_in_silence(kernel, feature):
    done = run(Shape("64M", f"max,-{feature}"), "selftest=cpu,fpu,uaccess",
               "selftest")
    refused = re.search(r"cannot boot: this CPU has no (\w+)", done.text)
    assert done.status == (PANIC if refused else PASSED), done.text[-2000:]
    if refused:
        assert refused[1].upper().startswith(feature.upper())


# What an instruction that an i486 has not is called, and which row of `needs`
# in boot/cpu_gate.c stands for it. None: the kernel asks before it uses it.
NEEDED = {
    r"cmov\w+": "CMOV", r"rdtsc": "TSC", r"rdmsr|wrmsr": "MSR",
    r"fxsave|fxrstor": "FXSR", r"cpuid": "PAE",   # the gate asks by it
    r"clflush|sysexit|stac|clac|ldmxcsr": None,
}
I486 = re.compile(
    r"(\.byte|aa[adms]|adc|add|and|b[st]|bs[fr]|bt[crs]?|bswap|call|c[lmw]c|"
    r"cl[dit]s?|cltd|cwtl|cmp|cmpxchg|dec|div|f\w+|hlt|i?div|imul|in|inc|int3?|"
    r"invlpg|iret|j\w+|l?jmp|lahf|lea|leave|l[fgs]s|l[gil]dt|lmsw|lock|lods|"
    r"loop\w*|lret|ltr|mov|movs[bwl]*|movz[bw]l?|mul|neg|nop|not|or|outs?|out|"
    r"pause|pop|popa|popf|push|pusha|pushf|rc[lr]|rep\w*|ret|ro[lr]|sa[hr]\w*|"
    r"sbb|scas|set\w+|sgdt|sh[lr]d?|sidt|sldt|smsw|st[cdi]|stos|str|sub|test|"
    r"tzcnt|ud2|ver[rw]|wbinvd|xadd|xchg|xor)[bwl]?$")


def mnemonics():
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", KERNEL],
                          check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"^ *[0-9a-f]+:\t([a-z]\w*)", text, re.MULTILINE))


def test_the_gate_asks_for_what_the_image_contains():
    """A compiler that is told to use more must find a row for it there."""
    gate = (ROOT / "boot/cpu_gate.c").read_text()
    needs = set(re.findall(r"\{ CPUID_(\w+), ", gate))
    found = mnemonics()
    assert "rdtsc" in found and "cmovne" in found
    for name in sorted(found):
        row = [feature for form, feature in NEEDED.items()
               if re.fullmatch(form, name)]
        assert row or I486.fullmatch(name), f"{name}: which CPU has that?"
        assert not row or row[0] is None or row[0] in needs, name
