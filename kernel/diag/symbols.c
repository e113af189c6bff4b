// SPDX-License-Identifier: MIT
/*
 * symbols.c - names for code addresses
 *
 * WHAT     A table of the kernel's functions is part of the image, so a
 *          backtrace has names without the ELF file.
 *
 * PICTURE    symbol_addresses  [ 0xc0100000 | 0xc0100040 | ... | end of code ]
 *            symbol_names      [          0 |         12 | ... ]
 *                                         |            |
 *            symbol_pool         "kernel_main\0alloc_pages\0..."
 *
 * INVARIANTS of symbols (symbols_check() restates them)
 *          Y1  the addresses rise; the last one is the end of the code
 *          Y2  each name is in the pool, and not empty
 *
 * ALGORITHM  The kernel is linked twice: with an empty table, then with the
 *          names and addresses of the first link. The table stands behind all
 *          code, so the second link moves no function; the build checks that.
 * COST     A search: log2(functions) steps.
 * SEE      tools/make_symbols.py; Linux kernel/kallsyms.c.
 */
#include "kernel/diag/symbols.h"

#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/string.h"

/* Written by tools/make_symbols.py. There is one address more than names. */
extern const uint32_t symbol_count;
extern const uint32_t symbol_addresses[];
extern const uint32_t symbol_names[];
extern const char symbol_pool[];
extern const char symbol_pool_end[];

/* Index of the last symbol at or below addr; addr >= symbol_addresses[0]. */
static unsigned search(uintptr_t addr)
{
	unsigned low = 0, high = symbol_count;

	/* symbol_addresses[low] <= addr < symbol_addresses[high] */
	while (high - low > 1) {
		unsigned middle = low + (high - low) / 2;

		if (symbol_addresses[middle] <= addr)
			low = middle;
		else
			high = middle;
	}
	return low;
}

const char *symbol_find(uintptr_t addr, uintptr_t *start)
{
	unsigned i;

	if (!symbol_count || addr < symbol_addresses[0] ||
	    addr >= symbol_addresses[symbol_count])
		return NULL;
	i = search(addr);
	*start = symbol_addresses[i];
	return symbol_pool + symbol_names[i];
}

int symbol_format(char *buf, size_t size, uintptr_t addr)
{
	uintptr_t start;
	const char *name = symbol_find(addr, &start);

	if (!name)
		return scnprintf(buf, size, "0x%08lx", (unsigned long)addr);
	return scnprintf(buf, size, "%s+0x%lx", name,
			 (unsigned long)(addr - start));
}

uintptr_t symbol_address(const char *name)
{
	for (unsigned i = 0; i < symbol_count; i++) {
		if (!strcmp(symbol_pool + symbol_names[i], name))
			return symbol_addresses[i];
	}
	return 0;
}

const char *symbol_name(unsigned i)
{
	return i < symbol_count ? symbol_pool + symbol_names[i] : NULL;
}

unsigned symbols_count(void)
{
	return symbol_count;
}

const char *symbols_check(void)
{
	for (unsigned i = 0; i < symbol_count; i++) {
		const char *name = symbol_pool + symbol_names[i];

		HOLDS(symbol_addresses[i] < symbol_addresses[i + 1],
		      "symbols Y1: the addresses rise");
		HOLDS(name < symbol_pool_end && *name,
		      "symbols Y2: each name is in the pool, and not empty");
	}
	return NULL;
}
