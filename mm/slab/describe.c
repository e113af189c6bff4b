// SPDX-License-Identifier: MIT
/*
 * describe.c - one cache, one object, in words
 *
 * WHAT     For a person who looks at a running kernel: the object at an
 *          address, and a picture of the slabs of a cache. For tools/pictures:
 *          the same as lines of numbers, with the chain of free objects.
 *
 * PICTURE  kmem_cache_dump() prints a line for each slab:
 *
 *            0xc1402000  12 of 21 taken  [#####.##.mm##........]
 *                                         # at a user   m in a magazine
 *
 * LOCKING  cache->lock, and cache_list_lock to find a cache.
 * NOT HERE all caches in Linux's format (slabinfo.c).
 */
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/page/pageblock.h"
#include "mm/slab/slab_impl.h"

#define SLABS_SHOWN  8     /* of each list                                   */
#define MAP_MAX      100   /* objects of a slab that the picture shows       */
#define LINE_MAX     40    /* objects of a slab in a line for tools/pictures */

struct kmem_cache *kmem_cache_at(unsigned i)
{
	irqflags_t flags = spin_lock_irqsave(&cache_list_lock);
	struct kmem_cache *cache, *found = NULL;

	list_for_each_entry(cache, &cache_list, list) {
		if (!i--) {
			found = cache;
			break;
		}
	}
	spin_unlock_irqrestore(&cache_list_lock, flags);
	return found;
}

struct kmem_cache *kmem_cache_find(const char *name)
{
	struct kmem_cache *cache;

	for (unsigned i = 0; (cache = kmem_cache_at(i)); i++) {
		if (!strcmp(cache->name, name))
			return cache;
	}
	return NULL;
}

unsigned long slab_nr_pages(void)
{
	irqflags_t flags = spin_lock_irqsave(&cache_list_lock);
	const struct kmem_cache *cache;
	unsigned long pages = 0;

	list_for_each_entry(cache, &cache_list, list)
		pages += cache->nr_slabs << cache->order;
	spin_unlock_irqrestore(&cache_list_lock, flags);
	return pages;
}

/* ---- one object --------------------------------------------------------- */

static bool is_in_magazine(const struct kmem_cache *cache, const void *object)
{
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		const struct magazine *magazine = &cache->magazine[cpu];

		for (unsigned i = 0; i < magazine->count; i++) {
			if (magazine->objects[i] == object)
				return true;
		}
	}
	return false;
}

static enum slab_object_state object_state(const struct kmem_cache *cache,
					   const struct slab *slab,
					   unsigned index)
{
	if (slab->next[index] != SLOT_TAKEN)
		return SLAB_OBJECT_FREE;
	return is_in_magazine(cache, slab_object(cache, slab, index)) ?
	       SLAB_OBJECT_IN_MAGAZINE : SLAB_OBJECT_TAKEN;
}

bool slab_find_object(const void *ptr, struct slab_object_info *info)
{
	const struct kmem_cache *cache;
	const struct slab *slab;
	const struct page *page;
	uint32_t offset;

	if (!kva_is_lowmem(ptr_to_kva(ptr)))
		return false;
	page = virt_to_page(ptr);
	if (page_state(page_to_pfn(page)) != PAGE_SLAB)
		return false;
	cache = page->slab_cache;
	slab = page->slab;
	offset = ptr_to_kva(ptr) - ptr_to_kva(slab->objects) + cache->red_left;
	*info = (struct slab_object_info){ .cache = cache->name };
	if (offset >= cache->span)
		return true;
	info->index = offset / cache->stride;
	info->object = slab_object(cache, slab, info->index);
	info->size = cache->size;
	info->state = object_state(cache, slab, info->index);
	if (cache_is_debug(cache) && info->state == SLAB_OBJECT_TAKEN)
		info->allocated_by = debug_allocated_by(cache, info->object);
	return true;
}

/* ---- one cache ---------------------------------------------------------- */

/* Draw the objects of a slab, at most `max`. Returns: how many are drawn. */
static unsigned draw_slab(const struct kmem_cache *cache,
			  const struct slab *slab, char *map, unsigned max)
{
	static const char letters[] = {
		[SLAB_OBJECT_FREE] = '.', [SLAB_OBJECT_TAKEN] = '#',
		[SLAB_OBJECT_IN_MAGAZINE] = 'm',
	};
	unsigned shown = MIN(cache->per_slab, max);

	for (unsigned i = 0; i < shown; i++)
		map[i] = letters[object_state(cache, slab, i)];
	map[shown] = '\0';
	return shown;
}

static void dump_list(const struct kmem_cache *cache, const char *name,
		      const struct list_head *slabs)
{
	const struct slab *slab;
	char map[MAP_MAX + 1];
	unsigned n = 0;

	list_for_each_entry(slab, slabs, list) {
		unsigned shown;

		if (!n++)
			pr_info("%s slabs:\n", name);
		if (n > SLABS_SHOWN)
			continue;
		shown = draw_slab(cache, slab, map, MAP_MAX);
		pr_info("  0x%08x  %3u of %3u taken  [%s%s\n",
			ptr_to_kva(page_address(slab->page)), slab->inuse,
			cache->per_slab, map,
			shown < cache->per_slab ? "..." : "]");
	}
	if (n > SLABS_SHOWN)
		pr_info("  ... and %u more\n", n - SLABS_SHOWN);
}

void kmem_cache_dump(struct kmem_cache *cache)
{
	irqflags_t flags = spin_lock_irqsave(&cache->lock);

	pr_info("cache '%s': objects of %zu bytes, aligned to %u, every %u bytes%s%s\n",
		cache->name, cache->size, cache->align, cache->stride,
		cache_is_debug(cache) ? ", debug" : "",
		cache->flags & SLAB_DMA ? ", DMA" : "");
	pr_info("%u objects in a slab of %u pages, descriptor %s, %u colours of %u bytes\n",
		cache->per_slab, 1u << cache->order,
		cache->off_slab ? "elsewhere" : "inside", cache->colours,
		cache->colour_step);
	pr_info("%lu slabs, %lu empty; %lu objects taken, %u of them in the magazine of %u\n",
		cache->nr_slabs, cache->nr_empty, cache->taken,
		cache->magazine[0].count, cache->magazine[0].capacity);
	dump_list(cache, "partial", &cache->partial);
	dump_list(cache, "full", &cache->full);
	dump_list(cache, "empty", &cache->empty);
	spin_unlock_irqrestore(&cache->lock, flags);
}

/* ---- lines for tools/pictures ------------------------------------------- */

static void print_lines(const struct kmem_cache *cache,
			const struct list_head *slabs)
{
	const struct slab *slab;

	list_for_each_entry(slab, slabs, list) {
		char map[LINE_MAX + 1], chain[3 * LINE_MAX + 1] = "";
		unsigned shown = draw_slab(cache, slab, map, LINE_MAX);
		const char *start = page_address(slab->page);
		int len = 0;

		for (unsigned i = slab->free; i < shown; i = slab->next[i])
			len += scnprintf(chain + len,
					 sizeof(chain) - (size_t)len,
					 "%s%u", len ? "," : "", i);
		pr_info("slab\t%08x\t%u\t%s\t%s\n", ptr_to_kva(start),
			(unsigned)(slab->objects - start), chain, map);
	}
}

void slab_lines_dump(struct kmem_cache *cache)
{
	irqflags_t flags = spin_lock_irqsave(&cache->lock);

	pr_info("cache\t%s\t%zu\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\n",
		cache->name, cache->size, cache->align, cache->stride,
		cache->per_slab, cache->order, cache->first,
		slab_header_size(cache, cache->per_slab), cache->colours,
		cache->colour_step);
	print_lines(cache, &cache->full);
	print_lines(cache, &cache->partial);
	print_lines(cache, &cache->empty);
	spin_unlock_irqrestore(&cache->lock, flags);
}
