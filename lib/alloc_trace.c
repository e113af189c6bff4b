// SPDX-License-Identifier: MIT
/*
 * alloc_trace.c - see every allocation, for a while
 *
 * WHAT     The hook, and the fail point that leads the fast paths to it.
 */
#include "lib/alloc_trace.h"

#include "lib/failpoint.h"

/* As far away as can be: it does not hit while anybody looks. */
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
