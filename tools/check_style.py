#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_style.py - the habits of the style that a machine can see

WHAT    One function for each habit; RULES lists them with the files that they
        are for. What needs judgement (names, comments, the head of a module)
        is left to readers.

TERMS   raw    the file's lines as they are
        code   the same lines with comments and the insides of texts blanked

USAGE   check_style.py [--root DIR] [FILE ...]
        Without files: the whole tree. Exit status 1 and one line per fault,
        "file:line: what is wrong".
"""
import argparse
import os
import re
import sys

COLUMNS = 80
FUNCTION_LINES = 60
# About 500 lines; a few lines more do not make two modules of one.
FILE_LINES = 520
# A suite is one file for each module, and has long tables of cases.
TEST_FILE_LINES = 700
# A function of a lab, which comes into a file of the kernel.
PART_OF_A_FILE = re.compile(r"docs/labs/[^/]+/(second|stubs)/")
SKIPPED = {"build", ".git", "__pycache__", ".pytest_cache", ".cache"}

C = (".c", ".h")
SOURCE = (".c", ".h", ".S", ".ld")
SCRIPT = (".py", ".sh")
TEXT = SOURCE + SCRIPT + (".md", ".tsv", ".ini", "Makefile")

# Written in two halves, so that this file does not contain the words.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME",
                                           "XX" + "X"]) + r")\b")

# Names with two leading underscores that belong to the compiler or the linker.
RESERVED = re.compile(r"""
    __(builtin|atomic|sync|has|start|stop|asan|ubsan|sanitizer|SIZEOF)_\w+ |
    __(wrap|real)_\w+ |
    __(attribute|asm|volatile|typeof|extension|label|alignof|inline)__ |
    __(func|FILE|LINE|COUNTER|VA_ARGS|VA_OPT|clang|GNUC|ASSEMBLER)__ |
    __(x86_64|i386|BYTE_ORDER|ORDER_\w+|SANITIZE_ADDRESS)__ |
    __(int128|thread|auto_type|restrict|va_list|ATOMIC_\w+|seg_\w+)
    """, re.VERBOSE)
DUNDER = re.compile(r"\b__\w+")
ATTRIBUTE = re.compile(r"#define\s+(__\w+)")

STRING = re.compile(r'"(?:\\.|[^"\\])*"')
TOKENS = re.compile(r"""
    /\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
    """, re.VERBOSE | re.DOTALL)


class Source:
    """One file, read once for all rules."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8") as file:
            self.text = file.read()
        self.raw = self.text.splitlines()
        self.code = self.raw
        if path.endswith(C):
            self.code = TOKENS.sub(blank, self.text).splitlines()

    def functions(self):
        """(first, last) line numbers of bodies: '{' and '}' in column 0."""
        first = None
        for number, line in enumerate(self.code, 1):
            if line == "{":
                first = number
            elif line.startswith("}") and first:
                yield first, number
                first = None


def blank(match):
    """Keeps the line ends of a comment or text, and the quotes."""
    token = match.group()
    lines = "\n" * token.count("\n")
    return lines if token[0] == "/" else token[0] + lines + token[0]


def shorten(match):
    """A text with blanks is a message: nothing of it stays."""
    return '""' if " " in match.group() else match.group()


def spdx_first(source):
    if PART_OF_A_FILE.match(source.path):
        return
    scripted = source.raw[:1] and source.raw[0].startswith("#!")
    line = 2 if scripted else 1
    if "SPDX-License-Identifier: MIT" not in "".join(source.raw[line-1:line]):
        yield line, "the first line is not the SPDX line"


def columns(source):
    """A message is never broken, so that grep finds it: it does not count."""
    for number, line in enumerate(source.raw, 1):
        width = len(line.expandtabs(8))
        without = len(STRING.sub(shorten, line).expandtabs(8))
        if without > COLUMNS:
            yield number, f"{width} columns, more than {COLUMNS}"


def tidy_ends(source):
    for number, line in enumerate(source.raw, 1):
        if line != line.rstrip():
            yield number, "blanks at the end of the line"
    if source.text and not source.text.endswith("\n"):
        yield len(source.raw), "the last line has no end"


def finished(source):
    for number, line in enumerate(source.raw, 1):
        match = UNFINISHED.search(line)
        if match:
            yield number, f"{match.group()}: unfinished work is not committed"


def file_length(source):
    tests = source.path.startswith(("tests/", "docs/labs/"))
    limit = TEST_FILE_LINES if tests else FILE_LINES
    if len(source.raw) > limit:
        yield len(source.raw), f"more than {limit} lines: split the file"


def function_length(source):
    for first, last in source.functions():
        if last - first - 1 > FUNCTION_LINES:
            yield first, (f"a function of {last - first - 1} lines, "
                          f"more than {FUNCTION_LINES}")


def no_conditional_inside(source):
    for first, last in source.functions():
        for number in range(first, last):
            if re.match(r"\s*#\s*(if|ifdef|ifndef|elif|else)\b",
                        source.code[number - 1]):
                yield number, "#if inside a function: choose by file or by if"


def no_debug_ifdef(source):
    for number, line in enumerate(source.code, 1):
        if re.match(r"\s*#\s*if(n?def\s+|.*defined.*)CONFIG_", line):
            yield number, "CONFIG_ constants are 0 or 1: use an ordinary if"


def no_leading_underscores(source):
    for number, line in enumerate(source.code, 1):
        for name in DUNDER.findall(line):
            if not RESERVED.fullmatch(name) and name not in ATTRIBUTES:
                yield number, f"{name}: no names of our own begin with __"


def no_forward_statics(source):
    code = "\n".join(re.sub(r"\\$", "{", line) for line in source.code)
    # Not LIST_HEAD(x); and not pointers: struct s (*x)(void);
    pattern = r"^static\s[^={};#(]*\b[a-z]\w*\([^={};#]*\)\s*;"
    for match in re.finditer(pattern, code, re.MULTILINE):
        if "__printf" in match.group():   # has no place at the definition
            continue
        yield (code.count("\n", 0, match.start()) + 1,
               "a static function is declared forward: order bottom-up")


def pragma_once(source):
    if not any(line.strip() == "#pragma once" for line in source.code):
        yield 1, "a header without #pragma once"


LOG_LINE = re.compile(r"\bpr_(?:warn|err|info|debug)\(")

# Lines of the log without a limit: how many a file has. Nothing outside the
# kernel can cause one of them more than once.
LOG_FREE = {
    # at boot, or when the machine goes off
    "arch/i386/acpi/acpi.c": 7, "arch/i386/acpi/poweroff.c": 2,
    "arch/i386/cpu/cpuid.c": 3, "arch/i386/iommu/vtd.c": 7,
    "arch/i386/mm/layout.c": 3, "arch/i386/mm/paging.c": 1,
    "arch/i386/mm/upgtable_check.c": 1, "arch/i386/platform/apic.c": 1,
    "arch/i386/platform/clocksource.c": 2, "arch/i386/platform/irq.c": 2,
    "arch/i386/platform/lapic_timer.c": 3, "arch/i386/platform/pci.c": 2,
    "arch/i386/platform/pci_scan.c": 1, "kernel/trial/call_trace.c": 1,
    "kernel/calls/account_limits.c": 1, "kernel/loader/archive.c": 4,
    "kernel/start/main.c": 8, "kernel/start/memory_init.c": 8,
    "kernel/start/program.c": 3,
    "mm/dma/bounce_pool.c": 2, "mm/early/memblock.c": 1,
    "mm/page/pageblock.c": 1,
    # dumps that a user asks for at the monitor
    "arch/i386/mm/pgtable_dump.c": 3, "kernel/trial/crash.c": 1,
    "kernel/trial/dump_pictures.c": 1,
    "mm/dma/device.c": 2, "mm/kva/area_check.c": 2, "mm/kva/kmap.c": 2,
    "mm/page/zoneinfo.c": 22, "mm/page/report.c": 7, "mm/slab/describe.c": 8,
    "mm/slab/slabinfo.c": 4,
    # the kernel's own mistakes
    "arch/i386/mm/pgtable_check.c": 1, "mm/slab/cache.c": 2,
    "mm/slab/slab_debug.c": 3, "mm/slab/mempool.c": 1,
    # several lines after one look at the limit
    "kernel/task/exception.c": 2,
}


def limited_log(source):
    if source.path.split("/")[0] not in ("arch", "kernel", "lib", "mm"):
        return
    lines = [number for number, line in enumerate(source.code, 1)
             if LOG_LINE.search(line)]
    known = LOG_FREE.get(source.path, 0)
    if len(lines) != known:
        yield lines[-1] if lines else 1, (
            f"{len(lines)} lines of the log without a limit, {known} are "
            "known: what ring 3, a device or a table can cause is "
            "pr_..._limited(); else tell LOG_FREE in tools/check_style.py")


# Name of a function that other files call -> the locks that its caller holds
DUTIES = {}
DUTY = re.compile(r"\bMUST_HOLD\(([^()]+)\)")
DECLARED = re.compile(r"\b(\w+)\(([^;{}]*?\bMUST_HOLD\([^;{}]*);")
DEFINED = re.compile(r"\b(\w+)\(")
ASSERTED = re.compile(r"\b(?:debug_)?assert(?:_mutex)?_held\((.+)\)$")
# These may stand before: other checks, and declarations, "type *name ...".
CHECK = re.compile(r"(debug_)?(assert|caller_must)\w*\(")
DECLARATION = re.compile(r"(?!return\b|goto\b)[a-z]\w*([\s*]+\w+)+\s*"
                         r"([=,\[].*)?$", re.DOTALL)


def asserted_locks(body):
    """The locks that are asserted before anything is done."""
    for statement in body.split(";"):
        statement = statement.strip()
        match = ASSERTED.match(statement)
        if match:
            yield match.group(1).lstrip("&")
        elif not (CHECK.match(statement) or DECLARATION.match(statement)):
            return


def asserts_locks(source):
    """A function whose caller must hold a lock first asserts the lock."""
    if source.path.startswith("tests/"):
        return
    for first, last in source.functions():
        begin = first - 1
        while begin and re.search(r"[^;}#>]$", source.code[begin - 1]):
            begin -= 1
        head = " ".join(source.code[begin:first - 1])
        name = DEFINED.search(head)
        if not name:
            continue
        name = name.group(1)
        duties = {lock.lstrip("&") for lock in DUTY.findall(head)}
        if not head.startswith("static"):
            duties |= DUTIES.get(name, set())
        if not duties and name.endswith("_locked"):
            yield first, f"{name}(): which lock? Say MUST_HOLD()"
        held = set(asserted_locks("\n".join(source.code[first:last - 1])))
        for lock in sorted(duties - held):
            yield first, (f"{name}() must hold {lock}: "
                          "begin with assert_held() or assert_mutex_held()")


#    rule                     files             but not
RULES = [
    (spdx_first,              SOURCE + SCRIPT,  ()),
    (columns,                 SOURCE + SCRIPT,  ()),
    (tidy_ends,               TEXT,             ()),
    (finished,                TEXT,             ()),
    (file_length,             SOURCE + SCRIPT,  ()),
    (function_length,         C,                ()),
    (no_conditional_inside,   C,                ()),
    (no_debug_ifdef,          C,                ()),
    (no_leading_underscores,  C,                ("lib/compiler.h",)),
    (no_forward_statics,      (".c",),          ()),
    (pragma_once,             (".h",),          ()),
    (limited_log,             (".c",),          ()),
    (asserts_locks,           C,                ()),
]

ATTRIBUTES = set()


def read_attributes(root):
    """The attribute names that lib/compiler.h defines."""
    path = os.path.join(root, "lib/compiler.h")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            ATTRIBUTES.update(ATTRIBUTE.findall(file.read()))


def read_duties(root):
    """The functions that headers declare with MUST_HOLD()."""
    for path in all_files(root):
        if not path.endswith(".h"):
            continue
        code = "\n".join(Source(root, path).code)
        for name, rest in DECLARED.findall(code):
            DUTIES.setdefault(name, set()).update(
                lock.lstrip("&") for lock in DUTY.findall(rest))


def all_files(root):
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders
                      if f not in SKIPPED and not f.startswith("build-")]
        found += [os.path.relpath(os.path.join(folder, f), root)
                  for f in files if f.endswith(TEXT)]
    return sorted(found)


def check_file(root, path):
    """All faults of one file, as (line, text), in order."""
    source = Source(root, path)
    faults = []
    for rule, suffixes, exempt in RULES:
        if path.endswith(suffixes) and path not in exempt:
            faults += rule(source)
    return sorted(faults)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=os.path.dirname(
        os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()

    read_attributes(args.root)
    read_duties(args.root)
    files = args.files or all_files(args.root)
    count = 0
    for path in files:
        for line, what in check_file(args.root, path):
            print(f"{path}:{line}: {what}")
            count += 1
    print(f"check_style: {len(files)} files, {count} faults")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
