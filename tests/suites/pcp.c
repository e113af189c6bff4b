// SPDX-License-Identifier: MIT
/*
 * pcp.c (tests) - per-CPU lists: stacks in front of the buddy lists
 *
 * Most tests use the live lists of the first zone that serves GFP_KERNEL. They
 * empty these lists first. No other thread allocates while a test runs.
 */
#include "lib/align.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/page/buddy.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pcp.h"
#include "mm/page/watermark.h"
#include "tests/ktest.h"

SUITE(pcp, page_alloc_check);

#define NR  256

static struct page *pages[NR];
static struct zone *zone;

/* The most pages that a test takes, with those that a refill adds. */
static unsigned long pages_of_a_test(void)
{
	unsigned order = PCP_ORDERS - 1;
	const struct pcp_list *pcp = zone_pcp(zone, order);

	return NR + ((pcp->high + 1ul + pcp->batch) << order);
}

/* Empty the lists. There must be so many pages that no watermark matters. */
static void start_empty(void)
{
	zone = zonelists[GFP_KERNEL & GFP_ZONES][0];
	drain_local_pages();
	if (zone->nr_free < zone->low + pages_of_a_test())
		SKIP("needs more free memory");
	EXPECT_EQ(pcp_pages(zone), 0);
}

static void take_all(unsigned nr, unsigned order)
{
	for (unsigned i = 0; i < nr; i++) {
		pages[i] = alloc_pages(GFP_KERNEL, order);
		REQUIRE(pages[i]);
	}
}

static bool refill(unsigned order, unsigned long floor)
{
	irqflags_t flags = irq_save();
	bool filled = pcp_refill(zone, order, floor);

	irq_restore(flags);
	return filled;
}

static struct page *pop(struct pcp_list *pcp)
{
	irqflags_t flags = irq_save();
	struct page *page = pcp_pop(pcp);

	irq_restore(flags);
	return page;
}

static const char *check(const struct zone *of)
{
	irqflags_t flags = irq_save();
	const char *law = pcp_check(of);

	irq_restore(flags);
	return law;
}

/* 1/256 of the zone, from 8 to 512 blocks; a zone without RAM has no lists. */
static unsigned long naive_high(const struct zone *of, unsigned order)
{
	unsigned long high = (of->present / 256) >> order;

	return of->present == 0 ? 0 : high < 8 ? 8 : high > 512 ? 512 : high;
}

/* The largest power of two that is no more than an eighth, but 4 at least. */
static unsigned naive_batch(unsigned long high)
{
	unsigned batch = 64;

	while (batch > 4 && batch > high / 8)
		batch /= 2;
	return high ? batch : 0;
}

KTEST(pcp, lists_are_sized_by_their_zone)
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		for (unsigned order = 0; order < PCP_ORDERS; order++) {
			struct pcp_list *pcp = zone_pcp(&zones[i], order);
			unsigned long high = naive_high(&zones[i], order);

			EXPECT_EQ(pcp->high, high);
			EXPECT_EQ(pcp->batch, naive_batch(high));
			EXPECT_EQ(pcp->blocks != NULL, high > 0);
		}
}

KTEST(pcp, the_block_freed_last_is_given_first)
{
	struct page *a, *b;

	for (unsigned order = 0; order < PCP_ORDERS; order++) {
		a = alloc_pages(GFP_KERNEL, order);
		b = alloc_pages(GFP_KERNEL, order);
		REQUIRE(a && b);
		free_pages(a, order);
		free_pages(b, order);
		EXPECT(alloc_pages(GFP_KERNEL, order) == b);
		EXPECT(alloc_pages(GFP_KERNEL, order) == a);
		free_pages(a, order);
		free_pages(b, order);
	}
}

KTEST(pcp, an_empty_list_is_filled_with_a_batch)
{
	for (unsigned order = 0; order < PCP_ORDERS; order++) {
		struct pcp_list *pcp;
		unsigned long free;

		start_empty();
		pcp = zone_pcp(zone, order);
		free = nr_free_pages();
		pages[0] = alloc_pages(GFP_KERNEL, order);
		REQUIRE(pages[0]);
		EXPECT_EQ(pcp->count, pcp->batch - 1);
		EXPECT_EQ(nr_free_pages(), free - (1u << order));
		for (unsigned i = 0; i < pcp->count; i++)
			EXPECT_EQ(pcp->blocks[i]->state_order,
				  STATE_ORDER(PAGE_PCP, order));
		free_pages(pages[0], order);
		EXPECT_EQ(nr_free_pages(), free);
	}
}

KTEST(pcp, a_full_list_gives_its_older_half_back)
{
	struct pcp_list *pcp;
	struct page *oldest;
	unsigned nr;

	start_empty();
	pcp = zone_pcp(zone, 3);
	nr = pcp->high + 1;
	if (nr > NR)
		SKIP("the list is longer than the test's");
	take_all(nr, 3);
	drain_local_pages();
	for (unsigned i = 0; i < nr - 1; i++)
		free_pages(pages[i], 3);
	EXPECT_EQ(pcp->count, pcp->high);
	oldest = pcp->blocks[pcp->high / 2];
	free_pages(pages[nr - 1], 3);
	EXPECT_EQ(pcp->count, pcp->high - pcp->high / 2 + 1);
	EXPECT(pcp->blocks[0] == oldest);
	EXPECT(pcp->blocks[pcp->count - 1] == pages[nr - 1]);
	EXPECT_NULL(page_alloc_check());
}

/* The list of DMA is short. The last page is freed alone, or by a bulk. */
KTEST(pcp, a_full_list_of_pages_gives_its_older_half_back)
{
	struct zone *dma = &zones[ZONE_DMA];
	struct pcp_list *pcp = zone_pcp(dma, 0);
	unsigned nr = pcp->high + 1;

	drain_local_pages();
	if (nr > NR || dma->nr_free < dma->low + 2 * NR)
		SKIP("needs more free memory");
	for (unsigned by_bulk = 0; by_bulk < 2; by_bulk++) {
		for (unsigned i = 0; i < nr; i++) {
			pages[i] = alloc_page(GFP_KERNEL | GFP_DMA);
			REQUIRE(pages[i]);
		}
		drain_local_pages();
		for (unsigned i = 0; i < nr - 1; i++)
			free_page(pages[i]);
		EXPECT_EQ(pcp->count, pcp->high);
		EXPECT_NULL(page_alloc_check());
		if (by_bulk)
			free_pages_bulk(&pages[nr - 1], 1);
		else
			free_page(pages[nr - 1]);
		EXPECT_EQ(pcp->count, pcp->high - pcp->high / 2 + 1);
		EXPECT(pcp->blocks[pcp->count - 1] == pages[nr - 1]);
		EXPECT_NULL(page_alloc_check());
	}
}

KTEST(pcp, a_bulk_that_is_longer_than_the_list_has_room)
{
	struct zone *dma = &zones[ZONE_DMA];
	struct pcp_list *pcp = zone_pcp(dma, 0);

	drain_local_pages();
	if (dma->nr_free < dma->low + 2 * NR)
		SKIP("needs more free memory");
	REQUIRE(alloc_pages_bulk(GFP_KERNEL | GFP_DMA, NR, pages) == NR);
	free_pages_bulk(pages, NR);
	EXPECT(pcp->count <= pcp->high);
	EXPECT(pcp->blocks[pcp->count - 1] == pages[NR - 1]);
	EXPECT_NULL(page_alloc_check());
}

KTEST(pcp, draining_leaves_all_lists_empty)
{
	static const gfp_t gfp[] = { GFP_DMA, 0, GFP_HIGHMEM };
	unsigned long free, listed = 0;

	start_empty();
	for (unsigned i = 0; i < ARRAY_SIZE(gfp); i++) {
		struct page *page = alloc_page(gfp[i]);

		REQUIRE(page);
		free_page(page);
	}
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		listed += pcp_pages(&zones[i]);
	EXPECT_EQ(drain_local_pages(), listed);
	take_all(20, 0);
	for (unsigned i = 0; i < 20; i++)
		free_pages(pages[i], 0);
	free = nr_free_pages();
	EXPECT(pcp_pages(zone) > 0);
	drain_local_pages();
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		EXPECT_EQ(pcp_pages(&zones[i]), 0);
	EXPECT_EQ(nr_free_pages(), free);
	EXPECT_NULL(page_alloc_check());
}

/* ---- drained blocks merge, whatever the order they were freed in --------- */

enum free_order { ASCENDING, DESCENDING, ODD_THEN_EVEN, SHUFFLED, NR_ORDERS };

static void reorder(enum free_order how, unsigned nr)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned i = nr; how == SHUFFLED && i > 1; i--) {
		unsigned j = rng_below(&rng, i);
		struct page *page = pages[i - 1];

		pages[i - 1] = pages[j];
		pages[j] = page;
	}
	for (unsigned i = 0; how == DESCENDING && i < nr / 2; i++) {
		struct page *page = pages[i];

		pages[i] = pages[nr - 1 - i];
		pages[nr - 1 - i] = page;
	}
}

static void free_all(enum free_order how, unsigned nr, unsigned order)
{
	if (how == ODD_THEN_EVEN) {
		for (unsigned i = 1; i < nr; i += 2)
			free_pages(pages[i], order);
		for (unsigned i = 0; i < nr; i += 2)
			free_pages(pages[i], order);
		return;
	}
	reorder(how, nr);
	for (unsigned i = 0; i < nr; i++)
		free_pages(pages[i], order);
}

KTEST(pcp, drained_blocks_become_what_they_were_cut_from)
{
	for (unsigned how = 0; how < NR_ORDERS; how++)
		for (unsigned order = 0; order < PCP_ORDERS; order += 3) {
			unsigned long before[MAX_ORDER + 1];
			unsigned nr = NR >> order;

			start_empty();
			memcpy(before, zone->blocks, sizeof(before));
			take_all(nr, order);
			free_all(how, nr, order);
			EXPECT_NULL(page_alloc_check());
			drain_local_pages();
			for (unsigned i = 0; i <= MAX_ORDER; i++)
				EXPECT_EQ(zone->blocks[i], before[i]);
			EXPECT_NULL(page_alloc_check());
		}
}

/* A zone of the test: one block of 4 MiB, one list; a refill takes 64 pages. */
static struct zone fresh_zone;

static struct page *fresh_zone_open(void)
{
	struct page *block = alloc_pages(GFP_HIGHUSER | GFP_NOWARN, MAX_ORDER);

	if (!block)
		SKIP("needs a free block of 4 MiB");
	memset(&fresh_zone, 0, sizeof(fresh_zone));
	buddy_init(&fresh_zone);
	fresh_zone.start = page_to_pfn(block);
	fresh_zone.end = pfn_add(fresh_zone.start, 1u << MAX_ORDER);
	*zone_pcp(&fresh_zone, 0) = (struct pcp_list){
		.high = NR, .batch = 64, .blocks = pages
	};
	spin_lock(&fresh_zone.lock);
	buddy_free_locked(&fresh_zone, block, MAX_ORDER);
	spin_unlock(&fresh_zone.lock);
	zone = &fresh_zone;
	return block;
}

static void fresh_zone_close(struct page *block)
{
	for (unsigned i = 1; i < 1u << MAX_ORDER; i++)
		block[i].state_order = STATE_ORDER(PAGE_TAIL, 0);
	block->state_order = STATE_ORDER(PAGE_USED, MAX_ORDER);
	free_pages(block, MAX_ORDER);
}

KTEST(pcp, whole_memory_is_cut_into_ascending_pages)
{
	struct page *block = fresh_zone_open();
	struct pcp_list *pcp = zone_pcp(&fresh_zone, 0);

	EXPECT(refill(0, 0));
	EXPECT_EQ(pcp->count, 64);
	EXPECT_EQ(fresh_zone.free_orders, 0x3c0);   /* orders 6, 7, 8, 9 */
	EXPECT_NULL(check(&fresh_zone));
	for (unsigned i = 0; i < 64; i++)
		EXPECT(pop(pcp) == &block[i]);
	fresh_zone_close(block);
}

KTEST(pcp, pieces_are_used_up_before_a_block_is_cut)
{
	struct page *block = fresh_zone_open();
	struct pcp_list *pcp = zone_pcp(&fresh_zone, 0);

	/* These pages are free: 1, 4 to 7, and 512 to the end. */
	spin_lock(&fresh_zone.lock);
	REQUIRE(buddy_alloc_locked(&fresh_zone, 9) == block);
	buddy_free_run_locked(&fresh_zone, &block[1], 1);
	buddy_free_run_locked(&fresh_zone, &block[4], 4);
	spin_unlock(&fresh_zone.lock);
	pcp->batch = 8;
	EXPECT(refill(0, 0));
	EXPECT_EQ(pcp->count, 8);
	EXPECT(pcp->blocks[0] == &block[1]);
	EXPECT(pcp->blocks[4] == &block[4]);   /* behind 7, 6, 5 */
	EXPECT(pcp->blocks[6] == &block[512]);
	EXPECT(pcp->blocks[7] == &block[514]);
	EXPECT_NULL(check(&fresh_zone));
	fresh_zone_close(block);
}

/* ---- refill and the floor ----------------------------------------------- */

KTEST(pcp, refill_keeps_the_floor)
{
	struct pcp_list *pcp;
	unsigned long free;

	start_empty();
	pcp = zone_pcp(zone, 1);
	free = zone->nr_free;
	EXPECT(!refill(1, free));
	EXPECT(!refill(1, free - 1));
	EXPECT(!refill(1, free + 1000));
	EXPECT_EQ(pcp->count, 0);
	EXPECT(refill(1, free - 7));
	EXPECT_EQ(pcp->count, 3);
	EXPECT_EQ(zone->nr_free, free - 6);
	EXPECT_NULL(page_alloc_check());
	drain_local_pages();
	EXPECT_EQ(zone->nr_free, free);
}

KTEST(pcp, check_finds_each_broken_law)
{
	for (unsigned order = 0; order < PCP_ORDERS; order++) {
		struct pcp_list *pcp;
		unsigned high;

		start_empty();
		take_all(1, order);
		pcp = zone_pcp(zone, order);
		REQUIRE(pcp->count >= 3);
		high = pcp->high;
		pcp->high = pcp->count;
		EXPECT_NULL(check(zone));
		pcp->high--;
		EXPECT_STREQ(check(zone), "pcp L1: count <= high");
		pcp->high = high;
		for (unsigned i = 0; i < pcp->count; i++) {
			pcp->blocks[i]->state = PAGE_USED;
			EXPECT_STREQ(check(zone), "pcp L2: a block in list n "
				     "is a PAGE_PCP head of order n");
			pcp->blocks[i]->state = PAGE_PCP;
		}
		EXPECT_NULL(check(zone));
		free_pages(pages[0], order);
	}
}
