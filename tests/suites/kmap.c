// SPDX-License-Identifier: MIT
/*
 * kmap.c (tests) - the 512 slots: counts, laps, and one flush for each lap
 */
#include "tests/suites/kmap_test.h"

SUITE(kmap, kmap_check);

KTEST(kmap, a_lowmem_page_has_its_address_already)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct kmap_usage before = usage_now();

	REQUIRE(page);
	EXPECT(kmap_try(page) == page_address(page));
	EXPECT(kmap_to_page(page_address(page)) == page);
	EXPECT_EQ(usage_now().used, before.used);
	EXPECT_EQ(page->kmap, 0);
	kunmap(page);
	free_page(page);
}

KTEST(kmap, one_page_has_one_address)
{
	struct kmap_usage before;
	void *ptr;

	take_highmem(2);
	before = usage_now();
	ptr = kmap_try(pages[0]);
	REQUIRE(ptr);
	EXPECT(ptr_to_kva(ptr) >= PKMAP_BASE && ptr_to_kva(ptr) < PKMAP_END);
	EXPECT(kmap_try(pages[0]) == ptr);
	EXPECT(kmap_try(pages[1]) != ptr);
	EXPECT_EQ(usage_now().used, before.used + 2);
	kunmap(pages[1]);
	kunmap(pages[0]);
	EXPECT_EQ(usage_now().used, before.used + 1);
	kunmap(pages[0]);
	EXPECT_EQ(usage_now().used, before.used);
	EXPECT_EQ(usage_now().unused, before.unused + 2);
	give_highmem(2);
}

KTEST(kmap, contents_are_those_of_the_page)
{
	char *ptr, *local;

	take_highmem(1);
	ptr = kmap_try(pages[0]);
	REQUIRE(ptr);
	strscpy(ptr, "by kmap", 32);
	local = kmap_local(pages[0]);
	EXPECT_STREQ(local, "by kmap");
	strscpy(local + PAGE_SIZE - 16, "by kmap_local", 16);
	kunmap_local(local);
	EXPECT_STREQ(ptr + PAGE_SIZE - 16, "by kmap_local");
	kunmap(pages[0]);
	give_highmem(1);
}

KTEST(kmap, to_page_knows_slots_in_use_only)
{
	char *ptr;

	take_highmem(1);
	ptr = kmap_try(pages[0]);
	REQUIRE(ptr);
	EXPECT(kmap_to_page(ptr + 123) == pages[0]);
	kunmap(pages[0]);
	EXPECT(!kmap_to_page(ptr));
	EXPECT(!kmap_to_page(kva_to_ptr(PKMAP_END)));
	EXPECT(!kmap_to_page(NULL));
	EXPECT(!kmap_to_page(kva_to_ptr(FIXADDR_TOP)));
	give_highmem(1);
}

KTEST(kmap, to_page_knows_the_first_and_the_last_byte_of_the_slots)
{
	take_highmem(PAGES_MAX);
	move_cursor(PKMAP_SLOTS - 1);
	EXPECT(kmap_try(pages[0]));
	EXPECT(kmap_to_page(kva_to_ptr(PKMAP_END - 1)) == pages[0]);
	EXPECT(kmap_try(pages[1]));
	EXPECT(kmap_to_page(kva_to_ptr(PKMAP_BASE)) == pages[1]);
	EXPECT(!kmap_to_page(kva_to_ptr(PKMAP_BASE - 1)));
	kunmap(pages[0]);
	kunmap(pages[1]);
	give_highmem(PAGES_MAX);
}

KTEST(kmap, a_page_mapped_again_soon_keeps_its_slot)
{
	struct tlb_stats before;
	void *ptr;

	take_highmem(1);
	ptr = kmap_try(pages[0]);
	before = tlb_stats;
	kunmap(pages[0]);
	EXPECT(kmap_try(pages[0]) == ptr);
	EXPECT_EQ(tlb_stats.pages, before.pages);
	EXPECT_EQ(tlb_stats.all, before.all);
	kunmap(pages[0]);
	give_highmem(1);
}

KTEST(kmap, no_slot_is_left_when_all_are_in_use)
{
	struct kmap_usage usage;
	unsigned nr = 0;

	take_highmem(PKMAP_SLOTS + 1);
	while (nr <= PKMAP_SLOTS && kmap_try(pages[nr]))
		nr++;
	usage = usage_now();
	EXPECT(nr <= PKMAP_SLOTS);
	EXPECT_EQ(usage.used, PKMAP_SLOTS);
	EXPECT_EQ(usage.free + usage.unused, 0);
	EXPECT_NULL(kmap_check());
	/* A page with a slot still gets it. A new page needs one free slot. */
	EXPECT(kmap_try(pages[0]));
	kunmap(pages[0]);
	EXPECT(!kmap_try(pages[nr]));
	kunmap(pages[nr / 2]);
	EXPECT(kmap_try(pages[nr]));
	EXPECT_EQ(pages[nr / 2]->kmap, 0);
	EXPECT(!kmap_try(pages[nr / 2]));
	kunmap(pages[nr]);
	for (unsigned i = 0; i < nr; i++)
		if (i != nr / 2)
			kunmap(pages[i]);
	EXPECT_EQ(usage_now().used, 0);
	give_highmem(PKMAP_SLOTS + 1);
}

/* Laps from a slot on. The first one is shorter: it may flush page by page. */
static void laps_from(unsigned slot)
{
	enum { LAPS = 3 };
	unsigned first = (PKMAP_SLOTS - slot) % PKMAP_SLOTS;
	unsigned one_by_one = first <= TLB_FLUSH_ALL_ABOVE ? first : 0;
	unsigned flushes = LAPS - 1 + (first > 0);
	unsigned long flushed;
	struct tlb_stats before;

	move_cursor(slot);
	REQUIRE(usage_now().used == 0);
	flushed = usage_now().flushes;
	before = tlb_stats;
	for (unsigned i = 0; i < LAPS * PKMAP_SLOTS; i++) {
		struct page *page = pages[i % PAGES_MAX];

		REQUIRE(kmap_try(page));
		kunmap(page);
	}
	EXPECT_EQ(usage_now().flushes - flushed, flushes);
	EXPECT_EQ(tlb_stats.all - before.all, flushes - (one_by_one > 0));
	EXPECT_EQ(tlb_stats.pages - before.pages, one_by_one);
	EXPECT_NULL(kmap_check());
}

/* The cursor may begin at any slot. */
KTEST(kmap, one_flush_a_lap)
{
	const unsigned slots[] = {
		0, 1, PKMAP_SLOTS / 2, PKMAP_SLOTS - TLB_FLUSH_ALL_ABOVE - 1,
		PKMAP_SLOTS - TLB_FLUSH_ALL_ABOVE, PKMAP_SLOTS - 1,
	};

	take_highmem(PAGES_MAX);
	for (unsigned i = 0; i < ARRAY_SIZE(slots); i++)
		laps_from(slots[i]);
	give_highmem(PAGES_MAX);
}

KTEST(kmap, a_used_slot_survives_the_laps)
{
	uint32_t *kept;

	take_highmem(PAGES_MAX);
	kept = kmap_try(pages[0]);
	REQUIRE(kept);
	*kept = 0xfeedc0de;
	for (unsigned i = 1; i < PAGES_MAX; i++) {
		uint32_t *ptr = kmap_try(pages[i]);

		REQUIRE(ptr);
		EXPECT(ptr != kept);
		*ptr = i;
		kunmap(pages[i]);
	}
	EXPECT_EQ(*kept, 0xfeedc0de);
	EXPECT(kmap_try(pages[0]) == kept);
	kunmap(pages[0]);
	kunmap(pages[0]);
	give_highmem(PAGES_MAX);
}

KTEST(kmap, flush_unused_empties_slots_and_the_tlb)
{
	char *ptr[3];

	take_highmem(3);
	for (unsigned i = 0; i < 3; i++) {
		ptr[i] = kmap_try(pages[i]);
		REQUIRE(ptr[i]);
		*ptr[i] = 1;
	}
	kunmap(pages[0]);
	kunmap(pages[2]);
	EXPECT_EQ(kmap_flush_unused(), 2);
	EXPECT(!readable(ptr[0]));
	EXPECT(readable(ptr[1]));
	EXPECT(!readable(ptr[2]));
	EXPECT_EQ(kmap_flush_unused(), 0);
	kunmap(pages[1]);
	give_highmem(3);
}

KTEST(kmap, a_freed_page_leaves_no_address_behind)
{
	char *ptr;

	take_highmem(1);
	ptr = kmap_try(pages[0]);
	REQUIRE(ptr);
	*ptr = 1;
	kunmap(pages[0]);
	free_page(pages[0]);
	EXPECT(!readable(ptr));
	EXPECT_NULL(kmap_check());
}

static void free_it(void *page)
{
	free_page(page);
}

static void unmap_it(void *page)
{
	kunmap(page);
}

/* A lap may end after free_pages() has looked at the page's slot. */
KTEST(kmap, a_flush_just_before_the_free_does_no_harm)
{
	take_highmem(1);
	EXPECT(kmap_try(pages[0]));
	kunmap(pages[0]);
	kmap_flush_unused();
	EXPECT_EQ(pages[0]->kmap, 0);
	kmap_page_freed(pages[0]);
	EXPECT_EQ(usage_now().used, 0);
	give_highmem(1);
}

KTEST(kmap, freeing_a_page_in_use_is_caught)
{
	take_highmem(1);
	REQUIRE(kmap_try(pages[0]));
	EXPECT_PANIC(free_it, pages[0], "freed while kmapped");
	kunmap(pages[0]);
	give_highmem(1);
}

KTEST(kmap, kunmap_too_often_is_caught)
{
	take_highmem(1);
	EXPECT_PANIC(unmap_it, pages[0], "which is not kmapped");
	REQUIRE(kmap_try(pages[0]));
	kunmap(pages[0]);
	EXPECT_PANIC(unmap_it, pages[0], "which is not kmapped");
	give_highmem(1);
}

KTEST(kmap, a_freed_block_leaves_no_address_behind)
{
	struct page *block;
	char *ptr[4];

	take_highmem(4);
	give_highmem(4);
	block = alloc_pages(GFP_HIGHUSER, 2);
	REQUIRE(block);
	if (!page_is_highmem(block)) {
		free_pages(block, 2);
		SKIP("needs more highmem");
	}
	for (unsigned i = 0; i < 4; i++) {
		ptr[i] = kmap_try(block + i);
		REQUIRE(ptr[i]);
		*ptr[i] = 1;
		kunmap(block + i);
	}
	free_pages(block, 2);
	for (unsigned i = 0; i < 4; i++) {
		EXPECT(!readable(ptr[i]));
		EXPECT_EQ(block[i].kmap, 0);
	}
	EXPECT_NULL(kmap_check());
}

KTEST(kmap, dump_shows_the_slot_of_a_page)
{
	take_highmem(1);
	EXPECT(kmap_try(pages[0]));
	kmap_dump();
	kunmap(pages[0]);
	give_highmem(1);
}

/* What the checker says if this page is lowmem, too. */
static const char *check_with_lowmem_up_to(const struct page *page)
{
	irqflags_t flags = irq_save();
	pfn_t end = max_low_pfn;
	const char *law;

	max_low_pfn = pfn_add(page_to_pfn(page), 1);
	law = kmap_check();
	max_low_pfn = end;
	irq_restore(flags);
	return law;
}

KTEST(kmap, check_finds_a_slot_that_maps_nothing)
{
	void *ptr;
	const char *law;

	take_highmem(1);
	ptr = kmap_try(pages[0]);
	REQUIRE(ptr);
	kpt_unmap(ptr_to_kva(ptr), 1);
	tlb_flush_page(ptr_to_kva(ptr));
	law = kmap_check();
	EXPECT_LAW(law, "kmap K2");
	kpt_map_range(ptr_to_kva(ptr), PFN(1), 1, KPROT_RW);
	EXPECT_STREQ(kmap_check(),
		     "kmap K2: a slot maps the frame of its page");
	kpt_unmap(ptr_to_kva(ptr), 1);
	kpt_map_range(ptr_to_kva(ptr), page_to_pfn(pages[0]), 1, KPROT_RW);
	tlb_flush_page(ptr_to_kva(ptr));
	EXPECT_NULL(kmap_check());
	pages[0]->kmap++;
	law = kmap_check();
	pages[0]->kmap--;
	EXPECT_LAW(law, "kmap K1");
	EXPECT_LAW(check_with_lowmem_up_to(pages[0]), "kmap K1");
	kunmap(pages[0]);
	give_highmem(1);
}

KTEST(kmap, random_operations_match_a_naive_model)
{
	static unsigned users[PAGES_MAX];
	static uint32_t *address[PAGES_MAX];
	unsigned used = 0;
	struct rng rng;

	rng_init(&rng, ktest_seed());
	memset(users, 0, sizeof(users));
	take_highmem(PAGES_MAX);
	for (unsigned step = 0; step < 2500; step++) {
		unsigned i = rng_below(&rng, PAGES_MAX);

		if (users[i] && rng_below(&rng, 5) < 2) {
			EXPECT_EQ(*address[i], i);
			kunmap(pages[i]);
			used -= --users[i] == 0;
		} else {
			uint32_t *ptr = kmap_try(pages[i]);

			EXPECT_EQ(!ptr, !users[i] && used == PKMAP_SLOTS);
			if (!ptr)
				continue;
			EXPECT(!users[i] || ptr == address[i]);
			address[i] = ptr;
			*ptr = i;
			used += users[i]++ == 0;
		}
		EXPECT_EQ(usage_now().used, used);
		if (step % 256 == 0)
			EXPECT_NULL(kmap_check());
	}
	for (unsigned i = 0; i < PAGES_MAX; i++)
		for (; users[i]; users[i]--)
			kunmap(pages[i]);
	EXPECT_EQ(usage_now().used, 0);
	give_highmem(PAGES_MAX);
}
