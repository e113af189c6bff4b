// SPDX-License-Identifier: MIT
/*
 * shrinker.h - who can give memory back when a zone runs out
 *
 * WHAT     Modules that keep pages they could do without (per-CPU lists, empty
 *          slabs, freed vmalloc areas) register a function; the page allocator
 *          calls them all before it gives up on a GFP_RECLAIM request.
 * LOCKING  Registered at boot only. Called without any lock of mm/page/ held;
 *          a shrinker must not allocate.
 * SEE      Linux include/linux/shrinker.h.
 */
#pragma once

#include "lib/list.h"

struct shrinker {
	const char       *name;
	unsigned long   (*shrink)(void);   /* returns pages given back */
	struct list_head  list;
};

void register_shrinker(struct shrinker *shrinker);

/* Call them all. Returns: pages given back in total. */
unsigned long shrink_all(void);
