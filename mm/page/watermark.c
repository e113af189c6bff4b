// SPDX-License-Identifier: MIT
/*
 * watermark.c - how many pages a zone keeps back, and from which requests
 *
 * WHAT     Computes from the sizes of the zones: three watermarks for each zone
 *          (min, low, high), the pages that a zone keeps back from requests
 *          that a higher zone could serve, and the order in which zones are
 *          tried.
 *
 * PICTURE    free pages of a zone
 *                 |  for every request
 *            low  +----------------------------------------------------
 *                 |  ordinary requests run the shrinkers first
 *            min  +----------------------------------------------------
 *                 |  only GFP_HIGH: interrupt handlers, code that frees
 *            min/2+----------------------------------------------------
 *                 |  for no request
 *            0    +----------------------------------------------------
 *
 *          lowmem_reserve[] of the request's zone is added to all these lines.
 *
 * INVARIANTS of watermark (watermarks_check() restates them)
 *          W1  min <= low <= high in each zone with managed pages
 *          W2  a zone keeps nothing back from requests that it is first for
 *          W3  a zonelist holds zones with managed pages, in falling order,
 *              none above the request's
 *
 * ALGORITHM  min_free_kbytes = sqrt(16 * lowmem in KiB): a machine with 100
 *          times as much memory keeps 10 times as much free. The lowmem zones
 *          share these pages in proportion to their sizes. No interrupt handler
 *          needs highmem, so highmem keeps only 32 .. 128 pages. low is one
 *          step above min, and high is one step above low. A step is min/4 or
 *          0.1 % of the zone, the larger of the two.
 *
 *          lowmem_reserve of zone i against requests for zone j > i: the pages
 *          of zones i+1 .. j, divided by the ratio of i. A request that has
 *          more memory to choose from leaves more: with 61 GiB of highmem, such
 *          requests get nothing of NORMAL.
 *
 * LOCKING  Written at boot; free_reserved_range() only lets values grow.
 * NOT HERE the code that checks the marks (page_alloc.c).
 * SEE      Linux mm/page_alloc.c __setup_per_zone_wmarks(),
 *          setup_per_zone_lowmem_reserve(); sysctl min_free_kbytes and
 *          lowmem_reserve_ratio in its documentation.
 */
#include "mm/page/watermark.h"

#include "lib/div64.h"

#define MIN_FREE_KBYTES_MIN  128u
#define HIGHMEM_MIN_LEAST    32u
#define HIGHMEM_MIN_MOST     128u

#define KB_PER_PAGE  (PAGE_SIZE / 1024)

/* Linux's sysctl_lowmem_reserve_ratio. No zone lies above HIGHMEM. */
static const unsigned lowmem_reserve_ratio[ZONE_HIGHMEM] = {
	[ZONE_DMA]    = 256,
	[ZONE_NORMAL] = 32,
};

struct zone *zonelists[GFP_ZONES + 1][MAX_NR_ZONES + 1];
struct zone *fast_zones[GFP_FAST + 1];

/* A zone whose lists are always empty. */
static struct zone no_zone = { .name = "none" };

/* Largest r with r * r <= x. */
static uint32_t int_sqrt(uint32_t x)
{
	uint32_t root = 0;

	for (uint32_t bit = 1u << 15; bit; bit >>= 1)
		if ((root | bit) * (root | bit) <= x)
			root |= bit;
	return root;
}

static unsigned long clamp_ul(unsigned long x, unsigned long low,
			      unsigned long high)
{
	return x < low ? low : x > high ? high : x;
}

static void set_marks(struct zone *zone, unsigned long lowmem)
{
	uint32_t kbytes = int_sqrt((uint32_t)lowmem * KB_PER_PAGE * 16);
	uint64_t all_keep = MAX(kbytes, MIN_FREE_KBYTES_MIN) / KB_PER_PAGE;
	unsigned long step;

	assert(lowmem > 0);   /* at least mem_map lies there */
	if (zone->type == ZONE_HIGHMEM)
		zone->min = clamp_ul(zone->managed / 1024, HIGHMEM_MIN_LEAST,
				     HIGHMEM_MIN_MOST);
	else
		zone->min = (unsigned long)div_u64(all_keep * zone->managed,
						   (uint32_t)lowmem);
	step = MAX(zone->min / 4, zone->managed / 1000);
	zone->low = zone->min + step;
	zone->high = zone->low + step;
}

void watermarks_update(void)
{
	unsigned long lowmem =
		zones[ZONE_DMA].managed + zones[ZONE_NORMAL].managed;

	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		unsigned long above = 0;

		if (zones[i].managed > 0)
			set_marks(&zones[i], lowmem);
		for (unsigned j = i + 1; j < MAX_NR_ZONES; j++) {
			above += zones[j].managed;
			zones[i].lowmem_reserve[j] =
				above / lowmem_reserve_ratio[i];
		}
	}
	for (gfp_t gfp = 0; gfp <= GFP_ZONES; gfp++) {
		struct zone **next = zonelists[gfp];

		for (int i = gfp_zone(gfp); i >= 0; i--)
			if (zones[i].managed > 0)
				*next++ = &zones[i];
		*next = NULL;
	}
	for (gfp_t gfp = 0; gfp <= GFP_FAST; gfp++) {
		struct zone *first = zonelists[gfp & GFP_ZONES][0];

		fast_zones[gfp] = first && !(gfp & GFP_ZERO) ? first : &no_zone;
	}
}

/* ---- check -------------------------------------------------------------- */

const char *watermarks_check(void)
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *zone = &zones[i];

		HOLDS(zone->min <= zone->low && zone->low <= zone->high,
		      "watermark W1: min <= low <= high");
		HOLDS(zone->lowmem_reserve[i] == 0,
		      "watermark W2: nothing is kept from requests of the own zone");
	}
	for (gfp_t gfp = 0; gfp <= GFP_ZONES; gfp++) {
		int above = gfp_zone(gfp) + 1;

		for (struct zone **zone = zonelists[gfp]; *zone; zone++) {
			HOLDS((int)(*zone)->type < above &&
			      (*zone)->managed > 0,
			      "watermark W3: a zonelist falls through zones with pages");
			above = (int)(*zone)->type;
		}
	}
	return NULL;
}
