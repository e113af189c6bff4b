// SPDX-License-Identifier: MIT
/*
 * absent.c (host) - stands in for modules that have not landed
 *
 * WHAT     Weak definitions: the real module replaces them by being linked.
 *          Single pages from two stacks, objects from malloc().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arch/kva.h>
#include <arch/page_ops.h>

#include "lib/failpoint.h"
#include "mm/early/memblock.h"
#include "mm/page/page_alloc.h"
#include "mm/page/shrinker.h"
#include "mm/page/zone.h"
#include "mm/slab/kmalloc.h"
#include "mm/slab/slab.h"

#define WEAK __attribute__((weak))

WEAK struct page *mem_map;
WEAK pfn_t max_pfn, max_low_pfn;
WEAK struct zone zones[MAX_NR_ZONES];

static struct page **stack[2];
static unsigned long depth[2];
static struct list_head shrinkers = LIST_HEAD_INIT(shrinkers);

WEAK void zones_init(void)
{
	struct memblock_range r;
	phys_addr_t cursor = PHYS(0);

	max_pfn = phys_to_pfn(memblock_end());
	max_low_pfn = PFN((high_memory - PAGE_OFFSET) >> PAGE_SHIFT);
	max_low_pfn = pfn_min(max_low_pfn, max_pfn);
	mem_map = memblock_alloc(max_pfn.v * sizeof(*mem_map), 64);
	stack[0] = malloc(max_pfn.v * sizeof(void *));
	stack[1] = malloc(max_pfn.v * sizeof(void *));
	while (memblock_next_free(&cursor, &r))
		for (pfn_t p = phys_to_pfn_up(r.start);
		     p.v < phys_to_pfn(r.end).v; p.v++) {
			int high = p.v >= max_low_pfn.v;

			stack[high][depth[high]++] = pfn_to_page(p);
			zones[high].managed++;
		}
	memblock_retire();
}

WEAK struct page *alloc_pages(gfp_t gfp, unsigned order)
{
	int high = (gfp & GFP_HIGHMEM) && depth[1];
	struct page *page;

	if (should_fail() || order || !depth[high])
		return NULL;
	page = stack[high][--depth[high]];
	page->state = PAGE_USED;
	page->order = 0;
	page->refs = 1;
	page->kmap = 0;
	if ((gfp & GFP_ZERO) && !high)
		clear_page(page_address(page));
	return page;
}

WEAK void free_pages(struct page *page, unsigned order)
{
	int high = page_is_highmem(page);

	assert(page->state == PAGE_USED);
	page->state = PAGE_FREE;
	stack[high][depth[high]++] = page;
}

WEAK unsigned alloc_pages_bulk(gfp_t gfp, unsigned nr, struct page *pages[])
{
	unsigned n = 0;

	while (n < nr && (pages[n] = alloc_pages(gfp, 0)))
		n++;
	return n;
}

WEAK void free_pages_bulk(struct page *const pages[], unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		free_pages(pages[i], 0);
}

WEAK unsigned long nr_free_pages(void) { return depth[0] + depth[1]; }

WEAK void register_shrinker(struct shrinker *s)
{
	list_add(&s->list, &shrinkers);
}

WEAK unsigned long shrink_all(void)
{
	struct shrinker *s;
	unsigned long n = 0;

	list_for_each_entry(s, &shrinkers, list)
		n += s->shrink();
	return n;
}

struct kmem_cache {
	size_t size;
};

WEAK void slab_init(void) {}
WEAK struct kmem_cache *kmem_cache_create(const char *name, size_t size,
		size_t align, unsigned flags, void (*ctor)(void *object))
{
	struct kmem_cache *c = malloc(sizeof(*c));

	c->size = size;
	return c;
}

WEAK void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	return should_fail() ? NULL : calloc(1, cache->size);
}

WEAK void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	free(object);
}

WEAK void *kcalloc(size_t n, size_t size, gfp_t gfp) { return calloc(n, size); }
WEAK void *kmalloc_by_size(size_t n, gfp_t gfp) { return malloc(n); }
WEAK void kfree(const void *p) { free((void *)p); }
