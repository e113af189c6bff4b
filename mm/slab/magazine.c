// SPDX-License-Identifier: MIT
/*
 * magazine.c - each CPU keeps a few free objects of each cache
 *
 * WHAT     Each CPU keeps an array of free objects for each cache. Most
 *          allocations take the last object of the array, and most frees append
 *          an object: they touch no lock, no slab and no list.
 *
 * PICTURE    kmem_cache_free()                      kmem_cache_alloc()
 *                              |                      ^
 *                              v                      |
 *            magazine  [ old . . . . . . . . . . . . hot ]   LIFO: the object
 *                        |                            ^      freed last, still
 *           flush oldest |               refill to    |      in the cache of
 *         three quarters |               the half     |      the CPU, is given
 *                        v                            |      next
 *                     slabs of the cache, under cache->lock
 *
 * INVARIANTS of magazine (slab_check() restates them)
 *          M1  count <= capacity; capacity is 0 in a debug cache
 *          M2  each object in a magazine is a taken object of this cache
 *          M3  no object is in a magazine twice
 *
 * ALGORITHM  An empty magazine is refilled to one half. A full magazine is
 *          flushed to one quarter: so a caller that frees and allocates in turn
 *          does not go to the slabs each time. The flush takes the oldest
 *          objects, and moves the others down.
 *
 *          The flush checks each pointer that was given to kmem_cache_free():
 *          is it the start of a taken object of the cache? So an ordinary cache
 *          finds a bad free late, but before it can damage the slabs. The bad
 *          pointer leaves the magazine first; the panic comes last, when all
 *          data is consistent again. A debug cache has magazines of capacity 0:
 *          each call goes to the slow functions, and is checked at once.
 *
 * LOCKING  Interrupts off for the magazine; cache->lock is taken inside. A CPU
 *          can drain only its own magazine.
 * COST     kmem_cache_192_* and kmalloc_64_* in tests/bench/bounds.tsv.
 * NOT HERE slabs (slab.c), which size goes to which cache (kmalloc.c).
 * SEE      Bonwick and Adams, "Magazines and Vmem", 2001; Linux 6.1 mm/slab.c,
 *          struct array_cache.
 */
#include "mm/slab/magazine.h"

#include "lib/alloc_trace.h"
#include "lib/log.h"
#include "lib/string.h"

/*
 * How many objects a magazine holds. The memory in a full magazine stays small.
 * The limits are about those of Linux's slab.c, which are from experience.
 */
static const struct {
	uint32_t stride;     /* for strides up to this    */
	unsigned capacity;   /* a multiple of 4           */
} capacities[] = {
	{ 256,        MAGAZINE_MAX },
	{ 1024,       52 },
	{ 4096,       24 },
	{ UINT32_MAX, 8 },
};

unsigned magazine_capacity(const struct kmem_cache *cache)
{
	unsigned i = 0;

	assert(cache->stride > 0);
	if (cache_is_debug(cache))
		return 0;
	while (cache->stride > capacities[i].stride)
		i++;
	return capacities[i].capacity;
}

/*
 * Put the n oldest objects back into their slabs. Interrupts are off.
 *
 * Returns: false when it has stopped early: *bad is not a taken object of this
 *          cache. *bad is not in the magazine any more.
 */
static bool magazine_flush(struct kmem_cache *cache, struct magazine *magazine,
			   unsigned n, const void **bad)
{
	LIST_HEAD(surplus);
	unsigned done;
	bool good;

	debug_assert(irqs_disabled());
	debug_assert(n > 0 && n <= magazine->count);
	spin_lock_irqoff(&cache->lock);
	done = slab_put_locked(cache, magazine->objects, n);
	slab_detach_empty_locked(cache, SLAB_EMPTY_KEEP, &surplus);
	spin_unlock_irqoff(&cache->lock);
	good = done == n;
	if (unlikely(!good))
		*bad = magazine->objects[done++];
	debug_assert(done <= magazine->count);
	magazine->count -= done;
	memmove(magazine->objects, magazine->objects + done,
		magazine->count * sizeof(magazine->objects[0]));
	slab_destroy_list(cache, &surplus);
	return good;
}

/*
 * Take the last object; if the magazine is empty, fill one half of it first.
 * The magazine of a debug cache gets one object, which is marked as taken
 * before interrupts are on again. NULL: no slab has a free object.
 */
static void *magazine_take(struct kmem_cache *cache, const void *caller)
{
	irqflags_t flags = irq_save();
	struct magazine *magazine = this_cpu(cache->magazine);
	void *object = NULL;

	if (!magazine->count) {
		spin_lock_irqoff(&cache->lock);
		magazine->count = slab_take_locked(cache, magazine->objects,
					MAX(magazine->capacity / 2, 1u));
		spin_unlock_irqoff(&cache->lock);
	}
	if (magazine->count)
		object = magazine->objects[--magazine->count];
	if (object && cache_is_debug(cache))
		debug_alloc(cache, object, caller);
	irq_restore(flags);
	return object;
}

noinline void *cache_alloc_slow(struct kmem_cache *cache, gfp_t gfp,
				const void *caller)
{
	void *object;

	caller_must(!(gfp & GFP_HIGHMEM),
		    "not ask for HIGHMEM: objects need an address");
	caller_must(!(gfp & GFP_ZERO) || !cache->ctor,
		    "not clear what the constructor has set: leave GFP_ZERO out");
	if (should_fail())
		return NULL;
	/* An interrupt may empty the new slab before we use it: loop. */
	while (!(object = magazine_take(cache, caller)))
		if (!slab_grow(cache, gfp))
			return NULL;
	if (gfp & GFP_ZERO)
		memset(object, 0, cache->size);
	alloc_trace(object, ALLOC_OBJECT);
	return object;
}

noinline void cache_free_slow(struct kmem_cache *cache, void *object,
			      const void *caller)
{
	irqflags_t flags = irq_save();
	struct magazine *magazine = this_cpu(cache->magazine);
	const void *bad;
	bool good = true;

	if (cache_is_debug(cache))
		debug_free(cache, object, caller);
	if (magazine->capacity && magazine->count == magazine->capacity)
		good = magazine_flush(cache, magazine,
				      magazine->capacity / 4 * 3, &bad);
	debug_assert(magazine->count < MAGAZINE_MAX);
	magazine->objects[magazine->count++] = object;
	if (magazine->count > magazine->capacity)   /* a debug cache */
		good = magazine_flush(cache, magazine, magazine->count, &bad);
	irq_restore(flags);
	if (unlikely(!good))
		slab_report_bad_free(cache, bad, caller);
}

bool magazine_drain(struct kmem_cache *cache, const void **bad)
{
	irqflags_t flags = irq_save();
	struct magazine *magazine = this_cpu(cache->magazine);
	bool good = true;

	while (magazine->count)
		good &= magazine_flush(cache, magazine, magazine->count, bad);
	irq_restore(flags);
	return good;
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	return cache_alloc(cache, gfp);
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	cache_free(cache, object);
}
