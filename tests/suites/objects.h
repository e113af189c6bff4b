// SPDX-License-Identifier: MIT
/*
 * objects.h - how many objects are in use, for tests of what is given back
 */
#pragma once

#include "mm/slab/slab_impl.h"

/* Of all caches but that of slab descriptors: some empty slabs are kept. */
static inline unsigned long objects_in_use(void)
{
	struct kmem_cache *cache;
	unsigned long n = 0;

	for (unsigned i = 0; (cache = kmem_cache_at(i)); i++)
		if (cache != &slab_descriptors)
			n += kmem_cache_used(cache);
	return n;
}
