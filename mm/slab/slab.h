// SPDX-License-Identifier: MIT
/*
 * slab.h - caches of equal objects
 *
 * WHAT     kmem_cache_create() makes a cache. kmem_cache_alloc() gives an
 *          object of the cache; kmem_cache_free() takes the object back.
 *          Objects lie in slabs (blocks of lowmem pages). Each CPU has a
 *          magazine of free objects: so the ordinary case needs only a few
 *          instructions.
 *
 * TERMS    constructor  runs once for each object, when its slab is made, not
 *                       at each allocation: so an object must be in constructed
 *                       state when it is freed
 *          colour       slabs start their first object at different offsets,
 *                       so that equal fields do not share cache lines
 *          debug        SLAB_DEBUG caches put red zones around objects,
 *                       poison free ones and remember who allocated them
 * LOCKING  Every function, except create and destroy: any context.
 * SEE      Bonwick, "The Slab Allocator", 1994, and "Magazines and Vmem",
 *          2001; Linux include/linux/slab.h.
 */
#pragma once

#include "mm/page/gfp.h"

struct kmem_cache;

#define SLAB_HWCACHE_ALIGN  0x1u   /* align objects to a cache line          */
#define SLAB_DMA            0x2u   /* slabs from ZONE_DMA                    */
#define SLAB_DEBUG          0x4u   /* red zones, poison, owners              */
#define SLAB_PANIC          0x8u   /* panic when the cache cannot be made    */

/*
 * Make a cache of objects of `size` bytes (1 .. 8192), aligned to `align` (a
 * power of two up to PAGE_SIZE, or 0 for the natural alignment). `name` must
 * stay valid as long as the cache exists.
 *
 * Context: may allocate (GFP_KERNEL).
 * Returns: NULL when there is no memory, or when an argument is out of range
 *          (then the log has a line).
 */
struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align, unsigned flags,
				     void (*ctor)(void *object)) __must_check;

/*
 * Returns: 0; -EBUSY when objects are still allocated. Then the log names each
 *          object (in a debug cache also its owner), and the cache stays
 *          usable.
 */
int kmem_cache_destroy(struct kmem_cache *cache) __must_check;

/*
 * Allocate one object, or return NULL. GFP_ZERO clears the object (not allowed
 * with a constructor). The cache decides the zone (SLAB_DMA); gfp does not.
 *
 * kmem_cache_free() panics for a pointer that is not an object of the cache,
 * and for an object that is already free: when the magazine is flushed, or at
 * once in a debug cache.
 */
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp) __must_check;
void  kmem_cache_free(struct kmem_cache *cache, void *object);

/* Give empty slabs back. Returns: pages freed. */
unsigned long kmem_cache_shrink(struct kmem_cache *cache);

size_t      kmem_cache_size(const struct kmem_cache *cache);
const char *kmem_cache_name(const struct kmem_cache *cache);

/* How many objects are allocated now; objects in magazines do not count. */
unsigned long kmem_cache_used(const struct kmem_cache *cache);

/* Called once, at boot, after zones_init(). */
void slab_init(void);

/* NULL, or the first broken invariant of any cache. */
const char *slab_check(void);

/* Print Linux's /proc/slabinfo. */
void slabinfo_dump(void);

/*
 * Print a line with tabs for the geometry of a cache, and a line for each of
 * its slabs. tools/pictures reads these lines:
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

/* How many pages all caches have together. */
unsigned long slab_nr_pages(void);

enum slab_object_state {
	SLAB_OBJECT_FREE,
	SLAB_OBJECT_TAKEN,
	SLAB_OBJECT_IN_MAGAZINE,   /* free, in a magazine                    */
};

struct slab_object_info {
	const char            *cache;
	const void            *object;   /* where it begins; NULL: no object
					    is there, but the slab's own     */
	size_t                 size;
	unsigned               index;    /* in its slab                      */
	enum slab_object_state state;
	const void            *allocated_by;   /* NULL if not a debug cache  */
};

/* In which slab does an address lie? Returns: false if it lies in no slab. */
bool slab_find_object(const void *ptr, struct slab_object_info *info);

/* Print a cache in words, with a picture of its slabs. */
void kmem_cache_dump(struct kmem_cache *cache);
