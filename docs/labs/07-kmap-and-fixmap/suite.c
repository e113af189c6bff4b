// SPDX-License-Identifier: MIT
/*
 * suite.c (lab kmap) - which slot, which flush, and what a freed page leaves
 *
 * The tests take the numbers of the lab from lab.h. So they are right for every
 * student: whichever way a lap goes, however many slots there are, and however
 * often a lap flushes.
 */
#include <arch/probe.h>
#include <arch/tlb.h>

#include "docs/labs/07-kmap-and-fixmap/lab.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/kva/kmap.h"
#include "mm/page/page_alloc.h"
#include "mm/page/zone.h"
#include "tests/ktest.h"

SUITE(lab_kmap, kmap_check);

#define PAGES  (LAB_SLOTS + 88)

static struct page *pages[PAGES];     /* NULL: free at the moment            */
static unsigned     users[PAGES];     /* kmap_try() less kunmap()            */
static uint32_t    *address[PAGES];   /* what the last kmap_try() gave       */

/* ---- what every test needs ---------------------------------------------- */

static struct kmap_usage usage_now(void)
{
	struct kmap_usage usage;

	kmap_usage(&usage);
	return usage;
}

/* Take pages of HIGHMEM. No page has a slot, and all slots are free. */
static void begin(void)
{
	unsigned had;

	if (zones[ZONE_HIGHMEM].managed < 2 * PAGES)
		SKIP("needs highmem");
	memset(users, 0, sizeof(users));
	had = alloc_pages_bulk(GFP_HIGHUSER, PAGES, pages);
	REQUIRE(had == PAGES);
	for (unsigned i = 0; i < PAGES; i++)
		if (!page_is_highmem(pages[i])) {
			free_pages_bulk(pages, PAGES);
			SKIP("needs more highmem");
		}
	kmap_flush_unused();
	REQUIRE(usage_now().used == 0);
}

/* Map a page, and write its number into it. Returns: did it get a slot? */
static bool try_map(unsigned i)
{
	uint32_t *ptr = kmap_try(pages[i]);

	if (!ptr)
		return false;
	users[i]++;
	address[i] = ptr;
	*ptr = i;
	return true;
}

static void map(unsigned i)
{
	REQUIRE(try_map(i));
}

static void unmap(unsigned i)
{
	users[i]--;
	kunmap(pages[i]);
}

static void map_pages(unsigned start, unsigned end)
{
	for (unsigned i = start; i < end; i++)
		map(i);
}

static void unmap_all(void)
{
	for (unsigned i = 0; i < PAGES; i++)
		while (users[i])
			unmap(i);
}

/* Give everything back. Nothing may be left of the test. */
static void end(void)
{
	unmap_all();
	EXPECT_EQ(usage_now().used, 0);
	EXPECT_NULL(kmap_check());
	for (unsigned i = 0; i < PAGES; i++)
		if (pages[i])
			free_page(pages[i]);
}

static bool readable(const void *ptr)
{
	uint8_t byte;

	return probe_read8(ptr, &byte);
}

static unsigned slot_of(const void *ptr)
{
	return (ptr_to_kva(ptr) - PKMAP_BASE) / PAGE_SIZE;
}

/* The slot at a place of the lap: 0 is the first place. */
static unsigned slot_at(unsigned place)
{
	return LAB_DOWN ? LAB_SLOTS - 1 - place : place;
}

static bool is_at_place(unsigned i, unsigned place)
{
	EXPECT_EQ(slot_of(address[i]), slot_at(place));
	return slot_of(address[i]) == slot_at(place);
}

/* All slots are free, and the next page gets the first slot of a lap. */
static void begin_lap(void)
{
	unsigned i = 0;

	do {
		REQUIRE(i < PAGES);
		map(i);
		unmap(i);
	} while (slot_of(address[i++]) != slot_at(LAB_SLOTS - 1));
	kmap_flush_unused();
}

/* Map and unmap pages one after the other. */
static void pass_by(unsigned start, unsigned end)
{
	for (unsigned i = start; i < end; i++) {
		map(i % PAGES);
		unmap(i % PAGES);
	}
}

/* How many flushes there were since then, of one page and of everything. */
#define EXPECT_FLUSHES(before, nr_pages, nr_all)                      \
	do {                                                          \
		EXPECT_EQ(tlb_stats.pages - (before).pages, nr_pages); \
		EXPECT_EQ(tlb_stats.all - (before).all, nr_all);      \
	} while (0)

/* Are the contents of a used page still those that map() wrote? */
static bool is_mine(unsigned i)
{
	return readable(address[i]) && *address[i] == i;
}

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
	enum { ROUNDS = 150, AT_ONCE = 60 };
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

/* ---- above 4 GiB -------------------------------------------------------- */

#define PFN_4G      (1u << 20)
#define BLOCKS_MAX  2048u

/*
 * A block above 4 GiB. The low 32 bits of its address look like lowmem. All
 * other blocks that the search took are free again.
 */
static struct page *block_above_4g(unsigned order)
{
	struct page *block, *next, *found = NULL;
	LIST_HEAD(others);

	for (unsigned i = 0; !found && i < BLOCKS_MAX; i++) {
		pfn_t pfn;

		block = alloc_pages(GFP_HIGHUSER | GFP_NOWARN, order);
		if (!block)
			break;
		pfn = page_to_pfn(block);
		if (pfn.v >= PFN_4G && pfn.v % PFN_4G < max_low_pfn.v)
			found = block;
		else
			list_add(&block->list, &others);
	}
	list_for_each_entry_safe(block, next, &others, list)
		free_pages(block, order);
	return found;
}

KTEST(lab_kmap, a_page_above_4_gib_has_a_slot)
{
	struct page *block = block_above_4g(MAX_ORDER);
	uint32_t *ptr;

	if (!block)
		SKIP("needs a block above 4 GiB");
	ptr = kmap_try(block);
	REQUIRE(ptr);
	EXPECT(ptr_to_kva(ptr) >= PKMAP_BASE && ptr_to_kva(ptr) < PKMAP_END);
	EXPECT(kmap_to_page(ptr) == block);
	kunmap(block);
	EXPECT_EQ(usage_now().used, 0);
	free_pages(block, MAX_ORDER);
}

KTEST(lab_kmap, pages_above_4_gib_keep_what_is_written)
{
	struct page *block = block_above_4g(MAX_ORDER);
	enum { NR = 8 };

	if (!block)
		SKIP("needs a block above 4 GiB");
	for (unsigned i = 0; i < NR; i++) {
		uint32_t *local = kmap_local(&block[i]), *ptr;

		*local = 0x4000000 + i;
		kunmap_local(local);
		ptr = kmap_try(&block[i]);
		REQUIRE(ptr);
		EXPECT_EQ(*ptr, 0x4000000 + i);
		kunmap(&block[i]);
	}
	EXPECT_EQ(usage_now().used, 0);
	free_pages(block, MAX_ORDER);
}

/* ---- kunmap ------------------------------------------------------------- */

KTEST(lab_kmap, kunmap_leaves_the_mapping_for_the_next_flush)
{
	struct tlb_stats before;

	begin();
	map_pages(0, 10);
	before = tlb_stats;
	unmap_all();
	EXPECT_FLUSHES(before, 0, 0);
	EXPECT_EQ(usage_now().used, 0);
	EXPECT_EQ(usage_now().unused, 10);
	for (unsigned i = 0; i < 10; i++) {
		EXPECT_EQ(pages[i]->kmap, slot_of(address[i]) + 1);
		EXPECT(is_mine(i));
	}
	end();
}

KTEST(lab_kmap, kunmap_of_a_lowmem_page_changes_nothing)
{
	struct page *low = alloc_page(GFP_KERNEL);

	REQUIRE(low);
	begin();
	map(0);
	EXPECT(kmap_try(low) == page_address(low));
	kunmap(low);
	kunmap(low);
	EXPECT_EQ(usage_now().used, 1);
	unmap(0);
	EXPECT_EQ(usage_now().used, 0);
	end();
	free_page(low);
}

static void unmap_it(void *page)
{
	kunmap(page);
}

KTEST(lab_kmap, a_kunmap_too_many_panics_and_changes_nothing)
{
	uint32_t *first;

	begin();
	map_pages(0, 2);
	first = address[0];
	unmap(0);
	EXPECT_PANIC(unmap_it, pages[0], "which is not kmapped");
	EXPECT_EQ(usage_now().used, 1);
	EXPECT_EQ(usage_now().unused, 1);
	EXPECT_NULL(kmap_check());
	map(0);
	EXPECT(address[0] == first);
	end();
}

/* ---- a page is freed ---------------------------------------------------- */

KTEST(lab_kmap, a_freed_page_gives_back_its_slot_alone)
{
	struct kmap_usage usage;
	struct tlb_stats before;
	uint32_t *third;

	begin();
	map_pages(0, 3);
	third = address[2];
	unmap_all();
	usage = usage_now();
	before = tlb_stats;
	kmap_page_freed(pages[1]);
	EXPECT_FLUSHES(before, 1, 0);
	EXPECT_EQ(pages[1]->kmap, 0);
	EXPECT(!readable(address[1]));
	EXPECT(is_mine(0));
	EXPECT_EQ(usage_now().free, usage.free + 1);
	EXPECT_EQ(usage_now().unused, usage.unused - 1);
	map(2);
	EXPECT(address[2] == third);
	end();
}

/* A lap may end after the caller has seen the slot, and before the lock. */
KTEST(lab_kmap, a_freed_page_may_have_lost_its_slot)
{
	struct tlb_stats before;

	begin();
	map(0);
	unmap(0);
	kmap_flush_unused();
	before = tlb_stats;
	kmap_page_freed(pages[0]);
	EXPECT_FLUSHES(before, 0, 0);
	EXPECT_NULL(kmap_check());
	/* The same call when there is a slot. */
	map(0);
	unmap(0);
	kmap_page_freed(pages[0]);
	EXPECT_EQ(pages[0]->kmap, 0);
	end();
}

static void page_freed(void *page)
{
	kmap_page_freed(page);
}

static void free_it(void *page)
{
	free_page(page);
}

/* The panic of `fn` for page 0, which is in use, leaves all as it was. */
static void used_page_is_kept(void (*fn)(void *page))
{
	begin();
	map_pages(0, 2);
	unmap(1);
	EXPECT_PANIC(fn, pages[0], "freed while kmapped");
	EXPECT_EQ(usage_now().used, 1);
	EXPECT_EQ(usage_now().unused, 1);
	EXPECT_EQ(pages[0]->kmap, slot_of(address[0]) + 1);
	EXPECT(is_mine(0));
	EXPECT_NULL(kmap_check());
	end();
}

KTEST(lab_kmap, a_freed_page_in_use_panics_and_changes_nothing)
{
	used_page_is_kept(page_freed);
}

/* From here on free_pages() is the caller, as it is in the kernel. */

KTEST(lab_kmap, free_page_of_a_page_in_use_changes_nothing)
{
	used_page_is_kept(free_it);
}

KTEST(lab_kmap, free_page_costs_one_flush_of_one_page)
{
	struct tlb_stats before;
	struct page *page;

	begin();
	map_pages(0, 40);
	unmap_all();
	before = tlb_stats;
	for (unsigned i = 0; i < 40; i++) {
		page = pages[i];
		pages[i] = NULL;
		free_page(page);
	}
	EXPECT_FLUSHES(before, 40, 0);
	EXPECT_EQ(usage_now().unused, 0);
	for (unsigned i = 0; i < 40; i++)
		EXPECT(!readable(address[i]));
	end();
}

KTEST(lab_kmap, a_block_gives_back_the_slots_that_it_has)
{
	static const unsigned mapped[] = { 1, 4, 7 };
	struct tlb_stats before;
	struct page *block;
	void *ptr[3];

	begin();
	block = alloc_pages(GFP_HIGHUSER, 3);
	REQUIRE(block && page_is_highmem(block));
	for (unsigned i = 0; i < 3; i++) {
		ptr[i] = kmap_try(block + mapped[i]);
		REQUIRE(ptr[i]);
		*(uint32_t *)ptr[i] = 1;
		kunmap(block + mapped[i]);
	}
	before = tlb_stats;
	free_pages(block, 3);
	EXPECT_FLUSHES(before, 3, 0);
	EXPECT_EQ(usage_now().unused, 0);
	for (unsigned i = 0; i < 3; i++)
		EXPECT(!readable(ptr[i]));
	end();
}

KTEST(lab_kmap, the_next_owner_is_not_seen_at_the_old_address)
{
	struct page *page;
	uint32_t *local;

	begin();
	for (unsigned i = 0; i < 20; i++) {
		map(i);
		unmap(i);
		free_page(pages[i]);
		page = pages[i] = alloc_page(GFP_HIGHUSER);
		REQUIRE(page);
		EXPECT_EQ(page->kmap, 0);
		local = kmap_local(page);
		*local = 0x5ec4e7;
		kunmap_local(local);
		EXPECT(!readable(address[i]));
	}
	end();
}

/* ---- random operations -------------------------------------------------- */

/*
 * The model knows of each slot which page it has, and how many places of the
 * lap are behind. 0 means no page: page i has the number i + 1.
 */
static struct {
	unsigned page_of[LAB_SLOTS];
	unsigned slot_of[PAGES];      /* slot + 1, 0: none */
	unsigned places, used;
	unsigned long flushes;
} model;

static unsigned model_flush(void)
{
	unsigned emptied = 0;

	for (unsigned slot = 0; slot < LAB_SLOTS; slot++) {
		unsigned page = model.page_of[slot];

		if (!page || users[page - 1])
			continue;
		model.page_of[slot] = model.slot_of[page - 1] = 0;
		emptied++;
	}
	model.flushes += emptied > 0;
	return emptied;
}

static void model_find_slot(unsigned i)
{
	unsigned slot;

	do {
		if (LAB_FLUSHES == 2 && model.places == LAB_SLOTS / 2)
			model_flush();
		if (model.places == LAB_SLOTS) {
			model_flush();
			model.places = 0;
		}
		slot = slot_at(model.places++);
	} while (model.page_of[slot]);
	model.page_of[slot] = i + 1;
	model.slot_of[i] = slot + 1;
}

/* Returns: is all well? */
static bool random_map(unsigned i)
{
	bool gets_slot = model.slot_of[i] || model.used < LAB_SLOTS, has_slot;

	if (gets_slot && !model.slot_of[i])
		model_find_slot(i);
	has_slot = try_map(i);
	EXPECT_EQ(has_slot, gets_slot);
	if (has_slot != gets_slot || !has_slot)
		return has_slot == gets_slot;
	model.used += users[i] == 1;
	EXPECT_EQ(slot_of(address[i]), model.slot_of[i] - 1);
	return slot_of(address[i]) == model.slot_of[i] - 1;
}

static void random_page_freed(unsigned i)
{
	kmap_page_freed(pages[i]);
	EXPECT_EQ(pages[i]->kmap, 0);
	if (model.slot_of[i])
		model.page_of[model.slot_of[i] - 1] = 0;
	model.slot_of[i] = 0;
}

/* More maps than kunmaps for a while, then the other way round. */
static bool random_step(struct rng *rng, unsigned step)
{
	unsigned i = rng_below(rng, PAGES), kind = rng_below(rng, 20);
	unsigned unmaps = step / 1024 % 2 ? 13 : 6;

	if (kind == 0 && rng_below(rng, 8) == 0) {
		EXPECT_EQ(kmap_flush_unused(), model_flush());
	} else if (kind == 0 && !users[i]) {
		random_page_freed(i);
	} else if (kind <= unmaps && users[i]) {
		EXPECT(is_mine(i));
		unmap(i);
		model.used -= !users[i];
	} else if (!random_map(i)) {
		return false;
	}
	return true;
}

KTEST(lab_kmap, random_operations_take_the_slots_of_a_naive_model)
{
	unsigned long flushes;
	struct rng rng;

	rng_init(&rng, ktest_seed());
	begin();
	begin_lap();
	memset(&model, 0, sizeof(model));
	flushes = usage_now().flushes;
	for (unsigned step = 0; step < 8192; step++) {
		if (!random_step(&rng, step))
			break;
		if (step % 32)
			continue;
		EXPECT_EQ(usage_now().used, model.used);
		EXPECT_EQ(usage_now().flushes - flushes, model.flushes);
	}
	end();
}

/* A page without users is freed, and its number gets another page later. */
static void come_or_go(unsigned i)
{
	struct page *page = pages[i];
	bool has_slot;

	if (page) {
		has_slot = page->kmap;
		pages[i] = NULL;
		free_page(page);
		EXPECT(!has_slot || !readable(address[i]));
		return;
	}
	pages[i] = alloc_page(GFP_HIGHUSER);
	REQUIRE(pages[i]);
	EXPECT_EQ(pages[i]->kmap, 0);
}

KTEST(lab_kmap, random_pages_come_and_go)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	begin();
	for (unsigned step = 0; step < 6000; step++) {
		unsigned i = rng_below(&rng, PAGES);

		if (users[i] && rng_below(&rng, 2)) {
			EXPECT(is_mine(i));
			unmap(i);
		} else if (!pages[i] || (!users[i] && rng_below(&rng, 3) == 0)) {
			come_or_go(i);
		} else {
			try_map(i);
		}
	}
	end();
}
