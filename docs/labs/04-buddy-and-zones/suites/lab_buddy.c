// SPDX-License-Identifier: MIT
/*
 * lab_buddy.c - tests of the lab: splitting, merging, runs (exercises 1 to 3)
 *
 * A test that needs a frame number takes it from the model, with the twists.
 */
#include "docs/labs/04-buddy-and-zones/suites/model.h"

SUITE(lab_buddy, zone_suite_check);

/* ---- exercise 1: buddy_alloc_locked() ----------------------------------- */

KTEST(lab_buddy, one_page_leaves_a_free_block_of_each_order)
{
	zone_open(0, FRAMES);
	EXPECT_EQ(take(0), LAB_KEEP_UPPER ? FRAMES - 1 : 0);
	EXPECT_EQ(zone.free_orders, FRAMES - 1);
	EXPECT_EQ(zone.nr_free, FRAMES - 1);
	for (unsigned order = 0; order < MAX_ORDER; order++)
		EXPECT_EQ(zone.blocks[order], 1);
	EXPECT_MODEL();
	zone_close();
}

KTEST(lab_buddy, the_right_half_of_each_split_is_kept)
{
	for (unsigned order = 0; order < MAX_ORDER; order++) {
		zone_open(0, FRAMES);
		EXPECT_EQ(take(order),
			  LAB_KEEP_UPPER ? FRAMES - (1u << order) : 0);
		EXPECT_MODEL();
		zone_close();
	}
}

KTEST(lab_buddy, a_list_gives_the_block_at_its_right_end)
{
	static const unsigned came[] = { 64, 8, 128, 32, 200 };
	unsigned nr = ARRAY_SIZE(came);

	zone_open_empty();
	for (unsigned i = 0; i < nr; i++)
		zone_add(came[i], 4);
	for (unsigned i = 0; i < nr; i++)
		EXPECT_EQ(take(2), came[LAB_TAKE_OLDEST ? i : nr - 1 - i]);
	EXPECT_EQ(take(0), NONE);
	EXPECT_MODEL();
	zone_close();
}

KTEST(lab_buddy, small_blocks_are_used_before_a_large_one_is_cut)
{
	static const struct { unsigned order, first, nr; } steps[] = {
		{ 0, 1, 1 }, { 1, 8, 8 }, { 0, 8, 8 }, { 2, 8, 8 },
		{ 3, 32, 32 }, { 4, 32, 32 }, { 0, 8, 8 }, { 0, 32, 32 },
		{ 6, 512, 256 },
	};

	zone_open_empty();
	zone_add(1, 1);
	zone_add(8, 8);
	zone_add(32, 32);
	zone_add(512, 256);
	for (unsigned i = 0; i < ARRAY_SIZE(steps); i++) {
		int frame = take(steps[i].order);

		EXPECT(frame >= (int)steps[i].first &&
		       frame < (int)(steps[i].first + steps[i].nr));
	}
	EXPECT_MODEL();
	zone_close();
}

KTEST(lab_buddy, each_order_is_counted_in_pages)
{
	unsigned long free = FRAMES;

	zone_open(0, FRAMES);
	for (int order = MAX_ORDER - 1; order >= 0; order--) {
		EXPECT(take((unsigned)order) != NONE);
		free -= 1ul << order;
		EXPECT_EQ(zone.nr_free, free);
		EXPECT_MODEL();
	}
	EXPECT_EQ(zone.nr_free, 1);
	zone_close();
}

KTEST(lab_buddy, what_does_not_fit_changes_nothing)
{
	zone_open(16, 48);   /* two blocks of 16 frames */
	EXPECT_EQ(take(5), NONE);
	EXPECT_EQ(take(MAX_ORDER), NONE);
	EXPECT_MODEL();
	EXPECT_EQ(take(4), LAB_TAKE_OLDEST ? 16 : 32);
	EXPECT_EQ(take(4), LAB_TAKE_OLDEST ? 32 : 16);
	for (unsigned order = 0; order <= MAX_ORDER; order++)
		EXPECT_EQ(take(order), NONE);
	EXPECT_MODEL();
	zone_close();
}

/* The zone has one block that was never used. Its entries hold old bytes. */
static void zone_open_virgin(void)
{
	zone_open_empty();
	for (unsigned i = 1; i < FRAMES; i++)
		block[i].state_order =
			STATE_ORDER(PAGE_FREE, i % (MAX_ORDER + 1));
	pageblock_set(PAGEBLOCK_HOLE);
	spin_lock(&zone.lock);
	kernel_add_virgin(&zone, page_to_pfn(block));
	spin_unlock(&zone.lock);
	model_set(0, FRAMES, true);
}

KTEST(lab_buddy, a_virgin_block_gets_its_entries)
{
	static const unsigned orders[] = { 0, 4, MAX_ORDER };

	for (unsigned i = 0; i < ARRAY_SIZE(orders); i++) {
		zone_open_virgin();
		EXPECT(take(orders[i]) != NONE);
		EXPECT_EQ(pageblock_state(page_to_pfn(block)), PAGEBLOCK_LIVE);
		EXPECT_MODEL();
		zone_close();
	}
}

KTEST(lab_buddy, pages_of_a_virgin_block_merge_again)
{
	int frames[3];

	zone_open_virgin();
	for (unsigned i = 0; i < 3; i++)
		frames[i] = take(i);
	for (unsigned i = 0; i < 3; i++)
		if (frames[i] != NONE)
			give(frames[i], i);
	EXPECT_EQ(zone.free_orders, 1u << MAX_ORDER);
	EXPECT_MODEL();
	EXPECT_EQ(take(MAX_ORDER), 0);
	zone_close();
}

/* ---- exercise 2: buddy_free_locked() ------------------------------------ */

/* All frames of [start, end) are in use, page by page. */
static void zone_open_used(unsigned start, unsigned end)
{
	zone_open(0, 0);
	zone.start = pfn_add(zone.start, start);
	zone.end = pfn_add(page_to_pfn(block), end);
	for (unsigned i = start; i < end; i++)
		use(i, 0);
}

KTEST(lab_buddy, the_last_page_of_sixteen_makes_one_block)
{
	for (int last = 0; last < 16; last++) {
		zone_open_used(0, 16);
		for (int i = 0; i < 16; i++)
			if (i != last)
				give(i, 0);
		EXPECT_EQ(zone.free_orders, 0xf);   /* one of each order */
		EXPECT_MODEL();
		give(last, 0);
		EXPECT_EQ(zone.free_orders, 1u << 4);
		EXPECT_MODEL();
		zone_close();
	}
}

KTEST(lab_buddy, merging_stops_at_a_buddy_in_use)
{
	zone_open_used(0, 32);
	for (int i = 0; i < 8; i++)
		give(i, 0);
	EXPECT_EQ(block[0].state_order, STATE_ORDER(PAGE_FREE, 3));
	for (int i = 16; i < 24; i++)
		give(i, 0);
	EXPECT_MODEL();
	give(9, 0);    /* 8 is in use */
	give(24, 0);   /* 25 is in use */
	EXPECT_EQ(block[9].state_order, STATE_ORDER(PAGE_FREE, 0));
	EXPECT_EQ(block[16].state_order, STATE_ORDER(PAGE_FREE, 3));
	EXPECT_MODEL();
	zone_close();
}

KTEST(lab_buddy, neighbours_that_are_no_buddies_stay_apart)
{
	zone_open_used(0, 16);
	give(1, 0);
	give(2, 0);    /* the next page, but of another parent */
	EXPECT_EQ(zone.blocks[0], 2);
	give(6, 0);
	give(7, 0);
	give(8, 0);
	give(9, 0);    /* 6-7 and 8-9 are no buddies either */
	EXPECT_EQ(zone.blocks[1], 2);
	EXPECT_MODEL();
	zone_close();
}

KTEST(lab_buddy, a_buddy_that_is_free_in_part_does_not_merge)
{
	zone_open_used(0, 16);
	model_hold(4, 2);
	block[4].state_order = STATE_ORDER(PAGE_USED, 2);
	for (unsigned i = 5; i < 8; i++)
		block[i].state_order = STATE_ORDER(PAGE_TAIL, 0);
	give(0, 0);    /* a free head, but not of order 2 */
	give(4, 2);
	EXPECT_EQ(block[4].state_order, STATE_ORDER(PAGE_FREE, 2));
	EXPECT_EQ(block[0].state_order, STATE_ORDER(PAGE_FREE, 0));
	EXPECT_MODEL();
	give(1, 0);
	EXPECT_EQ(block[0].state_order, STATE_ORDER(PAGE_FREE, 1));
	EXPECT_MODEL();
	zone_close();
}

KTEST(lab_buddy, heads_inside_a_merged_block_become_tails)
{
	static const int orders[][2] = { { 0, 1 }, { 1, 0 } };

	for (unsigned i = 0; i < ARRAY_SIZE(orders); i++) {
		zone_open_empty();
		use(0, 5);
		use(32, 5);
		give(32 * orders[i][0], 5);
		give(32 * orders[i][1], 5);
		EXPECT_EQ(block[0].state_order, STATE_ORDER(PAGE_FREE, 6));
		EXPECT_EQ(block[32].state_order, STATE_ORDER(PAGE_TAIL, 0));
		EXPECT_MODEL();
		zone_close();
	}
}

KTEST(lab_buddy, a_freed_block_is_counted_once)
{
	zone_open_empty();
	for (unsigned order = 0; order < MAX_ORDER; order++)
		use(1u << order, order);
	use(0, 0);
	for (unsigned order = 0; order < MAX_ORDER; order++) {
		give(1 << order, order);
		EXPECT_EQ(zone.nr_free, (2u << order) - 1);
		EXPECT_EQ(zone.blocks[order], 1);
	}
	EXPECT_MODEL();
	give(0, 0);    /* the whole stair becomes one block */
	EXPECT_EQ(zone.nr_free, FRAMES);
	EXPECT_EQ(zone.free_orders, 1u << MAX_ORDER);
	EXPECT_MODEL();
	zone_close();
}

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

/* Call fn() with the buddy of the whole zone, where the machine has it. */
static void with_buddy(void (*fn)(struct page *buddy))
{
	struct page *got[16], *buddy = NULL;
	unsigned nr = 0;

	zone_open(0, 0);
	for (; nr < ARRAY_SIZE(got) && !buddy; nr++) {
		got[nr] = kernel_alloc_pages(GFP_HIGHUSER | GFP_NOWARN,
					     MAX_ORDER);
		if (!got[nr])
			break;
		if (page_to_pfn(got[nr]).v == (page_to_pfn(block).v ^ FRAMES))
			buddy = got[nr];
	}
	if (buddy) {
		fn(buddy);
		for (unsigned i = 1; i < FRAMES; i++)
			buddy[i].state_order = STATE_ORDER(PAGE_TAIL, 0);
		buddy->state_order = STATE_ORDER(PAGE_USED, MAX_ORDER);
	}
	while (nr-- > 0)
		if (got[nr])
			kernel_free_pages(got[nr], MAX_ORDER);
	zone_close();
	if (!buddy)
		SKIP("needs two free blocks of 4 MiB that are buddies");
}

KTEST(lab_buddy, blocks_of_the_largest_order_do_not_merge)
{
	with_buddy(free_both);
}

/* ---- exercise 3: buddy_free_run_locked() -------------------------------- */

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

KTEST(lab_buddy, no_block_of_a_long_run_is_above_the_largest_order)
{
	with_buddy(free_2048_pages);
}

KTEST(lab_buddy, a_long_run_that_is_not_aligned_is_cut_on_both_sides)
{
	with_buddy(free_2046_pages);
}

KTEST(lab_buddy, an_aligned_run_is_freed_at_once)
{
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		unsigned start = FRAMES - (1u << order);

		zone_open_empty();
		mark_links();
		give_run(start, 1u << order);
		EXPECT_EQ(zone.blocks[order], 1);
		EXPECT_EQ(links_written(), 1);
		EXPECT_MODEL();
		zone_close();
	}
}

KTEST(lab_buddy, an_unaligned_run_is_cut_at_aligned_frames)
{
	static const struct { unsigned start, order; } cuts[] = {
		{ 5, 0 }, { 6, 1 }, { 8, 3 }, { 16, 4 }, { 32, 5 }, { 64, 6 },
		{ 128, 7 }, { 256, 8 }, { 512, 7 }, { 640, 5 }, { 672, 4 },
		{ 688, 2 }, { 692, 0 },
	};

	zone_open_empty();
	give_run(5, 693 - 5);
	for (unsigned i = 0; i < ARRAY_SIZE(cuts); i++)
		EXPECT_EQ(block[cuts[i].start].state_order,
			  STATE_ORDER(PAGE_FREE, cuts[i].order));
	EXPECT_EQ(zone.nr_free, 693 - 5);
	EXPECT_MODEL();
	zone_close();
}

KTEST(lab_buddy, each_short_run_is_right)
{
	for (unsigned start = 0; start < 16; start++)
		for (unsigned nr = 1; start + nr <= 16; nr++) {
			zone_open_empty();
			give_run(start, nr);
			EXPECT_MODEL();
			zone_close();
		}
}

KTEST(lab_buddy, a_run_ends_where_it_ends)
{
	static const unsigned lengths[] = { 1, 3, 5, 7, 31, 33, 63, 255 };

	for (unsigned i = 0; i < ARRAY_SIZE(lengths); i++) {
		unsigned nr = lengths[i];

		zone_open_empty();
		use(256 + nr, 0);   /* the page behind the run */
		use(255, 0);        /* and the page before it  */
		give_run(256, nr);
		EXPECT_EQ(zone.nr_free, nr);
		EXPECT_MODEL();
		zone_close();
	}
}

KTEST(lab_buddy, a_run_merges_with_what_lies_beside_it)
{
	zone_open_empty();
	zone_add(0, 100);
	zone_add(612, FRAMES - 612);
	give_run(100, 512);
	EXPECT_EQ(zone.free_orders, 1u << MAX_ORDER);
	EXPECT_EQ(zone.nr_free, FRAMES);
	EXPECT_MODEL();
	zone_close();
}

KTEST(lab_buddy, a_long_run_is_freed_in_few_steps)
{
	zone_open_empty();
	mark_links();
	give_run(1, FRAMES - 2);
	/* Two blocks of each order below MAX_ORDER - 1, at most. */
	EXPECT_EQ(zone.nr_free, FRAMES - 2);
	EXPECT(links_written() <= 2 * MAX_ORDER);
	EXPECT_MODEL();
	zone_close();
}

KTEST(lab_buddy, a_run_of_no_pages_changes_nothing)
{
	zone_open_empty();
	give_run(8, 0);
	EXPECT_EQ(zone.nr_free, 0);
	give_run(8, 8);
	give_run(16, 0);
	EXPECT_EQ(zone.nr_free, 8);
	EXPECT_MODEL();
	zone_close();
}

/* ---- random operations, and the model ----------------------------------- */

#define HELD_MAX  150

static struct { int frame; unsigned order; } held[HELD_MAX];
static unsigned nr_held;

static void random_take(struct rng *rng, unsigned max_order)
{
	unsigned order = rng_below(rng, rng_below(rng, max_order) + 1);
	int expected = model_pick(order);
	int frame = take(order);

	EXPECT_EQ(frame, expected);
	if (frame != expected)
		ktest_abort();   /* all that follows would differ, too */
	if (frame == NONE)
		return;
	held[nr_held].frame = frame;
	held[nr_held++].order = order;
}

static void random_give(struct rng *rng)
{
	unsigned i = rng_below(rng, nr_held);

	give(held[i].frame, held[i].order);
	held[i] = held[--nr_held];
}

/* Take and give `steps` times; look at all entries after each `every` steps. */
static void random_steps(uint32_t seed, unsigned steps, unsigned every)
{
	struct rng rng;

	rng_init(&rng, seed);
	nr_held = 0;
	for (unsigned i = 0; i < steps; i++) {
		if (nr_held == HELD_MAX || (nr_held && rng_below(&rng, 5) < 2))
			random_give(&rng);
		else
			random_take(&rng, 7);
		if (i % every == 0)
			EXPECT_MODEL();
	}
	while (nr_held)
		random_give(&rng);
	EXPECT_MODEL();
}

KTEST(lab_buddy, random_blocks_are_those_of_a_naive_model)
{
	zone_open(0, FRAMES);
	random_steps(ktest_seed(), 800, 20);
	EXPECT_EQ(zone.free_orders, 1u << MAX_ORDER);
	zone_close();
}

KTEST(lab_buddy, random_blocks_of_an_odd_zone_are_those_of_a_naive_model)
{
	zone_open(7, 990);
	random_steps(ktest_seed() + 1, 800, 20);
	EXPECT_EQ(zone.nr_free, 990 - 7);
	zone_close();
}

/* Free runs of random length between blocks that stay in use. */
static void random_runs(struct rng *rng)
{
	for (unsigned i = 0; i < 60; i++) {
		unsigned start = rng_below(rng, FRAMES - 1);
		unsigned limit = rng_below(rng, 2) ? 8 : FRAMES;
		unsigned nr = 0;

		limit = MIN(limit, FRAMES - start);
		while (nr < limit && !model_free[start + nr] &&
		       rng_below(rng, 40) > 0)
			nr++;
		if (nr > 0)
			give_run(start, nr);
		EXPECT_MODEL();
	}
}

KTEST(lab_buddy, random_runs_are_those_of_a_naive_model)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 5; round++) {
		zone_open_empty();
		random_runs(&rng);
		zone_close();
	}
}

KTEST(lab_buddy, random_runs_of_a_zone_in_use_fit_between_its_blocks)
{
	struct rng rng;

	rng_init(&rng, ktest_seed() + 2);
	for (unsigned round = 0; round < 5; round++) {
		zone_open_random(&rng, 60);
		random_runs(&rng);
		while (model_nr_free() < FRAMES) {
			unsigned start = 0, nr = 0;

			while (model_free[start])
				start++;
			while (start + nr < FRAMES && !model_free[start + nr])
				nr++;
			give_run(start, nr);
		}
		EXPECT_EQ(zone.free_orders, 1u << MAX_ORDER);
		EXPECT_MODEL();
		zone_close();
	}
}
