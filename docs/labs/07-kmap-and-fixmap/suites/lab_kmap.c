// SPDX-License-Identifier: MIT
/*
 * lab_kmap.c (tests) - which slot a page gets, and when the TLB is flushed
 */
#include "docs/labs/07-kmap-and-fixmap/suites/pages.h"

#include "lib/random.h"

SUITE(lab_kmap, kmap_check);

/* ---- emptying unused slots ---------------------------------------------- */

KTEST(lab_kmap, a_flush_empties_every_slot_of_the_lap)
{
	unsigned named = 0;

	begin();
	map_pages(0, LAB_SLOTS);
	unmap_all();
	EXPECT_EQ(usage_now().unused, LAB_SLOTS);
	EXPECT_EQ(kmap_flush_unused(), LAB_SLOTS);
	EXPECT_EQ(usage_now().unused, 0);
	for (unsigned i = 0; i < LAB_SLOTS; i++)
		named += pages[i]->kmap != 0;
	EXPECT_EQ(named, 0);
	end();
}

KTEST(lab_kmap, a_flush_covers_the_range_of_what_it_emptied)
{
	/* Two places, and the flushes: of one page, of everything. */
	static const struct {
		unsigned first, last, nr_pages, nr_all;
	} cases[] = {
		{ 7, 7, 1, 0 },
		{ 5, 9, 5, 0 },
		{ 3, 3 + TLB_FLUSH_ALL_ABOVE - 1, TLB_FLUSH_ALL_ABOVE, 0 },
		{ 3, 3 + TLB_FLUSH_ALL_ABOVE, 0, 1 },
		{ 0, 99, 0, 1 },
	};

	begin();
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tlb_stats before;

		begin_lap();
		map_pages(0, 100);
		unmap(cases[i].first);
		if (cases[i].last != cases[i].first)
			unmap(cases[i].last);
		before = tlb_stats;
		EXPECT_EQ(kmap_flush_unused(),
			  1 + (cases[i].last != cases[i].first));
		EXPECT_FLUSHES(before, cases[i].nr_pages, cases[i].nr_all);
		unmap_all();
	}
	end();
}

KTEST(lab_kmap, a_flush_leaves_no_old_translation)
{
	begin();
	begin_lap();
	map_pages(0, 30);
	unmap(0);
	unmap(17);
	unmap(29);
	EXPECT_EQ(kmap_flush_unused(), 3);
	EXPECT(!readable(address[0]));
	EXPECT(!readable(address[17]));
	EXPECT(!readable(address[29]));
	EXPECT(is_mine(1));
	EXPECT(is_mine(28));
	end();
}

KTEST(lab_kmap, a_flush_leaves_used_slots_alone)
{
	begin();
	map_pages(0, 20);
	for (unsigned i = 1; i < 20; i += 2)
		unmap(i);
	EXPECT_EQ(kmap_flush_unused(), 10);
	EXPECT_EQ(usage_now().used, 10);
	for (unsigned i = 0; i < 20; i += 2) {
		EXPECT(is_mine(i));
		EXPECT(kmap_to_page(address[i]) == pages[i]);
	}
	end();
}

KTEST(lab_kmap, nothing_to_empty_needs_no_flush)
{
	unsigned long flushes;
	struct tlb_stats before;

	begin();
	map_pages(0, 3);
	unmap(1);
	flushes = usage_now().flushes;
	EXPECT_EQ(kmap_flush_unused(), 1);
	EXPECT_EQ(usage_now().flushes, flushes + 1);
	before = tlb_stats;
	EXPECT_EQ(kmap_flush_unused(), 0);
	EXPECT_EQ(usage_now().flushes, flushes + 1);
	EXPECT_FLUSHES(before, 0, 0);
	end();
}

/* Any slots are emptied: the flush reaches from the first to the last one. */
KTEST(lab_kmap, random_flushes_cover_what_they_emptied)
{
	enum { ROUNDS = 60, AT_ONCE = 60 };
	struct rng rng;

	rng_init(&rng, ktest_seed());
	begin();
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned nr = 1 + rng_below(&rng, AT_ONCE), emptied = 0, range;
		unsigned first = LAB_SLOTS, last = 0;
		struct tlb_stats before;

		map_pages(0, nr);
		for (unsigned i = 0; i < nr; i++) {
			if (rng_below(&rng, 4))
				continue;
			unmap(i);
			emptied++;
			first = MIN(first, slot_of(address[i]));
			last = MAX(last, slot_of(address[i]));
		}
		range = emptied ? last + 1 - first : 0;
		before = tlb_stats;
		EXPECT_EQ(kmap_flush_unused(), emptied);
		EXPECT_FLUSHES(before,
			       range <= TLB_FLUSH_ALL_ABOVE ? range : 0,
			       range > TLB_FLUSH_ALL_ABOVE);
		for (unsigned i = 0; i < nr; i++)
			EXPECT(users[i] ? is_mine(i) : !readable(address[i]));
		unmap_all();
		kmap_flush_unused();
	}
	end();
}

/* ---- laps --------------------------------------------------------------- */

KTEST(lab_kmap, a_lap_takes_each_slot_once_and_in_its_order)
{
	begin();
	begin_lap();
	for (unsigned place = 0; place < LAB_SLOTS; place++) {
		map(place);
		if (!is_at_place(place, place))
			break;
	}
	end();
}

/* LAPS laps, from the beginning of one. The last end is not reached. */
KTEST(lab_kmap, a_lap_ends_with_one_flush)
{
	enum { LAPS = 3, FLUSHES = LAPS * LAB_FLUSHES - 1 };
	unsigned long flushes;
	struct tlb_stats before;

	begin();
	begin_lap();
	flushes = usage_now().flushes;
	before = tlb_stats;
	pass_by(0, LAPS * LAB_SLOTS);
	EXPECT_EQ(usage_now().flushes - flushes, FLUSHES);
	EXPECT_FLUSHES(before, 0, FLUSHES);
	end();
}

KTEST(lab_kmap, a_flush_comes_no_sooner_than_a_slot_is_wanted)
{
	const unsigned part = LAB_SLOTS / LAB_FLUSHES;
	unsigned long flushes;

	begin();
	begin_lap();
	flushes = usage_now().flushes;
	pass_by(0, part);
	EXPECT_EQ(usage_now().flushes, flushes);
	EXPECT_EQ(usage_now().unused, part);
	map(part);
	EXPECT_EQ(usage_now().flushes, flushes + 1);
	EXPECT_EQ(usage_now().unused, 0);
	is_at_place(part, part % LAB_SLOTS);
	end();
}

KTEST(lab_kmap, used_slots_are_passed_over)
{
	static const unsigned places[] = { 1, 2, 4, 5, 6, 7, 8, 10 };

	begin();
	begin_lap();
	map_pages(0, 10);
	for (unsigned i = 0; i < 9; i++)
		if (i != 0 && i != 3)
			unmap(i);
	pass_by(10, LAB_SLOTS);
	/* The next lap: pages 0, 3 and 9 still have their places. */
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		map(LAB_SLOTS + i);
		is_at_place(LAB_SLOTS + i, places[i]);
	}
	EXPECT(is_mine(0));
	EXPECT(is_mine(3));
	EXPECT(is_mine(9));
	end();
}

/* The TLB may know the page of an unused slot: no other page gets the slot. */
KTEST(lab_kmap, an_unused_slot_waits_for_the_next_flush)
{
	static const unsigned places[] = { 1, 2, 3, 4, 6, 7 };

	begin();
	begin_lap();
	map_pages(0, 10);
	for (unsigned i = 0; i < 10; i++)
		if (i != 5)
			unmap(i);
	pass_by(10, LAB_SLOTS);
	map(LAB_SLOTS);
	is_at_place(LAB_SLOTS, 0);
	unmap(5);
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		map(LAB_SLOTS + 1 + i);
		is_at_place(LAB_SLOTS + 1 + i, places[i]);
	}
	map(5);
	is_at_place(5, 5);
	end();
}

KTEST(lab_kmap, a_slot_that_was_emptied_early_waits_for_its_turn)
{
	begin();
	begin_lap();
	pass_by(0, 3);
	EXPECT_EQ(kmap_flush_unused(), 3);
	map(3);
	is_at_place(3, 3);
	unmap(3);
	kmap_page_freed(pages[3]);
	map(4);
	is_at_place(4, 4);
	end();
}

KTEST(lab_kmap, pages_and_slots_name_each_other)
{
	unsigned strangers = 0, changed = 0;

	begin();
	map_pages(0, LAB_SLOTS);
	for (unsigned i = 0; i < LAB_SLOTS; i++) {
		strangers += kmap_to_page(address[i]) != pages[i] ||
			     pages[i]->kmap != slot_of(address[i]) + 1;
		changed += !is_mine(i);
	}
	EXPECT_EQ(strangers, 0);
	EXPECT_EQ(changed, 0);
	EXPECT_NULL(kmap_check());
	end();
}

/* ---- users -------------------------------------------------------------- */

KTEST(lab_kmap, each_user_needs_one_kunmap)
{
	uint32_t *first;

	begin();
	map(0);
	first = address[0];
	map(0);
	map(0);
	map(1);
	EXPECT(address[0] == first);
	EXPECT_EQ(usage_now().used, 2);
	unmap(0);
	unmap(0);
	EXPECT_EQ(usage_now().used, 2);
	EXPECT_EQ(kmap_flush_unused(), 0);
	EXPECT(is_mine(0));
	unmap(0);
	EXPECT_EQ(usage_now().used, 1);
	EXPECT_EQ(usage_now().unused, 1);
	EXPECT_EQ(kmap_flush_unused(), 1);
	end();
}

KTEST(lab_kmap, an_unused_slot_is_taken_up_again)
{
	struct tlb_stats before;
	uint32_t *first;

	begin();
	map(0);
	first = address[0];
	unmap(0);
	EXPECT_EQ(usage_now().used, 0);
	EXPECT_EQ(usage_now().unused, 1);
	before = tlb_stats;
	map(0);
	EXPECT(address[0] == first);
	EXPECT_FLUSHES(before, 0, 0);
	EXPECT_EQ(usage_now().used, 1);
	EXPECT_EQ(usage_now().unused, 0);
	end();
}

KTEST(lab_kmap, without_a_free_slot_a_new_page_gets_none)
{
	begin();
	map_pages(0, LAB_SLOTS);
	EXPECT(!try_map(LAB_SLOTS));
	EXPECT(!try_map(LAB_SLOTS));
	EXPECT_EQ(usage_now().used, LAB_SLOTS);
	EXPECT_EQ(pages[LAB_SLOTS]->kmap, 0);
	EXPECT_NULL(kmap_check());
	/* A page that has a slot needs no new one. */
	EXPECT(try_map(0));
	unmap(0);
	unmap(7);
	EXPECT(try_map(LAB_SLOTS));
	EXPECT(address[LAB_SLOTS] == address[7]);
	EXPECT_EQ(pages[7]->kmap, 0);
	EXPECT(!try_map(7));
	end();
}

KTEST(lab_kmap, a_call_that_gets_no_slot_changes_nothing)
{
	begin();
	map_pages(0, LAB_SLOTS);
	for (unsigned i = LAB_SLOTS; i < PAGES; i++)
		EXPECT(!try_map(i));
	unmap_all();
	EXPECT_EQ(usage_now().used, 0);
	EXPECT_EQ(usage_now().unused, LAB_SLOTS);
	map_pages(PAGES - LAB_SLOTS, PAGES);
	EXPECT_EQ(usage_now().used, LAB_SLOTS);
	end();
}
