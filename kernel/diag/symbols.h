// SPDX-License-Identifier: MIT
/*
 * symbols.h - names for code addresses
 *
 * WHAT     The table of functions that the build puts into the kernel image,
 *          and the way from an address to "name+0x12". printf's %pS uses it.
 * SEE      tools/make_symbols.py, which writes the table.
 */
#pragma once

#include "lib/compiler.h"

/* The function that contains addr, and where it begins. NULL: no code. */
const char *symbol_find(uintptr_t addr, uintptr_t *start);

/* Address of a function by name, or 0. */
uintptr_t symbol_address(const char *name);

/* The name of the i-th function, in the order of addresses; NULL: no more. */
const char *symbol_name(unsigned i);

/* How many functions have names; 0 when the image was linked without. */
unsigned symbols_count(void);

/* NULL, or what is wrong with the table. */
const char *symbols_check(void);
