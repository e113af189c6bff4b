// SPDX-License-Identifier: MIT
/*
 * printf.h - formatted text into a buffer
 *
 * WHAT     vsnprintf() without locale, floating point or allocation. No state,
 *          so boot/ carries a copy of it too.
 *
 * TERMS    C's own: %d %i %u %x %X %o %c %s %p %% with flags '-', '0', '+',
 *          ' ', '#', width and precision (also '*'), lengths hh h l ll z t.
 *          Ours. Each takes a pointer to the value: so the compiler's format
 *          check still works, and no address is printed by accident:
 *
 *            %pP  phys_addr_t *   0x000000012345f000   (16 digits)
 *            %pB  bus_addr_t *    bus 0x12345000
 *            %pF  pfn_t *         pfn 0x12345
 *            %pS  code address    buddy_free+0x12      (symbol, or the number)
 *            %pM  uint64_t *      a size: 4 KiB, 896 MiB, 61 GiB; exact unit
 *
 *          %p prints 0x and eight digits (sixteen on the host).
 */
#pragma once

#include <stdarg.h>

#include "lib/compiler.h"

/* So %u and %x can print it; the Makefile makes uint32_t this type. */
_Static_assert(__builtin_types_compatible_p(uint32_t, unsigned),
	       "uint32_t is unsigned int");

/*
 * Write at most `size` bytes, the terminating 0 included, into buf.
 *
 * Returns: the length of the whole text, as C's snprintf() does: a value >=
 *          size means that the text was cut. With size 0 nothing is written,
 *          and buf may be NULL.
 */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
	__printf(3, 0);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/*
 * Like snprintf(), but returns the number of characters that were written,
 * without the 0. The result is always below size (0 for size 0), so calls can
 * be chained.
 */
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/* A function that takes one line of text, without a newline. */
typedef void (*line_fn)(const char *line);

/* Give a line to `out`. Characters after the 127th are cut off. */
void line_printf(line_fn out, const char *fmt, ...) __printf(2, 3);

struct bit_name {
	uint64_t    bit;
	const char *name;
};

/* Write the names of the bits that are set: " P RW". `size` is not 0. */
void bits_format(char *buf, size_t size, uint64_t bits,
		 const struct bit_name *names, unsigned nr_names);

/*
 * Turns a code address into "symbol+0x12" for %pS. The kernel defines it with
 * its symbol table (kernel/diag/symbols.c). boot/ and the host have no symbol
 * table: their version prints the number.
 *
 * Returns: characters written, without the 0.
 */
int symbol_format(char *buf, size_t size, uintptr_t addr);
