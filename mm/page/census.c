// SPDX-License-Identifier: MIT
/*
 * census.c - does each page frame have exactly one owner?
 *
 * WHAT     Walks over all frames of all zones, from block to block. Counts the
 *          pages of each kind, and compares the counts with those of the lists
 *          and the zones.
 *
 * PICTURE    frames   0   1   2   3   4   5   6   7   8
 *            state    r   u   f   .   p   f   u   .   .  ...
 *            order        0   1       0   0   2
 *            steps    +-->+-->+------>+-->+-->+--------------->
 *
 * INVARIANTS of census (page_alloc_check() restates them, and those of
 *          buddy.c, pageblock.c, pcp.c, zone.c and watermark.c)
 *          A1  walking from head to head meets only heads and reserved frames
 *          A2  the pages of the free heads met are nr_free
 *          A3  the pages of the per-CPU heads met are those of the lists
 *          A4  managed = free + per-CPU + used
 *
 * LOCKING  Each zone's lock while it is walked, interrupts off.
 * COST     One step for each block; a hole or a virgin block of 4 MiB is one
 *          step.
 */
#include "mm/page/buddy.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "mm/page/pcp.h"

static const char *census_check(const struct zone *zone)
{
	unsigned long free = 0, pcp = 0, used = 0;
	pfn_t pfn = zone->start;

	while (pfn_lt(pfn, zone->end)) {
		const struct page *page = pfn_to_page(pfn);
		enum pageblock_state block = pageblock_state(pfn);

		HOLDS(block != PAGEBLOCK_VIRGIN ||
		      page->state_order == STATE_ORDER(PAGE_FREE, MAX_ORDER),
		      "pageblock V1: a virgin block is one free block");
		if (block == PAGEBLOCK_HOLE) {
			pfn = pageblock_next(pfn);
			continue;
		}
		HOLDS(page->state != PAGE_TAIL,
		      "census A1: from head to head there are only heads");
		pfn = pfn_add(pfn, 1u << page->order);
		if (page->state == PAGE_FREE)
			free += 1ul << page->order;
		else if (page->state == PAGE_PCP)
			pcp += 1ul << page->order;
		else if (page->state != PAGE_RESERVED)
			used += 1ul << page->order;
	}
	HOLDS(free == zone->nr_free,
	      "census A2: the free heads are those of the lists");
	HOLDS(pcp == pcp_pages(zone),
	      "census A3: the per-CPU heads are those of the lists");
	HOLDS(free + pcp + used == zone->managed,
	      "census A4: managed = free + per-CPU + used");
	return NULL;
}

const char *page_alloc_check(void)
{
	const char *broken = zones_check();

	for (unsigned i = 0; i < MAX_NR_ZONES && !broken; i++) {
		irqflags_t flags = spin_lock_irqsave(&zones[i].lock);

		broken = buddy_check(&zones[i]);
		if (!broken)
			broken = pcp_check(&zones[i]);
		if (!broken)
			broken = census_check(&zones[i]);
		spin_unlock_irqrestore(&zones[i].lock, flags);
	}
	return broken;
}
