// SPDX-License-Identifier: MIT
/*
 * magazine.c - a few objects of each cache at hand, per CPU
 *
 * WHAT     Each CPU keeps an array of objects for each cache. Most allocations
 *          take its last member, most frees append one: no lock, no slab, no
 *          list is touched. This file has what happens when the array is empty
 *          or full, and the two public functions in front.
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
 * ALGORITHM  An empty magazine is refilled to the half, a full one flushed to a
 *          quarter: allocs and frees that alternate at the edge do not go to
 *          the slabs each time. The flush takes the oldest; few remain, because
 *          they must be moved down. It is there that the pointers given to
 *          kmem_cache_free() are checked, each at the price of a few
 *          instructions: in bounds, the start of an object, taken. So a double
 *          or foreign free in an ordinary cache is found late, but before it
 *          can do harm to the slabs; the bad pointer leaves the magazine first
 *          and the panic comes last, with everything consistent. A debug cache
 *          has magazines of capacity 0: each call comes to the slow functions
 *          here and is checked at once; ordinary caches pay nothing for it.
 *
 * LOCKING  Interrupts off for the magazine, and inside, cache->lock. Only the
 *          own CPU's magazine can be drained; with more CPUs than one, destroy
 *          and shrink must ask the others to drain theirs.
 * COST     alloc 16, free 12, kfree 22 instructions; a refill adds about 12, a
 *          flush about 20, for each object that it moves.
 * NOT HERE slabs (slab.c), which size goes to which cache (kmalloc.c).
 * SEE      Bonwick and Adams, "Magazines and Vmem", 2001; Linux 6.1 mm/slab.c,
 *          struct array_cache.
 */
#include "mm/slab/magazine.h"

#include "lib/alloc_trace.h"
#include "lib/log.h"
#include "lib/string.h"

/*
 * How many: the memory parked in a full magazine stays small. About the limits
 * of Linux's slab.c, which chose them by experience.
 */
static const struct {
	uint32_t stride;     /* up to this                */
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

	if (cache_is_debug(cache))
		return 0;
	while (cache->stride > capacities[i].stride)
		i++;
	return capacities[i].capacity;
}

/* Drop the n oldest objects; the others move down. */
static void magazine_forget_oldest(struct magazine *magazine, unsigned n)
{
	magazine->count -= n;
	memmove(magazine->objects, magazine->objects + n,
		magazine->count * sizeof(magazine->objects[0]));
}

/*
 * Put the n oldest objects back into their slabs. Interrupts are off.
 *
 * Returns: false when it had to stop early, because *bad was not a taken
 *          object of this cache; it is no longer in the magazine.
 */
static bool magazine_flush(struct kmem_cache *cache,
			   struct magazine *magazine, unsigned n,
			   const void **bad)
{
	LIST_HEAD(surplus);
	unsigned done;
	bool good;

	spin_lock_irqoff(&cache->lock);
	done = slab_put_locked(cache, magazine->objects, n);
	slab_detach_empty_locked(cache, SLAB_EMPTY_KEEP, &surplus);
	spin_unlock_irqoff(&cache->lock);
	good = done == n;
	if (unlikely(!good))
		*bad = magazine->objects[done++];
	magazine_forget_oldest(magazine, done);
	slab_destroy_list(cache, &surplus);
	return good;
}

/*
 * Fill half of an empty magazine. Interrupts are off. One of a debug cache
 * gets one object, which leaves it again at once.
 */
static void magazine_refill(struct kmem_cache *cache,
			    struct magazine *magazine)
{
	spin_lock_irqoff(&cache->lock);
	magazine->count = slab_take_locked(cache, magazine->objects,
					   MAX(magazine->capacity / 2, 1u));
	spin_unlock_irqoff(&cache->lock);
}

/*
 * The last object, after a refill where needed; NULL: no slab has any. One of a
 * debug cache is marked as taken before anybody else can look at it.
 */
static void *magazine_take(struct kmem_cache *cache, const void *caller)
{
	irqflags_t flags = irq_save();
	struct magazine *magazine = this_cpu(cache->magazine);
	void *object = NULL;

	if (!magazine->count)
		magazine_refill(cache, magazine);
	if (magazine->count)
		object = magazine->objects[--magazine->count];
	if (object && cache_is_debug(cache))
		debug_alloc(cache, object, caller);
	irq_restore(flags);
	return object;
}

static void cache_add_slab(struct kmem_cache *cache, struct slab *slab)
{
	irqflags_t flags = spin_lock_irqsave(&cache->lock);

	slab_add_locked(cache, slab);
	spin_unlock_irqrestore(&cache->lock, flags);
}

/* Any object: out of the magazine, out of a slab, out of a new slab. */
static void *cache_take(struct kmem_cache *cache, gfp_t gfp,
			const void *caller)
{
	struct slab *slab;
	void *object;

	/* An interrupt may empty the new slab before we come to it: loop. */
	while (!(object = magazine_take(cache, caller))) {
		slab = slab_create(cache, gfp);
		if (!slab)
			return NULL;
		cache_add_slab(cache, slab);
	}
	return object;
}

noinline void *cache_alloc_slow(struct kmem_cache *cache, gfp_t gfp,
				const void *caller)
{
	void *object;

	assert(!(gfp & GFP_HIGHMEM));
	assert(!(gfp & GFP_ZERO) || !cache->ctor);
	if (should_fail())
		return NULL;
	object = cache_take(cache, gfp, caller);
	if (!object)
		return NULL;
	if (gfp & GFP_ZERO)
		memset(object, 0, cache->size);
	alloc_trace(object, ALLOC_OBJECT);
	return object;
}

noinline void cache_free_slow(struct kmem_cache *cache, void *object,
			      const void *caller)
{
	struct magazine *magazine;
	const void *bad;
	irqflags_t flags;
	bool good = true;

	flags = irq_save();
	if (cache_is_debug(cache))
		debug_free(cache, object, caller);
	magazine = this_cpu(cache->magazine);
	if (magazine->capacity && magazine->count == magazine->capacity)
		good = magazine_flush(cache, magazine,
				      magazine->capacity / 4 * 3, &bad);
	magazine->objects[magazine->count++] = object;
	if (magazine->count > magazine->capacity)   /* of a debug cache */
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
