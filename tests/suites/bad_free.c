// SPDX-License-Identifier: MIT
/*
 * bad_free.c (tests) - a free that is wrong is caught, and the message says why
 *
 * SEE      mm/page/report.c, panic_bad_free().
 */
#include <arch/irqflags.h>

#include "lib/printf.h"
#include "mm/kva/kmap.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pcp.h"
#include "tests/ktest.h"

SUITE(bad_free, page_alloc_check);

struct wrong_free {
	struct page *page;
	unsigned     order;
};

static void free_it(void *arg)
{
	struct wrong_free *wrong = arg;

	free_pages(wrong->page, wrong->order);
}

static void free_by_bulk(void *arg)
{
	struct wrong_free *wrong = arg;

	free_pages_bulk(&wrong->page, 1);
}

static void expect_refused(struct page *page, unsigned order, const char *why)
{
	struct wrong_free wrong = { page, order };

	EXPECT_PANIC(free_it, &wrong, why);
}

/* The message names the block that the page lies in. */
static void expect_refused_inside(struct page *page, const struct page *head,
				  const char *why)
{
	pfn_t pfn = page_to_pfn(head);
	char text[96];

	snprintf(text, sizeof(text), "%s (%pF, order %u)", why, &pfn,
		 head->order);
	expect_refused(page, 0, text);
}

KTEST(bad_free, double_free_is_caught)
{
	for (unsigned order = 0; order <= 4; order += 2) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		REQUIRE(page);
		free_pages(page, order);
		expect_refused(page, order, order < PCP_ORDERS ?
			       "in a per-CPU list (order" :
			       "double free of pfn");
		drain_local_pages();
		expect_refused(page, order, "double free of pfn");
		expect_refused(page, order + 1, "double free of pfn");
	}
}

KTEST(bad_free, double_free_of_a_part_is_caught)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	REQUIRE(page);
	free_pages(page, 2);
	expect_refused_inside(&page[3], page, "it is inside a free block");
	page = alloc_pages(GFP_KERNEL | GFP_NOWARN, MAX_ORDER);
	if (!page)
		SKIP("needs a free block of 4 MiB");
	free_pages(page, MAX_ORDER);
	expect_refused(page, 0, "the block is free (order 10)");
	expect_refused_inside(&page[1023], page, "it is inside a free block");
}

KTEST(bad_free, double_free_by_bulk_is_caught)
{
	struct wrong_free wrong = { alloc_page(GFP_KERNEL), 0 };
	bool disabled = irqs_disabled();

	REQUIRE(wrong.page);
	free_page(wrong.page);
	EXPECT_PANIC(free_by_bulk, &wrong, "double free of pfn");
	EXPECT_EQ(irqs_disabled(), disabled);
}

static struct page *bulk[2];

static void free_two_by_bulk(void *arg)
{
	free_pages_bulk(bulk, 2);
}

/* Alone, and behind a page that is right: this one is freed. */
KTEST(bad_free, wrong_order_by_bulk_is_caught)
{
	for (unsigned order = 1; order <= 4; order++) {
		struct wrong_free wrong = { alloc_pages(GFP_KERNEL, order), 0 };

		REQUIRE(wrong.page);
		EXPECT_PANIC(free_by_bulk, &wrong, "wrong order");
		bulk[0] = alloc_page(GFP_KERNEL);
		bulk[1] = wrong.page;
		REQUIRE(bulk[0]);
		EXPECT_PANIC(free_two_by_bulk, NULL, "wrong order");
		free_pages(wrong.page, order);
		EXPECT_NULL(page_alloc_check());
	}
}

KTEST(bad_free, wrong_order_is_caught)
{
	/* An order of the per-CPU lists, and one above them. */
	for (unsigned order = 1; order <= 4; order += 3) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		REQUIRE(page);
		expect_refused(page, order - 1, "wrong order");
		expect_refused(page, order + 1, "wrong order");
		expect_refused(page, 0, "wrong order");
		expect_refused(page, MAX_ORDER, "wrong order");
		expect_refused(page, order + 256, "wrong order");
		expect_refused(page, order | 1u << 24, "wrong order");
		free_pages(page, order);
	}
}

KTEST(bad_free, free_from_the_middle_is_caught)
{
	static const unsigned orders[] = { 1, 2, 3, 5, MAX_ORDER };

	for (unsigned k = 0; k < ARRAY_SIZE(orders); k++) {
		unsigned order = orders[k];
		struct page *page = alloc_pages(GFP_KERNEL | GFP_NOWARN, order);

		if (!page)
			SKIP("no free block of order %u", order);
		for (unsigned i = 1; i < 1u << order; i += 1 + i / 2)
			expect_refused_inside(&page[i], page,
					      "in the middle of a block");
		expect_refused(page + (1u << (order - 1)), order - 1,
			       "in the middle of a block");
		free_pages(page, order);
	}
}

KTEST(bad_free, free_of_what_was_never_given_out_is_caught)
{
	expect_refused(pfn_to_page(PFN(0)), 0, "reserved");
	expect_refused(virt_to_page(mem_map), 0, "reserved");
	expect_refused(pfn_to_page(max_pfn) + 5, 0, "not in mem_map");
}

KTEST(bad_free, free_of_a_page_in_other_use_is_caught)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	page_set_state(page, PAGE_SLAB);
	expect_refused(page, 0, "still a page of a slab");
	page_set_state(page, PAGE_TABLE);
	expect_refused(page, 0, "still a page table");
	page_set_state(page, PAGE_USED);
	free_page(page);
}

KTEST(bad_free, free_of_a_kmapped_page_is_caught)
{
	struct page *page = alloc_pages(GFP_HIGHUSER, 1);
	struct page *high;

	REQUIRE(page);
	high = page_is_highmem(page) ? page : NULL;
	for (unsigned i = 0; high && i < 2; i++) {
		EXPECT(kmap_try(&page[i]) != NULL);
		expect_refused(page, 1, "while kmapped");
		kunmap(&page[i]);
	}
	free_pages(page, 1);
	if (!high)
		SKIP("needs highmem");
	EXPECT_EQ(page[0].kmap, 0);
	EXPECT_EQ(page[1].kmap, 0);
}

/* No code gives a slot to a lowmem page: its entry has been overwritten. */
KTEST(bad_free, free_of_a_lowmem_page_with_a_slot_is_caught)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	page->kmap = 1;
	expect_refused(page, 0, "was allocated with 0, freed with 0");
	page->kmap = 0;
	free_page(page);
}
