// SPDX-License-Identifier: MIT
/*
 * full_kva.h - use up the addresses of the vmalloc area, but not the memory
 *
 * WHAT     Maps one page everywhere: first in the largest chunks that fit, then
 *          in chunks of half the size, and so on, down to single pages.
 */
#pragma once

#include <arch/pgtable_bits.h>

#include "mm/kva/vm_area.h"
#include "mm/page/page_alloc.h"
#include "mm/slab/kmalloc.h"
#include "tests/ktest.h"

#define FULL_CHUNK  2048           /* pages of the largest mapping tried    */
#define FULL_MAPS   400            /* enough for 1 GiB by chunks of 8 MiB   */

struct full_kva {
	struct page  *page, **same;
	unsigned      nr_maps;
	void         *map[FULL_MAPS];
};

/* All areas: in use, being made, retired and spare. */
static inline unsigned nr_areas(void)
{
	irqflags_t flags = spin_lock_irqsave(&vm_areas.lock);
	const struct range_node *node;
	unsigned n = 0;

	range_for_each(node, &vm_areas.tree)
		n++;
	spin_unlock_irqrestore(&vm_areas.lock, flags);
	return n;
}

/* The page tables of the whole region stay: use it in KTEST_KEEPS(). */
static inline void kva_fill(struct full_kva *full)
{
	void *ptr;

	if (vm_area_max_pages() / PTRS_PER_PT > nr_free_pages() / 4)
		SKIP("needs more memory for page tables");
	full->nr_maps = 0;
	full->page = alloc_page(GFP_KERNEL);
	full->same = kmalloc(FULL_CHUNK * sizeof(full->same[0]), GFP_KERNEL);
	REQUIRE(full->page && full->same);
	for (unsigned i = 0; i < FULL_CHUNK; i++)
		full->same[i] = full->page;
	for (unsigned nr = FULL_CHUNK; nr > 0; nr /= 2)
		while (full->nr_maps < FULL_MAPS &&
		       (ptr = vmap(full->same, nr, KPROT_RW)))
			full->map[full->nr_maps++] = ptr;
	REQUIRE(full->nr_maps > 0 && full->nr_maps < FULL_MAPS);
}

static inline void kva_empty(struct full_kva *full)
{
	for (unsigned i = 0; i < full->nr_maps; i++)
		vunmap(full->map[i]);
	kfree(full->same);
	free_page(full->page);
}
