// SPDX-License-Identifier: MIT
/*
 * lab_pae_pages.c - tests of lab 2: kpt_entry(), kpt_map_range(), kpt_unmap()
 *                   and kpt_lookup()
 *
 * WHAT     The functions work on the window of stage.h. Afterwards every entry
 *          of the window is compared with a plain model, which calls no
 *          function of the lab. The pages around the tables must still be 0.
 */
#include "docs/labs/02-pae-tables/lab.h"
#include "docs/labs/02-pae-tables/stage.h"

#include <arch/pgtable_check.h>

#include "lib/random.h"
#include "tools/lab/runtime/lab.h"

SUITE(lab_pae_pages, pgtable_check);

#define FRAMES     (1u << 24)   /* up to 64 GiB */
#define HIGH       0x345678u    /* a frame at 13 GiB */
#define LARGE_PDE  pd_index(WINDOW_BASE + 8 * PT_SPAN)
#define LARGE_VA   (WINDOW_BASE + 8 * PT_SPAN)

/* What each entry of the window must be. */
static uint64_t model[WINDOW_PAGES];

static void begin(void)
{
	stage_create();
	window_open();
	memset(model, 0, sizeof(model));
}

static uint64_t entry_value(uint32_t frame, enum kprot prot)
{
	return ((uint64_t)frame << 12) | kprot_bits[prot].v;
}

/* Put a value into an entry, without the lab's functions. */
static void plant(unsigned i, uint64_t value)
{
	window_entry(i)->v = value;
	model[i] = value;
}

static void expect_window(void)
{
	for (unsigned i = 0; i < WINDOW_PAGES; i++) {
		uint64_t is = window_entry(i)->v;

		if (is == model[i])
			continue;
		ktest_fail(__FILE__, __LINE__,
			   "the entry of 0x%08x is 0x%llx, expected 0x%llx",
			   window_va(i), (unsigned long long)is,
			   (unsigned long long)model[i]);
		return;
	}
	for (unsigned i = 0; i < PTRS_PER_PT << BLOCK_ORDER; i++) {
		unsigned page = i / PTRS_PER_PT;

		if (stage.block[i].v && (page % 2 == 0 || page == 7)) {
			ktest_fail(__FILE__, __LINE__,
				   "memory %s a page table has changed",
				   i % 512 < 256 ? "behind" : "in front of");
			return;
		}
	}
}

/* ---- kpt_entry() --------------------------------------------------------- */

/* Which entry of the window is this? WINDOW_PAGES: none. */
static unsigned number_of(const pte_t *entry)
{
	for (unsigned i = 0; i < WINDOW_PAGES; i++) {
		if (window_entry(i) == entry)
			return i;
	}
	return WINDOW_PAGES;
}

static void expect_entry(unsigned i)
{
	const pte_t *entry;

	stage_enter();
	entry = bench_kpt_entry(window_va(i));
	stage_leave();
	EXPECT_EQ(number_of(entry), i);
}

KTEST(lab_pae_pages, the_entry_of_a_page_is_in_its_table)
{
	begin();
	for (unsigned i = 0; i < WINDOW_PAGES; i += 73)
		expect_entry(i);
	expect_entry(511);
	expect_entry(512);
	expect_entry(WINDOW_PAGES - 1);
	stage_destroy();
}

KTEST(lab_pae_pages, random_entries_are_found)
{
	struct rng rng;

	begin();
	rng_init(&rng, ktest_seed());
	for (unsigned round = 0; round < 200; round++)
		expect_entry(rng_below(&rng, WINDOW_PAGES));
	stage_destroy();
}

/* ---- kpt_map_range() ----------------------------------------------------- */

/* Map, and let the model do the same. */
static void map(unsigned first, unsigned nr, uint32_t frame, enum kprot prot)
{
	stage_enter();
	kpt_map_range(window_va(first), PFN(frame), nr, prot);
	stage_leave();
	for (unsigned i = 0; i < nr; i++) {
		if (!LAB_KEEP_PRESENT || !(model[first + i] & 1))
			model[first + i] = entry_value(frame + i, prot);
	}
}

KTEST(lab_pae_pages, a_frame_may_lie_above_4_gib)
{
	begin();
	map(10, 1, 0xfffff, KPROT_RW);
	map(12, 1, 0x100000, KPROT_RW);
	map(14, 3, 0xffffff - 3, KPROT_DEVICE);
	expect_window();
	stage_destroy();
}

KTEST(lab_pae_pages, each_protection_reaches_the_entry)
{
	begin();
	for (unsigned prot = 0; prot < KPROT_NR; prot++)
		map(7 * prot, 3, HIGH + prot, prot);
	map(50, 0, HIGH, KPROT_RW);
	expect_window();
	stage_destroy();
}

KTEST(lab_pae_pages, a_range_goes_on_in_the_next_table)
{
	begin();
	for (unsigned first = 509; first <= 513; first++) {
		window_open();
		memset(model, 0, sizeof(model));
		map(first, 5, HIGH, KPROT_RW);
		expect_window();
	}
	stage_destroy();
}

KTEST(lab_pae_pages, a_range_may_fill_all_tables)
{
	begin();
	map(0, WINDOW_PAGES, HIGH, KPROT_RO);
	expect_window();
	stage_destroy();
}

KTEST(lab_pae_pages, a_present_entry_is_treated_as_the_lab_asks)
{
	begin();
	plant(510, entry_value(HIGH, KPROT_RO));
	plant(513, entry_value(3, KPROT_DEVICE));
	plant(514, entry_value(HIGH + 1, KPROT_RW) & ~PAE_P);
	map(505, 20, 2 * HIGH, KPROT_RW);
	expect_window();
	stage_destroy();
}

/* Cost: only the first page of a table needs a way to the table. */
KTEST(lab_pae_pages, the_table_is_found_once_for_each_run)
{
	unsigned before;

	begin();
	before = lab_calls("kpt_entry");
	map(3, WINDOW_PAGES - 6, HIGH, KPROT_RW);
	EXPECT(lab_calls("kpt_entry") - before <= WINDOW_TABLES);
	expect_window();
	stage_destroy();
}

KTEST(lab_pae_pages, random_ranges_find_each_table_once)
{
	struct rng rng;

	begin();
	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 60; step++) {
		unsigned first = rng_below(&rng, WINDOW_PAGES);
		unsigned nr = 1 + rng_below(&rng, WINDOW_PAGES - first);
		unsigned tables = (first + nr - 1) / PTRS_PER_PT -
				  first / PTRS_PER_PT + 1;
		unsigned before = lab_calls("kpt_entry");

		map(first, nr, rng_below(&rng, FRAMES - nr), KPROT_RW);
		EXPECT(lab_calls("kpt_entry") - before <= tables);
	}
	expect_window();
	stage_destroy();
}

/* ---- kpt_unmap() --------------------------------------------------------- */

static void unmap(unsigned first, unsigned nr)
{
	stage_enter();
	kpt_unmap(window_va(first), nr);
	stage_leave();
	memset(&model[first], 0, nr * sizeof(model[0]));
}

/* Fill the window: present, retired and empty entries, in turn. */
static void plant_all(void)
{
	for (unsigned i = 0; i < WINDOW_PAGES; i++) {
		uint64_t present = entry_value(HIGH + 7 * i, i % KPROT_NR);
		uint64_t values[] = { present, present & ~PAE_P, 0 };

		plant(i, values[i % 3]);
	}
}

KTEST(lab_pae_pages, unmapped_entries_are_zero_in_all_64_bits)
{
	begin();
	plant_all();
	unmap(20, 1);
	unmap(30, 40);
	unmap(99, 0);
	expect_window();
	stage_destroy();
}

KTEST(lab_pae_pages, unmapping_goes_on_in_the_next_table)
{
	begin();
	for (unsigned first = 508; first <= 513; first++) {
		plant_all();
		unmap(first, 6);
		expect_window();
	}
	plant_all();
	unmap(0, WINDOW_PAGES);
	expect_window();
	stage_destroy();
}

KTEST(lab_pae_pages, random_maps_and_unmaps_agree_with_a_model)
{
	struct rng rng;

	begin();
	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 150; step++) {
		unsigned first = rng_below(&rng, WINDOW_PAGES);
		unsigned nr = rng_below(&rng, WINDOW_PAGES - first + 1);

		if (rng_below(&rng, 3))
			nr %= 20;
		if (rng_below(&rng, 2))
			map(first, nr, rng_below(&rng, FRAMES - nr),
			    rng_below(&rng, KPROT_NR));
		else
			unmap(first, nr);
		expect_window();
	}
	stage_destroy();
}

/* ---- kpt_lookup() -------------------------------------------------------- */

/* The frame of an address; NO_FRAME: nothing is present there. */
#define NO_FRAME  0xffffffffu

static uint32_t lookup(kva_t va)
{
	pfn_t pfn;
	bool found;

	stage_enter();
	found = kpt_lookup(va, &pfn);
	stage_leave();
	return found ? pfn.v : NO_FRAME;
}

/* In the window, in a 2 MiB page at 34 GiB, and elsewhere. */
static uint32_t model_lookup(kva_t va)
{
	if (va >= WINDOW_BASE && va < window_va(WINDOW_PAGES)) {
		uint64_t entry = model[(va - WINDOW_BASE) / PAGE_SIZE];

		return entry & 1 ? (uint32_t)(entry >> 12 & 0xffffff) :
				   NO_FRAME;
	}
	if (va >= LARGE_VA && va < LARGE_VA + PT_SPAN)
		return 0x880000 + (va - LARGE_VA) / PAGE_SIZE;
	return NO_FRAME;
}

static void plant_large(void)
{
	stage.pd[LARGE_PDE].v = entry_value(0x880000, KPROT_RW) | PAE_PS;
}

KTEST(lab_pae_pages, a_frame_is_found_at_each_of_its_bytes)
{
	begin();
	plant(3, entry_value(HIGH, KPROT_RW));
	plant(512, entry_value(0xfffff, KPROT_RO));
	EXPECT_EQ(lookup(window_va(3)), HIGH);
	EXPECT_EQ(lookup(window_va(3) + 4095), HIGH);
	EXPECT_EQ(lookup(window_va(4)), NO_FRAME);
	EXPECT_EQ(lookup(window_va(512) + 77), 0xfffff);
	EXPECT_EQ(lookup(window_va(511)), NO_FRAME);
	stage_destroy();
}

KTEST(lab_pae_pages, a_2_mib_page_has_512_frames)
{
	begin();
	plant_large();
	EXPECT_EQ(lookup(LARGE_VA), 0x880000);
	EXPECT_EQ(lookup(LARGE_VA + 0x1000), 0x880001);
	EXPECT_EQ(lookup(LARGE_VA + PT_SPAN - 1), 0x8801ff);
	EXPECT_EQ(lookup(LARGE_VA + PT_SPAN), NO_FRAME);
	EXPECT_EQ(lookup(LARGE_VA - 1), NO_FRAME);
	stage_destroy();
}

KTEST(lab_pae_pages, a_user_address_is_not_found)
{
	begin();
	plant_large();
	plant_all();
	for (unsigned quarter = 0; quarter < 3; quarter++) {
		kva_t other = (quarter << 30) - PAGE_OFFSET;

		EXPECT_EQ(lookup(LARGE_VA + other), NO_FRAME);
		EXPECT_EQ(lookup(window_va(0) + other), NO_FRAME);
	}
	EXPECT_EQ(lookup(window_va(0)), HIGH);
	stage_destroy();
}

KTEST(lab_pae_pages, random_lookups_agree_with_a_model)
{
	struct rng rng;

	begin();
	plant_large();
	plant_all();
	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 1000; step++) {
		kva_t va = WINDOW_BASE + rng_below(&rng, 10 * PT_SPAN);

		if (rng_below(&rng, 8) == 0)
			va = rng_next(&rng);
		EXPECT_EQ(lookup(va), model_lookup(va));
	}
	stage_destroy();
}

KTEST(lab_pae_pages, random_changes_are_seen_by_lookups)
{
	struct rng rng;

	begin();
	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 300; step++) {
		unsigned i = rng_below(&rng, WINDOW_PAGES - 4);
		unsigned nr = rng_below(&rng, 5);

		if (rng_below(&rng, 3))
			map(i, nr, rng_below(&rng, FRAMES - nr), KPROT_RW);
		else
			unmap(i, nr);
		for (unsigned n = 0; n < 5; n++)
			EXPECT_EQ(lookup(window_va(i + n)),
				  model_lookup(window_va(i + n)));
		i = rng_below(&rng, WINDOW_PAGES);
		EXPECT_EQ(lookup(window_va(i)), model_lookup(window_va(i)));
	}
	stage_destroy();
}
