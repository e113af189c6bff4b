// SPDX-License-Identifier: MIT
/*
 * slabinfo.c - print and check all caches
 *
 * WHAT     slabinfo_dump() prints Linux's /proc/slabinfo, version 2.1.
 *          slab_check() walks every slab and magazine of every cache and
 *          compares them with the numbered invariants of slab.c (S),
 *          magazine.c (M) and slab_debug.c (D), and of the list of caches:
 *
 * INVARIANTS of cache
 *          C1  no cache is used by more objects than its slabs have taken
 *          C2  a cache's geometry is what fits its block
 *
 * LOCKING  cache_list_lock, and one cache->lock after the other: a cache does
 *          not change while it is checked or printed.
 * COST     check: O(objects), and bytes in debug caches.
 * SEE      Linux 6.1 mm/slab_common.c, slabinfo_show().
 */
#include "lib/log.h"
#include "mm/slab/slab_impl.h"

/* ---- check: one slab --------------------------------------------------- */

/*
 * The chain must have as many links as there are free objects, and then end. A
 * chain that has an object twice would never end.
 */
static const char *check_chain(const struct kmem_cache *cache,
			       const struct slab *slab)
{
	unsigned taken = 0;
	unsigned index = slab->free;

	for (unsigned n = slab->inuse; n < cache->per_slab; n++) {
		HOLDS(index < cache->per_slab && index != SLOT_TAKEN,
		      "slab S2: the chain names free objects of the slab");
		index = slab->next[index];
	}
	HOLDS(index == SLOT_END, "slab S2: the chain ends after the free objects");
	for (unsigned i = 0; i < cache->per_slab; i++)
		taken += slab->next[i] == SLOT_TAKEN;
	HOLDS(taken == slab->inuse, "slab S3: all other objects are marked taken");
	return NULL;
}

static const char *check_pages(const struct kmem_cache *cache,
			       const struct slab *slab)
{
	const char *start = page_address(slab->page);
	uintptr_t offset = (uintptr_t)(slab->objects - start);

	for (unsigned i = 0; i < 1u << cache->order; i++) {
		const struct page *page = &slab->page[i];

		HOLDS(page->state == PAGE_SLAB && page->slab_cache == cache &&
		      page->slab == slab,
		      "slab S4: each page of a slab names its cache and slab");
	}
	HOLDS(offset >= cache->first && IS_ALIGNED(offset, cache->align),
	      "slab S5: objects begin behind the descriptor, aligned");
	HOLDS(offset - cache->red_left + cache->span <=
	      PAGE_SIZE << cache->order, "slab S5: objects end within the block");
	return NULL;
}

static const char *check_contents(const struct kmem_cache *cache,
				  const struct slab *slab)
{
	const uint8_t *where;

	for (unsigned i = 0; i < cache->per_slab; i++) {
		bool taken = slab->next[i] == SLOT_TAKEN;
		const void *object = slab_object(cache, slab, i);
		const char *damage = debug_find_damage(cache, object, taken,
						       &where);

		if (!damage)
			continue;
		HOLDS(where >= (const uint8_t *)object &&
		      where < (const uint8_t *)object + cache->size,
		      "slab_debug D1: red zones are whole");
		return "slab_debug D2: a free object is whole poison";
	}
	return NULL;
}

static const char *check_slab(const struct kmem_cache *cache,
			      const struct slab *slab)
{
	const char *law = check_chain(cache, slab);

	HOLDS(!law, law);
	law = check_pages(cache, slab);
	HOLDS(!law, law);
	return cache_is_debug(cache) ? check_contents(cache, slab) : NULL;
}

/* ---- check: one cache -------------------------------------------------- */

static const char *check_slabs(const struct kmem_cache *cache)
{
	const struct {
		const struct list_head *slabs;
		unsigned min, max;     /* inuse of the slabs of this list */
	} lists[] = {
		{ &cache->full, cache->per_slab, cache->per_slab },
		{ &cache->partial, 1, cache->per_slab - 1 },
		{ &cache->empty, 0, 0 },
	};
	unsigned long slabs = 0, empty = 0, taken = 0;
	const struct slab *slab;

	for (unsigned i = 0; i < ARRAY_SIZE(lists); i++) {
		list_for_each_entry(slab, lists[i].slabs, list) {
			const char *law;

			HOLDS(slab->inuse >= lists[i].min &&
			      slab->inuse <= lists[i].max,
			      "slab S1: a slab is on the list that its inuse says");
			law = check_slab(cache, slab);
			HOLDS(!law, law);
			slabs++;
			empty += slab->inuse == 0;
			taken += slab->inuse;
		}
	}
	HOLDS(slabs == cache->nr_slabs && empty == cache->nr_empty &&
	      taken == cache->taken,
	      "slab S6: nr_slabs, nr_empty and taken are the sums over the lists");
	return NULL;
}

static const char *check_magazine(const struct kmem_cache *cache,
				  const struct magazine *magazine)
{
	HOLDS(magazine->count <= magazine->capacity,
	      "magazine M1: a magazine holds no more than its capacity");
	for (unsigned i = 0; i < magazine->count; i++) {
		HOLDS(slab_is_taken(cache, magazine->objects[i]),
		      "magazine M2: a magazine holds taken objects of its cache");
		for (unsigned j = 0; j < i; j++)
			HOLDS(magazine->objects[i] != magazine->objects[j],
			      "magazine M3: no object is in a magazine twice");
	}
	return NULL;
}

static const char *check_cache(const struct kmem_cache *cache)
{
	unsigned long in_magazines = 0;
	const char *law;

	HOLDS(cache->per_slab > 0 && cache->stride >= cache->size &&
	      cache->span == cache->per_slab * cache->stride &&
	      cache->first - cache->red_left + cache->span <=
	      PAGE_SIZE << cache->order,
	      "cache C2: a cache's geometry is what fits its block");
	law = check_slabs(cache);
	HOLDS(!law, law);
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		law = check_magazine(cache, &cache->magazine[cpu]);
		HOLDS(!law, law);
		in_magazines += cache->magazine[cpu].count;
	}
	HOLDS(in_magazines <= cache->taken,
	      "cache C1: magazines hold no more than the slabs have given");
	return NULL;
}

const char *slab_check(void)
{
	irqflags_t flags = spin_lock_irqsave(&cache_list_lock);
	struct kmem_cache *cache;
	const char *law = NULL;

	list_for_each_entry(cache, &cache_list, list) {
		spin_lock_irqoff(&cache->lock);
		law = check_cache(cache);
		spin_unlock_irqoff(&cache->lock);
		if (law) {
			pr_err("slab: cache '%s' is broken: %s\n", cache->name,
			       law);
			break;
		}
	}
	spin_unlock_irqrestore(&cache_list_lock, flags);
	return law;
}

/* ---- dump -------------------------------------------------------------- */

void slabinfo_dump(void)
{
	irqflags_t flags = spin_lock_irqsave(&cache_list_lock);
	const struct kmem_cache *cache;

	pr_info("slabinfo - version: 2.1\n");
	pr_info("# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	list_for_each_entry(cache, &cache_list, list) {
		unsigned limit = cache->magazine[0].capacity;

		pr_info("%-17s %6lu %6lu %6u %4u %4u : tunables %4u %4u %4u : slabdata %6lu %6lu %6lu\n",
			cache->name, kmem_cache_used(cache),
			cache->nr_slabs * cache->per_slab, cache->stride,
			cache->per_slab, 1u << cache->order, limit, limit / 2,
			0, cache->nr_slabs - cache->nr_empty, cache->nr_slabs,
			0ul);
	}
	spin_unlock_irqrestore(&cache_list_lock, flags);
}
