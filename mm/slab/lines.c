// SPDX-License-Identifier: MIT
/*
 * lines.c - one cache as lines for tools/pictures
 *
 * WHAT     slab_lines_dump() prints everything that a drawing of the slabs
 *          needs: where the objects lie, whether they are taken, and the chain
 *          of free objects.
 * LOCKING  cache->lock.
 * NOT HERE who has an object (describe.c), all caches in Linux's format
 *          (slabinfo.c).
 */
#include "lib/log.h"
#include "lib/printf.h"
#include "mm/slab/slab_impl.h"

#define MAP_MAX    40    /* a line has room for so many objects               */
#define CHAIN_MAX  (3 * MAP_MAX + 1)

static char object_letter(const void *object)
{
	static const char letters[] = {
		[SLAB_OBJECT_FREE] = '.', [SLAB_OBJECT_TAKEN] = '#',
		[SLAB_OBJECT_IN_MAGAZINE] = 'm',
	};
	struct slab_object_info info;
	bool found = slab_find_object(object, &info);

	assert(found);
	return letters[info.state];
}

static void print_slab(const struct kmem_cache *cache, const struct slab *slab)
{
	const char *start = page_address(slab->page);
	unsigned shown = MIN(cache->per_slab, MAP_MAX);
	char map[MAP_MAX + 1], chain[CHAIN_MAX] = "";
	int len = 0;

	for (unsigned i = 0; i < shown; i++)
		map[i] = object_letter(slab_object(cache, slab, i));
	map[shown] = '\0';
	for (unsigned i = slab->free; i < shown; i = slab->next[i])
		len += scnprintf(chain + len, sizeof(chain) - (size_t)len,
				 "%s%u", len ? "," : "", i);
	pr_info("slab\t%08x\t%u\t%s\t%s\n", ptr_to_kva(start),
		(unsigned)(slab->objects - start), chain, map);
}

static void print_list(const struct kmem_cache *cache,
		       const struct list_head *slabs)
{
	const struct slab *slab;

	list_for_each_entry(slab, slabs, list)
		print_slab(cache, slab);
}

void slab_lines_dump(struct kmem_cache *cache)
{
	irqflags_t flags = spin_lock_irqsave(&cache->lock);
	uint32_t header = cache->off_slab ? 0 : sizeof(struct slab) +
			  cache->per_slab * sizeof(uint16_t);

	pr_info("cache\t%s\t%zu\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\n",
		cache->name, cache->size, cache->align, cache->stride,
		cache->per_slab, cache->order, cache->first, header,
		cache->colours, cache->colour_step);
	print_list(cache, &cache->full);
	print_list(cache, &cache->partial);
	print_list(cache, &cache->empty);
	spin_unlock_irqrestore(&cache->lock, flags);
}
