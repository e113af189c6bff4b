// SPDX-License-Identifier: MIT
/*
 * zone.c - from ranges of RAM to zones with free lists
 *
 * WHAT     Runs once, at boot. Makes mem_map. Finds where each zone begins and
 *          ends. Gives every frame that memblock calls free to the buddy lists
 *          of its zone. After this, memblock is not used any more.
 *
 * PICTURE    0        16 MiB               896 MiB    4 GiB
 *            |--DMA---|-------NORMAL-------|--------HIGHMEM--------->
 *            [==] [===|====================|=======]  [==========]    RAM
 *                ^^ ISA hole                       ^^ PCI hole
 *
 * INVARIANTS of zone (zones_check() restates them)
 *          Z1  managed <= present <= spanned
 *          Z2  zones are adjacent: each starts where the one before ends, the
 *              last one ends at max_pfn
 *          Z3  frame 0 is never given out: its number is too much like "none"
 *
 * ALGORITHM  Three passes. So most 4 MiB blocks cost one step, and not one step
 *          for each page (pageblock.c says why this is allowed):
 *
 *            1. whole blocks that are free become virgin blocks of MAX_ORDER
 *            2. all entries of the other blocks with RAM are written
 *            3. free frames of these blocks go to the lists, run by run
 *
 * LOCKING  Boot: one CPU. free_reserved_range() takes zone->lock.
 * COST     One step for each 4 MiB block of RAM.
 * NOT HERE memory that the CPU cannot reach: boot/ has left it out.
 * SEE      Linux mm/page_alloc.c free_area_init(), memblock_free_all().
 */
#include "mm/page/zone.h"

#include "lib/align.h"
#include "mm/early/memblock.h"
#include "mm/page/buddy.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "mm/page/pcp.h"
#include "mm/page/report.h"
#include "mm/page/watermark.h"

struct zone zones[MAX_NR_ZONES];
struct page *zone_first_page[MAX_NR_ZONES];

struct zone *pfn_zone(pfn_t pfn)
{
	debug_caller_must(pfn_valid(pfn), "give a frame that mem_map has");
	return page_zone(pfn_to_page(pfn));
}

/* ---- ranges of memblock, in frames -------------------------------------- */

/* Frames [start, end); empty when start >= end. */
struct frames {
	pfn_t start, end;
};

/* The whole frames of a range. */
static struct frames frames_inside(struct memblock_range range)
{
	return (struct frames){ phys_to_pfn_up(range.start),
				phys_to_pfn(range.end) };
}

static struct frames frames_clip(struct frames frames, pfn_t start, pfn_t end)
{
	return (struct frames){ pfn_max(frames.start, start),
				pfn_min(frames.end, end) };
}

static uint32_t frames_count(struct frames frames)
{
	return pfn_lt(frames.start, frames.end)
		       ? frames.end.v - frames.start.v : 0;
}

typedef void frames_fn(struct zone *zone, struct frames frames);

/*
 * Call fn for each zone's part of the frames. A zone may begin inside a 4 MiB
 * block. The zone below then has its part of the block, and no zone gets the
 * rest: so buddies of two zones are never merged. The rest is less than 4 MiB.
 * It exists only if lowmem does not end at a multiple of 4 MiB and there is RAM
 * above.
 */
static void for_each_zone_part(struct frames all, frames_fn *fn)
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		struct zone *zone = &zones[i];
		pfn_t first = PFN(ALIGN_UP(zone->start.v, PAGEBLOCK_PAGES));
		struct frames part = frames_clip(all, first, zone->end);

		if (frames_count(part) > 0)
			fn(zone, part);
	}
}

static void for_each_free(frames_fn *fn)
{
	struct memblock_range range;
	phys_addr_t cursor = PHYS(0);

	while (memblock_next_free(&cursor, &range))
		for_each_zone_part(frames_inside(range), fn);
}

/* ---- giving frames to the lists ----------------------------------------- */

/* Reserved frames of live blocks become free ones. */
static void give_run(struct zone *zone, struct frames run)
{
	struct page *first = pfn_to_page(run.start);
	uint32_t nr = frames_count(run);
	irqflags_t flags;

	for (uint32_t i = 0; i < nr; i++) {
		assert(first[i].state == PAGE_RESERVED);
		first[i].state_order = STATE_ORDER(PAGE_TAIL, 0);
	}
	flags = spin_lock_irqsave(&zone->lock);
	buddy_free_run_locked(zone, first, nr);
	zone->managed += nr;
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Pass 1: whole free blocks. */
static void give_virgin(struct zone *zone, struct frames frames)
{
	pfn_t pfn = PFN(ALIGN_UP(frames.start.v, PAGEBLOCK_PAGES));
	irqflags_t flags = spin_lock_irqsave(&zone->lock);

	for (; pfn.v + PAGEBLOCK_PAGES <= frames.end.v;
	     pfn = pageblock_next(pfn)) {
		buddy_add_virgin_locked(zone, pfn);
		zone->managed += PAGEBLOCK_PAGES;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Pass 2: the other blocks with RAM. */
static void init_mixed_blocks(void)
{
	struct memblock_range range;

	for (unsigned i = 0; memblock_memory(i, &range); i++) {
		struct frames ram = frames_inside(range);
		pfn_t pfn = pageblock_first(ram.start);

		for (; pfn_lt(pfn, ram.end); pfn = pageblock_next(pfn))
			if (pageblock_state(pfn) == PAGEBLOCK_HOLE)
				pageblock_init_reserved(pfn);
	}
}

/* Pass 3: free frames in the blocks of pass 2. */
static void give_rest(struct zone *zone, struct frames frames)
{
	pfn_t pfn = frames.start;

	assert(!pfn_lt(frames.end, frames.start));
	while (pfn_lt(pfn, frames.end)) {
		pfn_t end = pfn_min(pageblock_next(pfn), frames.end);

		if (pageblock_state(pfn) == PAGEBLOCK_LIVE)
			give_run(zone, (struct frames){ pfn, end });
		pfn = end;
	}
}

/* After boot: frames that were in use until now. */
static void give_back(struct zone *zone, struct frames frames)
{
	pfn_t pfn = frames.start;

	for (; pfn_lt(pfn, frames.end); pfn = pageblock_next(pfn))
		assert(pageblock_state(pfn) == PAGEBLOCK_LIVE);
	give_run(zone, frames);
}

void free_reserved_range(phys_addr_t start, phys_addr_t end)
{
	struct frames all =
		frames_inside((struct memblock_range){ start, end });
	struct memblock_range range;

	caller_must(!phys_lt(end, start),
		    "give a range whose end is not below its start");
	for (unsigned i = 0; memblock_memory(i, &range); i++) {
		struct frames ram = frames_inside(range);

		for_each_zone_part(frames_clip(all, ram.start, ram.end),
				   give_back);
	}
	watermarks_update();
}

/* ---- init --------------------------------------------------------------- */

static const char *const zone_names[MAX_NR_ZONES] = {
#define Z(name, text, why) [ZONE_##name] = text,
	ZONES(Z)
#undef Z
};

/* A zone of the frames from `start` to `limit`, or to the end of RAM. */
static void zone_init(enum zone_type type, pfn_t start, pfn_t limit)
{
	struct zone *zone = &zones[type];
	struct memblock_range range;

	assert(!pfn_lt(limit, start));
	buddy_init(zone);
	zone->type = type;
	zone->name = zone_names[type];
	zone->start = pfn_min(start, max_pfn);
	zone->end = pfn_min(limit, max_pfn);
	zone->spanned = zone->end.v - zone->start.v;
	zone->present = 0;
	for (unsigned i = 0; memblock_memory(i, &range); i++)
		zone->present += frames_count(frames_clip(
			frames_inside(range), zone->start, zone->end));
	zone_first_page[type] = mem_map + start.v;
	if (zone->present > 0)
		pcp_init(zone, zone->present);
}

void zones_init(void)
{
	pfn_t dma_end = phys_to_pfn(PHYS(ZONE_DMA_END));

	if (memblock_reserve(PHYS(0), PHYS(PAGE_SIZE)) != 0)
		panic("frame 0 cannot be reserved");
	max_pfn = phys_to_pfn(memblock_end());
	max_low_pfn = PFN((high_memory - PAGE_OFFSET) >> PAGE_SHIFT);
	pageblock_init();
	dma_end = pfn_min(dma_end, max_low_pfn);
	zone_init(ZONE_DMA, PFN(0), dma_end);
	zone_init(ZONE_NORMAL, dma_end, max_low_pfn);
	zone_init(ZONE_HIGHMEM, max_low_pfn, max_pfn);
	for_each_free(give_virgin);
	init_mixed_blocks();
	for_each_free(give_rest);
	memblock_retire();
	page_alloc_init();
	watermarks_update();
	zones_announce();
}

/* ---- check -------------------------------------------------------------- */

const char *zones_check(void)
{
	pfn_t at = PFN(0);

	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *zone = &zones[i];

		HOLDS(zone->managed <= zone->present &&
		      zone->present <= zone->spanned,
		      "zone Z1: managed <= present <= spanned");
		HOLDS(pfn_eq(zone->start, at), "zone Z2: zones are adjacent");
		at = zone->end;
	}
	HOLDS(pfn_eq(at, max_pfn), "zone Z2: the last zone ends at max_pfn");
	HOLDS(page_state(PFN(0)) == PAGE_RESERVED,
	      "zone Z3: frame 0 is never given out");
	return watermarks_check();
}
