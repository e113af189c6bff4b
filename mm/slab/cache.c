// SPDX-License-Identifier: MIT
/*
 * cache.c - make, list, shrink and destroy caches
 *
 * WHAT     kmem_cache_create() and kmem_cache_destroy(), the list of all
 *          caches, and the first caches: a cache is itself an object of a
 *          cache.
 *
 * TERMS    cache of caches      cache_cache, where struct kmem_cache come from
 *          slab descriptors     cache of struct slab, for caches whose
 *                               descriptors lie outside their slabs
 *
 * ALGORITHM  These two caches are variables, and are set up before any other
 *          cache. The cache of caches has large objects, so its descriptors are
 *          objects of the second cache. The objects of the second cache are
 *          small, so its own descriptors lie inside its slabs. It needs no
 *          other cache.
 *
 *          destroy: first empty the magazines, then count. An object that is
 *          still taken is a leak. Then the cache stays, so the object can still
 *          be freed.
 *
 * LOCKING  cache_list_lock for the list, taken before any cache->lock and held
 *          while a shrinker frees pages. Two threads must not create or destroy
 *          the same cache at the same time.
 * COST     create: one object. shrink: O(empty slabs + magazine).
 * NOT HERE objects (magazine.c), slabs (slab.c).
 * SEE      Linux 6.1 mm/slab_common.c.
 */
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/page/shrinker.h"
#include "mm/slab/kmalloc.h"
#include "mm/slab/slab_impl.h"

#define SLAB_KNOWN_FLAGS \
	(SLAB_HWCACHE_ALIGN | SLAB_DMA | SLAB_DEBUG | SLAB_PANIC)

struct list_head cache_list = LIST_HEAD_INIT(cache_list);
struct spinlock cache_list_lock = SPINLOCK_INIT;

struct kmem_cache slab_descriptors;
static struct kmem_cache cache_cache;

/* ---- arguments --------------------------------------------------------- */

/*
 * The alignment that objects really get. With SLAB_HWCACHE_ALIGN two or four
 * small objects may share a cache line, but no small object lies in two lines.
 */
static uint32_t effective_align(size_t size, size_t align, unsigned flags)
{
	uint32_t line = SLAB_CACHE_LINE;

	align = MAX(align, (size_t)SLAB_MIN_ALIGN);
	if (!(flags & SLAB_HWCACHE_ALIGN))
		return (uint32_t)align;
	while (size <= line / 2)
		line /= 2;
	return MAX((uint32_t)align, line);
}

/* NULL, or what is wrong with the arguments of kmem_cache_create(). */
static const char *find_bad_argument(const char *name, size_t size,
				     size_t align, unsigned flags)
{
	if (!name || !*name)
		return "no name";
	if (size == 0 || size > SLAB_MAX_SIZE)
		return "size out of range";
	if (align && (!is_pow2(align) || align > PAGE_SIZE))
		return "alignment is no power of two up to a page";
	if (flags & ~SLAB_KNOWN_FLAGS)
		return "unknown flag";
	return NULL;
}

/* ---- one cache --------------------------------------------------------- */

/* Set up a cache, and add it to the list. The arguments are right. */
static void cache_init(struct kmem_cache *cache, const char *name,
		       size_t size, size_t align, unsigned flags,
		       void (*ctor)(void *))
{
	irqflags_t irqs;
	bool fits;

	assert(size > 0 && size <= SLAB_MAX_SIZE);
	memset(cache, 0, sizeof(*cache));
	cache->name = name;
	cache->size = size;
	cache->align = effective_align(size, align, flags);
	cache->flags = flags | (CONFIG_DEBUG ? SLAB_DEBUG : 0);
	cache->ctor = ctor;
	spin_lock_init(&cache->lock);
	list_init(&cache->full);
	list_init(&cache->partial);
	list_init(&cache->empty);
	fits = slab_layout(cache);
	assert(fits);
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++)
		cache->magazine[cpu].capacity = magazine_capacity(cache);
	irqs = spin_lock_irqsave(&cache_list_lock);
	list_add_tail(&cache->list, &cache_list);
	spin_unlock_irqrestore(&cache_list_lock, irqs);
}

static void cache_free_empty(struct kmem_cache *cache)
{
	LIST_HEAD(slabs);
	irqflags_t flags = spin_lock_irqsave(&cache->lock);

	slab_detach_empty_locked(cache, 0, &slabs);
	spin_unlock_irqrestore(&cache->lock, flags);
	slab_destroy_list(cache, &slabs);
}

/*
 * Give back everything that the cache does not need, and add the number of
 * pages to *pages.
 *
 * Returns: as magazine_drain(). The caller reports when it holds no lock.
 */
static bool cache_shrink(struct kmem_cache *cache, unsigned long *pages,
			 const void **bad)
{
	unsigned long before = cache->nr_slabs;
	bool good = magazine_drain(cache, bad);

	cache_free_empty(cache);
	*pages += (before - cache->nr_slabs) << cache->order;
	return good;
}

/* ---- public ------------------------------------------------------------ */

struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align, unsigned flags,
				     void (*ctor)(void *object))
{
	const char *problem = find_bad_argument(name, size, align, flags);
	struct kmem_cache *cache;

	if (!problem) {
		cache = kmem_cache_alloc(&cache_cache, GFP_KERNEL);
		if (cache) {
			cache_init(cache, name, size, align, flags, ctor);
			return cache;
		}
		problem = "no memory";
	}
	if (!name)
		name = "";
	if (flags & SLAB_PANIC)
		panic("slab: cannot create cache '%s': %s", name, problem);
	pr_err("slab: cannot create cache '%s': %s\n", name, problem);
	return NULL;
}

int kmem_cache_destroy(struct kmem_cache *cache)
{
	unsigned long leaks;
	irqflags_t flags;
	const void *bad;

	caller_must(cache != &cache_cache && cache != &slab_descriptors,
		    "keep the caches that all others are made of");
	if (!magazine_drain(cache, &bad))
		slab_report_bad_free(cache, bad, NULL);
	leaks = slab_report_leaks(cache);
	if (leaks) {
		pr_err("slab: cache '%s' not destroyed: %lu objects in use\n",
		       cache->name, leaks);
		return -EBUSY;
	}
	flags = spin_lock_irqsave(&cache_list_lock);
	list_del(&cache->list);
	spin_unlock_irqrestore(&cache_list_lock, flags);
	cache_free_empty(cache);
	assert(cache->nr_slabs == 0);
	kmem_cache_free(&cache_cache, cache);
	return 0;
}

unsigned long kmem_cache_shrink(struct kmem_cache *cache)
{
	unsigned long pages = 0;
	const void *bad;

	caller_must(!spin_is_held(&cache->lock),
		    "not hold the lock of the cache: the page allocator may need it");
	if (!cache_shrink(cache, &pages, &bad))
		slab_report_bad_free(cache, bad, NULL);
	return pages;
}

size_t kmem_cache_size(const struct kmem_cache *cache)
{
	return cache->size;
}

const char *kmem_cache_name(const struct kmem_cache *cache)
{
	return cache->name;
}

unsigned long kmem_cache_used(const struct kmem_cache *cache)
{
	unsigned long used = cache->taken;

	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++)
		used -= cache->magazine[cpu].count;
	return used;
}

/* ---- init -------------------------------------------------------------- */

/*
 * The page allocator calls this when memory is short. The newest caches come
 * first: their parts are objects of the oldest caches.
 */
static unsigned long slab_shrink(void)
{
	irqflags_t flags = spin_lock_irqsave(&cache_list_lock);
	struct kmem_cache *cache, *bad_cache = NULL;
	const void *bad = NULL;
	unsigned long pages = 0;
	struct list_head *pos;

	for (pos = cache_list.prev; pos != &cache_list; pos = pos->prev) {
		cache = list_entry(pos, struct kmem_cache, list);
		if (!cache_shrink(cache, &pages, &bad))
			bad_cache = cache;
	}
	spin_unlock_irqrestore(&cache_list_lock, flags);
	if (unlikely(bad_cache))
		slab_report_bad_free(bad_cache, bad, NULL);
	return pages;
}

static struct shrinker slab_shrinker = {
	.name = "slab",
	.shrink = slab_shrink,
};

void slab_init(void)
{
	caller_must(list_empty(&cache_list), "call this once");
	/* No cache can give the memory for the two first ones. */
	cache_init(&slab_descriptors, "slab_descriptor",
		   sizeof(struct slab) + SLAB_OFF_OBJECTS * sizeof(uint16_t),
		   0, 0, NULL);
	assert(!slab_descriptors.off_slab);
	cache_init(&cache_cache, "kmem_cache", sizeof(struct kmem_cache), 0, 0,
		   NULL);
	kmalloc_init();
	register_shrinker(&slab_shrinker);
}
