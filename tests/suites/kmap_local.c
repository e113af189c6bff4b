// SPDX-License-Identifier: MIT
/*
 * kmap_local.c (tests) - slots of this CPU, nested like a stack
 */
#include <arch/probe.h>

#include "lib/random.h"
#include "lib/string.h"
#include "mm/kva/kmap.h"
#include "mm/page/page_alloc.h"
#include "mm/page/zone.h"
#include "tests/ktest.h"

SUITE(kmap_local, kmap_local_check);

#define NR_PAGES  (KMAP_LOCAL_SLOTS + 1)

static struct page *pages[NR_PAGES];

static void take_highmem(void)
{
	unsigned had;

	if (zones[ZONE_HIGHMEM].managed < 4 * NR_PAGES)
		SKIP("needs highmem");
	had = alloc_pages_bulk(GFP_HIGHUSER, NR_PAGES, pages);
	REQUIRE(had == NR_PAGES);
	for (unsigned i = 0; i < NR_PAGES; i++)
		if (!page_is_highmem(pages[i])) {
			free_pages_bulk(pages, NR_PAGES);
			SKIP("needs more highmem");
		}
}

static void give_highmem(void)
{
	free_pages_bulk(pages, NR_PAGES);
}

static bool readable(const void *ptr)
{
	uint8_t byte;

	return probe_read8(ptr, &byte);
}

static void map_it(void *page)
{
	/* Only without a panic; undo it for the next test. */
	kunmap_local(kmap_local(page));
}

static void unmap_it(void *ptr)
{
	kunmap_local(ptr);
}

KTEST(kmap_local, a_lowmem_page_has_its_address_already)
{
	struct page *page = alloc_pages(GFP_KERNEL, 1);
	char *a, *b;

	REQUIRE(page);
	a = kmap_local(page);
	b = kmap_local(page + 1);
	EXPECT(a == page_address(page));
	EXPECT(b == a + PAGE_SIZE);
	EXPECT_NULL(kmap_local_check());
	/* Without slots the order is free. Any address in the page is right. */
	kunmap_local(a + 5);
	kunmap_local(b);
	free_pages(page, 1);
}

KTEST(kmap_local, contents_are_those_of_the_page)
{
	char *ptr;

	take_highmem();
	for (unsigned i = 0; i < NR_PAGES; i++) {
		ptr = kmap_local(pages[i]);
		*ptr = (char)i;
		ptr[PAGE_SIZE - 1] = (char)(i + 1);
		kunmap_local(ptr);
	}
	for (unsigned i = 0; i < NR_PAGES; i++) {
		ptr = kmap_local(pages[i]);
		EXPECT_EQ(ptr[0], i);
		EXPECT_EQ(ptr[PAGE_SIZE - 1], i + 1);
		kunmap_local(ptr + PAGE_SIZE - 1);
	}
	give_highmem();
}

KTEST(kmap_local, nothing_is_mapped_afterwards)
{
	char *ptr;

	take_highmem();
	ptr = kmap_local(pages[0]);
	EXPECT(readable(ptr));
	*ptr = 1;
	kunmap_local(ptr);
	EXPECT(!readable(ptr));
	EXPECT_NULL(kmap_local_check());
	give_highmem();
}

KTEST(kmap_local, check_finds_a_slot_that_maps_nothing)
{
	kva_t va;

	take_highmem();
	va = ptr_to_kva(kmap_local(pages[0]));
	kpt_unmap(va, 1);
	EXPECT_LAW(kmap_local_check(), "kmap_local L2");
	kpt_map_range(va, page_to_pfn(pages[0]), 1, KPROT_RW);
	tlb_flush_page(va);
	EXPECT_NULL(kmap_local_check());
	kunmap_local(kva_to_ptr(va));
	give_highmem();
}

KTEST(kmap_local, check_finds_more_slots_than_there_are)
{
	int *top = &this_cpu(kmap_local_stacks)->top;
	irqflags_t flags = irq_save();

	*top = -KMAP_LOCAL_SLOTS - 1;
	EXPECT_LAW(kmap_local_check(), "kmap_local L1");
	*top = 0;
	irq_restore(flags);
	EXPECT_NULL(kmap_local_check());
}

KTEST(kmap_local, nests_sixteen_deep_and_no_deeper)
{
	uint32_t *ptr[KMAP_LOCAL_SLOTS];

	take_highmem();
	for (unsigned i = 0; i < KMAP_LOCAL_SLOTS; i++) {
		ptr[i] = kmap_local(pages[i]);
		*ptr[i] = i;
		EXPECT_EQ(kmap_local_depth(), i + 1);
	}
	EXPECT_PANIC(map_it, pages[KMAP_LOCAL_SLOTS], "nested deeper than 16");
	for (unsigned i = 0; i < KMAP_LOCAL_SLOTS; i++)
		EXPECT_EQ(*ptr[i], i);
	EXPECT_NULL(kmap_local_check());
	for (unsigned i = KMAP_LOCAL_SLOTS; i-- > 0; ) {
		EXPECT(readable(ptr[i]));
		kunmap_local(ptr[i]);
		EXPECT(!readable(ptr[i]));
		EXPECT_EQ(kmap_local_depth(), i);
	}
	EXPECT_NULL(kmap_local_check());
	give_highmem();
}

KTEST(kmap_local, one_page_may_have_two_slots)
{
	uint32_t *outer, *inner;

	take_highmem();
	outer = kmap_local(pages[0]);
	inner = kmap_local(pages[0]);
	EXPECT(outer != inner);
	*outer = 0x11223344;
	EXPECT_EQ(*inner, 0x11223344);
	kunmap_local(inner);
	EXPECT_EQ(*outer, 0x11223344);
	kunmap_local(outer);
	give_highmem();
}

KTEST(kmap_local, wrong_order_is_caught)
{
	char *outer, *inner;

	take_highmem();
	outer = kmap_local(pages[0]);
	inner = kmap_local(pages[1]);
	EXPECT_PANIC(unmap_it, outer, "kunmap_local out of order");
	kunmap_local(inner);
	EXPECT_PANIC(unmap_it, inner, "kunmap_local out of order");
	kunmap_local(outer);
	EXPECT_PANIC(unmap_it, outer, "kunmap_local out of order");
	EXPECT_NULL(kmap_local_check());
	give_highmem();
}

KTEST(kmap_local, addresses_of_others_are_refused)
{
	EXPECT_PANIC(unmap_it, kva_to_ptr(PKMAP_BASE), "never gives");
	EXPECT_PANIC(unmap_it, kva_to_ptr(vmalloc_start()), "never gives");
	EXPECT_PANIC(unmap_it, kva_to_ptr(FIXADDR_TOP), "never gives");
	EXPECT_PANIC(unmap_it, NULL, "never gives");
	/* At depth 0: the slot before the first has another use. */
	EXPECT_PANIC(unmap_it,
		     kva_to_ptr(fixmap_slot_kva(FIX_KMAP_LOCAL_FIRST - 1)),
		     "never gives");
}

KTEST(kmap_local, to_page_knows_slots_in_use_only)
{
	char *ptr;

	take_highmem();
	ptr = kmap_local(pages[3]);
	EXPECT(kmap_to_page(ptr + 17) == pages[3]);
	kunmap_local(ptr);
	EXPECT(!kmap_to_page(ptr));
	give_highmem();
}

KTEST(kmap_local, random_nesting_matches_a_stack)
{
	uint32_t *stack[KMAP_LOCAL_SLOTS];
	unsigned page[KMAP_LOCAL_SLOTS], depth = 0;
	struct rng rng;

	rng_init(&rng, ktest_seed());
	take_highmem();
	for (unsigned i = 0; i < NR_PAGES; i++) {
		uint32_t *ptr = kmap_local(pages[i]);

		*ptr = i;
		kunmap_local(ptr);
	}
	for (unsigned step = 0; step < 3000; step++) {
		if (depth < KMAP_LOCAL_SLOTS && rng_below(&rng, 2)) {
			page[depth] = rng_below(&rng, NR_PAGES);
			stack[depth] = kmap_local(pages[page[depth]]);
			depth++;
		} else if (depth) {
			depth--;
			EXPECT_EQ(*stack[depth], page[depth]);
			kunmap_local(stack[depth]);
		}
		if (step % 64 == 0)
			EXPECT_NULL(kmap_local_check());
	}
	while (depth--)
		kunmap_local(stack[depth]);
	give_highmem();
}
