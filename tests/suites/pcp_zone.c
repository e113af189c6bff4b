// SPDX-License-Identifier: MIT
/*
 * pcp_zone.c (tests) - refill and drain of pcp.c, on a zone of our own
 *
 * WHAT     The zone has one block of 4 MiB and lists of the test's size. So the
 *          tests know which frames a refill takes, and which blocks a drain
 *          must make.
 * NOT HERE the lists of the live zones (pcp.c).
 */
#include "lib/random.h"
#include "mm/page/pcp.h"
#include "tests/suites/buddy_test.h"

SUITE(pcp_zone, page_alloc_check);

#define HIGH   64u
#define BATCH  16u

static struct page *arrays[PCP_ORDERS][HIGH];

static struct pcp_list *list_of(unsigned order)
{
	return zone_pcp(&zone, order);
}

/* Frames [start, end) are free, and all lists are empty. */
static void open(unsigned start, unsigned end, unsigned high)
{
	zone_open(start, end);
	for (unsigned order = 0; order < PCP_ORDERS; order++)
		*list_of(order) = (struct pcp_list){
			.high = high, .batch = BATCH, .blocks = arrays[order],
		};
}

static bool refill(unsigned order, unsigned long floor)
{
	irqflags_t flags = irq_save();
	bool filled = pcp_refill(&zone, order, floor);

	irq_restore(flags);
	return filled;
}

static unsigned long drain(void)
{
	irqflags_t flags = irq_save();
	unsigned long pages = pcp_drain_zone(&zone);

	irq_restore(flags);
	return pages;
}

/* Take the newest block. Returns: its first frame. */
static unsigned pop(unsigned order)
{
	irqflags_t flags = irq_save();
	struct page *page = pcp_pop(list_of(order));

	page->state_order = STATE_ORDER(PAGE_USED, order);
	irq_restore(flags);
	return (unsigned)(page - block);
}

static void push(unsigned frame, unsigned order)
{
	irqflags_t flags = irq_save();

	block[frame].state_order = STATE_ORDER(PAGE_USED, order);
	pcp_make_room(&zone, order);
	pcp_push(list_of(order), &block[frame]);
	irq_restore(flags);
}

static void expect_lists(void)
{
	irqflags_t flags = irq_save();
	const char *law = pcp_check(&zone);
	unsigned on_lists = 0, marked = 0;

	irq_restore(flags);
	for (unsigned order = 0; order < PCP_ORDERS; order++)
		on_lists += list_of(order)->count;
	for (unsigned i = 0; i < FRAMES; i++)
		marked += block[i].state == PAGE_PCP;
	EXPECT_EQ(marked, on_lists);
	EXPECT_NULL(law);
	expect_sound();
}

/* Forget who wrote to the entries: a NULL is a page that no list has had. */
static void forget_links(void)
{
	for (unsigned i = 0; i < FRAMES; i++)
		if (block[i].state != PAGE_FREE)
			block[i].list.next = NULL;
}

/* ---- refill -------------------------------------------------------------- */

KTEST(pcp_zone, a_refill_takes_a_batch_of_ascending_blocks)
{
	for (unsigned order = 0; order < PCP_ORDERS; order++) {
		open(0, FRAMES, HIGH);
		EXPECT(refill(order, 0));
		EXPECT_EQ(list_of(order)->count, BATCH);
		EXPECT_EQ(zone.nr_free, FRAMES - (BATCH << order));
		expect_lists();
		for (unsigned i = 0; i < BATCH; i++)
			EXPECT_EQ(pop(order), i << order);
		zone_close();
	}
}

KTEST(pcp_zone, a_refill_leaves_the_floor)
{
	static const struct { unsigned order, above, count; } cases[] = {
		{ 0, 1, 1 }, { 0, 13, 13 }, { 0, 16, 16 }, { 0, 17, 16 },
		{ 1, 1, 0 }, { 1, 2, 1 }, { 1, 31, 15 }, { 3, 7, 0 },
		{ 3, 8, 1 }, { 3, 127, 15 }, { 3, 200, 16 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned order = cases[i].order, count = cases[i].count;

		open(0, FRAMES, HIGH);
		EXPECT(!refill(order, FRAMES));
		EXPECT(!refill(order, FRAMES + 100));
		EXPECT_EQ(refill(order, FRAMES - cases[i].above), count > 0);
		EXPECT_EQ(list_of(order)->count, count);
		EXPECT_EQ(zone.nr_free, FRAMES - (count << order));
		expect_lists();
		zone_close();
	}
}

KTEST(pcp_zone, a_refill_takes_what_there_is)
{
	open(0, 32, HIGH);
	EXPECT_EQ(take(5), 0);
	for (int frame = 1; frame < 10; frame += 2)
		give(frame, 0);
	EXPECT(!refill(1, 0));
	EXPECT(refill(0, 0));
	EXPECT_EQ(list_of(0)->count, 5);
	EXPECT_EQ(zone.nr_free, 0);
	expect_lists();
	zone_close();
}

KTEST(pcp_zone, a_refill_uses_small_pieces_and_splits_no_large_block)
{
	open(0, FRAMES, HIGH);
	EXPECT_EQ(take(9), 0);
	give(3, 0);
	give(8, 3);
	give(32, 4);
	EXPECT(refill(0, FRAMES / 2 + 9));
	EXPECT_EQ(list_of(0)->count, BATCH);
	EXPECT(is_head(512, 9));
	for (unsigned i = 0; i < BATCH; i++)
		EXPECT(pop(0) < 512);
	expect_sound();
	zone_close();
}

/* One block of the buddy lists is cut. Its pages were never on a list. */
KTEST(pcp_zone, a_batch_is_cut_from_one_block)
{
	for (unsigned order = 0; order < PCP_ORDERS; order++) {
		open(0, FRAMES, HIGH);
		for (unsigned i = 1; i < FRAMES; i++)
			block[i].list.next = NULL;
		EXPECT(refill(order, 0));
		for (unsigned i = 1; i < BATCH << order; i++)
			EXPECT(!block[i].list.next);
		zone_close();
	}
}

/* ---- drain --------------------------------------------------------------- */

KTEST(pcp_zone, drained_blocks_merge_to_what_they_were_cut_from)
{
	for (unsigned order = 0; order < PCP_ORDERS; order++) {
		open(0, FRAMES, HIGH);
		EXPECT(refill(order, 0));
		EXPECT_EQ(drain(), BATCH << order);
		EXPECT_EQ(list_of(order)->count, 0);
		EXPECT_EQ(zone.free_orders, 1u << MAX_ORDER);
		EXPECT_EQ(drain(), 0);
		expect_lists();
		zone_close();
	}
}

KTEST(pcp_zone, a_full_list_keeps_its_newer_half_in_order)
{
	open(0, FRAMES, 8);
	EXPECT_EQ(take(6), 0);
	for (unsigned i = 0; i < 8; i++)
		push(4 * i, 0);
	EXPECT_EQ(list_of(0)->count, 8);
	push(32, 0);
	EXPECT_EQ(list_of(0)->count, 5);
	for (unsigned i = 0; i < 4; i++)
		EXPECT(is_head(4 * i, 0));
	expect_lists();
	for (unsigned i = 8; i >= 4; i--)
		EXPECT_EQ(pop(0), 4 * i);
	zone_close();
}

/* Pages freed in order, up or down: none of them is put on a list alone. */
KTEST(pcp_zone, a_run_goes_back_as_large_blocks)
{
	for (unsigned order = 0; order < PCP_ORDERS; order++)
		for (unsigned down = 0; down < 2; down++) {
			open(0, FRAMES, HIGH);
			EXPECT_EQ(take(MAX_ORDER - 1), 0);
			for (unsigned i = 0; i < BATCH; i++)
				push((down ? BATCH - 1 - i : i) << order,
				     order);
			forget_links();
			EXPECT_EQ(drain(), BATCH << order);
			EXPECT(is_head(0, 4 + order));
			for (unsigned i = 1; i < BATCH << order; i++)
				EXPECT(!block[i].list.next);
			expect_lists();
			zone_close();
		}
}

KTEST(pcp_zone, runs_and_single_blocks_may_be_mixed)
{
	static const unsigned frames[] = {
		5, 4, 3, 10, 11, 20, 12, 13, 14, 15, 9, 8,
	};

	open(0, FRAMES, HIGH);
	EXPECT_EQ(take(5), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(frames); i++)
		push(frames[i], 0);
	EXPECT_EQ(drain(), ARRAY_SIZE(frames));
	EXPECT(is_head(8, 3) && is_head(4, 1) && is_head(3, 0));
	EXPECT(is_head(20, 0) && is_head(32, 5));
	expect_lists();
	zone_close();
}

/* ---- random operations against a model of frames ------------------------- */

enum owner { FREE, LIST, HELD };

static struct { unsigned frame, order; } held[FRAMES];
static unsigned nr_held;
static uint8_t owners[FRAMES];

static void own(unsigned frame, unsigned order, enum owner from,
		enum owner to)
{
	for (unsigned i = frame; i < frame + (1u << order); i++) {
		EXPECT_EQ(owners[i], from);
		owners[i] = (uint8_t)to;
	}
}

/* The first n blocks of a list change hands. */
static void own_oldest(unsigned order, unsigned n, enum owner from,
		       enum owner to)
{
	for (unsigned i = 0; i < n; i++)
		own((unsigned)(list_of(order)->blocks[i] - block), order, from,
		    to);
}

static unsigned long nr_owned(enum owner owner)
{
	unsigned long nr = 0;

	for (unsigned i = 0; i < FRAMES; i++)
		nr += owners[i] == owner;
	return nr;
}

/* How many blocks of this order could be cut from the free frames? */
static unsigned long model_room(unsigned order)
{
	unsigned long room = 0;

	for (unsigned frame = 0; frame < FRAMES; frame += 1u << order) {
		unsigned n = 0;

		while (n < 1u << order && owners[frame + n] == FREE)
			n++;
		room += n == 1u << order;
	}
	return room;
}

static void model_refill(unsigned order, unsigned long floor)
{
	unsigned long free = nr_owned(FREE);
	unsigned long want = free > floor ? (free - floor) >> order : 0;

	want = MIN(want, (unsigned long)BATCH);
	want = MIN(want, model_room(order));
	EXPECT_EQ(refill(order, floor), want > 0);
	EXPECT_EQ(list_of(order)->count, want);
	own_oldest(order, list_of(order)->count, FREE, LIST);
}

static void model_pop(unsigned order)
{
	unsigned frame = pop(order);

	own(frame, order, LIST, HELD);
	held[nr_held].frame = frame;
	held[nr_held++].order = order;
}

static void model_push(unsigned i)
{
	unsigned frame = held[i].frame, order = held[i].order;

	held[i] = held[--nr_held];
	if (list_of(order)->count == list_of(order)->high)
		own_oldest(order, list_of(order)->high / 2, LIST, FREE);
	push(frame, order);
	own(frame, order, HELD, LIST);
	EXPECT(list_of(order)->blocks[list_of(order)->count - 1] ==
	       &block[frame]);
}

static void model_drain(void)
{
	unsigned long pages = nr_owned(LIST);

	for (unsigned order = 0; order < PCP_ORDERS; order++)
		own_oldest(order, list_of(order)->count, LIST, FREE);
	EXPECT_EQ(drain(), pages);
}

static void model_open(unsigned high)
{
	open(0, FRAMES, high);
	memset(owners, FREE, sizeof(owners));
	nr_held = 0;
}

/* `percent`: how often a block is taken rather than given back. */
static void random_step(struct rng *rng, unsigned percent)
{
	unsigned order = rng_below(rng, PCP_ORDERS);
	bool more = rng_below(rng, 100) < percent;

	if (rng_below(rng, 100) == 0)
		model_drain();
	else if (more && list_of(order)->count > 0)
		model_pop(order);
	else if (more)
		model_refill(order, rng_below(rng, 4) ? 0 :
			     rng_below(rng, FRAMES));
	else if (nr_held > 0)
		model_push(rng_below(rng, nr_held));
	EXPECT_EQ(zone.nr_free, nr_owned(FREE));
}

KTEST(pcp_zone, random_refills_and_drains_match_a_naive_model)
{
	struct rng rng;

	model_open(20);
	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 2500; step++) {
		random_step(&rng, step % 500 < 350 ? 70 : 20);
		if (step % 50 == 0)
			expect_lists();
	}
	expect_lists();
	zone_close();
}

/* Take all frames; give them back in a random order: one block is left. */
KTEST(pcp_zone, random_orders_of_frees_end_in_one_block)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 4; round++) {
		model_open(BATCH + 13 * round);
		while (nr_owned(FREE) > 0) {
			unsigned order = rng_below(&rng, PCP_ORDERS);

			model_refill(model_room(order) ? order : 0, 0);
			for (order = 0; order < PCP_ORDERS; order++)
				while (list_of(order)->count > 0)
					model_pop(order);
		}
		while (nr_held > 0)
			model_push(rng_below(&rng, nr_held));
		expect_lists();
		model_drain();
		EXPECT_EQ(zone.free_orders, 1u << MAX_ORDER);
		expect_lists();
		zone_close();
	}
}
