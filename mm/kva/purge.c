// SPDX-License-Identifier: MIT
/*
 * purge.c - freed areas wait here until one TLB flush serves all of them
 *
 * WHAT     Takes the areas that vfree() frees. Gives back their pages and
 *          addresses after the TLB has forgotten them.
 *
 * PICTURE  vfree() x 300          then, once:
 *
 *            area --> retired --+
 *            area --> retired --+--> flush --> pages --> page allocator
 *            area --> retired --+              areas --> spare, or the tree
 *
 * TERMS    retired  its entries are not present, but they still hold the
 *                   frame numbers of its pages, and a TLB may still translate
 *                   its addresses
 *          purge    flush once for all retired areas, then free their pages and
 *                   addresses
 *
 * INVARIANTS of vmalloc: V5 and V6 of area.c, and its rule V8
 *
 * ALGORITHM  vfree() clears the P bits at once and puts the area on a list. So
 *          a late access faults as soon as the TLB has forgotten the page. A
 *          purge costs one flush for any number of areas. So it waits until the
 *          areas hold retired_limit pages of addresses, until a search for
 *          addresses fails, or until the page allocator runs its shrinkers. It
 *          needs no memory: the entries say which pages to free
 *          (<arch/kpgtable.h>, "retire"). V8 holds: before the flush no area
 *          leaves the list and no frame leaves its entry.
 *
 * LOCKING  vm_areas.lock for the list; the areas of a purge are BUSY.
 * COST     vfree(): one P bit for each page. Purge: one flush; for each page
 *          one entry to empty, and a part of a bulk free.
 * SEE      Linux mm/vmalloc.c, purge_vmap_area_lazy();
 *          docs/decisions/lazy-vfree.md.
 */
#include <arch/tlb.h>

#include "mm/kva/vm_area.h"
#include "mm/page/page_alloc.h"
#include "mm/page/shrinker.h"

#define RETIRED_LIMIT_PART  64     /* never more than 1/64 of memory waits   */
#define REAP_CHUNK          64     /* pages freed at once, on the stack      */

static unsigned long retired_limit;   /* set once, by vm_area_purge_init() */

/* Pages on their way from retired entries to the page allocator. */
struct reaper {
	struct page  *pages[REAP_CHUNK];
	unsigned      nr;      /* pages in the array      */
	unsigned long freed;   /* pages that have left it */
};

static void reaper_empty(struct reaper *reaper)
{
	debug_assert(reaper->nr <= REAP_CHUNK);
	free_pages_bulk(reaper->pages, reaper->nr);
	reaper->freed += reaper->nr;
	reaper->nr = 0;
}

/* Free the pages of an area. The TLB has forgotten them before. */
static void area_reap(const struct vm_area *area, struct reaper *reaper)
{
	kva_t va = vm_area_start(area);
	unsigned left = area->nr;

	while (left) {
		unsigned nr = MIN(left, REAP_CHUNK - reaper->nr);

		reaper->nr += kpt_reap(va, nr, reaper->pages + reaper->nr);
		if (reaper->nr == REAP_CHUNK)
			reaper_empty(reaper);
		va += nr * PAGE_SIZE;
		left -= nr;
	}
}

/* Small areas become spares. Returns: pages given back. */
static unsigned long purge(void)
{
	struct reaper reaper = { .nr = 0, .freed = 0 };
	struct vm_area *area;
	unsigned long pages;
	irqflags_t flags;
	LIST_HEAD(list);

	flags = spin_lock_irqsave(&vm_areas.lock);
	pages = vm_areas.retired_pages;
	list_splice_init(&vm_areas.retired, &list);
	vm_areas.retired_pages = 0;
	list_for_each_entry(area, &list, link)
		area->state = AREA_BUSY;
	spin_unlock_irqrestore(&vm_areas.lock, flags);

	if (pages > TLB_FLUSH_ALL_ABOVE)
		tlb_flush_all();
	else
		list_for_each_entry(area, &list, link)
			tlb_flush_range(vm_area_start(area), area->nr);

	list_for_each_entry(area, &list, link)
		area_reap(area, &reaper);
	reaper_empty(&reaper);
	vm_area_recycle_all(&list);
	return reaper.freed;
}

void vm_area_retire(struct vm_area *area)
{
	unsigned long held;
	irqflags_t flags;

	caller_must(area->kind == VM_ALLOC,
		    "retire only areas whose pages are vmalloc()'s own");
	debug_caller_must(area->state == AREA_BUSY, "claim the area first");
	kpt_retire(vm_area_start(area), area->nr);
	flags = spin_lock_irqsave(&vm_areas.lock);
	area->state = AREA_RETIRED;
	list_add_tail(&area->link, &vm_areas.retired);
	held = vm_areas.retired_pages += vm_area_span(area->nr);
	spin_unlock_irqrestore(&vm_areas.lock, flags);
	/* In a debug build, a late access should fault at once. */
	if (unlikely(held > retired_limit || CONFIG_DEBUG))
		purge();
}

unsigned long vmalloc_purge(void)
{
	unsigned long freed = purge();

	vm_area_drop_spares();
	return freed;
}

static struct shrinker vmalloc_shrinker = {
	.name   = "vmalloc",
	.shrink = vmalloc_purge,
};

void vm_area_purge_init(void)
{
	retired_limit = MIN(managed_pages() / RETIRED_LIMIT_PART,
			    RETIRED_LIMIT_MAX);
	register_shrinker(&vmalloc_shrinker);
}
