// SPDX-License-Identifier: MIT
/*
 * call_trace.h - the last calls of each thread, for the report of a panic
 *
 * WHAT     What did ring 3 do just before the panic? While the trace is on,
 *          each call is noted when it comes in, and its result when it goes
 *          out.
 *
 * COST     None while the trace is off: no code tests a flag.
 * SEE      docs/fuzzing.md.
 */
#pragma once

#include "lib/compiler.h"

/*
 * From now on until call_trace_stop(), by syscall_set_hook() and
 * panic_set_annex(). If there is no memory, there is no trace.
 */
void call_trace_start(void);

/* No thread may be in a call that was traced. */
void call_trace_stop(void);

/* One line for each call, the newest last; nothing while the trace is off. */
void call_trace_print(void (*out)(const char *line));
