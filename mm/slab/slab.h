// SPDX-License-Identifier: MIT
/*
 * slab.h - caches of equal objects
 *
 * WHAT     kmem_cache_create() makes a cache; kmem_cache_alloc() gives one
 *          object of it, kmem_cache_free() takes it back. Objects lie in slabs
 *          (blocks of lowmem pages); a per-CPU magazine in front makes the
 *          ordinary case a few instructions.
 *
 * TERMS    constructor  runs once when a slab is made, not at each
 *                       allocation: free an object in constructed state
 *          colour       slabs start their first object at different offsets,
 *                       so that equal fields do not share cache lines
 *          debug        SLAB_DEBUG caches put red zones around objects,
 *                       poison free ones and remember who allocated them
 * LOCKING  All functions but create and destroy: any context.
 * SEE      Bonwick, "The Slab Allocator", 1994, and "Magazines and Vmem",
 *          2001; Linux include/linux/slab.h.
 */
#pragma once

#include "mm/page/gfp.h"

struct kmem_cache;

#define SLAB_HWCACHE_ALIGN  0x1u   /* align objects to a cache line          */
#define SLAB_DMA            0x2u   /* slabs from ZONE_DMA                    */
#define SLAB_DEBUG          0x4u   /* red zones, poison, owners              */
#define SLAB_PANIC          0x8u   /* panic when it cannot be created        */

/*
 * A cache of objects of `size` bytes (1 .. 8192), aligned to `align` (a power
 * of two up to PAGE_SIZE, or 0 for the natural one). `name` must outlive it.
 *
 * Context: may allocate (GFP_KERNEL).
 * Returns: NULL: no memory, or an argument is out of range (said in the log).
 */
struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align, unsigned flags,
				     void (*ctor)(void *object)) __must_check;

/*
 * Returns: 0; -EBUSY when objects are still allocated: each is reported, with
 *          its owner in a debug cache, and the cache stays usable.
 */
int kmem_cache_destroy(struct kmem_cache *cache) __must_check;

/*
 * One object, or NULL. GFP_ZERO clears it (not with a constructor). The zone is
 * that of the cache (SLAB_DMA), whatever gfp says.
 *
 * To free what is no object of the cache, or free now, panics: when its
 * magazine is flushed, in a debug cache at once.
 */
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp) __must_check;
void  kmem_cache_free(struct kmem_cache *cache, void *object);

/* Give empty slabs back. Returns: pages freed. */
unsigned long kmem_cache_shrink(struct kmem_cache *cache);

size_t      kmem_cache_size(const struct kmem_cache *cache);
const char *kmem_cache_name(const struct kmem_cache *cache);

/* Objects allocated now, magazines not counted. */
unsigned long kmem_cache_used(const struct kmem_cache *cache);

/* Once at boot, after zones_init(). */
void slab_init(void);

/* NULL, or the first broken invariant of any cache. */
const char *slab_check(void);

/* Linux's /proc/slabinfo. */
void slabinfo_dump(void);

/*
 * A cache's geometry and each of its slabs, a line each with tabs, for
 * tools/pictures:
 *   cache  name, size, align, stride, objects in a slab, order, offset of
 *          object 0 at colour 0, bytes of the descriptor, colours, bytes of one
 *   slab   address of the block, offset of object 0, free objects in the order
 *          of their chain with commas, and a letter for each object:
 *          # taken, m in a magazine, . free
 */
void slab_lines_dump(struct kmem_cache *cache);

/* ---- to look at (describe.c) --------------------------------------------- */

/* The i-th cache in the order of their creation, or by name; NULL: none. */
struct kmem_cache *kmem_cache_at(unsigned i);
struct kmem_cache *kmem_cache_find(const char *name);

/* Pages that all caches have together. */
unsigned long slab_nr_pages(void);

enum slab_object_state {
	SLAB_OBJECT_FREE,
	SLAB_OBJECT_TAKEN,
	SLAB_OBJECT_IN_MAGAZINE,   /* free, and kept at hand                 */
};

struct slab_object_info {
	const char            *cache;
	const void            *object;   /* where it begins; NULL: no object
					    is there, but the slab's own     */
	size_t                 size;
	unsigned               index;    /* in its slab                      */
	enum slab_object_state state;
	const void            *allocated_by;   /* in debug caches, else NULL */
};

/* What slab does an address lie in? Returns: false: in none. */
bool slab_find_object(const void *ptr, struct slab_object_info *info);

/* A cache in words, with a picture of its slabs. */
void kmem_cache_dump(struct kmem_cache *cache);
