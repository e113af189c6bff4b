// SPDX-License-Identifier: MIT
/*
 * zone.c (tests) - where zones begin and end, what they count and keep back
 */
#include <arch/irqflags.h>

#include "lib/div64.h"
#include "lib/string.h"
#include "mm/early/memblock.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "mm/page/report.h"
#include "mm/page/watermark.h"
#include "mm/page/zone.h"
#include "tests/ktest.h"

SUITE(zone, zones_check);

KTEST(zone, zones_end_where_the_map_says)
{
	EXPECT_EQ(zones[ZONE_DMA].start.v, 0);
	EXPECT(zones[ZONE_DMA].end.v <= ZONE_DMA_END >> PAGE_SHIFT);
	EXPECT(zones[ZONE_NORMAL].end.v <= max_low_pfn.v);
	EXPECT_EQ(zones[ZONE_HIGHMEM].end.v, max_pfn.v);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		EXPECT_EQ(zones[i].type, i);
		EXPECT_EQ(zones[i].spanned,
			  zones[i].end.v - zones[i].start.v);
	}
	EXPECT_STREQ(zones[ZONE_DMA].name, "DMA");
	EXPECT_STREQ(zones[ZONE_NORMAL].name, "Normal");
	EXPECT_STREQ(zones[ZONE_HIGHMEM].name, "HighMem");
}

KTEST(zone, a_frame_belongs_to_one_zone)
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *zone = &zones[i];

		if (zone->spanned == 0)
			continue;
		EXPECT(pfn_zone(zone->start) == zone);
		EXPECT(pfn_zone(PFN(zone->end.v - 1)) == zone);
		EXPECT(page_zone(pfn_to_page(zone->start)) == zone);
		EXPECT(zone_contains(zone, zone->start));
		EXPECT(!zone_contains(zone, zone->end));
	}
}

KTEST(zone, present_counts_the_frames_of_ram)
{
	struct memblock_range range;
	unsigned long ram = 0, present = 0, managed = 0;

	for (unsigned i = 0; memblock_memory(i, &range); i++)
		ram += phys_to_pfn(range.end).v - phys_to_pfn_up(range.start).v;
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		present += zones[i].present;
		managed += zones[i].managed;
	}
	EXPECT_EQ(present, ram);
	EXPECT(managed < present);   /* the image, mem_map, frame 0 */
	EXPECT(nr_free_pages() <= managed);
}

/* ---- what is kept back -------------------------------------------------- */

KTEST(zone, watermarks_grow_with_the_zone)
{
	unsigned long lowmem_min =
		zones[ZONE_DMA].min + zones[ZONE_NORMAL].min;

	/* min_free_kbytes is 128 .. 262144 KiB; shares are rounded down. */
	EXPECT(lowmem_min + 2 >= 128 / 4);
	EXPECT(lowmem_min <= 262144 / 4);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *zone = &zones[i];

		if (zone->managed == 0)
			continue;
		EXPECT(zone->min < zone->managed);
		EXPECT_EQ(zone->high - zone->low, zone->low - zone->min);
		EXPECT(zone->low - zone->min >= zone->managed / 1000);
	}
	if (zones[ZONE_HIGHMEM].managed)
		EXPECT(zones[ZONE_HIGHMEM].min >= 32 &&
		       zones[ZONE_HIGHMEM].min <= 128);
}

KTEST(zone, lowmem_reserve_is_the_memory_above_by_the_ratio)
{
	unsigned long normal = zones[ZONE_NORMAL].managed;
	unsigned long high = zones[ZONE_HIGHMEM].managed;
	const unsigned long *dma = zones[ZONE_DMA].lowmem_reserve;

	EXPECT_EQ(dma[ZONE_DMA], 0);
	EXPECT_EQ(dma[ZONE_NORMAL], normal / 256);
	EXPECT_EQ(dma[ZONE_HIGHMEM], (normal + high) / 256);
	EXPECT_EQ(zones[ZONE_NORMAL].lowmem_reserve[ZONE_HIGHMEM], high / 32);
	EXPECT_EQ(zones[ZONE_NORMAL].lowmem_reserve[ZONE_NORMAL], 0);
	EXPECT_EQ(zones[ZONE_HIGHMEM].lowmem_reserve[ZONE_HIGHMEM], 0);
}

KTEST(zone, floor_adds_watermark_and_reserve)
{
	struct zone zone = { .min = 100, .low = 125,
			     .lowmem_reserve = { 0, 7, 1000 } };

	EXPECT_EQ(zone_floor(&zone, GFP_DMA, MARK_LOW), 125);
	EXPECT_EQ(zone_floor(&zone, GFP_KERNEL, MARK_LOW), 132);
	EXPECT_EQ(zone_floor(&zone, GFP_HIGHUSER, MARK_MIN), 1100);
	EXPECT_EQ(zone_floor(&zone, GFP_ATOMIC, MARK_RESERVE), 57);
}

KTEST(zone, fallback_goes_down_and_never_up)
{
	EXPECT_EQ(gfp_zone(GFP_KERNEL), ZONE_NORMAL);
	EXPECT_EQ(gfp_zone(GFP_HIGHUSER), ZONE_HIGHMEM);
	EXPECT_EQ(gfp_zone(GFP_DMA), ZONE_DMA);
	EXPECT_EQ(gfp_zone(GFP_DMA | GFP_HIGHMEM), ZONE_DMA);
	EXPECT(!zonelists[GFP_DMA][0] ||
	       zonelists[GFP_DMA][0] == &zones[ZONE_DMA]);
	if (zones[ZONE_HIGHMEM].managed)
		EXPECT(zonelists[GFP_HIGHMEM][0] == &zones[ZONE_HIGHMEM]);
	if (zones[ZONE_NORMAL].managed)
		EXPECT(zonelists[0][0] == &zones[ZONE_NORMAL]);
	EXPECT_NULL(watermarks_check());
}

KTEST(zone, check_finds_each_broken_law)
{
	struct zone *dma = &zones[ZONE_DMA];

	dma->present += dma->spanned;
	EXPECT_STREQ(zones_check(), "zone Z1: managed <= present <= spanned");
	dma->present -= dma->spanned;
	dma->start.v++;
	EXPECT_STREQ(zones_check(), "zone Z2: zones are adjacent");
	dma->start.v--;
	dma->low += dma->high;
	EXPECT_STREQ(zones_check(), "watermark W1: min <= low <= high");
	dma->low -= dma->high;
	dma->lowmem_reserve[ZONE_DMA] = 1;
	EXPECT_STREQ(zones_check(),
		     "watermark W2: nothing is kept from requests of the own zone");
	dma->lowmem_reserve[ZONE_DMA] = 0;
	EXPECT_NULL(zones_check());
}

/* Interrupts are off: no allocation sees what is broken. */
KTEST(zone, check_finds_what_is_wrong_about_the_end_and_frame_0)
{
	irqflags_t flags = irq_save();

	max_pfn.v++;
	EXPECT_LAW(zones_check(), "zone Z2");
	max_pfn.v--;
	mem_map[0].state = PAGE_USED;
	EXPECT_LAW(zones_check(), "zone Z3");
	mem_map[0].state = PAGE_RESERVED;
	EXPECT_NULL(zones_check());
	irq_restore(flags);
}

KTEST(zone, check_finds_a_wrong_zonelist)
{
	struct zone **list = zonelists[GFP_HIGHMEM];
	struct zone *first = list[0], *second = list[1];
	unsigned long managed = first->managed;
	irqflags_t flags = irq_save();

	first->managed = 0;
	EXPECT_LAW(watermarks_check(), "watermark W3");
	first->managed = managed;
	if (second) {
		list[0] = second;
		EXPECT_LAW(watermarks_check(), "watermark W3");   /* twice */
		list[1] = first;
		EXPECT_LAW(watermarks_check(), "watermark W3");   /* rising */
		list[0] = first;
		list[1] = second;
		/* A request for DMA must not get pages of a higher zone. */
		zonelists[GFP_DMA][0] = first;
		EXPECT_LAW(watermarks_check(), "watermark W3");
		watermarks_update();   /* the lists, as they were */
	}
	EXPECT_NULL(watermarks_check());
	irq_restore(flags);
	if (!second)
		SKIP("needs two zones with pages");
}

/* The numbers and the line are those of Debian's Linux 6.1. */
KTEST(zone, buddyinfo_reads_as_that_of_linux)
{
	struct zone zone = { .name = "Normal", .blocks = {
		216, 55, 189, 101, 84, 38, 37, 27, 5, 12345, 1234567 } };
	char line[160];

	EXPECT_EQ(buddyinfo_format(line, sizeof(line), &zone), 100);
	EXPECT_STREQ(line, "Node 0, zone   Normal    216     55    189    101"
			   "     84     38     37     27      5  12345 1234567 ");
}

/* ---- free_reserved_range() ---------------------------------------------- */

/* Make a block look as if it had been in use since boot. */
static struct page *make_reserved(unsigned order)
{
	struct page *page = alloc_pages(GFP_KERNEL, order);

	REQUIRE(page);
	page_zone(page)->managed -= 1ul << order;
	for (unsigned i = 0; i < 1u << order; i++)
		page[i].state_order = STATE_ORDER(PAGE_RESERVED, 0);
	return page;
}

KTEST(zone, buddyinfo_ends_where_its_buffer_ends)
{
	char whole[256], part[sizeof(whole)];
	int len = buddyinfo_format(whole, sizeof(whole), &zones[ZONE_NORMAL]);

	for (int size = 1; size <= len + 1; size++) {
		memset(part, '!', sizeof(part));
		EXPECT_EQ(buddyinfo_format(part, (size_t)size,
					   &zones[ZONE_NORMAL]), size - 1);
		EXPECT(!memcmp(part, whole, (size_t)size - 1));
		EXPECT_EQ(part[size - 1], '\0');
		EXPECT_EQ(part[size], '!');
	}
}

KTEST(zone, a_reserved_range_can_be_freed_later)
{
	unsigned long free = nr_free_pages(), managed;
	struct page *page = make_reserved(2);
	phys_addr_t start = page_to_phys(page);
	struct zone *zone = page_zone(page);

	managed = zone->managed;
	/* Only whole pages are freed: not the first and the last one. */
	free_reserved_range(phys_add(start, 1), phys_add(start, 16383));
	EXPECT_EQ(zone->managed, managed + 2);
	EXPECT_EQ(nr_free_pages(), free - 2);
	EXPECT_EQ(page_state(page_to_pfn(page)), PAGE_RESERVED);
	EXPECT_NULL(page_alloc_check());
	free_reserved_range(start, phys_add(start, PAGE_SIZE));
	free_reserved_range(phys_add(start, 3 * PAGE_SIZE),
			    phys_add(start, 4 * PAGE_SIZE));
	EXPECT_EQ(zone->managed, managed + 4);
	EXPECT_EQ(nr_free_pages(), free);
	EXPECT_NULL(page_alloc_check());
}

static void free_reserved_page(void *page)
{
	phys_addr_t start = page_to_phys(page);

	free_reserved_range(start, phys_add(start, PAGE_SIZE));
}

KTEST(zone, freeing_what_is_not_reserved_is_caught)
{
	struct page *page = alloc_page(GFP_KERNEL);

	REQUIRE(page);
	EXPECT_PANIC(free_reserved_page, page, "PAGE_RESERVED");
	free_page(page);
}

KTEST(zone, a_range_without_ram_is_passed_over)
{
	unsigned long free = nr_free_pages();

	free_reserved_range(memblock_end(),
			    phys_add(memblock_end(), 16 * PAGE_SIZE));
	free_reserved_range(PHYS(ISA_HOLE_START), PHYS(ISA_HOLE_START + 1));
	EXPECT_EQ(nr_free_pages(), free);
}

/* The marks follow from the sizes of the zones, which have changed. */
KTEST(zone, after_a_free_of_a_range_the_marks_are_computed)
{
	unsigned long *reserve = zones[ZONE_DMA].lowmem_reserve;
	unsigned long right = reserve[ZONE_HIGHMEM];

	reserve[ZONE_HIGHMEM] = right + 1;
	free_reserved_range(PHYS(ISA_HOLE_START), PHYS(ISA_HOLE_START));
	EXPECT_EQ(reserve[ZONE_HIGHMEM], right);
}

KTEST(zone, dumps_are_those_of_proc)
{
	buddyinfo_dump();
	zoneinfo_dump();
}

/* ---- sums --------------------------------------------------------------- */

KTEST(zone, sums_are_those_of_the_zones)
{
	unsigned long free = 0, managed = 0;
	irqflags_t flags = irq_save();

	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		managed += zones[i].managed;
		free += zones[i].nr_free;
		for (unsigned order = 0; order < PCP_ORDERS; order++)
			free += (unsigned long)zones[i].pcp[0][order].count
				<< order;
	}
	EXPECT_EQ(nr_free_pages(), free);
	EXPECT_EQ(managed_pages(), managed);
	irq_restore(flags);
}

/* No frame of a block that was freed says that it is still reserved. */
KTEST(zone, a_range_that_was_freed_is_one_block)
{
	struct page *page = make_reserved(3);
	phys_addr_t start = page_to_phys(page);
	pfn_t pfn = page_to_pfn(page);

	free_reserved_range(start, phys_add(start, 8 * PAGE_SIZE));
	for (unsigned i = 1; i < 8; i++) {
		EXPECT_EQ(page_state(pfn_add(pfn, i)), PAGE_TAIL);
		EXPECT_EQ(page[i].order, 0);
	}
	EXPECT_NULL(page_alloc_check());
}
