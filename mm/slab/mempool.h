// SPDX-License-Identifier: MIT
/*
 * mempool.h - allocations that must not fail
 *
 * WHAT     A pool keeps min_nr elements in reserve. If the allocator behind the
 *          pool has nothing, the pool gives an element of the reserve. A free
 *          first refills the reserve. So while fewer than min_nr elements are
 *          out, an allocation cannot fail.
 * SEE      Linux mm/mempool.c.
 */
#pragma once

#include "mm/slab/slab.h"

struct mempool;

typedef void *(*mempool_alloc_fn)(gfp_t gfp, void *pool_data);
typedef void (*mempool_free_fn)(void *element, void *pool_data);

/* Returns: NULL when min_nr is 0, or when the reserve cannot be allocated. */
struct mempool *mempool_create(unsigned min_nr, mempool_alloc_fn alloc,
			       mempool_free_fn free, void *pool_data)
	__must_check;
struct mempool *mempool_create_slab_pool(unsigned min_nr,
					 struct kmem_cache *cache) __must_check;
struct mempool *mempool_create_kmalloc_pool(unsigned min_nr, size_t size)
	__must_check;
struct mempool *mempool_create_page_pool(unsigned min_nr, unsigned order)
	__must_check;

/* All elements must be back; if not: -EBUSY, and a line in the log. */
int mempool_destroy(struct mempool *pool) __must_check;

/* NULL only when more than min_nr elements are out and memory is short. */
void *mempool_alloc(struct mempool *pool, gfp_t gfp) __must_check;
void  mempool_free(struct mempool *pool, void *element);

/*
 * Change the reserve.
 * Returns: 0; -EINVAL (0); -ENOMEM, and the pool is as it was.
 */
int mempool_resize(struct mempool *pool, unsigned min_nr) __must_check;

const char *mempool_check(const struct mempool *pool);
