// SPDX-License-Identifier: MIT
/*
 * symbols.c - tests of the table of functions, and of backtraces
 */
#include "kernel/diag/symbols.h"

#include <arch/kva.h>
#include <arch/sections.h>

#include "kernel/diag/backtrace.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "tests/ktest.h"

SUITE(symbols, symbols_check);

static uintptr_t address_of(const void *function)
{
	return (uintptr_t)function;
}

KTEST(symbols, the_image_has_a_table)
{
	EXPECT(symbols_count() > 100);
}

KTEST(symbols, finds_a_function_by_any_of_its_addresses)
{
	uintptr_t begin = address_of(printk), start;

	EXPECT_STREQ(symbol_find(begin, &start), "printk");
	EXPECT_EQ(start, begin);
	EXPECT_STREQ(symbol_find(begin + 7, &start), "printk");
	EXPECT_EQ(start, begin);
	EXPECT(strcmp(symbol_find(begin - 1, &start), "printk") != 0);
}

KTEST(symbols, finds_an_address_by_name)
{
	EXPECT_EQ(symbol_address("printk"), address_of(printk));
	EXPECT_EQ(symbol_address("no_such_function"), 0);
}

KTEST(symbols, knows_nothing_outside_the_code)
{
	uintptr_t start;

	EXPECT(!symbol_find(0, &start));
	EXPECT(!symbol_find(address_of(text_start) - 1, &start));
	EXPECT(!symbol_find(address_of(text_end), &start));
	EXPECT(!symbol_find(UINTPTR_MAX, &start));
	EXPECT(symbol_find(address_of(text_end) - 1, &start) != NULL);
}

KTEST(symbols, formats_name_and_offset)
{
	uintptr_t inside = address_of(printk) + 0x12;
	char text[32];

	snprintf(text, sizeof(text), "%pS", (void *)inside);
	EXPECT_STREQ(text, "printk+0x12");
	snprintf(text, sizeof(text), "%pS", (void *)0x1234);
	EXPECT_STREQ(text, "0x00001234");
}

KTEST(symbols, cuts_a_name_that_does_not_fit)
{
	char text[5] = "";

	EXPECT_EQ(symbol_format(text, sizeof(text), address_of(printk)), 4);
	EXPECT_STREQ(text, "prin");
}

/* ---- backtraces ---- */

static char trace[2048];

static void collect(const char *line)
{
	size_t len = strlen(trace);

	scnprintf(trace + len, sizeof(trace) - len, "%s\n", line);
}

/* The position of the text in the trace, counted from 1; 0: it is not there. */
static size_t position(const char *part)
{
	for (size_t i = 0; trace[i]; i++) {
		if (!strncmp(trace + i, part, strlen(part)))
			return i + 1;
	}
	return 0;
}

static noinline void bt_inner(void)
{
	backtrace_frame(__builtin_frame_address(0), collect);
	barrier();
}

static noinline void bt_outer(void)
{
	bt_inner();
	barrier();
}

static noinline unsigned bt_recursion(unsigned depth)
{
	if (!depth)
		bt_inner();
	else
		depth += bt_recursion(depth - 1);
	barrier();
	return depth;
}

KTEST(symbols, backtrace_names_the_callers_in_order)
{
	trace[0] = '\0';
	bt_outer();
	EXPECT(position("bt_outer+0x") > 0);
	EXPECT(position("in_order+0x") > position("bt_outer+0x"));
	EXPECT(position("kernel_main+0x") > position("in_order+0x"));
	EXPECT(!position("broken"));
}

KTEST(symbols, backtrace_folds_recursion)
{
	trace[0] = '\0';
	bt_recursion(100);
	EXPECT(position("... and 99 times more") > 0);
	EXPECT(position("kernel_main+0x") > 0);
}

KTEST(symbols, backtrace_survives_a_broken_chain)
{
	uint32_t *frame = __builtin_frame_address(0);
	uint32_t saved = frame[0];

	trace[0] = '\0';
	frame[0] = PAGE_OFFSET - 4;   /* nothing is mapped there */
	bt_outer();
	frame[0] = saved;
	EXPECT(position("(the chain of frames") > 0);
}
