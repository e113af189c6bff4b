#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Write the table of functions for kernel/diag/symbols.c, as assembly.

    nm -n -S pass1.elf | make_symbols.py PAGE_OFFSET > symbols.S
    make_symbols.py PAGE_OFFSET < /dev/null > empty.S

Reads nm's lines (address, size where known, type, name) and keeps the code of
the kernel proper: types t, T, w, W at or above PAGE_OFFSET. Boot code lies
below PAGE_OFFSET, and is gone when the table is used.
"""
import sys


def read_functions(lines, page_offset):
    """[(address, name)] by address, one name for each, and the code's end."""
    functions = {}
    end = 0
    for line in lines:
        words = line.split()
        if len(words) < 3:
            continue
        address, kind, name = int(words[0], 16), words[-2], words[-1]
        if name == "text_end":
            end = address
        if address < page_offset or kind not in "tTwW":
            continue
        # If one address has several names, a function's goes before a label's:
        # only functions have a size.
        if len(words) == 4 or address not in functions:
            functions[address] = name
    # The linker script's names for boundaries are code, too.
    return sorted(f for f in functions.items() if f[0] < end), end


def emit(functions, end, out):
    pool_offset = 0
    offsets = []
    for _, name in functions:
        offsets.append(pool_offset)
        pool_offset += len(name) + 1

    def table(label, values):
        print(f"\t.globl\t{label}\n{label}:", file=out)
        for value in values:
            print(f"\t.long\t{value}", file=out)

    print("/* Made by tools/make_symbols.py. */", file=out)
    print('\t.section .symbols, "a", @progbits\n\t.balign\t4', file=out)
    table("symbol_count", [len(functions)])
    table("symbol_addresses",
          [hex(address) for address, _ in functions] + [hex(end)])
    table("symbol_names", offsets)
    print("\t.globl\tsymbol_pool\nsymbol_pool:", file=out)
    for _, name in functions:
        print(f'\t.asciz\t"{name}"', file=out)
    print("\t.globl\tsymbol_pool_end\nsymbol_pool_end:", file=out)
    print('\t.section .note.GNU-stack, "", @progbits', file=out)


def main():
    page_offset = int(sys.argv[1], 0)
    functions, end = read_functions(sys.stdin, page_offset)
    emit(functions, end, sys.stdout)


main()
