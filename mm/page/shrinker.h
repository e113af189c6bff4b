// SPDX-License-Identifier: MIT
/*
 * shrinker.h - modules that give memory back when a zone runs out
 *
 * WHAT     Some modules keep pages that they do not need (per-CPU lists, empty
 *          slabs, freed vmalloc areas). Such a module registers a function.
 *          Before a GFP_RECLAIM request fails, the page allocator calls all
 *          these functions.
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

/* Call all shrinkers. Returns: how many pages they gave back. */
unsigned long shrink_all(void);
