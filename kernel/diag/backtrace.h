// SPDX-License-Identifier: MIT
/*
 * backtrace.h - who called whom
 *
 * WHAT     Follows the chain of frame pointers (EBP) and prints a line for
 *          each caller, through exceptions too. Every word is read with
 *          probe_read32(): a broken chain ends the list and nothing else.
 */
#pragma once

#include "lib/compiler.h"

struct trap_regs;

/*
 * The callers of the function whose frame this is (__builtin_frame_address(0)
 * in it), one line each, to `out`.
 */
void backtrace_frame(const void *frame, void (*out)(const char *line));

/* The callers of code interrupted by an exception, itself first. */
void backtrace_regs(const struct trap_regs *regs,
		    void (*out)(const char *line));
