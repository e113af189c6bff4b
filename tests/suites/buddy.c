// SPDX-License-Identifier: MIT
/*
 * buddy.c (tests) - splitting and merging, on a zone of our own
 *
 * NOT HERE random operations against models (buddy_random.c).
 */
#include "tests/suites/buddy_test.h"

SUITE(buddy, page_alloc_check);

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

/* ---- which block, which half, which end of a list ------------------------ */

KTEST(buddy, a_split_gives_the_lowest_part_and_lists_the_others)
{
	for (unsigned order = 0; order < MAX_ORDER; order++) {
		zone_open(0, FRAMES);
		EXPECT_EQ(take(order), 0);
		EXPECT_EQ(nr_blocks(), MAX_ORDER - order);
		for (unsigned i = order; i < MAX_ORDER; i++)
			EXPECT(is_head(1u << i, i));
		expect_sound();
		zone_close();
	}
}

KTEST(buddy, small_blocks_are_used_up_before_a_larger_one_is_split)
{
	static const struct { unsigned order; int frame; } takes[] = {
		{ 0, 0 }, { 0, 1 }, { 0, 2 }, { 0, 3 }, { 1, 4 }, { 0, 6 },
		{ 2, 8 }, { 1, 12 }, { 0, 7 }, { 3, 16 }, { 0, 14 }, { 4, 32 },
		{ 5, 64 }, { 6, 128 }, { 7, 256 }, { 8, 512 }, { 8, 768 },
	};

	zone_open(0, FRAMES);
	for (unsigned i = 0; i < ARRAY_SIZE(takes); i++)
		EXPECT_EQ(take(takes[i].order), takes[i].frame);
	expect_sound();
	zone_close();
}

KTEST(buddy, of_equal_blocks_the_one_freed_last_is_taken_first)
{
	static const int order_of_frees[] = { 16, 48, 0, 32 };

	zone_open(0, 64);
	for (int i = 0; i < 8; i++)
		EXPECT_EQ(take(3), 8 * i);
	for (unsigned i = 0; i < 4; i++)   /* their buddies are in use */
		give(order_of_frees[i], 3);
	expect_sound();
	for (unsigned i = 4; i-- > 0; )
		EXPECT_EQ(take(3), order_of_frees[i]);
	zone_close();
}

/* Whichever of two buddies is freed last: the upper head becomes a tail. */
KTEST(buddy, a_head_that_becomes_a_tail_does_not_look_free)
{
	for (unsigned order = 0; order < MAX_ORDER; order++)
		for (unsigned upper_last = 0; upper_last < 2; upper_last++) {
			int size = 1 << order;

			zone_open(0, FRAMES);
			EXPECT_EQ(take(order), 0);
			EXPECT_EQ(take(order), size);
			give(upper_last ? 0 : size, order);
			expect_sound();
			give(upper_last ? size : 0, order);
			EXPECT_EQ(zone.free_orders, 1u << MAX_ORDER);
			EXPECT_EQ(block[size].state, PAGE_TAIL);
			expect_sound();
			zone_close();
		}
}

KTEST(buddy, a_block_merges_with_its_buddy_of_the_same_order_only)
{
	zone_open(0, 32);
	EXPECT_EQ(take(2), 0);
	EXPECT_EQ(take(1), 4);
	EXPECT_EQ(take(1), 6);
	give(6, 1);
	give(0, 2);   /* the other half, 4 to 7, is not free as a whole */
	EXPECT(is_head(0, 2) && is_head(6, 1) && is_head(8, 3));
	expect_sound();
	give(4, 1);
	EXPECT_EQ(zone.free_orders, 1u << 5);
	expect_sound();
	zone_close();
}

/* The block was a hole until now. */
static void add_virgin(pfn_t first)
{
	pageblock_states[first.v >> MAX_ORDER] = PAGEBLOCK_HOLE;
	spin_lock(&zone.lock);
	buddy_add_virgin_locked(&zone, first);
	spin_unlock(&zone.lock);
}

/* Entries of a virgin block other than the first may say anything. */
KTEST(buddy, a_virgin_block_gets_its_entries_when_it_is_taken)
{
	pfn_t first;

	zone_open(0, 0);
	first = page_to_pfn(block);
	zone.end = pfn_add(first, FRAMES);
	memset(block, 0xff, FRAMES * sizeof(block[0]));
	add_virgin(first);
	EXPECT_EQ(zone.nr_free, FRAMES);
	EXPECT_EQ(block[0].kmap | block[0].refs, 0);
	EXPECT_EQ(block[1].state_order_kmap, ~0u);   /* not written yet */
	EXPECT_EQ(take(4), 0);
	EXPECT(pageblock_is_live(first));
	for (unsigned i = 1; i < FRAMES; i++) {
		EXPECT(block[i].state == PAGE_TAIL ||
		       block[i].state == PAGE_FREE);
		EXPECT_EQ(block[i].kmap | block[i].refs, 0);
	}
	expect_sound();
	give(0, 4);
	EXPECT_EQ(zone.free_orders, 1u << MAX_ORDER);
	zone_close();
}

/* Memory that was used before is used again first. */
KTEST(buddy, a_virgin_block_is_taken_last)
{
	struct page *other;
	pfn_t first;

	zone_open(0, FRAMES);
	other = alloc_pages(GFP_HIGHUSER | GFP_NOWARN, MAX_ORDER);
	if (!other) {
		zone_close();
		SKIP("needs two free blocks of 4 MiB");
	}
	first = page_to_pfn(other);
	zone.start = PFN(MIN(zone.start.v, first.v));
	zone.end = PFN(MAX(zone.end.v, first.v + FRAMES));
	add_virgin(first);
	EXPECT_EQ(zone.blocks[MAX_ORDER], 2);
	EXPECT_EQ(take(MAX_ORDER), 0);
	EXPECT_EQ(take(MAX_ORDER), (int)(other - block));
	free_pages(other, MAX_ORDER);
	zone_close();
}

KTEST(buddy, any_memory_can_become_an_empty_zone)
{
	memset(&zone, 0xff, sizeof(zone));
	buddy_init(&zone);
	EXPECT(!spin_is_held(&zone.lock));
	EXPECT_EQ(zone.nr_free, 0);
	EXPECT_EQ(zone.free_orders, 0);
	EXPECT_EQ(nr_blocks(), 0);
	EXPECT_NULL(check());
	memset(&zone, 0, sizeof(zone));
}

/* ---- runs ---------------------------------------------------------------- */

/*
 * To free page after page gives the same blocks at the end, but writes to the
 * entries of all pages.
 */
KTEST(buddy, a_run_writes_to_the_heads_of_its_blocks_only)
{
	zone_open(0, FRAMES);
	EXPECT_EQ(take(MAX_ORDER), 0);
	for (unsigned i = 0; i < FRAMES; i++) {
		block[i].state_order = STATE_ORDER(PAGE_TAIL, 0);
		block[i].list.next = NULL;
	}
	give_run(1, FRAMES - 2);
	EXPECT_EQ(nr_blocks(), 2 * (MAX_ORDER - 1));
	for (unsigned i = 0; i < FRAMES; i++)
		if (block[i].state != PAGE_FREE)
			EXPECT(!block[i].list.next);
	expect_sound();
	zone_close();
}

KTEST(buddy, a_run_merges_with_its_neighbours)
{
	zone_open(0, 64);
	EXPECT_EQ(take(6), 0);
	for (unsigned i = 0; i < 64; i++)
		block[i].state_order = STATE_ORDER(PAGE_TAIL, 0);
	give_run(0, 13);
	give_run(40, 24);
	EXPECT(is_head(0, 3) && is_head(8, 2) && is_head(12, 0));
	EXPECT(is_head(40, 3) && is_head(48, 4));
	give_run(13, 27);
	EXPECT_EQ(zone.free_orders, 1u << 6);
	expect_sound();
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
