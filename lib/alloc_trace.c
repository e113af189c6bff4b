// SPDX-License-Identifier: MIT
/*
 * alloc_trace.c - see every allocation, for a while
 *
 * WHAT     The hook, and the fail point that sends allocations to the slow
 *          paths, which call the hook.
 */
#include "lib/alloc_trace.h"

#include "lib/failpoint.h"

/* The largest countdown: the fail point does not hit during a trace. */
#define NEVER  (~0u)

alloc_trace_fn alloc_trace_hook;

void alloc_trace_start(alloc_trace_fn hook)
{
	alloc_trace_hook = hook;
	failpoint_arm(NEVER);
}

void alloc_trace_stop(void)
{
	(void)failpoint_disarm();
	alloc_trace_hook = NULL;
}
