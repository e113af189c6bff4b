// SPDX-License-Identifier: MIT
/*
 * lab_long.c - tests of the lab: above the largest block (exercises 2 and 3)
 *
 * WHAT     The block of model.h and its buddy are free at the same time.
 */
#include "docs/labs/04-buddy-and-zones/suites/model.h"

SUITE(lab_long, zone_suite_check);

/* Free the block and its buddy of 4 MiB into the private zone. */
static void free_both(struct page *buddy)
{
	struct page *first = MIN(block, buddy);

	zone.start = page_to_pfn(first);
	zone.end = pfn_add(zone.start, 2 * FRAMES);
	spin_lock(&zone.lock);
	buddy_free_locked(&zone, block, MAX_ORDER);
	buddy_free_locked(&zone, buddy, MAX_ORDER);
	spin_unlock(&zone.lock);
	EXPECT_EQ(zone.nr_free, 2 * FRAMES);
	EXPECT_EQ(zone.blocks[MAX_ORDER], 2);
	EXPECT_EQ(zone.free_orders, 1u << MAX_ORDER);
	EXPECT_EQ(block->state_order, STATE_ORDER(PAGE_FREE, MAX_ORDER));
	EXPECT_EQ(buddy->state_order, STATE_ORDER(PAGE_FREE, MAX_ORDER));
}

/* The one of these blocks that is the buddy of a block, or NULL. */
static struct page *buddy_among(struct page *const *blocks, unsigned nr,
				const struct page *page)
{
	for (unsigned i = 0; i < nr; i++)
		if (page_to_pfn(blocks[i]).v == (page_to_pfn(page).v ^ FRAMES))
			return blocks[i];
	return NULL;
}

/* fn() works with `block`, which is the whole zone, and with its buddy. */
static void run_with(void (*fn)(struct page *buddy), struct page *buddy)
{
	zone_open(0, 0);
	fn(buddy);
	for (unsigned i = 1; i < FRAMES; i++)
		buddy[i].state_order = STATE_ORDER(PAGE_TAIL, 0);
	buddy->state_order = STATE_ORDER(PAGE_USED, MAX_ORDER);
	zone_close();
}

/* Take blocks until two of them are buddies. */
static void with_buddy(void (*fn)(struct page *buddy))
{
	struct page *got[16], *page = NULL, *buddy = NULL;
	unsigned nr = 0;

	if (block)   /* a test that failed may have left it */
		zone_close();
	while (nr < ARRAY_SIZE(got) && !buddy) {
		page = kernel_alloc_pages(GFP_HIGHUSER | GFP_NOWARN,
					  MAX_ORDER);
		if (!page)
			break;
		buddy = buddy_among(got, nr, page);
		got[nr++] = page;
	}
	if (buddy) {
		nr--;   /* zone_close() frees it */
		block = page;
		run_with(fn, buddy);
	}
	while (nr-- > 0)
		kernel_free_pages(got[nr], MAX_ORDER);
	if (!buddy)
		SKIP("needs two free blocks of 4 MiB that are buddies");
}

KTEST(lab_long, blocks_of_the_largest_order_do_not_merge)
{
	with_buddy(free_both);
}

/* A run of both blocks but for their first and last `less` pages. */
static void free_long_run(struct page *buddy, unsigned less)
{
	struct page *first = MIN(block, buddy);
	unsigned nr = 2 * FRAMES - 2 * less;

	zone.start = page_to_pfn(first);
	zone.end = pfn_add(zone.start, 2 * FRAMES);
	block->state_order = buddy->state_order = STATE_ORDER(PAGE_TAIL, 0);
	spin_lock(&zone.lock);
	buddy_free_run_locked(&zone, first + less, nr);
	spin_unlock(&zone.lock);
	EXPECT_EQ(zone.nr_free, nr);
	EXPECT_EQ(zone.blocks[MAX_ORDER], less ? 0 : 2);
	if (less)
		EXPECT_EQ(zone.free_orders, (1u << MAX_ORDER) - 1);
	for (unsigned order = 0; less && order < MAX_ORDER; order++)
		EXPECT_EQ(zone.blocks[order], 2);
}

static void free_2048_pages(struct page *buddy)
{
	free_long_run(buddy, 0);
}

static void free_2046_pages(struct page *buddy)
{
	free_long_run(buddy, 1);
}

KTEST(lab_long, no_block_of_a_long_run_is_above_the_largest_order)
{
	with_buddy(free_2048_pages);
}

KTEST(lab_long, a_long_run_that_is_not_aligned_is_cut_on_both_sides)
{
	with_buddy(free_2046_pages);
}
