// SPDX-License-Identifier: MIT
/*
 * vmalloc_check.c (tests) - what vmalloc_check() finds
 *
 * WHAT     Breaks each law of mm/kva/area.c for a moment: of a live area, of a
 *          retired one, of a spare one, and of the lists.
 */
#include <arch/pgtable_check.h>
#include <arch/tlb.h>

#include "mm/kva/vm_area.h"
#include "tests/ktest.h"

SUITE(vmalloc_check, vmalloc_check);

/* Page tables of the kernel stay for ever: no later test shall seem to leak. */
KTEST_KEEPS(vmalloc_check, the_page_tables_are_made)
{
	void *ptr = vmalloc(8 * PAGE_SIZE);

	REQUIRE(ptr);
	EXPECT_NULL(vmalloc_check());
	vfree(ptr);
}

KTEST(vmalloc_check, check_finds_a_page_that_is_missing)
{
	void *ptr = vmalloc(4 * PAGE_SIZE);
	kva_t va = ptr_to_kva(ptr) + 2 * PAGE_SIZE;
	pfn_t pfn;

	REQUIRE(ptr && kpt_lookup(va, &pfn));
	kpt_unmap(va, 1);
	tlb_flush_page(va);
	EXPECT_LAW(vmalloc_check(), "vmalloc V3");
	kpt_map_range(va, pfn, 1, KPROT_RW);
	EXPECT_NULL(vmalloc_check());
	vfree(ptr);
}

static const char v6_sums[] =
	"vmalloc V6: the counts are the sums of the ranges";
static const char v6_spare[] =
	"vmalloc V6: a spare list holds spare areas of its size";

KTEST(vmalloc_check, check_finds_what_is_wrong_about_a_spare_area)
{
	struct vm_area *area;
	struct list_head *link;
	kva_t va;
	int err;

	vmalloc_purge();   /* there is room for a spare */
	area = vm_area_create(2, VM_MAP, NULL, &err);
	REQUIRE(area);
	va = vm_area_start(area);
	vm_area_unmap(area);
	REQUIRE(area->state == AREA_SPARE);
	area->nr--;
	EXPECT_LAW(vmalloc_check(), "vmalloc V2");
	area->nr++;
	kpt_map_range(va + PAGE_SIZE, PFN(0), 1, KPROT_RW);
	EXPECT_LAW(vmalloc_check(), "vmalloc V5");
	kpt_unmap(va + PAGE_SIZE, 1);
	tlb_flush_page(va + PAGE_SIZE);
	vm_areas.retired_pages++;
	EXPECT_STREQ(vmalloc_check(), v6_sums);
	vm_areas.retired_pages--;
	vm_areas.spare_pages++;
	EXPECT_STREQ(vmalloc_check(), v6_sums);
	vm_areas.spare_pages--;
	link = area->link.prev;
	list_move(&area->link, &vm_areas.spare[3]);   /* of another size */
	EXPECT_STREQ(vmalloc_check(), v6_spare);
	list_move(&area->link, &vm_areas.retired);
	EXPECT_STREQ(vmalloc_check(),
		     "vmalloc V6: the retired list holds retired areas only");
	list_del(&area->link);                        /* in no list */
	EXPECT_STREQ(vmalloc_check(),
		     "vmalloc V6: they hold all spare areas");
	list_add(&area->link, link);
	EXPECT_NULL(vmalloc_check());
}

KTEST(vmalloc_check, check_finds_what_is_wrong_about_a_retired_area)
{
	struct vm_area *area;
	struct list_head *link;
	void *ptr;

	vmalloc_purge();
	ptr = vmalloc(2 * PAGE_SIZE);
	REQUIRE(ptr);
	vfree(ptr);
	if (CONFIG_DEBUG)
		SKIP("a debug kernel retires no area");
	REQUIRE(!list_empty(&vm_areas.retired));
	area = list_first_entry(&vm_areas.retired, struct vm_area, link);
	REQUIRE(area->state == AREA_RETIRED && area->nr == 2);
	link = area->link.prev;
	list_move(&area->link, &vm_areas.spare[2]);
	EXPECT_STREQ(vmalloc_check(),
		     "vmalloc V6: it holds all retired areas");
	list_del(&area->link);
	EXPECT_STREQ(vmalloc_check(),
		     "vmalloc V6: it holds all retired areas");
	list_add(&area->link, link);
	EXPECT_NULL(vmalloc_check());
}

KTEST(vmalloc_check, check_finds_an_area_without_pages)
{
	struct vm_area *area;
	kva_t start;
	int err;

	area = vm_area_create(1, VM_MAP, NULL, &err);
	REQUIRE(area);
	start = vm_area_start(area);
	area->nr = 0;
	EXPECT_EQ(range_resize(&vm_areas.tree, &area->node, start,
			       start + PAGE_SIZE),
		  0);
	EXPECT_LAW(vmalloc_check(), "vmalloc V2");
	area->nr = 1;
	EXPECT_EQ(range_resize(&vm_areas.tree, &area->node, start,
			       start + 2 * PAGE_SIZE),
		  0);
	EXPECT_NULL(vmalloc_check());
	vm_area_unmap(area);
}

KTEST(vmalloc_check, check_finds_a_guard_page_that_is_mapped)
{
	/* the_page_tables_are_made made the guard page's table, too. */
	void *ptr = vmalloc(PAGE_SIZE);
	kva_t guard = ptr_to_kva(ptr) + PAGE_SIZE;
	pfn_t pfn;

	REQUIRE(ptr && kpt_lookup(guard - PAGE_SIZE, &pfn));
	kpt_map_range(guard, pfn, 1, KPROT_RW);
	EXPECT_LAW(vmalloc_check(), "vmalloc V4");
	EXPECT_LAW(pgtable_check(), "pgtable V1");
	kpt_unmap(guard, 1);
	tlb_flush_page(guard);
	EXPECT_NULL(vmalloc_check());
	vfree(ptr);
}
