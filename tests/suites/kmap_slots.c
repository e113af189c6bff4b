// SPDX-License-Identifier: MIT
/*
 * kmap_slots.c (tests) - which slot a page gets, what is flushed, and when
 *
 * WHAT     The cursor of kmap.c goes round, so each slot and each flush can be
 *          foretold. A naive model foretells them for random operations.
 * NOT HERE counts, contents and misuse (kmap.c); threads that wait for a slot
 *          (kmap_sleep.c).
 */
#include "tests/suites/kmap_test.h"

SUITE(kmap_slots, kmap_check);

/* Map page i and unmap it. Returns: its slot. */
static unsigned touch(unsigned i)
{
	void *ptr = kmap_try(pages[i]);

	REQUIRE(ptr);
	kunmap(pages[i]);
	return slot_of(ptr);
}

/* ---- the cursor ---------------------------------------------------------- */

KTEST(kmap_slots, slots_are_taken_one_after_the_other)
{
	static const unsigned starts[] = { 0, 1, 200, 505, PKMAP_SLOTS - 1 };

	take_highmem(PAGES_MAX);
	for (unsigned i = 0; i < ARRAY_SIZE(starts); i++) {
		move_cursor(starts[i]);
		for (unsigned n = 0; n < 20; n++)
			EXPECT_EQ(touch(n), (starts[i] + n) % PKMAP_SLOTS);
	}
	give_highmem(PAGES_MAX);
}

/* Its address may still be in a TLB, or in somebody's hand. */
KTEST(kmap_slots, a_slot_that_became_free_waits_for_the_next_lap)
{
	take_highmem(PAGES_MAX);
	move_cursor(100);
	EXPECT_EQ(touch(0), 100);
	kmap_flush_unused();
	EXPECT_EQ(touch(1), 101);
	EXPECT_EQ(touch(0), 102);
	kmap_flush_unused();
	for (unsigned i = 0; i < PKMAP_SLOTS; i++)
		EXPECT_EQ(touch(i), (103 + i) % PKMAP_SLOTS);
	give_highmem(PAGES_MAX);
}

KTEST(kmap_slots, the_slot_of_a_freed_page_waits_for_the_next_lap)
{
	take_highmem(PAGES_MAX);
	move_cursor(300);
	for (unsigned i = 0; i < 10; i++) {
		EXPECT_EQ(touch(0), 300 + i);
		free_page(pages[0]);
		pages[0] = alloc_page(GFP_HIGHUSER);
		REQUIRE(pages[0]);
	}
	give_highmem(PAGES_MAX);
}

KTEST(kmap_slots, the_cursor_passes_over_slots_in_use)
{
	take_highmem(PAGES_MAX);
	move_cursor(0);
	for (unsigned i = 0; i < PKMAP_SLOTS; i++) {
		REQUIRE(kmap_try(pages[i]));
		if (i % 3)
			kunmap(pages[i]);
	}
	/* The lap is over: two of three slots are emptied and used again. */
	for (unsigned i = 1; i < 60; i++)
		if (i % 3)
			EXPECT_EQ(touch(PKMAP_SLOTS + i), i);
	for (unsigned i = 0; i < PKMAP_SLOTS; i += 3)
		kunmap(pages[i]);
	EXPECT_EQ(usage_now().used, 0);
	give_highmem(PAGES_MAX);
}

/* ---- what is emptied, and what is flushed -------------------------------- */

KTEST(kmap_slots, a_flush_empties_unused_slots_and_no_other)
{
	struct kmap_usage before, after;

	take_highmem(10);
	for (unsigned i = 0; i < 10; i++)
		REQUIRE(kmap_try(pages[i]));
	for (unsigned i = 0; i < 10; i += 2)
		kunmap(pages[i]);
	before = usage_now();
	EXPECT_EQ(before.unused, 5);
	EXPECT_EQ(kmap_flush_unused(), 5);
	after = usage_now();
	EXPECT_EQ(after.unused, 0);
	EXPECT_EQ(after.free, before.free + 5);
	EXPECT_EQ(after.used, before.used);
	for (unsigned i = 0; i < 10; i++)
		EXPECT_EQ(!pages[i]->kmap, i % 2 == 0);
	for (unsigned i = 1; i < 10; i += 2)
		kunmap(pages[i]);
	EXPECT_EQ(kmap_flush_unused(), 5);
	give_highmem(10);
}

/* Use and leave slots [first, first + nr), but keep the inner ones in use. */
static void leave_both_ends(unsigned first, unsigned nr)
{
	move_cursor(first);
	for (unsigned i = 0; i < nr; i++)
		REQUIRE(kmap_try(pages[i]));
	kunmap(pages[0]);
	if (nr > 1)
		kunmap(pages[nr - 1]);
}

/* One flush goes from the first emptied slot to the last one. */
KTEST(kmap_slots, one_flush_covers_all_that_was_emptied)
{
	static const unsigned sizes[] = {
		1, 2, 5, TLB_FLUSH_ALL_ABOVE, TLB_FLUSH_ALL_ABOVE + 1, 100,
	};

	take_highmem(PAGES_MAX);
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned nr = sizes[i];
		bool all = nr > TLB_FLUSH_ALL_ABOVE;
		struct tlb_stats before;
		unsigned long flushes;

		leave_both_ends(50, nr);
		before = tlb_stats;
		flushes = usage_now().flushes;
		EXPECT_EQ(kmap_flush_unused(), MIN(nr, 2u));
		EXPECT_EQ(tlb_stats.pages - before.pages, all ? 0 : nr);
		EXPECT_EQ(tlb_stats.all - before.all, all);
		EXPECT_EQ(usage_now().flushes, flushes + 1);
		for (unsigned j = 1; j + 1 < nr; j++)
			kunmap(pages[j]);
	}
	give_highmem(PAGES_MAX);
}

KTEST(kmap_slots, where_nothing_is_unused_nothing_is_flushed)
{
	struct tlb_stats before;
	unsigned long flushes;

	take_highmem(2);
	touch(0);
	EXPECT_EQ(kmap_flush_unused(), 1);
	REQUIRE(kmap_try(pages[1]));
	before = tlb_stats;
	flushes = usage_now().flushes;
	EXPECT_EQ(kmap_flush_unused(), 0);
	EXPECT_EQ(tlb_stats.pages, before.pages);
	EXPECT_EQ(tlb_stats.all, before.all);
	EXPECT_EQ(usage_now().flushes, flushes);
	kunmap(pages[1]);
	give_highmem(2);
}

KTEST(kmap_slots, a_flushed_page_is_mapped_anew)
{
	uint32_t *old, *new;

	take_highmem(1);
	old = kmap_try(pages[0]);
	REQUIRE(old);
	*old = 0x600d;
	kunmap(pages[0]);
	EXPECT_EQ(kmap_flush_unused(), 1);
	EXPECT(!readable(old));
	new = kmap_try(pages[0]);
	REQUIRE(new);
	EXPECT(new != old);
	EXPECT_EQ(*new, 0x600d);
	kunmap(pages[0]);
	give_highmem(1);
}

/* ---- pages that are freed ------------------------------------------------ */

KTEST(kmap_slots, a_freed_page_empties_its_slot_with_one_flush)
{
	struct kmap_usage before, after;
	struct tlb_stats flushed;

	take_highmem(PAGES_MAX);
	move_cursor(40);
	touch(0);
	touch(1);
	before = usage_now();
	flushed = tlb_stats;
	free_page(pages[0]);
	after = usage_now();
	EXPECT_EQ(after.free, before.free + 1);
	EXPECT_EQ(after.unused, before.unused - 1);
	EXPECT_EQ(tlb_stats.pages, flushed.pages + 1);
	EXPECT_EQ(tlb_stats.all, flushed.all);
	EXPECT_EQ(pages[0]->kmap, 0);
	EXPECT(pages[1]->kmap != 0);
	EXPECT_NULL(kmap_check());
	pages[0] = alloc_page(GFP_HIGHUSER);
	REQUIRE(pages[0]);
	give_highmem(PAGES_MAX);
}

KTEST(kmap_slots, only_the_slot_of_the_freed_page_is_emptied)
{
	uint32_t *ptr[3];

	take_highmem(3);
	for (unsigned i = 0; i < 3; i++) {
		ptr[i] = kmap_try(pages[i]);
		REQUIRE(ptr[i]);
		*ptr[i] = i;
	}
	kunmap(pages[0]);
	kunmap(pages[1]);
	free_page(pages[1]);
	EXPECT(!readable(ptr[1]));
	EXPECT(kmap_try(pages[0]) == ptr[0]);
	EXPECT_EQ(*ptr[0], 0);
	EXPECT_EQ(*ptr[2], 2);
	EXPECT(kmap_to_page(ptr[2]) == pages[2]);
	kunmap(pages[0]);
	kunmap(pages[2]);
	free_page(pages[0]);
	free_page(pages[2]);
	EXPECT(!readable(ptr[0]) && !readable(ptr[2]));
}

KTEST(kmap_slots, pages_freed_in_bulk_leave_no_address_behind)
{
	void *ptr[20];

	take_highmem(20);
	for (unsigned i = 0; i < 20; i++) {
		ptr[i] = kmap_try(pages[i]);
		REQUIRE(ptr[i]);
		EXPECT(readable(ptr[i]));
		kunmap(pages[i]);
	}
	give_highmem(20);
	for (unsigned i = 0; i < 20; i++)
		EXPECT(!readable(ptr[i]));
	EXPECT_EQ(usage_now().unused, 0);
	EXPECT_NULL(kmap_check());
}

/* ---- random operations against a model of all slots ---------------------- */

/* The model: for each slot its count, and which of the pages it shows. */
static struct {
	unsigned count[PKMAP_SLOTS], page[PKMAP_SLOTS];
	unsigned cursor, used, unused;
	unsigned long flushes, flushed_pages, flushed_all;
} model;

static uint32_t tags[PAGES_MAX];   /* the first word of each page */

static int model_find(unsigned page)
{
	for (int slot = 0; slot < (int)PKMAP_SLOTS; slot++)
		if (model.count[slot] && model.page[slot] == page)
			return slot;
	return -1;
}

static void model_flush(void)
{
	unsigned first = PKMAP_SLOTS, last = 0;

	for (unsigned slot = 0; slot < PKMAP_SLOTS; slot++) {
		if (model.count[slot] != 1)
			continue;
		model.count[slot] = 0;
		first = MIN(first, slot);
		last = slot;
	}
	model.unused = 0;
	if (first == PKMAP_SLOTS)
		return;
	model.flushes++;
	if (last - first + 1 > TLB_FLUSH_ALL_ABOVE)
		model.flushed_all++;
	else
		model.flushed_pages += last - first + 1;
}

/* Returns: the slot; -1: all slots are in use. */
static int model_map(unsigned page)
{
	int slot = model_find(page);

	if (slot < 0 && model.used == PKMAP_SLOTS)
		return -1;
	if (slot >= 0) {
		model.used += model.count[slot] == 1;
		model.unused -= model.count[slot] == 1;
		model.count[slot]++;
		return slot;
	}
	for (;; model.cursor++) {
		if (model.cursor == PKMAP_SLOTS) {
			model_flush();
			model.cursor = 0;
		}
		if (!model.count[model.cursor])
			break;
	}
	model.count[model.cursor] = 2;
	model.page[model.cursor] = page;
	model.used++;
	return (int)model.cursor++;
}

static void model_unmap(unsigned page)
{
	int slot = model_find(page);

	if (--model.count[slot] > 1)
		return;
	model.used--;
	model.unused++;
}

static void model_free(unsigned page)
{
	int slot = model_find(page);

	if (slot < 0)
		return;
	model.count[slot] = 0;
	model.unused--;
	model.flushed_pages++;
}

/* Write each page's tag, and learn where the cursor is. */
static void model_open(void)
{
	take_highmem(PAGES_MAX);
	memset(&model, 0, sizeof(model));
	for (unsigned i = 0; i < PAGES_MAX; i++) {
		uint32_t *ptr = kmap_try(pages[i]);

		REQUIRE(ptr);
		*ptr = tags[i] = i;
		kunmap(pages[i]);
		model.cursor = slot_of(ptr) + 1;
	}
	kmap_flush_unused();
	REQUIRE(usage_now().used == 0);
}

static void close(void)
{
	for (unsigned slot = 0; slot < PKMAP_SLOTS; slot++)
		for (; model.count[slot] > 1; model.count[slot]--)
			kunmap(pages[model.page[slot]]);
	EXPECT_EQ(usage_now().used, 0);
	give_highmem(PAGES_MAX);
}

static bool has_users(unsigned page)
{
	int slot = model_find(page);

	return slot >= 0 && model.count[slot] > 1;
}

static void step_map(unsigned i)
{
	uint32_t *ptr = kmap_try(pages[i]);
	int slot = model_map(i);

	if (slot < 0 || !ptr)
		EXPECT_EQ(!ptr, slot < 0);
	else
		EXPECT_EQ(slot_of(ptr), slot);
	if (ptr)
		EXPECT_EQ(*ptr, tags[i]);
}

/* Free the page. Its next owner has new contents. */
static void step_free(unsigned i)
{
	uint32_t *ptr;

	model_free(i);
	free_page(pages[i]);
	pages[i] = alloc_page(GFP_HIGHUSER);
	REQUIRE(pages[i]);
	ptr = kmap_local(pages[i]);
	*ptr = tags[i] += PAGES_MAX;
	kunmap_local(ptr);
	model.flushed_pages++;   /* by kunmap_local() */
}

/* `percent`: how often a page is mapped. */
static void random_step(struct rng *rng, unsigned percent)
{
	unsigned i = rng_below(rng, PAGES_MAX);

	if (rng_below(rng, 400) == 0) {
		EXPECT_EQ(kmap_flush_unused(), model.unused);
		model_flush();
	} else if (rng_below(rng, 100) < percent) {
		step_map(i);
	} else if (has_users(i)) {
		kunmap(pages[i]);
		model_unmap(i);
	} else if (rng_below(rng, 4) == 0) {
		step_free(i);
	}
}

KTEST(kmap_slots, random_operations_use_the_slots_of_a_model)
{
	struct kmap_usage start, now;
	struct tlb_stats before;
	struct rng rng;

	model_open();
	start = usage_now();
	before = tlb_stats;
	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 5000; step++) {
		random_step(&rng, step % 1000 < 600 ? 55 : 25);
		now = usage_now();
		EXPECT_EQ(now.used, model.used);
		EXPECT_EQ(now.unused, model.unused);
		EXPECT_EQ(now.flushes - start.flushes, model.flushes);
		EXPECT_EQ(tlb_stats.all - before.all, model.flushed_all);
		EXPECT_EQ(tlb_stats.pages - before.pages, model.flushed_pages);
	}
	EXPECT_NULL(kmap_check());
	EXPECT(model.flushes > 2);
	close();
}

/* Many pages with one user each: laps, and pages freed behind the cursor. */
KTEST(kmap_slots, random_laps_show_each_page_its_own_contents)
{
	struct rng rng;

	model_open();
	rng_init(&rng, ktest_seed() + 1);
	for (unsigned step = 0; step < 5000; step++) {
		unsigned i = rng_below(&rng, PAGES_MAX);

		if (rng_below(&rng, 3) == 0) {
			step_free(i);
			continue;
		}
		step_map(i);
		kunmap(pages[i]);
		model_unmap(i);
	}
	EXPECT_EQ(usage_now().used, 0);
	EXPECT_EQ(usage_now().unused, model.unused);
	EXPECT_NULL(kmap_check());
	close();
}
