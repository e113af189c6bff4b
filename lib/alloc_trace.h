// SPDX-License-Identifier: MIT
/*
 * alloc_trace.h - see every allocation, for a while
 *
 * WHAT     A hook that is told of each block of pages and each object that is
 *          given out, so that what was never freed can be found afterwards.
 *
 * ALGORITHM  The fast paths know nothing of it: they leave for the slow ones
 *          while a fail point is armed (lib/failpoint.h). So one is armed that
 *          will never hit, and the slow paths tell the hook. Frees need not be
 *          told: what is free now says the allocator itself.
 * COST     Nothing while there is no hook, but for a load where a magazine is
 *          filled.
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

extern alloc_trace_fn alloc_trace_hook;   /* NULL: nobody looks */

/* A fail point that is armed meanwhile ends it. */
void alloc_trace_start(alloc_trace_fn hook);
void alloc_trace_stop(void);

/* For allocators: this has been given out. */
static inline void alloc_trace(const void *what, enum alloc_kind kind)
{
	if (unlikely(alloc_trace_hook))
		alloc_trace_hook(what, kind);
}
