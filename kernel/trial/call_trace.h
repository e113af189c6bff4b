// SPDX-License-Identifier: MIT
/*
 * call_trace.h - the last calls of each thread, for the report of a panic
 *
 * WHAT     Whoever looks for the cause of a panic wants to know what ring 3 did
 *          just before. While the trace is on, each call is noted on its way
 *          in, and its result on its way out.
 *
 * COST     None while it is off: nothing looks at a flag.
 * SEE      docs/fuzzing.md.
 */
#pragma once

#include "lib/compiler.h"

/*
 * From now on until call_trace_stop(): it uses syscall_set_hook(), and
 * panic_set_annex(). Without memory for it there is no trace.
 */
void call_trace_start(void);

/* No thread may be in a call that was traced. */
void call_trace_stop(void);

/* One line a call, the newest last; nothing where the trace is off. */
void call_trace_print(void (*out)(const char *line));
