// SPDX-License-Identifier: MIT
/*
 * page.c (tests) - struct page, and which entries of mem_map are true
 */
#include "lib/align.h"
#include "mm/early/memblock.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "mm/page/zone.h"
#include "tests/ktest.h"

SUITE(page, page_alloc_check);

KTEST(page, an_entry_is_16_bytes)
{
	EXPECT_EQ(sizeof(struct page), 2 * sizeof(void *) + 8);
	EXPECT(PAGE_NR_STATES <= 256);
}

KTEST(page, state_and_order_compare_as_one_number)
{
	struct page page = { .state = PAGE_USED, .order = 7 };

	EXPECT_EQ(page.state_order, STATE_ORDER(PAGE_USED, 7));
	EXPECT_EQ(page.state_order_kmap, STATE_ORDER(PAGE_USED, 7));
	page.kmap = 1;
	EXPECT_EQ(page.state_order, STATE_ORDER(PAGE_USED, 7));
	EXPECT(page.state_order_kmap != STATE_ORDER(PAGE_USED, 7));
}

KTEST(page, frame_entry_and_address_lead_to_each_other)
{
	struct page *page = alloc_page(GFP_KERNEL);
	char *ptr;

	REQUIRE(page);
	ptr = page_address(page);
	EXPECT(pfn_to_page(page_to_pfn(page)) == page);
	EXPECT(virt_to_page(ptr) == page);
	EXPECT(virt_to_page(ptr + PAGE_SIZE - 1) == page);
	EXPECT(virt_to_page(ptr + PAGE_SIZE) == page + 1);
	EXPECT(phys_eq(virt_to_phys(ptr), page_to_phys(page)));
	EXPECT(!page_is_highmem(page));
	EXPECT(pfn_valid(page_to_pfn(page)));
	EXPECT(!pfn_valid(max_pfn));
	free_page(page);
}

KTEST(page, highmem_begins_where_permanent_addresses_end)
{
	EXPECT_EQ(max_low_pfn.v, (high_memory - PAGE_OFFSET) >> PAGE_SHIFT);
	EXPECT(page_is_highmem(pfn_to_page(max_low_pfn)));
	EXPECT(!page_is_highmem(pfn_to_page(PFN(max_low_pfn.v - 1))));
}

KTEST(page, owner_says_what_a_page_is_for)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	REQUIRE(page);
	page_set_state(page, PAGE_TABLE);
	EXPECT_EQ(page_state(page_to_pfn(page)), PAGE_TABLE);
	EXPECT_EQ(page->order, 2);
	page_set_state(page, PAGE_USED);
	free_pages(page, 2);
}

/* ---- blocks of 4 MiB ---------------------------------------------------- */

KTEST(page, every_block_with_ram_is_virgin_or_live)
{
	struct memblock_range range;

	for (unsigned i = 0; memblock_memory(i, &range); i++) {
		pfn_t pfn = phys_to_pfn_up(range.start);

		for (; pfn_lt(pfn, phys_to_pfn(range.end));
		     pfn = pageblock_next(pfn))
			EXPECT(pageblock_state(pfn) != PAGEBLOCK_HOLE);
	}
}

KTEST(page, a_virgin_block_is_a_free_block_of_max_order)
{
	unsigned virgin = 0;

	for (pfn_t pfn = PFN(0); pfn_valid(pfn); pfn = pageblock_next(pfn)) {
		if (pageblock_state(pfn) != PAGEBLOCK_VIRGIN)
			continue;
		virgin++;
		EXPECT_EQ(pfn_to_page(pfn)->state_order,
			  STATE_ORDER(PAGE_FREE, MAX_ORDER));
		EXPECT_EQ(page_state(pfn), PAGE_FREE);
		EXPECT_EQ(page_state(pfn_add(pfn, 1)), PAGE_TAIL);
		EXPECT_EQ(page_state(pfn_add(pfn, 1023)), PAGE_TAIL);
	}
	EXPECT_EQ(pageblock_count(PAGEBLOCK_VIRGIN), virgin);
}

#define TRIES  64

/* Allocate a block that was virgin. Blocks that were not go to `held`. */
static struct page *alloc_virgin(struct page *held[], unsigned *nr)
{
	for (*nr = 0; *nr < TRIES; ++*nr) {
		unsigned long before = pageblock_count(PAGEBLOCK_VIRGIN);
		struct page *page = alloc_pages(
			GFP_HIGHUSER | GFP_NOWARN, MAX_ORDER);

		if (!page || pageblock_count(PAGEBLOCK_VIRGIN) < before)
			return page;
		held[*nr] = page;
	}
	return NULL;
}

KTEST(page, first_use_of_a_block_writes_all_its_entries)
{
	struct page *held[TRIES], *page;
	unsigned nr;

	page = alloc_virgin(held, &nr);
	while (nr > 0)
		free_pages(held[--nr], MAX_ORDER);
	if (!page)
		SKIP("needs a 4 MiB block that nobody used yet");
	EXPECT_EQ(page->state_order_kmap, STATE_ORDER(PAGE_USED, MAX_ORDER));
	for (unsigned i = 1; i < PAGEBLOCK_PAGES; i++)
		EXPECT_EQ(page[i].state_order_kmap, STATE_ORDER(PAGE_TAIL, 0));
	EXPECT_EQ(pageblock_state(page_to_pfn(page)), PAGEBLOCK_LIVE);
	free_pages(page, MAX_ORDER);
	EXPECT_EQ(pageblock_state(page_to_pfn(page)), PAGEBLOCK_LIVE);
}

/* Nobody has written to mem_map before: an entry may say anything. */
static void fill_entries(struct page *block, pfn_t first)
{
	for (unsigned i = 0; i < PAGEBLOCK_PAGES; i++) {
		block[i].state_order = STATE_ORDER(PAGE_USED, i % 11);
		block[i].kmap = (uint16_t)(i + 1);
		block[i].refs = i + 7;
	}
	pageblock_states[first.v >> MAX_ORDER] = PAGEBLOCK_HOLE;
}

/* Entries from first on: are so many written, and all others as they were? */
static void expect_written(const struct page *block, unsigned first,
			   unsigned nr, enum page_state state)
{
	bool right = true;

	for (unsigned i = 0; i < PAGEBLOCK_PAGES; i++) {
		bool written = i >= first && i < first + nr;

		right &= block[i].state_order_kmap ==
			 (written ? STATE_ORDER(state, 0) :
			  STATE_ORDER(PAGE_USED, i % 11) | (i + 1) << 16);
		right &= block[i].refs == (written ? 0 : i + 7);
	}
	EXPECT(right);
}

KTEST(page, a_new_block_has_entries_without_slots_and_references)
{
	struct page *block = alloc_pages(GFP_HIGHUSER | GFP_NOWARN, MAX_ORDER);
	pfn_t first;

	if (!block)
		SKIP("needs a free block of 4 MiB");
	first = page_to_pfn(block);
	fill_entries(block, first);
	pageblock_init_virgin(first);
	EXPECT_EQ(pageblock_state(first), PAGEBLOCK_VIRGIN);
	expect_written(block, 0, 1, PAGE_TAIL);
	fill_entries(block, first);
	pageblock_states[first.v >> MAX_ORDER] = PAGEBLOCK_VIRGIN;
	pageblock_make_live(first);
	EXPECT_EQ(pageblock_state(first), PAGEBLOCK_LIVE);
	expect_written(block, 1, PAGEBLOCK_PAGES - 1, PAGE_TAIL);
	fill_entries(block, first);
	pageblock_init_reserved(first);
	EXPECT_EQ(pageblock_state(first), PAGEBLOCK_LIVE);
	expect_written(block, 0, PAGEBLOCK_PAGES, PAGE_RESERVED);
	for (unsigned i = 0; i < PAGEBLOCK_PAGES; i++)
		block[i].state_order = STATE_ORDER(PAGE_TAIL, 0);
	block->state_order = STATE_ORDER(PAGE_USED, MAX_ORDER);
	block->refs = 1;
	free_pages(block, MAX_ORDER);
}

/* Check frames that are not RAM, in blocks with and without RAM. */
static void expect_no_ram(pfn_t from, pfn_t to)
{
	while (pfn_lt(from, to)) {
		EXPECT_EQ(page_state(from), PAGE_RESERVED);
		from = pageblock_state(from) == PAGEBLOCK_HOLE
			       ? pageblock_next(from) : pfn_add(from, 1);
	}
}

KTEST(page, holes_are_reserved_for_ever)
{
	struct memblock_range range;
	pfn_t at = PFN(0);

	for (unsigned i = 0; memblock_memory(i, &range); i++) {
		expect_no_ram(at, phys_to_pfn(range.start));
		at = phys_to_pfn_up(range.end);
	}
}
