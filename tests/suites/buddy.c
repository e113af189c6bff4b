// SPDX-License-Identifier: MIT
/*
 * buddy.c (tests) - splitting and merging, on a zone of our own
 *
 * The tests allocate a block of 4 MiB and give some of its frames to a private
 * zone: the system's lists are not touched. The other frames of the block have
 * the state PAGE_TAIL, so nothing ever merges with them.
 */
#include "lib/align.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/page/buddy.h"
#include "mm/page/page_alloc.h"
#include "tests/ktest.h"

SUITE(buddy, page_alloc_check);

#define FRAMES  (1u << MAX_ORDER)

static struct zone zone;
static struct page *block;   /* frame 0 of the tests */

static void set_frames(unsigned start, unsigned end)
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
static void zone_open(unsigned start, unsigned end)
{
	block = alloc_pages(GFP_HIGHUSER | GFP_NOWARN, MAX_ORDER);
	if (!block)
		SKIP("needs a free block of 4 MiB");
	set_frames(start, end);
}

static void zone_close(void)
{
	for (unsigned i = 1; i < FRAMES; i++)
		block[i].state_order = STATE_ORDER(PAGE_TAIL, 0);
	block->state_order = STATE_ORDER(PAGE_USED, MAX_ORDER);
	free_pages(block, MAX_ORDER);
}

static const char *check(void)
{
	const char *broken;

	spin_lock(&zone.lock);
	broken = buddy_check(&zone);
	spin_unlock(&zone.lock);
	return broken;
}

/* Frame number in the block, or -1. */
static int take(unsigned order)
{
	struct page *page;

	spin_lock(&zone.lock);
	page = buddy_alloc_locked(&zone, order);
	spin_unlock(&zone.lock);
	return page ? (int)(page - block) : -1;
}

static void give(int frame, unsigned order)
{
	spin_lock(&zone.lock);
	buddy_free_locked(&zone, &block[frame], order);
	spin_unlock(&zone.lock);
}

KTEST(buddy, splits_down_and_merges_back_to_one_block)
{
	int frame;

	zone_open(0, FRAMES);
	EXPECT_EQ(zone.free_orders, 1u << MAX_ORDER);
	frame = take(0);
	EXPECT_EQ(frame, 0);
	EXPECT_EQ(zone.free_orders, (1u << MAX_ORDER) - 1);
	EXPECT_EQ(zone.nr_free, FRAMES - 1);
	EXPECT_NULL(check());
	give(frame, 0);
	EXPECT_EQ(zone.free_orders, 1u << MAX_ORDER);
	EXPECT_EQ(zone.nr_free, FRAMES);
	EXPECT_NULL(check());
	zone_close();
}

KTEST(buddy, the_picture_in_its_theory_is_true)
{
	zone_open(0, 16);
	EXPECT_EQ(zone.free_orders, 1u << 4);
	set_frames(0, 0);
	zone.end = pfn_add(zone.start, 16);
	for (int i = 0; i < 16; i++)
		if (i != 5)
			give(i, 0);
	EXPECT_EQ(zone.free_orders, 1u << 0 | 1u << 1 | 1u << 2 | 1u << 3);
	EXPECT_EQ(block[4].state_order, STATE_ORDER(PAGE_FREE, 0));
	EXPECT_EQ(block[6].state_order, STATE_ORDER(PAGE_FREE, 1));
	EXPECT_EQ(block[0].state_order, STATE_ORDER(PAGE_FREE, 2));
	EXPECT_EQ(block[8].state_order, STATE_ORDER(PAGE_FREE, 3));
	EXPECT_NULL(check());
	give(5, 0);
	EXPECT_EQ(block[0].state_order, STATE_ORDER(PAGE_FREE, 4));
	EXPECT_NULL(check());
	zone_close();
}

KTEST(buddy, an_unaligned_range_is_cut_into_aligned_blocks)
{
	static const struct { unsigned start, order; } cuts[] = {
		{ 3, 0 }, { 4, 2 }, { 8, 3 }, { 16, 4 }, { 32, 5 }, { 64, 6 },
		{ 128, 6 }, { 192, 5 }, { 224, 4 }, { 240, 3 }, { 248, 1 },
	};

	zone_open(3, 250);
	for (unsigned i = 0; i < ARRAY_SIZE(cuts); i++)
		EXPECT_EQ(block[cuts[i].start].state_order,
			  STATE_ORDER(PAGE_FREE, cuts[i].order));
	EXPECT_EQ(zone.nr_free, 247);
	EXPECT_NULL(check());
	EXPECT_EQ(take(7), -1);
	EXPECT(take(6) >= 0);
	zone_close();
}

KTEST(buddy, the_smallest_block_that_fits_is_taken)
{
	int frame;

	zone_open(0, FRAMES);
	/* Free: an order-0 block at 1, an order-3 block at 8, the rest. */
	frame = take(4);
	EXPECT_EQ(frame, 0);
	give(1, 0);
	give(8, 3);
	EXPECT_EQ(take(0), 1);
	EXPECT_EQ(take(2), 8);
	EXPECT_EQ(take(1), 12);
	EXPECT_EQ(take(1), 14);
	EXPECT_EQ(take(4), 16);
	EXPECT_NULL(check());
	zone_close();
}

KTEST(buddy, each_order_comes_aligned_and_goes_back)
{
	int frames[MAX_ORDER];

	for (unsigned first = 0; first < MAX_ORDER; first++) {
		zone_open(0, FRAMES);
		for (unsigned order = 0; order < MAX_ORDER; order++) {
			frames[order] = take(order);
			EXPECT(frames[order] >= 0);
			EXPECT(IS_ALIGNED(frames[order], 1 << order));
		}
		EXPECT_EQ(zone.nr_free, 1);
		for (unsigned i = 0; i < MAX_ORDER; i++) {
			unsigned order = (first + i) % MAX_ORDER;

			give(frames[order], order);
			EXPECT_NULL(check());
		}
		EXPECT_EQ(zone.free_orders, 1u << MAX_ORDER);
		zone_close();
	}
}

KTEST(buddy, an_empty_zone_gives_nothing)
{
	zone_open(64, 128);
	EXPECT_EQ(take(7), -1);
	EXPECT_EQ(take(6), 64);
	for (unsigned order = 0; order <= MAX_ORDER; order++)
		EXPECT_EQ(take(order), -1);
	EXPECT_EQ(zone.nr_free, 0);
	EXPECT_EQ(zone.free_orders, 0);
	give(64, 6);
	EXPECT_NULL(check());
	zone_close();
}

KTEST(buddy, a_block_that_was_freed_is_given_again_first)
{
	int first, second;

	zone_open(0, FRAMES);
	first = take(9);
	second = take(9);
	EXPECT(first >= 0 && second >= 0);
	give(first, 9);
	EXPECT_EQ(take(9), first);
	give(second, 9);
	EXPECT_EQ(take(9), second);
	zone_close();
}

KTEST(buddy, a_run_becomes_the_largest_blocks_there_are)
{
	zone_open(0, FRAMES);
	EXPECT_EQ(take(MAX_ORDER), 0);
	spin_lock(&zone.lock);
	buddy_free_run_locked(&zone, &block[1], FRAMES - 2);
	spin_unlock(&zone.lock);
	EXPECT_EQ(zone.nr_free, FRAMES - 2);
	EXPECT_EQ(zone.free_orders, (1u << (MAX_ORDER - 1)) - 1);
	EXPECT_NULL(check());
	give(0, 0);
	give(FRAMES - 1, 0);
	EXPECT_EQ(zone.free_orders, 1u << MAX_ORDER);
	zone_close();
}

/* ---- misuse, and the checker -------------------------------------------- */

static void take_unlocked(void *arg) NO_LOCK_CHECK
{
	struct page *page = buddy_alloc_locked(&zone, 0);

	EXPECT(!page);   /* not reached */
}

KTEST(buddy, use_without_the_lock_is_caught)
{
	zone_open(0, FRAMES);
	EXPECT_PANIC(take_unlocked, NULL, "spin_is_held");
	EXPECT_NULL(check());
	zone_close();
}

KTEST(buddy, check_finds_each_broken_law)
{
	zone_open(0, FRAMES);
	zone.nr_free++;
	EXPECT_STREQ(check(), "buddy B5: nr_free is the sum over the lists");
	zone.nr_free--;
	zone.blocks[3]++;
	EXPECT_STREQ(check(),
		     "buddy B6: blocks[] and free_orders tell the lists' lengths");
	zone.blocks[3]--;
	zone.free_orders |= 1;
	EXPECT_STREQ(check(),
		     "buddy B6: blocks[] and free_orders tell the lists' lengths");
	zone.free_orders &= ~1u;
	block->state = PAGE_USED;
	EXPECT_STREQ(check(),
		     "buddy B1: a page on free list n is a free head of order n");
	block->state = PAGE_FREE;
	zone.end = PFN(zone.end.v - 1);
	EXPECT_STREQ(check(), "buddy B3: a block lies inside its zone");
	zone.end = pfn_add(zone.end, 1);
	EXPECT_NULL(check());
	zone_close();
}

/* Put a block on a list as no correct code would. */
static void list_by_force(unsigned frame, unsigned order)
{
	block[frame].state_order = STATE_ORDER(PAGE_FREE, order);
	list_add(&block[frame].list, &zone.free[order]);
	zone.blocks[order]++;
	zone.free_orders |= 1u << order;
	zone.nr_free += 1ul << order;
}

KTEST(buddy, check_finds_blocks_in_the_wrong_place)
{
	zone_open(0, FRAMES);
	EXPECT_EQ(take(MAX_ORDER), 0);
	list_by_force(3, 1);
	EXPECT_STREQ(check(),
		     "buddy B2: the head of an order-n block is aligned to 2^n frames");
	set_frames(0, FRAMES);
	EXPECT_EQ(take(MAX_ORDER), 0);
	list_by_force(4, 2);
	list_by_force(0, 2);
	EXPECT_STREQ(check(),
		     "buddy B4: two buddies are never both free at the same order");
	zone_close();
}

/* ---- naive model -------------------------------------------------------- */

#define HELD_MAX  200

static struct { int frame; unsigned order; } held[HELD_MAX];
static unsigned nr_held;
static bool model_free[FRAMES];

/* Is there an aligned free run of this order? Then an allocation succeeds. */
static bool model_has(unsigned order)
{
	for (unsigned start = 0; start < FRAMES; start += 1u << order) {
		unsigned n = 0;

		while (n < 1u << order && model_free[start + n])
			n++;
		if (n == 1u << order)
			return true;
	}
	return false;
}

static void model_set(int frame, unsigned order, bool is_free)
{
	for (unsigned i = 0; i < 1u << order; i++) {
		EXPECT(model_free[(unsigned)frame + i] != is_free);
		model_free[(unsigned)frame + i] = is_free;
	}
}

static void random_alloc(struct rng *rng)
{
	unsigned order = rng_below(rng, rng_below(rng, 8) + 1);
	bool expected = model_has(order);
	int frame = take(order);

	EXPECT_EQ(frame >= 0, expected);
	if (frame < 0)
		return;
	EXPECT(IS_ALIGNED(frame, 1 << order));
	model_set(frame, order, false);
	held[nr_held].frame = frame;
	held[nr_held++].order = order;
}

static void random_free(struct rng *rng)
{
	unsigned i = rng_below(rng, nr_held);

	give(held[i].frame, held[i].order);
	model_set(held[i].frame, held[i].order, true);
	held[i] = held[--nr_held];
}

KTEST(buddy, random_operations_match_a_naive_model)
{
	struct rng rng;

	zone_open(3, 1001);
	for (unsigned i = 0; i < FRAMES; i++)
		model_free[i] = i >= 3 && i < 1001;
	nr_held = 0;
	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < 1500; i++) {
		if (nr_held == HELD_MAX || (nr_held && rng_below(&rng, 2)))
			random_free(&rng);
		else
			random_alloc(&rng);
		if (i % 4 == 0)
			EXPECT_NULL(check());
	}
	while (nr_held)
		random_free(&rng);
	EXPECT_NULL(check());
	EXPECT_EQ(zone.nr_free, 1001 - 3);
	zone_close();
}
