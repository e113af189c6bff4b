# SPDX-License-Identifier: MIT
"""Every way to die on purpose (crash=KIND) is explained in words: what was
tried, at which address, which rule of which page-table entry forbade it, and
where in the kernel."""

import re

import pytest

from machine import ROOT, Shape, run

SHAPE = Shape("128M", "max")

# kind, words of the command line beside it, what the diagnosis must say
KINDS = [
    ("panic", "", [r"PANIC: as the command line asked",
                   r"backtrace, innermost first:", r"crash_panic\+0x"]),
    ("panic-twice", "", [r"PANIC while reporting a panic: a console is broken",
                         r"# pagoda: panic: and nobody can print it"]),
    ("assert", "", [r"assertion failed: two \+ two == 5, in crash_assert\(\) "
                    r"at kernel/trial/crash\.c:\d+"]),
    ("null", "", [r"read of 0x00000004: null pointer", r"crash_null\+0x",
                  r"PDPTE\[ +0\] 0x0{16}  +<-- P is clear"]),
    ("nullcall", "", [r"0x00000000: null pointer"]),
    ("user", "", [r"user address touched by the kernel"]),
    ("write-ro", "", [r"write to 0xc01[0-9a-f]{5}: write to a read-only page",
                      r"PTE\[ *\d+\] .*<-- RW is clear"]),
    ("exec-data", "", [r"NX set", r"<-- XD is set", r"error 0x11"]),
    ("guard", "", [r"kernel stack overflow at recurse",
                   r"in the guard page of the boot stack",
                   r"double fault", r"guard page of stack \"boot stack\"",
                   r"\.\.\. and \d+ times more"]),
    ("thread-guard", "", [r"kernel stack overflow at recurse",
                          r"guard page of the stack of thread overflower",
                          r"double fault",
                          r"guard page of stack \"stack of thread overflower\"",
                          r"overflow\+0x"]),
    ("vmalloc-guard", "", [r"guard page of a vmalloc area",
                           r"made by crash_vmalloc_guard\+0x"]),
    ("vmalloc-freed", "", [r"vmalloc area that was freed"]),
    ("hole", "", [r"hole between regions", r"<-- P is clear"]),
    ("reserved-bit", "", [r"reserved bit: address above the CPU's width",
                          r"<-- address too wide"]),
    ("reserved-nx", "nonx", [r"reserved bit: NX set while EFER.NXE is clear"]),
    ("divide", "", [r"divide error \(#DE\) at crash_divide\+0x"]),
    ("ud", "", [r"invalid opcode \(#UD\) at crash_ud\+0x"]),
    ("int3", "", [r"breakpoint \(#BP\)"]),
    ("gp", "", [r"general protection fault \(#GP\)",
                r"selector 0x50 of the GDT"]),
    ("double-fault", "", [r"double fault \(#DF\) at crash_double_fault\+0x",
                          r"ESP 0xffbfe000"]),
    ("deadlock", "", [r"assertion failed: !was_held, in spin_lock_irqoff\(\)"]),
    ("early-panic", "", [r"PANIC: as the command line asked"]),
    ("early-hole", "", [r"page fault \(#PF\) at crash_hole\+0x"]),
]

# Those that are no faults: test_judge.py has them.
LIES = {"hang", "triple", "fakepass", "fakeexit", "halfway", "early-hang",
        "early-triple"}


@pytest.mark.parametrize("kind, words, forms", KINDS,
                         ids=[kind for kind, *_ in KINDS])
def test_is_explained(kernel, kind, words, forms):
    done = run(SHAPE, f"crash={kind} {words}")
    for form in forms:
        assert re.search(form, done.text), f"{form}\n{done.text}"
    assert done.status == 37, done.text
    last = done.text.strip().splitlines()[-1]
    assert last.startswith("# pagoda: panic: "), last


@pytest.mark.parametrize("cpu", [None, "pentium3"])
def test_without_nx_bit_63_is_reserved(kernel, cpu):
    done = run(Shape("128M", cpu), "crash=reserved-nx")
    assert "reserved bit: NX set while EFER.NXE is clear" in done.text
    assert done.status == 37


@pytest.mark.parametrize("kind", ["null", "guard", "write-ro"])
def test_is_explained_on_small_and_split_machines(kernel, kind):
    for shape in (Shape("16M"), Shape("256M", "pentium3,+nx",
                                      "pc,max-ram-below-4g=128M")):
        done = run(shape, f"crash={kind}")
        assert done.status == 37, done.text
        assert "PANIC: " in done.text


def test_every_kind_is_tried_here_or_by_the_judge():
    text = (ROOT / "kernel/trial/crash.c").read_text()
    there = set(re.findall(r'^\t\{ "([a-z0-9-]+)",', text, re.MULTILINE))
    assert there == {kind for kind, *_ in KINDS} | LIES


def test_unknown_kind_is_reported_with_the_list(kernel):
    done = run(SHAPE, "crash=boredom")
    assert "crash=boredom: no such kind" in done.text
    assert "crash=guard" in done.text
    assert done.status == 0
