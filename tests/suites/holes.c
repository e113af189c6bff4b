// SPDX-License-Identifier: MIT
/*
 * holes.c (tests) - no frame that is not RAM is ever given out
 *
 * WHAT     Compares the allocator with the loader's map itself, not with what
 *          memory management made of the map. The tests look at every free
 *          block; then they take all the memory that they can get, and look
 *          at it, too.
 *
 * PICTURE    the map    [ RAM ]  hole  [ RAM      ]  PCI hole  [ RAM   ]
 *            free        ^^ ^^          ^^ ^^^^^ ^              ^^ ^^^
 *                        every block within one range of RAM
 *
 * SEE      tests/suites/page.c: the same with memblock, on the host, too;
 *          tests/emu/test_holes.py, test_grub.py: machines with 5 GiB, and
 *          memory that GRUB has cut out.
 */
#include <arch/acpi.h>
#include <arch/pci.h>

#include "boot/boot_info.h"
#include "kernel/diag/console.h"
#include "kernel/monitor/monitor_impl.h"
#include "mm/early/memblock.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "mm/page/pcp.h"
#include "mm/page/zone.h"
#include "tests/ktest.h"

SUITE(holes, page_alloc_check);

/* More takes too long: the first use of a block writes all its entries. */
#define TAKEN_MAX  (8ull << (30 - PAGE_SHIFT))

static bool block_is_ram(const struct page *page, unsigned order)
{
	phys_addr_t start = page_to_phys(page);

	return boot_range_is_ram(monitor_boot, start,
				 phys_add(start, (uint64_t)PAGE_SIZE << order));
}

/* Report only the first wrong block: a wrong map has thousands. */
static void expect_block_is_ram(const struct page *page, unsigned order,
				unsigned long *nr_wrong)
{
	phys_addr_t pa = page_to_phys(page);

	if (!block_is_ram(page, order) && ++*nr_wrong == 1)
		ktest_fail(__FILE__, __LINE__, "%pP, order %u, is no RAM", &pa,
			   order);
}

/* ---- what is free ------------------------------------------------------- */

KTEST(holes, every_free_block_is_ram)
{
	unsigned long blocks = 0, nr_wrong = 0;

	drain_local_pages();
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		for (unsigned order = 0; order <= MAX_ORDER; order++) {
			const struct page *page;

			list_for_each_entry(page, &zones[i].free[order], list) {
				expect_block_is_ram(page, order, &nr_wrong);
				blocks++;
			}
		}
	EXPECT_EQ(nr_wrong, 0);
	EXPECT(blocks > 0);
}

/* ---- what is taken ------------------------------------------------------ */

static LIST_HEAD(hoard);

static unsigned long take_all(gfp_t gfp, unsigned long *nr_wrong)
{
	unsigned long pages = 0;

	for (int order = MAX_ORDER; order >= 0; order--) {
		struct page *page;

		while ((page = alloc_pages(gfp | GFP_HIGH | GFP_NOWARN,
					   (unsigned)order))) {
			list_add(&page->list, &hoard);
			expect_block_is_ram(page, (unsigned)order, nr_wrong);
			pages += 1ul << order;
		}
	}
	return pages;
}

static void give_all_back(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &hoard, list)
		free_pages(page, page->order);
	list_init(&hoard);
	drain_local_pages();
}

KTEST(holes, every_page_that_can_be_had_is_ram)
{
	unsigned long before, taken, nr_wrong = 0;

	drain_local_pages();
	before = nr_free_pages();
	if (before > TAKEN_MAX)
		SKIP("needs at most 8 GiB");
	taken = take_all(GFP_HIGHMEM, &nr_wrong);
	taken += take_all(0, &nr_wrong);
	taken += take_all(GFP_DMA, &nr_wrong);
	EXPECT_EQ(nr_wrong, 0);
	EXPECT_EQ(taken + nr_free_pages(), before);
	/* The rest is the reserve: GFP_HIGH may use half of min. */
	EXPECT(nr_free_pages() < before / 8);
	console_printf("    # took %lu of %lu free pages, all of them RAM\n",
		       taken, before);
	give_all_back();
	EXPECT_EQ(nr_free_pages(), before);
}

/* ---- what is neither ---------------------------------------------------- */

/* Frames that are not RAM, or only in part. Returns: how many. */
static unsigned long expect_reserved(pfn_t from, pfn_t to)
{
	unsigned long frames = 0;

	for (; pfn_lt(from, to) && pfn_valid(from); frames++) {
		EXPECT_EQ(page_state(from), PAGE_RESERVED);
		from = pageblock_state(from) == PAGEBLOCK_HOLE
			       ? pageblock_next(from) : pfn_add(from, 1);
	}
	return frames;
}

KTEST(holes, no_frame_of_a_hole_is_in_use)
{
	unsigned long looked_at = 0;
	pfn_t at = PFN(0);

	for (unsigned i = 0; i < monitor_boot->nr_ranges; i++) {
		const struct boot_range *range = &monitor_boot->range[i];

		if (range->type != BOOT_RAM)
			continue;
		looked_at += expect_reserved(at, phys_to_pfn_up(range->start));
		at = phys_to_pfn(range->end);
	}
	/* Every PC has the hole from 640 KiB to 1 MiB. */
	EXPECT(looked_at >= (ISA_HOLE_END - ISA_HOLE_START) / PAGE_SIZE);
}

KTEST(holes, memblock_has_no_more_than_the_map)
{
	struct memblock_range range;

	for (unsigned i = 0; memblock_memory(i, &range); i++)
		EXPECT(boot_range_is_ram(monitor_boot, range.start,
					 range.end));
}

/* ---- what firmware and devices say -------------------------------------- */

static void expect_no_ram(uint64_t start, uint64_t size, const char *what)
{
	for (unsigned i = 0; i < monitor_boot->nr_ranges; i++) {
		const struct boot_range *range = &monitor_boot->range[i];

		if (range->type == BOOT_RAM && start < range->end.v &&
		    range->start.v < start + size)
			ktest_fail(__FILE__, __LINE__, "%s at %llx is RAM",
				   what, (unsigned long long)start);
	}
}

KTEST(holes, tables_and_registers_lie_in_holes)
{
	if (!acpi_info.present)
		SKIP("needs ACPI");
	for (unsigned i = 0; i < acpi_info.nr_tables; i++)
		expect_no_ram(acpi_info.table[i].pa.v,
			      acpi_info.table[i].length,
			      acpi_info.table[i].signature);
	for (unsigned i = 0; i < acpi_info.nr_ioapics; i++)
		expect_no_ram(acpi_info.ioapic[i].pa.v, 0x20, "an I/O APIC");
	for (unsigned i = 0; i < acpi_info.nr_dmar_units; i++)
		expect_no_ram(acpi_info.dmar_unit[i].registers.v, PAGE_SIZE,
			      "an IOMMU");
	if (acpi_info.lapic.v)
		expect_no_ram(acpi_info.lapic.v, PAGE_SIZE, "a local APIC");
}

KTEST(holes, memory_of_pci_devices_lies_in_holes)
{
	if (!nr_pci_devices)
		SKIP("needs PCI");
	for (unsigned i = 0; i < nr_pci_devices; i++)
		for (unsigned k = 0; k < PCI_NR_BARS; k++) {
			const struct pci_bar *bar = &pci_devices[i].bar[k];

			if (!bar->io && bar->size && bar->start.v)
				expect_no_ram(bar->start.v, bar->size,
					      "a BAR");
		}
}
