// SPDX-License-Identifier: MIT
/*
 * lab_pcp.c - tests of the lab: lists of one CPU (exercises 7 and 8)
 *
 * WHAT     The private zone has per-CPU lists of its own. pcp_drain() is seen
 *          through pcp_drain_zone() and pcp_make_room().
 */
#include "docs/labs/04-buddy-and-zones/suites/model.h"

SUITE(lab_pcp, zone_suite_check);

#define HIGH   128u   /* of each list of the private zone */
#define BATCH  64u

/* One place more: a list that was not drained gets one block too many. */
static struct page *rooms[PCP_ORDERS][HIGH + 1];

static struct pcp_list *list_of(unsigned order)
{
	return zone_pcp(&zone, order);
}

/* Empty lists; a refill takes `batch` blocks. */
static void lists_init(unsigned batch)
{
	memset(rooms, 0, sizeof(rooms));
	for (unsigned order = 0; order < PCP_ORDERS; order++)
		*list_of(order) = (struct pcp_list){
			.high = HIGH, .batch = batch, .blocks = rooms[order],
		};
}

/* ---- the model of a list ------------------------------------------------ */

static int list_model[HIGH];   /* frames, oldest first */
static unsigned list_count;

/* Entries of blocks that lie in a list. */
static void expect_list(const char *file, int line, unsigned order)
{
	const struct pcp_list *pcp = list_of(order);

	if (pcp->count != list_count) {
		ktest_fail(file, line, "the list has %u blocks, expected %u",
			   pcp->count, list_count);
		ktest_abort();
	}
	for (unsigned i = 0; i < list_count; i++) {
		int frame = frame_of(pcp->blocks[i]);
		uint16_t entry;

		if (frame != list_model[i]) {
			ktest_fail(file, line,
				   "place %u of the list has frame %d, expected %d",
				   i, frame, list_model[i]);
			ktest_abort();
		}
		entry = block[frame].state_order;
		if (entry != STATE_ORDER(PAGE_PCP, order))
			ktest_fail(file, line,
				   "frame %d is in the list, its entry says %s of order %u",
				   frame, state_name(entry), entry >> 8);
	}
}

#define EXPECT_LIST(order)  expect_list(__FILE__, __LINE__, order)

/* All entries, but for those of blocks that lie in this one list. */
static void expect_rest(const char *file, int line, unsigned order)
{
	for (unsigned i = 0; i < list_count; i++)
		block[list_model[i]].state_order =
			STATE_ORDER(PAGE_TAIL, 0);
	expect_model(file, line);
	for (unsigned i = 0; i < list_count; i++)
		block[list_model[i]].state_order =
			STATE_ORDER(PAGE_PCP, order);
}

#define EXPECT_REST(order)  expect_rest(__FILE__, __LINE__, order)

/* ---- exercise 7: pcp_refill() ------------------------------------------- */

static bool refill(unsigned order, unsigned long floor)
{
	irqflags_t flags;
	bool filled;

	list_of(order)->count = 0;   /* a refill that failed may have left it */
	flags = irq_save();
	filled = pcp_refill(&zone, order, floor);
	irq_restore(flags);
	EXPECT(!spin_is_held(&zone.lock));
	zone.lock.held = 0;
	return filled;
}

/*
 * What a refill must do, frame by frame: the smallest free block first, of it
 * a piece of 2^n blocks, the last block of the piece first.
 */
static void model_refill(unsigned order, unsigned long floor)
{
	unsigned long free = model_nr_free();
	unsigned long room = free > floor ? (free - floor) >> order : 0;
	unsigned want = (unsigned)MIN(room, list_of(order)->batch);

	list_count = 0;
	while (list_count < want) {
		unsigned blocks = 1;
		int from = model_choice(order), first;

		if (from == NONE)
			return;
		while (2 * blocks <= want - list_count &&
		       (int)(ilog2(2 * blocks) + order) <= model_order[from])
			blocks *= 2;
		first = model_pick(order + ilog2(blocks));
		model_set((unsigned)first, blocks << order, false);
		for (unsigned i = blocks; i-- > 0; )
			list_model[list_count++] = first + (int)(i << order);
	}
}

static void refill_and_compare(unsigned order, unsigned long floor)
{
	bool filled;

	model_refill(order, floor);
	filled = refill(order, floor);
	EXPECT_EQ(filled, list_count > 0);
	EXPECT_LIST(order);
	EXPECT_REST(order);
}

KTEST(lab_pcp, a_whole_block_is_cut_into_ascending_pages)
{
	for (unsigned order = 0; order < PCP_ORDERS; order++) {
		unsigned first = LAB_KEEP_UPPER ? FRAMES - (BATCH << order) : 0;

		zone_open(0, FRAMES);
		lists_init(BATCH);
		EXPECT(refill(order, 0));
		EXPECT_EQ(list_of(order)->count, BATCH);
		for (unsigned i = 0; i < BATCH && list_of(order)->count; i++)
			EXPECT_EQ(frame_of(rooms[order][BATCH - 1 - i]),
				  first + (i << order));
		EXPECT_EQ(zone.nr_free, FRAMES - (BATCH << order));
		zone_close();
	}
}

KTEST(lab_pcp, pieces_are_used_before_a_block_is_cut)
{
	zone_open_empty();
	lists_init(16);
	zone_add(3, 1);
	zone_add(12, 4);
	zone_add(40, 8);
	zone_add(512, 512);
	refill_and_compare(0, 0);
	EXPECT_EQ(list_of(0)->count, 16);
	EXPECT(!model_free[3] && !model_free[12] && !model_free[40]);
	zone_close();
}

KTEST(lab_pcp, the_floor_stays_to_the_page)
{
	static const unsigned more[] = { 0, 1, 7, 8, 9, 31, 32, 100 };

	for (unsigned order = 0; order < PCP_ORDERS; order++)
		for (unsigned i = 0; i < ARRAY_SIZE(more); i++) {
			zone_open(0, 1000);
			lists_init(BATCH);
			refill_and_compare(order, 1000 - more[i]);
			EXPECT_EQ(list_of(order)->count,
				  MIN(more[i] >> order, BATCH));
			EXPECT(zone.nr_free >= 1000 - more[i]);
			zone_close();
		}
}

KTEST(lab_pcp, a_zone_below_the_floor_gives_nothing)
{
	static const unsigned long floors[] = { 100, 101, 5000, ~0ul };

	for (unsigned i = 0; i < ARRAY_SIZE(floors); i++) {
		zone_open(0, 100);
		lists_init(BATCH);
		EXPECT(!refill(0, floors[i]));
		EXPECT(!refill(2, floors[i]));
		EXPECT_EQ(zone.nr_free, 100);
		EXPECT(refill(2, 96));   /* one block may go */
		EXPECT_EQ(zone.nr_free, 96);
		zone_close();
	}
}

KTEST(lab_pcp, a_refill_that_got_nothing_can_be_tried_again)
{
	zone_open_empty();
	lists_init(BATCH);
	EXPECT(!refill(0, 0));
	EXPECT_EQ(list_of(0)->count, 0);
	zone_add(8, 1);
	zone_add(10, 1);
	EXPECT(!refill(1, 0));   /* pages, but no pair */
	EXPECT(!refill(0, 2));
	EXPECT(refill(0, 0));
	EXPECT_EQ(list_of(0)->count, 2);
	EXPECT_EQ(zone.nr_free, 0);
	zone_close();
}

KTEST(lab_pcp, a_batch_is_never_exceeded)
{
	static const unsigned batches[] = { 3, 4, 5, 7, 12, 33, 64 };

	for (unsigned i = 0; i < ARRAY_SIZE(batches); i++) {
		zone_open_empty();
		zone_add(1, 6);
		zone_add(64, 700);
		lists_init(batches[i]);
		refill_and_compare(0, 0);
		EXPECT_EQ(list_of(0)->count, batches[i]);
		zone_close();
	}
}

KTEST(lab_pcp, only_small_pieces_fill_a_batch)
{
	zone_open_empty();
	lists_init(BATCH);
	for (unsigned i = 0; i < 256; i += 2)
		zone_add(i, 1);
	refill_and_compare(0, 0);
	EXPECT_EQ(list_of(0)->count, BATCH);
	EXPECT_EQ(zone.blocks[0], 128 - BATCH);
	zone_close();
}

KTEST(lab_pcp, a_refill_from_one_block_costs_one_split)
{
	for (unsigned order = 0; order < PCP_ORDERS; order++) {
		zone_open(0, FRAMES);
		lists_init(BATCH);
		mark_links();
		EXPECT(refill(order, 0));
		EXPECT_EQ(list_of(order)->count, BATCH);
		EXPECT(links_written() <= MAX_ORDER);
		zone_close();
	}
}

static void random_refills(uint32_t seed, unsigned holes)
{
	struct rng rng;

	rng_init(&rng, seed);
	for (unsigned i = 0; i < 60; i++) {
		unsigned order = rng_below(&rng, PCP_ORDERS);
		unsigned long floor;

		zone_open_random(&rng, rng_below(&rng, holes));
		lists_init(1 + rng_below(&rng, BATCH));
		floor = rng_below(&rng, 2) ? 0 : rng_below(&rng, FRAMES + 100);
		refill_and_compare(order, floor);
		zone_close();
	}
}

KTEST(lab_pcp, random_refills_of_a_free_zone_match_a_naive_model)
{
	random_refills(ktest_seed(), 12);
}

KTEST(lab_pcp, random_refills_of_a_zone_in_pieces_match_a_naive_model)
{
	random_refills(ktest_seed() + 1, 250);
}

/* ---- exercise 8: pcp_drain() -------------------------------------------- */

/* Put a block of used frames on a list; the entry of its head was a tail. */
static void push(unsigned frame, unsigned order)
{
	struct pcp_list *pcp = list_of(order);

	list_model[list_count++] = (int)frame;
	pcp->blocks[pcp->count++] = &block[frame];
	block[frame].state_order = STATE_ORDER(PAGE_PCP, order);
}

static void drain_all(void)
{
	irqflags_t flags = irq_save();

	(void)pcp_drain_zone(&zone);
	irq_restore(flags);
	EXPECT(!spin_is_held(&zone.lock));
}

/* A full list gives back half of its blocks. */
static void make_room(unsigned order)
{
	irqflags_t flags = irq_save();

	pcp_make_room(&zone, order);
	irq_restore(flags);
	EXPECT(!spin_is_held(&zone.lock));
}

/* The blocks [first, end) of the list are free now. Are they in no list? */
static void model_drain(unsigned first, unsigned end, unsigned order)
{
	for (unsigned i = first; i < end; i++)
		model_set((unsigned)list_model[i], 1u << order, true);
	for (unsigned i = end; i < list_count; i++)
		list_model[first + i - end] = list_model[i];
	list_count -= end - first;
}

static void drain_all_and_compare(unsigned order)
{
	drain_all();
	model_drain(0, list_count, order);
	EXPECT_LIST(order);
	EXPECT_REST(order);
}

static void make_room_and_compare(unsigned order)
{
	unsigned half = list_of(order)->high / 2;
	bool full = list_count >= list_of(order)->high;

	make_room(order);
	if (full)
		model_drain(LAB_DRAIN_NEWEST ? list_count - half : 0,
			    LAB_DRAIN_NEWEST ? list_count : half, order);
	EXPECT_LIST(order);
	EXPECT_REST(order);
}

static void open_for_drain(void)
{
	zone_open_empty();
	lists_init(BATCH);
	list_count = 0;
}

KTEST(lab_pcp, the_right_half_of_a_full_list_goes_back)
{
	open_for_drain();
	for (unsigned i = 0; i < HIGH; i++)
		push((i * 37) % HIGH * 4, 0);
	make_room_and_compare(0);
	EXPECT_EQ(list_of(0)->count, HIGH / 2);
	EXPECT_EQ(zone.nr_free, HIGH / 2);
	zone_close();
}

KTEST(lab_pcp, a_drained_list_becomes_large_blocks)
{
	for (unsigned order = 0; order < PCP_ORDERS; order++) {
		open_for_drain();
		for (unsigned i = 0; i < 64; i++)
			push(i << order, order);
		drain_all_and_compare(order);
		EXPECT_EQ(zone.free_orders, 1u << (6 + order));
		zone_close();
	}
}

KTEST(lab_pcp, a_falling_run_becomes_large_blocks)
{
	for (unsigned order = 0; order < PCP_ORDERS; order++) {
		open_for_drain();
		for (unsigned i = 64; i-- > 0; )
			push(i << order, order);
		drain_all_and_compare(order);
		EXPECT_EQ(zone.free_orders, 1u << (6 + order));
		zone_close();
	}
}

KTEST(lab_pcp, a_run_is_freed_in_one_step)
{
	open_for_drain();
	for (unsigned i = 0; i < 64; i++)
		push(i, 0);
	for (unsigned i = 64; i-- > 0; )
		push(512 + i, 0);
	mark_links();
	drain_all_and_compare(0);
	EXPECT_EQ(zone.blocks[6], 2);
	EXPECT(links_written() <= 2);
	zone_close();
}

KTEST(lab_pcp, half_of_a_full_list_of_runs_is_two_blocks)
{
	open_for_drain();
	list_of(1)->high = 64;
	for (unsigned i = 0; i < 64; i++)
		push(128 + 2 * i, 1);
	mark_links();
	make_room_and_compare(1);
	EXPECT_EQ(zone.free_orders, 1u << 6);
	EXPECT(links_written() <= 1);
	make_room_and_compare(1);   /* the list has room: nothing happens */
	EXPECT_EQ(list_of(1)->count, 32);
	zone_close();
}

/* The half of one block is no block. */
KTEST(lab_pcp, to_drain_no_block_changes_nothing)
{
	open_for_drain();
	list_of(0)->high = 1;
	push(8, 0);
	make_room_and_compare(0);
	EXPECT_EQ(list_of(0)->count, 1);
	EXPECT(list_of(0)->blocks[0] == &block[8]);
	EXPECT_EQ(zone.nr_free, 0);
	list_of(0)->high = 2;
	push(12, 0);
	make_room_and_compare(0);
	EXPECT_EQ(list_of(0)->count, 1);
	EXPECT_EQ(zone.nr_free, 1);
	zone_close();
}

KTEST(lab_pcp, each_list_is_drained_alone)
{
	open_for_drain();
	push(8, 3);
	list_count = 0;
	list_of(0)->high = 8;
	for (unsigned i = 0; i < 8; i++)
		push(100 + i, 0);
	make_room(0);
	EXPECT_EQ(list_of(0)->count, 4);
	EXPECT_EQ(list_of(3)->count, 1);
	EXPECT(list_of(3)->blocks[0] == &block[8]);
	EXPECT_EQ(zone.nr_free, 4);
	drain_all();
	EXPECT_EQ(list_of(0)->count + list_of(3)->count, 0);
	EXPECT_EQ(zone.nr_free, 16);
	zone_close();
}

KTEST(lab_pcp, drained_blocks_merge_with_free_ones)
{
	open_for_drain();
	zone_add(0, 32);
	zone_add(64, 64);
	for (unsigned i = 0; i < 32; i++)
		push(32 + (i * 5) % 32, 0);
	drain_all_and_compare(0);
	EXPECT_EQ(zone.free_orders, 1u << 7);
	zone_close();
}

/* ---- exercise 8, random lists ------------------------------------------- */

/* A frame of a block that is neither free nor in the list, or NONE. */
static int unused_block(struct rng *rng, unsigned order)
{
	unsigned size = 1u << order;
	unsigned at = ALIGN_DOWN(rng_below(rng, FRAMES), size);

	for (unsigned i = 0; i < FRAMES; i += size) {
		unsigned frame = (at + i) % FRAMES;
		bool in_list = false;

		for (unsigned j = 0; j < list_count; j++)
			in_list = in_list || list_model[j] == (int)frame;
		if (!in_list && !model_free[frame])
			return (int)frame;
	}
	return NONE;
}

/* Push blocks until the list is full: some of them in runs. */
static void random_pushes(struct rng *rng, unsigned order)
{
	while (list_count < list_of(order)->high) {
		unsigned run = 1 + rng_below(rng, 9);
		int frame = unused_block(rng, order);

		while (run-- > 0 && frame != NONE &&
		       list_count < list_of(order)->high) {
			push((unsigned)frame, order);
			frame += 1 << order;
			if (frame >= (int)FRAMES || model_free[frame] ||
			    block[frame].state == PAGE_PCP)
				frame = NONE;
		}
		if (rng_below(rng, 40) == 0)
			return;
	}
}

static void random_drains(uint32_t seed, bool halves)
{
	struct rng rng;

	rng_init(&rng, seed);
	for (unsigned i = 0; i < 24; i++) {
		unsigned order = i % PCP_ORDERS;

		open_for_drain();
		list_of(order)->high = 8 + rng_below(&rng, 24);
		for (unsigned j = 0; j < 3; j++) {
			random_pushes(&rng, order);
			if (halves)
				make_room_and_compare(order);
			else
				drain_all_and_compare(order);
		}
		zone_close();
	}
}

KTEST(lab_pcp, random_full_drains_match_a_naive_model)
{
	random_drains(ktest_seed(), false);
}

KTEST(lab_pcp, random_half_drains_match_a_naive_model)
{
	random_drains(ktest_seed() + 1, true);
}
