// SPDX-License-Identifier: MIT
/*
 * buddy_test.h - a zone of the test's own, for the suites of buddy.c
 *
 * The tests allocate a block of 4 MiB and give some of its frames to a private
 * zone: the system's lists are not touched. The other frames of the block have
 * the state PAGE_TAIL, so nothing ever merges with them.
 */
#pragma once

#include "lib/align.h"
#include "lib/string.h"
#include "mm/page/buddy.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "tests/ktest.h"

#define FRAMES  (1u << MAX_ORDER)

static struct zone zone;
static struct page *block;   /* frame 0 of the tests */

static inline void set_frames(unsigned start, unsigned end)
{
	pfn_t first = page_to_pfn(block);

	for (unsigned i = 0; i < FRAMES; i++)
		block[i].state_order = STATE_ORDER(PAGE_TAIL, 0);
	buddy_init(&zone);
	zone.name = "test";
	zone.start = pfn_add(first, start);
	zone.end = pfn_add(first, end);
	spin_lock(&zone.lock);
	buddy_free_run_locked(&zone, &block[start], end - start);
	spin_unlock(&zone.lock);
}

/* A private zone of frames [start, end), all free. */
static inline void zone_open(unsigned start, unsigned end)
{
	block = alloc_pages(GFP_HIGHUSER | GFP_NOWARN, MAX_ORDER);
	if (!block)
		SKIP("needs a free block of 4 MiB");
	set_frames(start, end);
}

static inline void zone_close(void)
{
	for (unsigned i = 1; i < FRAMES; i++)
		block[i].state_order = STATE_ORDER(PAGE_TAIL, 0);
	block->state_order = STATE_ORDER(PAGE_USED, MAX_ORDER);
	free_pages(block, MAX_ORDER);
}

static inline const char *check(void)
{
	const char *broken;

	spin_lock(&zone.lock);
	broken = buddy_check(&zone);
	spin_unlock(&zone.lock);
	return broken;
}

/* Frame number in the block, or -1. */
static inline int take(unsigned order)
{
	struct page *page;

	spin_lock(&zone.lock);
	page = buddy_alloc_locked(&zone, order);
	if (page)
		page->state_order = STATE_ORDER(PAGE_USED, order);
	spin_unlock(&zone.lock);
	return page ? (int)(page - block) : -1;
}

static inline void give(int frame, unsigned order)
{
	spin_lock(&zone.lock);
	buddy_free_locked(&zone, &block[frame], order);
	spin_unlock(&zone.lock);
}

/* Frames [frame, frame + nr), whose entries say PAGE_TAIL. */
static inline void give_run(unsigned frame, unsigned nr)
{
	spin_lock(&zone.lock);
	buddy_free_run_locked(&zone, &block[frame], nr);
	spin_unlock(&zone.lock);
}

static inline bool is_head(unsigned frame, unsigned order)
{
	return block[frame].state_order == STATE_ORDER(PAGE_FREE, order);
}

static inline unsigned nr_blocks(void)
{
	unsigned nr = 0;

	for (unsigned order = 0; order <= MAX_ORDER; order++)
		nr += (unsigned)zone.blocks[order];
	return nr;
}

/*
 * All laws hold. No page looks free but the heads on the lists, and no page
 * inside a block has an order.
 */
static inline void expect_sound(void)
{
	unsigned nr = 0, nr_odd = 0;

	for (unsigned i = 0; i < FRAMES; i++) {
		nr += block[i].state == PAGE_FREE;
		nr_odd += block[i].state == PAGE_TAIL && block[i].order;
	}
	EXPECT_EQ(nr, nr_blocks());
	EXPECT_EQ(nr_odd, 0);
	EXPECT_NULL(check());
}
