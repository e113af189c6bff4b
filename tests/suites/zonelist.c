// SPDX-License-Identifier: MIT
/*
 * zonelist.c (tests) - which zone serves a request, for three zones of our own
 *
 * PICTURE  request     HIGHMEM ----> NORMAL ----> DMA      64 pages each
 *                      free - size >= mark + reserve?
 *
 * ALGORITHM  During a request the zonelists name the zones of the test instead
 *            of the live ones. Interrupts are off meanwhile. A refill of the
 *            per-CPU lists takes one block, so nothing is left in the lists.
 * NOT HERE live zones that run dry (page_pressure.c).
 */
#include <arch/irqflags.h>

#include "lib/align.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/page/buddy.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pcp.h"
#include "mm/page/watermark.h"
#include "tests/ktest.h"

SUITE(zonelist, page_alloc_check);

#define PAGES        64u
#define PAGES_ORDER  6u

/*
 * The block has twice the pages of its zone. The upper half is never free, so
 * the zone's pages never merge with pages of others.
 */
static struct own_zone {
	struct zone  zone;
	struct page *block;
	struct page *slot[PCP_ORDERS];   /* the arrays of its lists */
	bool         used[PAGES];        /* the model               */
} own[MAX_NR_ZONES];

static struct page *got;   /* by the last request */

static void own_init(struct own_zone *o, enum zone_type type)
{
	struct zone *zone = &o->zone;

	for (unsigned i = 0; i < 2 * PAGES; i++)
		o->block[i].state_order = STATE_ORDER(PAGE_TAIL, 0);
	memset(zone, 0, sizeof(*zone));
	memset(o->used, 0, sizeof(o->used));
	buddy_init(zone);
	zone->name = "test";
	zone->type = type;
	zone->managed = PAGES;
	zone->start = page_to_pfn(o->block);
	zone->end = pfn_add(zone->start, PAGES);
	for (unsigned order = 0; order < PCP_ORDERS; order++)
		*zone_pcp(zone, order) = (struct pcp_list){
			.high = 1, .batch = 1, .blocks = &o->slot[order],
		};
	spin_lock(&zone->lock);
	buddy_free_run_locked(zone, o->block, PAGES);
	spin_unlock(&zone->lock);
}

static void close(void)
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		struct page *block = own[i].block;

		if (!block)
			continue;
		for (unsigned j = 1; j < 2 * PAGES; j++)
			block[j].state_order = STATE_ORDER(PAGE_TAIL, 0);
		block->state_order = STATE_ORDER(PAGE_USED, PAGES_ORDER + 1);
		free_pages(block, PAGES_ORDER + 1);
	}
}

/* Three zones, all free, without marks and reserves. */
static void open(void)
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		own[i].block = alloc_pages(GFP_KERNEL | GFP_NOWARN,
					   PAGES_ORDER + 1);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		if (own[i].block)
			continue;
		close();
		SKIP("needs three free blocks of 512 KiB");
	}
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		own_init(&own[i], i);
}

static void set_marks_of(unsigned zone, unsigned min, unsigned low)
{
	own[zone].zone.min = min;
	own[zone].zone.low = low;
}

static void name_own_zones(void)
{
	for (gfp_t gfp = 0; gfp <= GFP_ZONES; gfp++) {
		struct zone **next = zonelists[gfp];

		for (int i = gfp_zone(gfp); i >= 0; i--)
			*next++ = &own[i].zone;
		*next = NULL;
	}
	for (gfp_t gfp = 0; gfp <= GFP_FAST; gfp++)
		fast_zones[gfp] = zonelists[gfp & GFP_ZONES][0];
}

/* The zone that a page lies in; -1: in none of the test's. */
static int zone_of(const struct page *page)
{
	for (int i = 0; i < MAX_NR_ZONES; i++)
		if (page && page >= own[i].block && page < own[i].block + PAGES)
			return i;
	return -1;
}

static void mark_used(unsigned zone, const struct page *page, unsigned order,
		      bool used)
{
	for (unsigned i = 0; i < 1u << order; i++) {
		bool *now = &own[zone].used[page - own[zone].block + i];

		EXPECT(*now != used);
		*now = used;
	}
}

static struct zone *live_lists[GFP_ZONES + 1][MAX_NR_ZONES + 1];
static struct zone *live_fast[GFP_FAST + 1];

/* Requests get pages of the test's zones, until live_zones_serve(). */
static irqflags_t own_zones_serve(void)
{
	irqflags_t flags = irq_save();

	memcpy(live_lists, zonelists, sizeof(live_lists));
	memcpy(live_fast, fast_zones, sizeof(live_fast));
	name_own_zones();
	return flags;
}

static void live_zones_serve(irqflags_t flags)
{
	memcpy(zonelists, live_lists, sizeof(live_lists));
	memcpy(fast_zones, live_fast, sizeof(live_fast));
	irq_restore(flags);
}

/* Ask for a block. Returns: the zone that it came from, or -1. */
static int request(gfp_t gfp, unsigned order)
{
	irqflags_t flags = own_zones_serve();
	int zone;

	got = alloc_pages(gfp | GFP_NOWARN, order);
	live_zones_serve(flags);
	zone = zone_of(got);
	EXPECT((got != NULL) == (zone >= 0));
	if (zone < 0)
		return -1;
	EXPECT_EQ(got->state_order, STATE_ORDER(PAGE_USED, order));
	mark_used((unsigned)zone, got, order, true);
	return zone;
}

static void give_back(struct page *page, unsigned order)
{
	unsigned zone = (unsigned)zone_of(page);

	mark_used(zone, page, order, false);
	spin_lock(&own[zone].zone.lock);
	buddy_free_locked(&own[zone].zone, page, order);
	spin_unlock(&own[zone].zone.lock);
}

/* Only every second page of the zone stays free. */
static void fragment(unsigned zone)
{
	struct own_zone *o = &own[zone];
	struct page *all;

	own_init(o, zone);
	spin_lock(&o->zone.lock);
	all = buddy_alloc_locked(&o->zone, PAGES_ORDER);
	EXPECT(all == o->block);
	for (unsigned i = 0; i < PAGES; i += 2)
		buddy_free_locked(&o->zone, &o->block[i], 0);
	spin_unlock(&o->zone.lock);
	for (unsigned i = 1; i < PAGES; i += 2)
		o->used[i] = true;
}

KTEST(zonelist, the_zone_of_the_request_serves_it_while_it_can)
{
	static const unsigned orders[] = { 0, 1, 3, 4, 5 };

	open();
	for (unsigned i = 0; i < ARRAY_SIZE(orders); i++) {
		EXPECT_EQ(request(GFP_DMA, orders[i]), ZONE_DMA);
		EXPECT_EQ(request(0, orders[i]), ZONE_NORMAL);
		EXPECT_EQ(request(GFP_HIGHMEM, orders[i]), ZONE_HIGHMEM);
		EXPECT_EQ(own[i % 3].zone.nr_free, PAGES - (1u << orders[i]));
		for (unsigned zone = 0; zone < MAX_NR_ZONES; zone++)
			own_init(&own[zone], zone);
	}
	close();
}

KTEST(zonelist, a_zone_below_its_low_mark_is_passed_over)
{
	open();
	set_marks_of(ZONE_HIGHMEM, 0, PAGES);
	EXPECT_EQ(request(GFP_HIGHMEM, 0), ZONE_NORMAL);
	EXPECT_EQ(request(GFP_HIGHMEM, 4), ZONE_NORMAL);
	set_marks_of(ZONE_NORMAL, 0, PAGES);
	EXPECT_EQ(request(GFP_HIGHMEM, 0), ZONE_DMA);
	EXPECT_EQ(request(GFP_HIGHMEM, 4), ZONE_DMA);
	EXPECT_EQ(request(0, 4), ZONE_DMA);
	close();
}

KTEST(zonelist, a_request_may_reach_the_low_mark_but_not_below_it)
{
	for (unsigned order = 0; order <= PAGES_ORDER; order++) {
		unsigned rest = PAGES - (1u << order);

		open();
		set_marks_of(ZONE_NORMAL, 0, rest + 1);
		EXPECT_EQ(request(0, order), ZONE_DMA);
		set_marks_of(ZONE_NORMAL, 0, rest);
		EXPECT_EQ(request(0, order), ZONE_NORMAL);
		EXPECT_EQ(own[ZONE_NORMAL].zone.nr_free, rest);
		close();
	}
}

KTEST(zonelist, a_reserve_is_kept_from_requests_for_a_higher_zone)
{
	open();
	set_marks_of(ZONE_HIGHMEM, 0, PAGES);
	own[ZONE_NORMAL].zone.lowmem_reserve[ZONE_HIGHMEM] = PAGES - 7;
	EXPECT_EQ(request(GFP_HIGHMEM, 3), ZONE_DMA);
	EXPECT_EQ(request(0, 3), ZONE_NORMAL);
	EXPECT_EQ(request(0, 5), ZONE_NORMAL);
	close();
}

KTEST(zonelist, a_zone_without_a_large_block_is_passed_over)
{
	open();
	fragment(ZONE_HIGHMEM);
	EXPECT_EQ(request(GFP_HIGHMEM, 1), ZONE_NORMAL);
	EXPECT_EQ(request(GFP_HIGHMEM, 4), ZONE_NORMAL);
	EXPECT_EQ(request(GFP_HIGHMEM, 0), ZONE_HIGHMEM);
	fragment(ZONE_NORMAL);
	EXPECT_EQ(request(GFP_HIGHMEM, 2), ZONE_DMA);
	EXPECT_EQ(request(GFP_HIGHMEM, 5), ZONE_DMA);
	close();
}

KTEST(zonelist, below_all_low_marks_the_min_marks_decide)
{
	open();
	set_marks_of(ZONE_DMA, 0, PAGES);
	set_marks_of(ZONE_NORMAL, 20, PAGES);
	set_marks_of(ZONE_HIGHMEM, PAGES, PAGES);
	EXPECT_EQ(request(GFP_HIGHMEM, 3), ZONE_NORMAL);
	EXPECT_EQ(request(GFP_HIGHMEM | GFP_HIGH, 3), ZONE_HIGHMEM);
	EXPECT_EQ(request(GFP_HIGHMEM, 5), ZONE_NORMAL);
	/* 56 pages of HIGHMEM are free, and half of min is 32. */
	EXPECT_EQ(request(GFP_HIGHMEM | GFP_HIGH, 5), ZONE_DMA);
	EXPECT_EQ(request(GFP_HIGHMEM | GFP_HIGH, 4), ZONE_HIGHMEM);
	EXPECT_EQ(request(GFP_DMA, 5), ZONE_DMA);
	EXPECT_EQ(request(GFP_DMA, 0), -1);
	close();
}

/* The lists of the system are drained only where nothing else helps. */
KTEST(zonelist, a_request_that_may_not_wait_drains_lists_last)
{
	unsigned long listed;
	struct page *page;

	open();
	page = alloc_page(GFP_KERNEL);
	REQUIRE(page);
	free_page(page);
	listed = pcp_pages(page_zone(page));
	EXPECT(listed > 0);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		set_marks_of(i, 0, PAGES);
	EXPECT_EQ(request(0, 3), ZONE_NORMAL);
	EXPECT_EQ(pcp_pages(page_zone(page)), listed);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		set_marks_of(i, PAGES, PAGES);
	EXPECT_EQ(request(0, 3), -1);
	EXPECT_EQ(pcp_pages(page_zone(page)), 0);
	close();
}

/* Put a block into the per-CPU list of a zone. */
static void fill_list(unsigned zone, unsigned order)
{
	irqflags_t flags = irq_save();

	EXPECT(pcp_refill(&own[zone].zone, order, 0));
	irq_restore(flags);
}

KTEST(zonelist, the_list_of_the_first_zone_comes_before_all_else)
{
	for (unsigned order = 0; order < PCP_ORDERS; order++) {
		struct zone *high = &own[ZONE_HIGHMEM].zone;

		open();
		fill_list(ZONE_NORMAL, order);
		EXPECT_EQ(request(GFP_HIGHMEM, order), ZONE_HIGHMEM);
		fill_list(ZONE_HIGHMEM, order);
		set_marks_of(ZONE_HIGHMEM, PAGES, PAGES);
		EXPECT_EQ(request(GFP_HIGHMEM, order), ZONE_HIGHMEM);
		EXPECT_EQ(zone_pcp(high, order)->count, 0);
		EXPECT_EQ(request(GFP_HIGHMEM, order), ZONE_NORMAL);
		EXPECT_EQ(high->nr_free, PAGES - (2u << order));
		close();
	}
}

static unsigned request_bulk(gfp_t gfp, unsigned nr, struct page *pages[])
{
	irqflags_t flags = own_zones_serve();

	nr = alloc_pages_bulk(gfp | GFP_NOWARN, nr, pages);
	live_zones_serve(flags);
	return nr;
}

KTEST(zonelist, a_bulk_gets_what_there_is_the_first_zone_first)
{
	static struct page *pages[4 * PAGES];
	unsigned nr;

	open();
	fill_list(ZONE_NORMAL, 0);
	nr = request_bulk(GFP_HIGHMEM, ARRAY_SIZE(pages), pages);
	EXPECT_EQ(nr, 3 * PAGES);
	for (unsigned i = 0; i < MIN(nr, 3 * PAGES); i++)
		EXPECT_EQ(zone_of(pages[i]), ZONE_HIGHMEM - (int)(i / PAGES));
	EXPECT_EQ(own[ZONE_HIGHMEM].zone.failures, 1);
	EXPECT_EQ(request_bulk(GFP_HIGHMEM, 2, pages), 0);
	close();
}

KTEST(zonelist, a_refused_request_is_counted_in_its_first_zone)
{
	open();
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		set_marks_of(i, PAGES, PAGES);
	EXPECT_EQ(request(GFP_HIGHMEM, 0), -1);
	EXPECT_EQ(request(0, 5), -1);
	EXPECT_EQ(own[ZONE_HIGHMEM].zone.failures, 1);
	EXPECT_EQ(own[ZONE_NORMAL].zone.failures, 1);
	EXPECT_EQ(own[ZONE_DMA].zone.failures, 0);
	set_marks_of(ZONE_DMA, PAGES - 1, PAGES);
	EXPECT_EQ(request(GFP_HIGHMEM, 0), ZONE_DMA);
	close();
}

/* ---- random requests against a naive model ------------------------------- */

static bool model_has(const struct own_zone *o, unsigned order)
{
	for (unsigned first = 0; first < PAGES; first += 1u << order) {
		unsigned n = 0;

		while (n < 1u << order && !o->used[first + n])
			n++;
		if (n == 1u << order)
			return true;
	}
	return false;
}

/* The first zone that keeps its mark and reserve; -1: there is none. */
static int model_zone(gfp_t gfp, unsigned order, bool below_low)
{
	int first = gfp & GFP_DMA ? 0 : gfp & GFP_HIGHMEM ? 2 : 1;

	for (int i = first; i >= 0; i--) {
		const struct own_zone *o = &own[i];
		unsigned long mark = o->zone.low, free = 0;

		if (below_low)
			mark = gfp & GFP_HIGH ? o->zone.min / 2 : o->zone.min;
		for (unsigned j = 0; j < PAGES; j++)
			free += !o->used[j];
		mark += o->zone.lowmem_reserve[first];
		if (free >= mark + (1u << order) && model_has(o, order))
			return i;
	}
	return -1;
}

static void random_marks(struct rng *rng)
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		unsigned min = rng_below(rng, 24);

		set_marks_of(i, min, min + rng_below(rng, 24));
		for (unsigned j = i + 1; j < MAX_NR_ZONES; j++)
			own[i].zone.lowmem_reserve[j] = rng_below(rng, 16);
	}
}

static void random_request(struct rng *rng, unsigned *order)
{
	gfp_t gfp = rng_below(rng, GFP_ZONES + 1);
	int expected;

	*order = rng_below(rng, rng_below(rng, PAGES_ORDER + 1) + 1);
	if (rng_below(rng, 3) == 0)
		gfp |= GFP_HIGH;
	expected = model_zone(gfp, *order, false);
	if (expected < 0)
		expected = model_zone(gfp, *order, true);
	EXPECT_EQ(request(gfp, *order), expected);
}

KTEST(zonelist, random_requests_until_nothing_is_left_match_a_model)
{
	struct rng rng;
	unsigned order;

	open();
	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < MAX_NR_ZONES; i++)
			own_init(&own[i], i);
		random_marks(&rng);
		for (unsigned step = 0; step < 60; step++)
			random_request(&rng, &order);
	}
	close();
}

KTEST(zonelist, random_requests_and_frees_match_a_model)
{
	static struct { struct page *page; unsigned order; } held[3 * PAGES];
	unsigned nr = 0, order;
	struct rng rng;

	open();
	rng_init(&rng, ktest_seed());
	random_marks(&rng);
	for (unsigned step = 0; step < 1500; step++) {
		if (nr > 0 && rng_below(&rng, 2)) {
			unsigned i = rng_below(&rng, nr);

			give_back(held[i].page, held[i].order);
			held[i] = held[--nr];
			continue;
		}
		random_request(&rng, &order);
		held[nr].page = got;
		held[nr].order = order;
		nr += got != NULL;
	}
	close();
}
