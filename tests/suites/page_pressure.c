// SPDX-License-Identifier: MIT
/*
 * page_pressure.c (tests) - when zones run dry: watermarks, fallback, shrinkers
 *
 * The tests take the largest blocks first: single pages would take too long.
 * Zones of more than 1 GiB are left out.
 */
#include "lib/preempt.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pcp.h"
#include "mm/page/shrinker.h"
#include "mm/page/zone.h"
#include "tests/ktest.h"

SUITE(page_pressure, page_alloc_check);

/* ---- running a zone dry ------------------------------------------------- */

/* Blocks that a test holds. The owner of a page may use page->list. */
static LIST_HEAD(hoard);

/* Take all that these flags give, largest blocks first. Returns: pages. */
static unsigned long take_everything(gfp_t gfp)
{
	unsigned long pages = 0;

	for (int order = MAX_ORDER; order >= 0; order--) {
		struct page *page;

		while ((page = alloc_pages(gfp | GFP_NOWARN, order))) {
			list_add(&page->list, &hoard);
			pages += 1ul << order;
		}
	}
	return pages;
}

static void give_everything_back(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &hoard, list)
		free_pages(page, page->order);
	list_init(&hoard);
	drain_local_pages();
}

/* Pages of 256 MiB: a zone of more than four times as many is left out. */
#define DRY_MAX  (256ul << (20 - PAGE_SHIFT))

static void want_small(const struct zone *zone)
{
	if (zone->managed == 0)
		SKIP("needs zone %s", zone->name);
	if (zone->managed > 4 * DRY_MAX)
		SKIP("zone %s is too large", zone->name);
}

KTEST(page_pressure, a_dry_zone_keeps_its_reserve)
{
	struct zone *dma = &zones[ZONE_DMA];
	unsigned long free;

	drain_local_pages();
	free = nr_free_pages();
	take_everything(GFP_DMA);
	EXPECT(dma->nr_free >= dma->min);
	EXPECT(dma->nr_free < dma->min + PCP_LIST_MAX);
	EXPECT(!alloc_page(GFP_DMA | GFP_NOWARN));
	/* A request with GFP_HIGH may take half of the rest. */
	EXPECT(take_everything(GFP_DMA | GFP_HIGH) >= dma->min / 2 - 1);
	EXPECT(dma->nr_free >= dma->min / 2);
	EXPECT(!alloc_page(GFP_DMA | GFP_HIGH | GFP_NOWARN));
	EXPECT_NULL(page_alloc_check());
	give_everything_back();
	EXPECT_EQ(nr_free_pages(), free);
}

/* A block of a per-CPU list; nothing else is in the lists of the zone. */
static struct pcp_list *list_with_a_block(struct zone *zone)
{
	struct pcp_list *pcp = zone_pcp(zone, 1);
	struct page *page;

	drain_local_pages();
	page = alloc_pages(GFP_DMA | GFP_NOWARN, 1);
	if (!page)
		SKIP("needs pages in zone %s", zone->name);
	free_pages(page, 1);
	EXPECT(pcp->count > 0 && zone_pcp(zone, 0)->count == 0);
	return pcp;
}

/* Take a page below the low mark; the zone must keep `spare` pages less. */
static void take_below_low(struct zone *zone, unsigned long spare,
			   bool drains)
{
	struct pcp_list *pcp = list_with_a_block(zone);
	unsigned long low = zone->low, min = zone->min;
	unsigned count = pcp->count;
	struct page *page;

	zone->low = zone->nr_free + 1;
	zone->min = zone->nr_free - spare;
	page = alloc_page(GFP_DMA | GFP_NOWARN);
	zone->low = low;
	zone->min = min;
	EXPECT(page != NULL);
	EXPECT_EQ(pcp->count, drains ? 0 : count);
	if (page)
		free_page(page);
	drain_local_pages();
}

/* Blocks of other orders are taken back only if the request needs them. */
KTEST(page_pressure, below_the_low_mark_lists_are_drained_only_for_need)
{
	struct zone *dma = &zones[ZONE_DMA];

	want_small(dma);
	take_below_low(dma, 2, false);
	take_below_low(dma, 1, false);
	take_below_low(dma, 0, true);
}

KTEST(page_pressure, a_refusal_is_counted_and_said)
{
	struct zone *dma = &zones[ZONE_DMA];
	unsigned long failures;

	take_everything(GFP_DMA);
	failures = dma->failures;
	EXPECT(!alloc_pages(GFP_DMA, 2));   /* the one message of this suite */
	EXPECT_EQ(dma->failures, failures + 1);
	give_everything_back();
}

KTEST(page_pressure, a_dry_normal_zone_falls_back_on_dma)
{
	struct zone *dma = &zones[ZONE_DMA], *normal = &zones[ZONE_NORMAL];
	unsigned long free, left, reserve = dma->lowmem_reserve[ZONE_NORMAL];
	struct page *page;

	want_small(normal);
	drain_local_pages();
	free = nr_free_pages();
	take_everything(GFP_KERNEL & ~GFP_RECLAIM);
	EXPECT(normal->nr_free < normal->min + PCP_LIST_MAX);
	/* Pages of DMA were taken, too, except its reserve. */
	EXPECT(dma->nr_free >= dma->min + reserve);
	EXPECT(dma->nr_free < dma->min + reserve + PCP_LIST_MAX);
	left = dma->nr_free + pcp_pages(dma);
	page = alloc_page(GFP_DMA | GFP_NOWARN);
	EXPECT((page != NULL) == (left > dma->min));
	if (page)
		free_page(page);
	EXPECT_NULL(page_alloc_check());
	give_everything_back();
	EXPECT_EQ(nr_free_pages(), free);
}

KTEST(page_pressure, a_dry_highmem_zone_falls_back_on_lowmem)
{
	struct zone *high = &zones[ZONE_HIGHMEM];
	struct zone *normal = &zones[ZONE_NORMAL];
	unsigned long free;

	want_small(high);
	want_small(normal);
	drain_local_pages();
	free = nr_free_pages();
	take_everything(GFP_HIGHMEM);
	EXPECT(high->nr_free < high->min + PCP_LIST_MAX);
	EXPECT(normal->nr_free >=
	       normal->min + normal->lowmem_reserve[ZONE_HIGHMEM]);
	EXPECT_NULL(page_alloc_check());
	give_everything_back();
	EXPECT_EQ(nr_free_pages(), free);
}

/* ---- shrinkers ---------------------------------------------------------- */

static unsigned shrink_calls;
static struct page *given_on_shrink;
static unsigned long nested_pages;
static uint32_t depth_inside;

static unsigned long count_and_give(void)
{
	shrink_calls++;
	depth_inside = preempt_depth();
	nested_pages += shrink_all();   /* does nothing: one is running */
	if (!given_on_shrink)
		return 0;
	free_pages(given_on_shrink, 2);
	given_on_shrink = NULL;
	return 4;
}

static struct shrinker test_shrinker = {
	.name = "page_pressure suite",
	.shrink = count_and_give,
};

/* A shrinker cannot be removed: it stays, and does nothing. */
static void register_once(void)
{
	static bool registered;

	if (!registered)
		register_shrinker(&test_shrinker);
	registered = true;
}

KTEST(page_pressure, shrinkers_run_before_a_request_fails)
{
	struct page *page;

	register_once();
	given_on_shrink = alloc_pages(GFP_DMA, 2);
	REQUIRE(given_on_shrink);
	take_everything(GFP_DMA);
	shrink_calls = 0;
	/* The request must not wait: the shrinker is not called. */
	EXPECT(!alloc_pages(GFP_DMA | GFP_NOWARN, 2));
	EXPECT_EQ(shrink_calls, 0);
	/* The request may wait: it gets the pages of the shrinker. */
	page = alloc_pages(GFP_KERNEL | GFP_DMA | GFP_NOWARN, 2);
	EXPECT_EQ(shrink_calls, 1);
	EXPECT(page != NULL);
	EXPECT(!given_on_shrink);
	if (page)
		free_pages(page, 2);
	give_everything_back();
}

/* Shrink until no module has any page left to give. */
static void settle(void)
{
	for (unsigned i = 0; i < 10 && shrink_all() > 0; i++)
		;
}

KTEST(page_pressure, shrinking_counts_pages_and_does_not_nest)
{
	uint32_t depth = preempt_depth();
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long listed = 0;

	REQUIRE(page);
	register_once();
	settle();
	EXPECT_EQ(shrink_all(), 0);
	free_page(page);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		listed += pcp_pages(&zones[i]);
	EXPECT_EQ(listed, 1);
	shrink_calls = 0;
	EXPECT_EQ(shrink_all(), listed);
	EXPECT_EQ(shrink_calls, 1);
	EXPECT_EQ(nested_pages, 0);
	EXPECT(depth_inside > depth);
	EXPECT_EQ(preempt_depth(), depth);
}

KTEST(page_pressure, shrinking_drains_the_per_cpu_lists)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	free_page(page);
	EXPECT(pcp_pages(page_zone(page)) > 0);
	EXPECT(shrink_all() > 0);
	EXPECT_EQ(pcp_pages(page_zone(page)), 0);
}
