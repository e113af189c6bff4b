// SPDX-License-Identifier: MIT
/*
 * lab_kmap_pages.c (tests) - pages that are given back, freed, far away; and
 * random operations against a model
 */
#include "docs/labs/07-kmap-and-fixmap/suites/pages.h"

#include "lib/random.h"

SUITE(lab_kmap_pages, kmap_check);

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

KTEST(lab_kmap_pages, a_page_above_4_gib_has_a_slot)
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

KTEST(lab_kmap_pages, pages_above_4_gib_keep_what_is_written)
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

KTEST(lab_kmap_pages, kunmap_leaves_the_mapping_for_the_next_flush)
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

KTEST(lab_kmap_pages, kunmap_of_a_lowmem_page_changes_nothing)
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

KTEST(lab_kmap_pages, a_kunmap_too_many_panics_and_changes_nothing)
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

KTEST(lab_kmap_pages, a_freed_page_gives_back_its_slot_alone)
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
KTEST(lab_kmap_pages, a_freed_page_may_have_lost_its_slot)
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

KTEST(lab_kmap_pages, a_freed_page_in_use_panics_and_changes_nothing)
{
	used_page_is_kept(page_freed);
}

/* From here on free_pages() is the caller, as it is in the kernel. */

KTEST(lab_kmap_pages, free_page_of_a_page_in_use_changes_nothing)
{
	used_page_is_kept(free_it);
}

KTEST(lab_kmap_pages, free_page_costs_one_flush_of_one_page)
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

KTEST(lab_kmap_pages, a_block_gives_back_the_slots_that_it_has)
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

KTEST(lab_kmap_pages, the_next_owner_is_not_seen_at_the_old_address)
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

KTEST(lab_kmap_pages, random_operations_take_the_slots_of_a_naive_model)
{
	unsigned long flushes;
	struct rng rng;

	rng_init(&rng, ktest_seed());
	begin();
	begin_lap();
	memset(&model, 0, sizeof(model));
	flushes = usage_now().flushes;
	for (unsigned step = 0; step < 3000; step++) {
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

KTEST(lab_kmap_pages, random_pages_come_and_go)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	begin();
	for (unsigned step = 0; step < 2500; step++) {
		unsigned i = rng_below(&rng, PAGES);

		if (users[i] && rng_below(&rng, 2)) {
			EXPECT(is_mine(i));
			unmap(i);
		} else if (!pages[i] ||
			   (!users[i] && rng_below(&rng, 3) == 0)) {
			come_or_go(i);
		} else {
			try_map(i);
		}
	}
	end();
}
