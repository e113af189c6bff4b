// SPDX-License-Identifier: MIT
/*
 * backtrace.h - who called whom
 *
 * WHAT     Follows the chain of frame pointers (EBP), through exceptions too,
 *          and prints a line for each caller. A broken chain only ends the
 *          list.
 */
#pragma once

#include "lib/compiler.h"

struct trap_regs;

/* The callers of the function with this frame, one line each, to `out`. */
void backtrace_frame(const void *frame, void (*out)(const char *line));

/* The code that an exception interrupted, and its callers. */
void backtrace_regs(const struct trap_regs *regs,
		    void (*out)(const char *line));
