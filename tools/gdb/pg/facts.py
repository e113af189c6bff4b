# SPDX-License-Identifier: MIT
"""facts.py - constants and tables that are written in the kernel's headers

WHAT    Symbols know structures and enumerations, but no macros. Those are read
        from the sources, where they are written once: constants are computed,
        and the rows of an X-macro (`S(slot, what)`) come as tuples of text.
"""

import functools
import re
from pathlib import Path

import gdb

from pg.guest import Refused

ROOT = Path(__file__).resolve().parents[3]

SOURCES = (
    "arch/i386/include/arch/addr.h",
    "arch/i386/include/arch/layout.h",
    "arch/i386/include/arch/pgtable_bits.h",
    "arch/i386/include/arch/fixmap.h",
    "mm/page/page.h",
    "mm/slab/slab_impl.h",
    "mm/kva/vmalloc.h",
    "mm/vm/vma.h",
    "mm/vm/vm_check.c",
    "kernel/diag/log_ring.c",
)

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
DEFINE = re.compile(r"^#define\s+(\w+)(\(\w*\))?[ \t]+(.+)$", re.MULTILINE)
NUMBER = re.compile(r"\b(0x[0-9a-fA-F]+|\d+)[uUlL]*\b")
NAME = re.compile(r"\b[A-Za-z_]\w*\b")
ARITHMETIC = re.compile(r"[0-9a-fx()+*/<>&|~ -]+")


@functools.lru_cache(maxsize=None)
def macros():
    """Name of each macro -> its text, on one line."""
    found = {}
    for source in SOURCES:
        text = COMMENT.sub("", (ROOT / source).read_text())
        text = text.replace("\\\n", " ")
        for name, _, body in DEFINE.findall(text):
            found.setdefault(name, body.strip())
    return found


def value_of(name):
    """A macro's value, or that of an enumerator."""
    if name in macros():
        return compute(macros()[name])
    try:
        return int(gdb.parse_and_eval(name))
    except gdb.error as error:
        raise Refused(f"{name}: not in the symbols, not in the headers: is "
                      "this the kernel of this folder?") from error


def compute(text):
    """The value of an expression of constants, as C computes it."""
    wide = re.search(r"\d(ull|ULL)\b", text)
    numbers = NUMBER.sub(r"\1", text)
    numbers = NAME.sub(lambda m: str(value_of(m.group())), numbers)
    if not ARITHMETIC.fullmatch(numbers):
        raise Refused(f"cannot compute {text}")
    # The text is digits and operators only; "/" is C's.
    value = eval(numbers.replace("/", "//"))  # pylint: disable=eval-used
    return value & (1 << 64 if wide or value >= 1 << 32 else 1 << 32) - 1


@functools.lru_cache(maxsize=None)
def constant(name):
    return value_of(name)


def split_row(row):
    """The arguments of a row, commas in quotes and parentheses kept."""
    parts = re.findall(r'(?:"[^"]*"|\([^()]*\)|[^,"()])+', row)
    return tuple(part.strip().strip("\"'") for part in parts)


@functools.lru_cache(maxsize=None)
def rows(name):
    """The rows of an X-macro, each a tuple of its arguments as text."""
    body = macros()[name]
    letter = body.split("(", 1)[0].strip()
    inside = r"(?:\"[^\"]*\"|'.'|\([^()]*\)|[^()\"'])*"
    found = re.findall(rf"\b{letter}\(({inside})\)", body)
    return [split_row(row) for row in found]
