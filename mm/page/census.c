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

/* How many pages of each kind a walk over one zone has found. */
struct census {
	unsigned long free, pcp, used;
};

/* Count the block at pfn. Returns: its size; 0 when pfn is not a head. */
static uint32_t census_block(struct census *census, pfn_t pfn)
{
	unsigned order;

	if (page_state(pfn) == PAGE_RESERVED)
		return 1;
	if (page_state(pfn) == PAGE_TAIL)
		return 0;
	order = pfn_to_page(pfn)->order;
	if (page_state(pfn) == PAGE_FREE)
		census->free += 1ul << order;
	else if (page_state(pfn) == PAGE_PCP)
		census->pcp += 1ul << order;
	else
		census->used += 1ul << order;
	return 1u << order;
}

static bool is_free_block(const struct page *page)
{
	return page->state == PAGE_FREE && page->order == MAX_ORDER;
}

static const char *census_check(const struct zone *zone)
{
	struct census census = { 0 };
	pfn_t pfn = zone->start;

	while (pfn_lt(pfn, zone->end)) {
		uint32_t size = PAGEBLOCK_PAGES -
				(pfn.v & (PAGEBLOCK_PAGES - 1));

		HOLDS(pageblock_state(pfn) != PAGEBLOCK_VIRGIN ||
		      is_free_block(pfn_to_page(pfn)),
		      "pageblock V1: a virgin block is one free block");
		if (pageblock_state(pfn) != PAGEBLOCK_HOLE)
			size = census_block(&census, pfn);
		HOLDS(size > 0, "census A1: from head to head there are only heads");
		pfn = pfn_add(pfn, size);
	}
	HOLDS(census.free == zone->nr_free,
	      "census A2: the free heads are those of the lists");
	HOLDS(census.pcp == pcp_pages(zone),
	      "census A3: the per-CPU heads are those of the lists");
	HOLDS(census.free + census.pcp + census.used == zone->managed,
	      "census A4: managed = free + per-CPU + used");
	return NULL;
}

static const char *zone_check(const struct zone *zone)
{
	const char *broken = buddy_check(zone);

	if (!broken)
		broken = pcp_check(zone);
	if (!broken)
		broken = census_check(zone);
	return broken;
}

const char *page_alloc_check(void)
{
	const char *broken = zones_check();

	for (unsigned i = 0; i < MAX_NR_ZONES && !broken; i++) {
		irqflags_t flags = spin_lock_irqsave(&zones[i].lock);

		broken = zone_check(&zones[i]);
		spin_unlock_irqrestore(&zones[i].lock, flags);
	}
	return broken;
}
