// SPDX-License-Identifier: MIT
/*
 * alloc_trace.h - see every allocation, for a while
 *
 * WHAT     The allocators call a hook for each block of pages and each object
 *          that they give out. Afterwards the hook's owner can find what was
 *          never freed.
 *
 * ALGORITHM  The fast paths do not call the hook. But while a fail point is
 *          armed, every allocation takes the slow path (lib/failpoint.h). So
 *          alloc_trace_start() arms a fail point that never hits, and the slow
 *          paths call the hook. A free is not reported: the allocator itself
 *          knows what is free now.
 * COST     Without a hook: one load each time a magazine is filled.
 */
#pragma once

#include "lib/compiler.h"

/*      kind            what `what` points to                                */
enum alloc_kind {
	ALLOC_PAGES,    /* struct page, head of a block                      */
	ALLOC_OBJECT,   /* an object of a cache                              */
};

/* Context: that of the allocation, interrupt handlers too. */
typedef void (*alloc_trace_fn)(const void *what, enum alloc_kind kind);

extern alloc_trace_fn alloc_trace_hook;   /* NULL: no trace */

/* Arming another fail point meanwhile ends the trace. */
void alloc_trace_start(alloc_trace_fn hook);
void alloc_trace_stop(void);

/* Called by the allocators: `what` has been given out. */
static inline void alloc_trace(const void *what, enum alloc_kind kind)
{
	if (unlikely(alloc_trace_hook))
		alloc_trace_hook(what, kind);
}
