// SPDX-License-Identifier: MIT
/*
 * call_trace.c (tests) - the last calls in the report of a panic
 */
#include "kernel/trial/call_trace.h"

#include "lib/string.h"
#include "tests/ktest.h"
#include "tests/tprogram.h"

SUITE(call_trace, NULL);

static unsigned nr_lines, nr_yields, nr_exits;

/* YIELD returns 0; exit_group never returns. */
TPROGRAM(yields_often,
	 "movl $20, %edi; 1: " TPROGRAM_CALL(1075) "decl %edi; jnz 1b;"
	 TPROGRAM_EXIT("$7"));

static bool contains(const char *line, const char *text)
{
	for (; *line; line++)
		if (!strncmp(line, text, strlen(text)))
			return true;
	return false;
}

static void count(const char *line)
{
	nr_lines++;
	nr_yields += contains(line, "YIELD h0 ") && contains(line, "= 0");
	nr_exits += contains(line, "call 252 7 ") && contains(line, "= ...");
}

KTEST(call_trace, the_last_calls_of_a_thread_are_told_in_order)
{
	nr_lines = nr_yields = nr_exits = 0;
	call_trace_start();
	EXPECT_EQ(tprogram_run(&yields_often), WAIT_EXITED(7));
	call_trace_print(count);
	call_trace_stop();
	/* A headline, the last yields, and the exit. */
	EXPECT_EQ(nr_exits, 1);
	EXPECT_EQ(nr_yields, 11);
	EXPECT_EQ(nr_lines, 13);
	call_trace_print(count);
	EXPECT_EQ(nr_lines, 13);
}
