// SPDX-License-Identifier: MIT
/*
 * tlb.c - after a flush the CPU sees the tables as they are
 *
 * ALGORITHM  Two sets of pages with different marks take turns at the same
 *          addresses. The test reads each set, so that the TLB knows it, before
 *          the other set replaces it.
 */
#include <arch/cr.h>
#include <arch/pgtable_check.h>
#include <arch/tlb.h>

#include "mm/kva/vm_area.h"
#include "mm/page/page_alloc.h"
#include "tests/ktest.h"

#define PAGES  (TLB_FLUSH_ALL_ABOVE + 8u)

SUITE(tlb, pgtable_check);

static struct vm_area *area;
static struct page *set[2][PAGES];

static volatile uint32_t *word(unsigned i)
{
	return kva_to_ptr(vm_area_start(area) + i * PAGE_SIZE);
}

static void map_set(unsigned which)
{
	kpt_map_pages(vm_area_start(area), set[which], PAGES, KPROT_RW);
}

static bool all_show(unsigned which, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		if (*word(i) != which * PAGES + i)
			return false;
	}
	return true;
}

static void setup(void)
{
	int err;

	area = vm_area_create(PAGES, VM_MAP, NULL, &err);
	REQUIRE(area);
	for (unsigned s = 0; s < 2; s++) {
		for (unsigned i = 0; i < PAGES; i++) {
			set[s][i] = alloc_page(GFP_KERNEL);
			REQUIRE(set[s][i]);
			*(uint32_t *)page_address(set[s][i]) = s * PAGES + i;
		}
	}
	map_set(0);
}

static void teardown(void)
{
	kpt_unmap(vm_area_start(area), PAGES);
	tlb_flush_range(vm_area_start(area), PAGES);
	vm_area_destroy(area);
	for (unsigned s = 0; s < 2; s++)
		for (unsigned i = 0; i < PAGES; i++)
			free_page(set[s][i]);
}

/* Keeps: the first area of this size may need a page table. */
KTEST_KEEPS(tlb, one_page)
{
	struct tlb_stats before;

	setup();
	EXPECT(all_show(0, PAGES));
	before = tlb_stats;
	kpt_unmap(vm_area_start(area), 1);
	kpt_map_pages(vm_area_start(area), &set[1][0], 1, KPROT_RW);
	tlb_flush_page(vm_area_start(area));
	EXPECT_EQ(*word(0), PAGES);
	EXPECT_EQ(*word(1), 1);
	EXPECT_EQ(tlb_stats.pages, before.pages + 1);
	EXPECT_EQ(tlb_stats.all, before.all);
	teardown();
}

KTEST(tlb, a_short_range_goes_page_by_page)
{
	struct tlb_stats before;

	setup();
	EXPECT(all_show(0, PAGES));
	before = tlb_stats;
	map_set(1);
	tlb_flush_range(vm_area_start(area), TLB_FLUSH_ALL_ABOVE);
	EXPECT(all_show(1, TLB_FLUSH_ALL_ABOVE));
	EXPECT_EQ(tlb_stats.pages, before.pages + TLB_FLUSH_ALL_ABOVE);
	EXPECT_EQ(tlb_stats.all, before.all);
	teardown();
}

KTEST(tlb, a_long_range_goes_at_once)
{
	struct tlb_stats before;

	setup();
	EXPECT(all_show(0, PAGES));
	before = tlb_stats;
	map_set(1);
	tlb_flush_range(vm_area_start(area), PAGES);
	EXPECT(all_show(1, PAGES));
	EXPECT_EQ(tlb_stats.pages, before.pages);
	EXPECT_EQ(tlb_stats.all, before.all + 1);
	teardown();
}

KTEST(tlb, everything_means_global_entries_too)
{
	uint32_t cr4 = read_cr4(), cr3 = read_cr3();

	setup();
	for (unsigned lap = 0; lap < 6; lap++) {
		map_set(lap & 1);
		tlb_flush_all();
		EXPECT(all_show(lap & 1, PAGES));
	}
	teardown();
	EXPECT_EQ(read_cr4(), cr4);
	EXPECT_EQ(read_cr3(), cr3);
}

/* Like a CPU without PGE: no entry is global, and a load of CR3 flushes all. */
KTEST(tlb, without_pge_the_load_of_cr3_flushes)
{
	uint32_t cr4 = read_cr4();

	setup();
	write_cr4(cr4 & ~CR4_PGE);
	for (unsigned lap = 0; lap < 6; lap++) {
		map_set(lap & 1);
		tlb_flush_all();
		EXPECT(all_show(lap & 1, PAGES));
	}
	write_cr4(cr4);
	teardown();
}

KTEST(tlb, an_empty_range_flushes_nothing)
{
	struct tlb_stats before = tlb_stats;

	tlb_flush_range(vmalloc_start(), 0);
	EXPECT_EQ(tlb_stats.pages, before.pages);
	EXPECT_EQ(tlb_stats.all, before.all);
}
