// SPDX-License-Identifier: MIT
/*
 * zone.h - the three zones, and what they count
 *
 * WHAT     A zone is a range of frames that are useful for the same requests:
 *          DMA for ISA devices, NORMAL with permanent addresses, HIGHMEM
 *          without. Each zone has its buddy lists, its per-CPU lists and its
 *          watermarks.
 *
 * TERMS    spanned   frames between start and end, holes included
 *          present   of these, frames of RAM
 *          managed   of these, frames that the buddy lists were given: not
 *                    those of the kernel, the modules and mem_map
 *          watermark a number of free pages that must stay in the zone. If
 *                    fewer than `low` would stay, the request runs the
 *                    shrinkers. If fewer than `min` would stay, it fails.
 *                    GFP_HIGH may use half of min
 *          lowmem_reserve  pages that must stay in addition, when a higher zone
 *                    could serve the request
 * SEE      Linux include/linux/mmzone.h, struct zone.
 */
#pragma once

#include <arch/percpu.h>

#include "lib/spinlock.h"
#include "mm/page/gfp.h"
#include "mm/page/page.h"

/*      name     in the log as  why it ends where it ends                    */
#define ZONES(Z)                                                              \
	Z(DMA,     "DMA",     "ISA devices reach 16 MiB")                     \
	Z(NORMAL,  "Normal",  "the direct map ends here")                     \
	Z(HIGHMEM, "HighMem", "the end of RAM")

enum zone_type {
#define Z(name, text, why) ZONE_##name,
	ZONES(Z)
#undef Z
	MAX_NR_ZONES
};

/* Orders that the per-CPU lists hold; Linux's PAGE_ALLOC_COSTLY_ORDER. */
#define PCP_ORDERS     4
#define PCP_LIST_MAX   512   /* one per-CPU list has at most so many blocks  */

/*
 * Free blocks of one order that one CPU may take without a lock.
 *
 * Protection:  I  set at boot, then constant
 *              c  this CPU, interrupts off
 */
struct pcp_list {
	unsigned      count;    /* c  blocks in the array              */
	unsigned      high;     /* I  room; when full, half goes back  */
	unsigned      batch;    /* I  blocks that a refill takes       */
	struct page **blocks;   /* I  array; c its members             */
};

/*
 * Protection:  I  set at boot, then constant
 *              b  set at boot; free_reserved_range() makes it grow
 *              z  zone->lock
 *              c  one CPU's own, interrupts off
 */
struct zone {
	struct pcp_list  pcp[NR_CPUS][PCP_ORDERS];     /* c                   */
	struct spinlock  lock;
	uint32_t         free_orders;                  /* z  lists not empty  */
	unsigned long    nr_free;                      /* z  pages on lists   */
	struct list_head free[MAX_ORDER + 1];          /* z  heads            */
	unsigned long    blocks[MAX_ORDER + 1];        /* z  length of a list */
	pfn_t            start, end;                   /* I  end is exclusive */
	unsigned long    spanned, present;             /* I                   */
	unsigned long    managed;                      /* b                   */
	unsigned long    min, low, high;               /* b  watermarks       */
	unsigned long    lowmem_reserve[MAX_NR_ZONES]; /* b  by first zone    */
	const char      *name;                         /* I                   */
	enum zone_type   type;                         /* I                   */
	unsigned long    failures;                     /* z  requests refused */
};

extern struct zone zones[MAX_NR_ZONES];

/*
 * The zones of a fallback, best first, NULL at the end; indexed by
 * gfp & GFP_ZONES. Zones without managed pages are left out.
 */
extern struct zone *zonelists[GFP_ZONES + 1][MAX_NR_ZONES + 1];

/* The zone that a frame lies in, whether or not it is RAM. */
struct zone *pfn_zone(pfn_t pfn);

/* The first entry of each zone in mem_map, also of one without frames. */
extern struct page *zone_first_page[MAX_NR_ZONES];

static inline struct zone *page_zone(const struct page *page)
{
	if (page >= zone_first_page[ZONE_HIGHMEM])
		return &zones[ZONE_HIGHMEM];
	if (page >= zone_first_page[ZONE_NORMAL])
		return &zones[ZONE_NORMAL];
	return &zones[ZONE_DMA];
}

static inline bool zone_contains(const struct zone *zone, pfn_t pfn)
{
	return pfn.v >= zone->start.v && pfn.v < zone->end.v;
}

/* Pages that the page allocator manages, in all zones together. */
static inline unsigned long managed_pages(void)
{
	unsigned long managed = 0;

	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		managed += zones[i].managed;
	return managed;
}

/*
 * Make mem_map and the zones from the ranges of memblock. Give all free memory
 * to the buddy lists. Memblock is not used afterwards. Needs the direct map.
 *
 * Fails:   panics when lowmem has no room for mem_map.
 */
void zones_init(void);

/*
 * Give a range of reserved frames to the buddy lists after boot: boot code,
 * boot structures, modules that are not needed any more. Only whole pages are
 * given; frames that are not RAM are skipped.
 *
 * Fails:   panics when one of the frames is not reserved.
 */
void free_reserved_range(phys_addr_t start, phys_addr_t end);

/* NULL, or the first broken invariant of the zones and their watermarks. */
const char *zones_check(void);
