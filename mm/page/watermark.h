// SPDX-License-Identifier: MIT
/*
 * watermark.h - how many pages a zone keeps back, and from which requests
 *
 * WHAT     The numbers that stop an allocation before a zone is empty, and the
 *          order in which zones are tried. The theory is in watermark.c.
 */
#pragma once

#include "mm/page/zone.h"

/* How deep an allocation may reach. */
enum watermark {
	MARK_LOW,       /* ordinary request, before the shrinkers run    */
	MARK_MIN,       /* ordinary request, after the shrinkers         */
	MARK_RESERVE,   /* GFP_HIGH: half of min                         */
};

/* The highest zone that a request may use: the index into lowmem_reserve[]. */
static inline enum zone_type gfp_zone(gfp_t gfp)
{
	if (gfp & GFP_DMA)
		return ZONE_DMA;
	return gfp & GFP_HIGHMEM ? ZONE_HIGHMEM : ZONE_NORMAL;
}

/* Free pages that a request must leave in a zone. */
static inline unsigned long zone_floor(const struct zone *zone, gfp_t gfp,
				       enum watermark mark)
{
	unsigned long floor = zone->lowmem_reserve[gfp_zone(gfp)];

	if (mark == MARK_LOW)
		return floor + zone->low;
	if (mark == MARK_MIN)
		return floor + zone->min;
	return floor + zone->min / 2;
}

/*
 * For each gfp, the zone whose per-CPU list may serve the request at once. For
 * some requests no list can: GFP_ZERO must clear the page, or there is no such
 * zone. Then this is a zone with empty lists, so the fast path needs no extra
 * test.
 */
#define GFP_FAST  (GFP_ZERO * 2 - 1)

extern struct zone *fast_zones[GFP_FAST + 1];

/* Set watermarks, lowmem_reserve and zonelists from the managed pages. */
void watermarks_update(void);

/* NULL, or the first broken invariant. */
const char *watermarks_check(void);
