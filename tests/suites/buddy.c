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
#include "mm/page/pageblock.h"
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
	if (page)
		page->state_order = STATE_ORDER(PAGE_USED, order);
	spin_unlock(&zone.lock);
	return page ? (int)(page - block) : -1;
}

static void give(int frame, unsigned order)
{
	spin_lock(&zone.lock);
	buddy_free_locked(&zone, &block[frame], order);
	spin_unlock(&zone.lock);
}

/* Frames [frame, frame + nr), whose entries say PAGE_TAIL. */
static void give_run(unsigned frame, unsigned nr)
{
	spin_lock(&zone.lock);
	buddy_free_run_locked(&zone, &block[frame], nr);
	spin_unlock(&zone.lock);
}

static bool is_head(unsigned frame, unsigned order)
{
	return block[frame].state_order == STATE_ORDER(PAGE_FREE, order);
}

static unsigned nr_blocks(void)
{
	unsigned nr = 0;

	for (unsigned order = 0; order <= MAX_ORDER; order++)
		nr += (unsigned)zone.blocks[order];
	return nr;
}

/* All laws hold, and no page looks free but the heads on the lists. */
static void expect_sound(void)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < FRAMES; i++)
		nr += block[i].state == PAGE_FREE;
	EXPECT_EQ(nr, nr_blocks());
	EXPECT_NULL(check());
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

/* Entries of a virgin block other than the first may say anything. */
KTEST(buddy, a_virgin_block_gets_its_entries_when_it_is_taken)
{
	pfn_t first;

	zone_open(0, 0);
	first = page_to_pfn(block);
	zone.end = pfn_add(first, FRAMES);
	for (unsigned i = 1; i < FRAMES; i++)
		block[i].state_order = STATE_ORDER(PAGE_FREE, 0);
	pageblock_states[first.v >> MAX_ORDER] = PAGEBLOCK_HOLE;
	spin_lock(&zone.lock);
	buddy_add_virgin_locked(&zone, first);
	spin_unlock(&zone.lock);
	EXPECT_EQ(zone.nr_free, FRAMES);
	EXPECT_EQ(take(4), 0);
	EXPECT(pageblock_is_live(first));
	EXPECT_EQ(block[1].state, PAGE_TAIL);
	expect_sound();
	give(0, 4);
	EXPECT_EQ(zone.free_orders, 1u << MAX_ORDER);
	zone_close();
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

/* Is every frame of this aligned block free in the model? */
static bool model_is_free(unsigned frame, unsigned order)
{
	for (unsigned i = 0; i < 1u << order; i++)
		if (!model_free[frame + i])
			return false;
	return true;
}

/* The blocks are the largest aligned ones that the model has room for. */
static void expect_largest_blocks(void)
{
	unsigned nr = 0;

	for (unsigned frame = 0, order; frame < FRAMES; frame += 1u << order) {
		order = MAX_ORDER;
		while (order > 0 && (!IS_ALIGNED(frame, 1u << order) ||
				     !model_is_free(frame, order)))
			order--;
		if (!model_free[frame])
			continue;
		EXPECT(is_head(frame, order));
		nr++;
	}
	EXPECT_EQ(nr_blocks(), nr);
}

KTEST(buddy, random_runs_become_the_blocks_of_a_naive_model)
{
	struct rng rng;

	zone_open(0, FRAMES);
	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 60; step++) {
		unsigned start = rng_below(&rng, FRAMES);
		unsigned end = start + rng_below(&rng, FRAMES - start + 1);

		for (unsigned i = 0; i < FRAMES; i++)
			model_free[i] = i >= start && i < end;
		set_frames(start, end);
		EXPECT_EQ(zone.nr_free, end - start);
		expect_largest_blocks();
		expect_sound();
	}
	zone_close();
}

/* Cut the block at random places, and free the pieces in a random order. */
static void free_in_pieces(struct rng *rng, unsigned nr)
{
	static unsigned cuts[64];
	unsigned done = 0;

	set_frames(0, 0);
	zone.end = pfn_add(zone.start, FRAMES);
	for (unsigned i = 0; i < nr; i++)
		cuts[i] = i * FRAMES / nr + (i ? rng_below(rng, FRAMES / nr) : 0);
	while (done < nr) {
		unsigned i = rng_below(rng, nr);
		unsigned end = i + 1 < nr ? cuts[i + 1] : FRAMES;

		if (model_free[cuts[i]])
			continue;
		for (unsigned j = cuts[i]; j < end; j++)
			model_free[j] = true;
		give_run(cuts[i], end - cuts[i]);
		expect_largest_blocks();
		done++;
	}
}

KTEST(buddy, random_pieces_of_a_block_merge_to_the_whole_block)
{
	struct rng rng;

	zone_open(0, FRAMES);
	rng_init(&rng, ktest_seed());
	for (unsigned nr = 1; nr <= 64; nr *= 2) {
		memset(model_free, 0, sizeof(model_free));
		free_in_pieces(&rng, nr);
		EXPECT_EQ(zone.free_orders, 1u << MAX_ORDER);
		expect_sound();
	}
	zone_close();
}

/* ---- a model that knows which block is next ------------------------------ */

#define STACK_ORDER  8u
#define STACK_FRAMES (1u << STACK_ORDER)

/* Each list is a stack. The block listed last has the highest number. */
static uint32_t listed[STACK_ORDER + 1][STACK_FRAMES];   /* 0: not listed */
static uint32_t next_number;

static void model_list(unsigned frame, unsigned order)
{
	listed[order][frame] = ++next_number;
}

static int model_take(unsigned order)
{
	unsigned best = STACK_FRAMES, have = order;

	for (; have <= STACK_ORDER && best == STACK_FRAMES; have++)
		for (unsigned i = 0, number = 0; i < STACK_FRAMES; i++)
			if (listed[have][i] > number) {
				number = listed[have][i];
				best = i;
			}
	if (best == STACK_FRAMES)
		return -1;
	listed[--have][best] = 0;
	while (have-- > order)
		model_list(best + (1u << have), have);
	return (int)best;
}

static void model_give(unsigned frame, unsigned order)
{
	while (order < STACK_ORDER && listed[order][frame ^ 1u << order]) {
		listed[order][frame ^ 1u << order] = 0;
		frame &= ~(1u << order++);
	}
	model_list(frame, order);
}

KTEST(buddy, random_operations_give_the_blocks_of_a_model_of_stacks)
{
	int got = 0, want = 0;
	struct rng rng;

	zone_open(0, STACK_FRAMES);
	memset(listed, 0, sizeof(listed));
	next_number = nr_held = 0;
	model_list(0, STACK_ORDER);
	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 3000 && got == want; step++) {
		unsigned order = rng_below(&rng, rng_below(&rng, 6) + 1);
		unsigned i = nr_held;

		if (nr_held < HELD_MAX && rng_below(&rng, 2)) {
			want = model_take(order);
			got = take(order);
			held[i].frame = got;
			held[i].order = order;
			nr_held += got >= 0;
		} else if (nr_held > 0) {
			i = rng_below(&rng, nr_held);
			give(held[i].frame, held[i].order);
			model_give((unsigned)held[i].frame, held[i].order);
			held[i] = held[--nr_held];
		}
	}
	EXPECT_EQ(got, want);
	expect_sound();
	zone_close();
}
