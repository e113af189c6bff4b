// SPDX-License-Identifier: MIT
/*
 * lab_zones.c - tests of the lab: which zone serves a request (exercise 4)
 *
 * WHAT     Each test makes three small zones out of one block of 4 MiB. While a
 *          request runs, these zones stand in zonelists[], and interrupts are
 *          off. Then the kernel's own zones are put back.
 *
 * PICTURE    frame  0          400  512       700  768   900      1024
 *                   [ HIGHMEM ]     [ NORMAL ]     [ DMA ]
 *
 *          There is a gap behind each zone, so that no buddies are in two
 *          zones.
 */
#include "mm/page/watermark.h"

#include "docs/labs/04-buddy-and-zones/suites/model.h"

SUITE(lab_zones, zone_suite_check);

#define FAKE_HIGH   8u   /* of a per-CPU list of a small zone */
#define FAKE_BATCH  4u

static struct zone fake[MAX_NR_ZONES];
static struct page *rooms[MAX_NR_ZONES][PCP_ORDERS][FAKE_HIGH + 1];

static const struct { unsigned start, end; } spans[MAX_NR_ZONES] = {
	[ZONE_DMA]     = { 768, 900 },
	[ZONE_NORMAL]  = { 512, 700 },
	[ZONE_HIGHMEM] = { 0, 400 },
};

/* ---- three small zones -------------------------------------------------- */

static void fake_init(unsigned type)
{
	struct zone *f = &fake[type];
	unsigned start = spans[type].start, end = spans[type].end;

	memset(f, 0, sizeof(*f));
	kernel_buddy_init(f);
	f->name = "test";
	f->type = (enum zone_type)type;
	f->start = pfn_add(page_to_pfn(block), start);
	f->end = pfn_add(page_to_pfn(block), end);
	f->managed = end - start;
	for (unsigned order = 0; order < PCP_ORDERS; order++)
		*zone_pcp(f, order) = (struct pcp_list){
			.high = FAKE_HIGH, .batch = FAKE_BATCH,
			.blocks = rooms[type][order],
		};
}

static void fake_add(unsigned type, unsigned start, unsigned nr)
{
	spin_lock(&fake[type].lock);
	kernel_free_run(&fake[type], &block[start], nr);
	spin_unlock(&fake[type].lock);
}

/* Three zones; all their frames are free, and they keep nothing back. */
static void fakes_open(void)
{
	zone_open(0, 0);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		fake_init(i);
		fake_add(i, spans[i].start, spans[i].end - spans[i].start);
	}
}

/* No request may leave fewer pages than this; GFP_HIGH: than half of it. */
static void keep_back(unsigned type, unsigned long pages)
{
	fake[type].min = fake[type].low = fake[type].high = pages;
}

static void fakes_plug(void)
{
	for (gfp_t gfp = 0; gfp <= GFP_FAST; gfp++) {
		struct zone **next = zonelists[gfp & GFP_ZONES];
		int first = gfp_zone(gfp);

		for (int i = first; i >= 0; i--)
			*next++ = &fake[i];
		*next = NULL;
		if (!(gfp & GFP_ZERO))
			fast_zones[gfp] = &fake[first];
	}
}

/* alloc_pages() on the three zones. */
static struct page *ask(gfp_t gfp, unsigned order)
{
	static struct zone *lists[GFP_ZONES + 1][MAX_NR_ZONES + 1];
	static struct zone *fast[GFP_FAST + 1];
	irqflags_t flags = irq_save();
	struct page *page;

	memcpy(lists, zonelists, sizeof(lists));
	memcpy(fast, fast_zones, sizeof(fast));
	fakes_plug();
	page = alloc_pages(gfp | GFP_NOWARN, order);
	memcpy(zonelists, lists, sizeof(lists));
	memcpy(fast_zones, fast, sizeof(fast));
	irq_restore(flags);
	return page;
}

/* The zone that a request gets its block from, or NONE. */
static int ask_zone(gfp_t gfp, unsigned order)
{
	struct page *page = ask(gfp, order);
	int frame = frame_of(page);

	if (frame == NONE)
		return NONE;
	EXPECT_EQ(page->state_order, STATE_ORDER(PAGE_USED, order));
	EXPECT(IS_ALIGNED((unsigned)frame, 1u << order));
	for (int i = 0; i < MAX_NR_ZONES; i++)
		if ((unsigned)frame >= spans[i].start &&
		    (unsigned)frame + (1u << order) <= spans[i].end)
			return i;
	ktest_fail(__FILE__, __LINE__, "frame %d is in no zone", frame);
	return NONE;
}

/* Pages that a zone still has: on its lists, and in its per-CPU lists. */
static unsigned long pages_of(unsigned type)
{
	unsigned long pages = fake[type].nr_free;

	for (unsigned order = 0; order < PCP_ORDERS; order++)
		pages += (unsigned long)zone_pcp(&fake[type], order)->count
			 << order;
	return pages;
}

/* ---- exercise 4: take_from_zones() -------------------------------------- */

static const gfp_t zone_gfp[MAX_NR_ZONES] = {
	[ZONE_DMA]     = GFP_DMA,
	[ZONE_NORMAL]  = 0,
	[ZONE_HIGHMEM] = GFP_HIGHMEM,
};

KTEST(lab_zones, the_best_zone_serves_while_it_can)
{
	fakes_open();
	for (int i = 0; i < MAX_NR_ZONES; i++)
		for (unsigned order = 0; order <= 5; order++)
			EXPECT_EQ(ask_zone(zone_gfp[i], order), i);
	EXPECT_EQ(ask_zone(GFP_DMA | GFP_HIGHMEM, 4), ZONE_DMA);
	zone_close();
}

KTEST(lab_zones, a_zone_at_its_floor_is_passed_over)
{
	static const unsigned orders[] = { 1, 4, 5 };

	for (unsigned i = 0; i < ARRAY_SIZE(orders); i++) {
		unsigned order = orders[i];

		fakes_open();
		keep_back(ZONE_HIGHMEM, fake[ZONE_HIGHMEM].nr_free);
		EXPECT_EQ(ask_zone(GFP_HIGHMEM, order), ZONE_NORMAL);
		zone_pcp(&fake[ZONE_NORMAL], 1)->count = 0;
		keep_back(ZONE_NORMAL, fake[ZONE_NORMAL].nr_free);
		EXPECT_EQ(ask_zone(GFP_HIGHMEM, order), ZONE_DMA);
		EXPECT_EQ(ask_zone(0, order), ZONE_DMA);
		zone_pcp(&fake[ZONE_DMA], 1)->count = 0;
		keep_back(ZONE_DMA, fake[ZONE_DMA].nr_free);
		EXPECT_EQ(ask_zone(GFP_HIGHMEM, order), NONE);
		zone_close();
	}
}

KTEST(lab_zones, a_request_never_goes_to_a_higher_zone)
{
	fakes_open();
	EXPECT_EQ(ask_zone(GFP_DMA, 5), ZONE_DMA);
	keep_back(ZONE_DMA, fake[ZONE_DMA].nr_free);
	EXPECT_EQ(ask_zone(GFP_DMA, 5), NONE);
	EXPECT_EQ(ask_zone(GFP_DMA, 2), NONE);
	EXPECT_EQ(ask_zone(0, 5), ZONE_NORMAL);
	keep_back(ZONE_NORMAL, fake[ZONE_NORMAL].nr_free);
	EXPECT_EQ(ask_zone(0, 5), NONE);
	EXPECT_EQ(ask_zone(GFP_HIGHMEM, 5), ZONE_HIGHMEM);
	zone_close();
}

KTEST(lab_zones, each_zone_has_its_own_floor)
{
	struct zone *normal = &fake[ZONE_NORMAL];

	for (unsigned order = 2; order <= 4; order += 2) {
		fakes_open();
		keep_back(ZONE_HIGHMEM, fake[ZONE_HIGHMEM].nr_free);
		normal->lowmem_reserve[ZONE_HIGHMEM] = normal->nr_free;
		EXPECT_EQ(ask_zone(GFP_HIGHMEM, order), ZONE_DMA);
		EXPECT_EQ(ask_zone(0, order), ZONE_NORMAL);
		zone_close();
	}
}

KTEST(lab_zones, the_floor_stays_to_the_page)
{
	for (unsigned order = 2; order <= 5; order++) {
		unsigned size = 1u << order;
		struct zone *high = &fake[ZONE_HIGHMEM];

		fakes_open();
		keep_back(ZONE_HIGHMEM, high->nr_free - size);
		EXPECT_EQ(ask_zone(GFP_HIGHMEM, order), ZONE_HIGHMEM);
		EXPECT_EQ(high->nr_free, high->min);
		fakes_open();
		keep_back(ZONE_HIGHMEM, high->nr_free - size + 1);
		EXPECT_EQ(ask_zone(GFP_HIGHMEM, order), ZONE_NORMAL);
		EXPECT_EQ(high->nr_free, high->min + size - 1);
		zone_close();
	}
}

KTEST(lab_zones, only_one_zone_loses_pages)
{
	for (unsigned order = 0; order <= 5; order++) {
		fakes_open();
		EXPECT_EQ(ask_zone(GFP_HIGHMEM, order), ZONE_HIGHMEM);
		EXPECT_EQ(pages_of(ZONE_HIGHMEM), 400 - (1u << order));
		EXPECT_EQ(pages_of(ZONE_NORMAL), 700 - 512);
		EXPECT_EQ(pages_of(ZONE_DMA), 900 - 768);
		zone_close();
	}
}

KTEST(lab_zones, small_orders_come_from_the_per_cpu_lists)
{
	struct zone *normal = &fake[ZONE_NORMAL];
	unsigned long free;

	fakes_open();
	for (unsigned order = 0; order < PCP_ORDERS; order++) {
		free = normal->nr_free;
		EXPECT_EQ(ask_zone(0, order), ZONE_NORMAL);
		EXPECT_EQ(zone_pcp(normal, order)->count, FAKE_BATCH - 1);
		EXPECT_EQ(normal->nr_free, free - (FAKE_BATCH << order));
	}
	free = normal->nr_free;
	EXPECT_EQ(ask_zone(0, PCP_ORDERS), ZONE_NORMAL);
	EXPECT_EQ(normal->nr_free, free - (1u << PCP_ORDERS));
	zone_close();
}

KTEST(lab_zones, a_zone_in_small_pieces_is_passed_over)
{
	for (unsigned order = 1; order <= 5; order += 2) {
		fakes_open();
		fake_init(ZONE_HIGHMEM);
		for (unsigned i = 0; i < 400; i++)
			block[i].state_order = STATE_ORDER(PAGE_TAIL, 0);
		for (unsigned i = 1; i < 400; i += 2)
			fake_add(ZONE_HIGHMEM, i, 1);
		EXPECT_EQ(ask_zone(GFP_HIGHMEM, order), ZONE_NORMAL);
		EXPECT_EQ(ask_zone(GFP_HIGHMEM, 0), ZONE_HIGHMEM);
		zone_close();
	}
}

KTEST(lab_zones, an_urgent_request_goes_below_the_mark)
{
	struct zone *dma = &fake[ZONE_DMA];

	fakes_open();
	keep_back(ZONE_DMA, dma->nr_free - 8);   /* half of it: 62 pages */
	EXPECT_EQ(ask_zone(GFP_DMA, 4), NONE);
	EXPECT_EQ(ask_zone(GFP_DMA | GFP_HIGH, 4), ZONE_DMA);
	keep_back(ZONE_DMA, 2 * dma->nr_free);
	EXPECT_EQ(ask_zone(GFP_DMA | GFP_HIGH, 4), NONE);
	zone_close();
}

/* ---- exercise 4, random requests ---------------------------------------- */

/* Has a zone a free block of at least this order? Look at all entries. */
static bool has_block(unsigned type, unsigned order)
{
	for (unsigned i = spans[type].start; i < spans[type].end; i++)
		if (block[i].state == PAGE_FREE && block[i].order >= order)
			return true;
	return false;
}

static bool can_serve(int type, gfp_t gfp, unsigned order, unsigned long mark)
{
	const struct zone *f = &fake[type];
	unsigned long rest = mark + f->lowmem_reserve[gfp_zone(gfp)];

	if (f->nr_free < (1ul << order) + rest)
		return false;
	return (order < PCP_ORDERS && zone_pcp(&fake[type], order)->count) ||
	       has_block((unsigned)type, order);
}

static int expected_zone(gfp_t gfp, unsigned order)
{
	int first = gfp_zone(gfp);

	if (order < PCP_ORDERS && zone_pcp(&fake[first], order)->count)
		return first;
	for (int i = first; i >= 0; i--)
		if (can_serve(i, gfp, order, fake[i].low))
			return i;
	for (int i = first; i >= 0; i--)
		if (can_serve(i, gfp, order, gfp & GFP_HIGH ? fake[i].min / 2
							    : fake[i].min))
			return i;
	return NONE;
}

static void random_marks(struct rng *rng)
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		fake[i].min = rng_below(rng, 60);
		fake[i].low = fake[i].min + rng_below(rng, 20);
		fake[i].high = fake[i].low;
		for (unsigned j = i + 1; j < MAX_NR_ZONES; j++)
			fake[i].lowmem_reserve[j] = rng_below(rng, 50);
	}
}

static void random_request(struct rng *rng, unsigned least, unsigned most)
{
	gfp_t gfp = zone_gfp[rng_below(rng, MAX_NR_ZONES)] |
		    (rng_below(rng, 4) ? 0 : GFP_HIGH);
	unsigned order = least + rng_below(rng, most - least + 1);
	int expected = expected_zone(gfp, order);
	unsigned long before[MAX_NR_ZONES];

	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		before[i] = pages_of(i);
	EXPECT_EQ(ask_zone(gfp, order), expected);
	for (int i = 0; i < MAX_NR_ZONES; i++)
		EXPECT_EQ(pages_of((unsigned)i),
			  before[i] - (i == expected ? 1ul << order : 0));
}

static void random_requests(uint32_t seed, unsigned least, unsigned most)
{
	struct rng rng;

	rng_init(&rng, seed);
	for (unsigned round = 0; round < 6; round++) {
		fakes_open();
		random_marks(&rng);
		for (unsigned i = 0; i < 60; i++)
			random_request(&rng, least, most);
		zone_close();
	}
}

KTEST(lab_zones, random_large_requests_find_the_zone_of_a_naive_model)
{
	random_requests(ktest_seed(), PCP_ORDERS, 6);
}

KTEST(lab_zones, random_requests_find_the_zone_of_a_naive_model)
{
	random_requests(ktest_seed() + 1, 0, 5);
}
