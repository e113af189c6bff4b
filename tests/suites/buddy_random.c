// SPDX-License-Identifier: MIT
/*
 * buddy_random.c - random operations on a zone of our own, against models
 *
 * WHAT     Two models. The first one knows which frames are free. So it knows
 *          which blocks there must be, but not which of them comes next. The
 *          second one keeps each list as a stack, and knows every frame.
 */
#include "lib/random.h"
#include "tests/suites/buddy_test.h"

SUITE(buddy_random, page_alloc_check);

/* ---- which frames are free ----------------------------------------------- */

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

KTEST(buddy_random, random_operations_match_a_naive_model)
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

KTEST(buddy_random, random_runs_become_the_blocks_of_a_naive_model)
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
		cuts[i] = i * FRAMES / nr +
			  (i ? rng_below(rng, FRAMES / nr) : 0);
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

KTEST(buddy_random, random_pieces_of_a_block_merge_to_the_whole_block)
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

KTEST(buddy_random, random_operations_give_the_blocks_of_a_model_of_stacks)
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
