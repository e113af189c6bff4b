// SPDX-License-Identifier: MIT
/*
 * ioremap.c (tests) - device registers are mapped, RAM is refused
 */
#include <arch/cpu.h>
#include <arch/pgtable_bits.h>
#include <arch/pgtable_check.h>
#include <arch/probe.h>

#include "lib/align.h"
#include "lib/errno.h"
#include "mm/early/memblock.h"
#include "mm/kva/vm_area.h"
#include "tests/ktest.h"
#include "tests/suites/full_kva.h"

SUITE(ioremap, vmalloc_check);

/* Never RAM on a PC: the I/O APIC and what follows it. */
#define DEVICE  0xfec00000u

static bool maps_frame(const void *ptr, uint32_t frame)
{
	pfn_t pfn;

	return kpt_lookup(ptr_to_kva(ptr), &pfn) && pfn.v == frame;
}

static struct memblock_range last_ram(void)
{
	struct memblock_range range = { PHYS(0), PHYS(0) };

	for (unsigned i = 0; memblock_memory(i, &range); i++)
		;
	return range;
}

KTEST_KEEPS(ioremap, page_tables_are_made_once)
{
	REQUIRE(kpt_populate(vmalloc_start(), 2 * PTRS_PER_PT) == 0);
}

KTEST(ioremap, maps_consecutive_frames)
{
	char *ptr = ioremap(PHYS(DEVICE), 3 * PAGE_SIZE);
	pfn_t pfn;

	REQUIRE(ptr);
	for (unsigned i = 0; i < 3; i++)
		EXPECT(maps_frame(ptr + i * PAGE_SIZE,
				  DEVICE / PAGE_SIZE + i));
	EXPECT(!kpt_lookup(ptr_to_kva(ptr) + 3 * PAGE_SIZE, &pfn));
	EXPECT_NULL(vmalloc_check());
	iounmap(ptr);
}

KTEST(ioremap, offset_within_the_page_is_kept)
{
	char *ptr = ioremap(PHYS(DEVICE + 0xff0), 0x20);

	REQUIRE(ptr);
	EXPECT_EQ(ptr_to_kva(ptr) % PAGE_SIZE, 0xff0);
	/* 32 bytes, but in two pages. */
	EXPECT(maps_frame(ptr, DEVICE / PAGE_SIZE));
	EXPECT(maps_frame(ptr + 0x1f, DEVICE / PAGE_SIZE + 1));
	iounmap(ptr);
}

KTEST(ioremap, the_isa_hole_is_no_ram)
{
	uint8_t byte;
	char *ptr = ioremap(PHYS(0xb8000), 0x8000);

	REQUIRE(ptr);
	EXPECT(probe_read8(ptr, &byte));
	EXPECT(probe_read8(ptr + 0x7fff, &byte));
	EXPECT(!probe_read8(ptr + 0x8000, &byte));
	iounmap(ptr);
	EXPECT(!probe_read8(ptr, &byte));
	/* RAM begins right behind it. */
	ptr = ioremap(PHYS(ISA_HOLE_END - 1), 1);
	EXPECT(ptr);
	iounmap(ptr);
}

KTEST(ioremap, find_says_ioremap)
{
	struct vm_area_info info;
	void *ptr = ioremap(PHYS(DEVICE), 1);

	REQUIRE(ptr);
	EXPECT(vmalloc_find(ptr_to_kva(ptr), &info));
	EXPECT_EQ(info.kind, VM_IOREMAP);
	iounmap(ptr);
}

KTEST(ioremap, ram_is_refused)
{
	struct memblock_range ram = last_ram();

	EXPECT(!ioremap(PHYS(0x100000), PAGE_SIZE));
	EXPECT(!ioremap(PHYS(0x100123), 4));
	/* One page of RAM among others is one too many. */
	EXPECT(!ioremap(PHYS(ISA_HOLE_END - PAGE_SIZE), 2 * PAGE_SIZE));
	EXPECT(!ioremap(PHYS(ISA_HOLE_END - 1), 2));
	EXPECT(!ioremap(phys_add(ram.end, -(uint64_t)PAGE_SIZE),
			2 * PAGE_SIZE));
	EXPECT(!ioremap(PHYS(0), 0xfffff));
}

/* The frame already has a cached mapping, for its bytes of RAM. */
KTEST(ioremap, a_frame_that_is_ram_in_part_is_refused)
{
	struct memblock_range range;

	for (unsigned i = 0; memblock_memory(i, &range); i++)
		if (phys_page_offset(range.end))
			break;
	if (!phys_page_offset(range.end))
		SKIP("needs RAM that ends within a page");
	EXPECT(!ioremap(range.end, 1));
}

/*
 * Map the first page of each hole below high_memory, uncached. Above the ISA
 * hole the direct map has nothing there.
 */
KTEST_KEEPS(ioremap, a_hole_among_ram_has_one_mapping_and_one_cache_type)
{
	struct memblock_range ram, next;
	unsigned nr = 0;

	for (unsigned i = 0; memblock_memory(i, &ram) &&
			     memblock_memory(i + 1, &next); i++) {
		pfn_t first = phys_to_pfn_up(ram.end), pfn;
		pfn_t end = phys_to_pfn(next.start);
		void *ptr;

		if (!pfn_lt(first, end) ||
		    !phys_is_lowmem(pfn_to_phys(end)))
			continue;
		ptr = ioremap(pfn_to_phys(first), PAGE_SIZE);
		REQUIRE(ptr);
		EXPECT_NULL(pgtable_check());
		iounmap(ptr);
		if (first.v << PAGE_SHIFT >= ISA_HOLE_END)
			EXPECT(!kpt_lookup(PAGE_OFFSET +
					   (first.v << PAGE_SHIFT), &pfn));
		nr++;
	}
	if (!nr)
		SKIP("needs a hole among lowmem");
}

KTEST(ioremap, ranges_that_cannot_be_are_refused)
{
	uint64_t top = 1ull << cpu_phys_bits();

	EXPECT(!ioremap(PHYS(DEVICE), 0));
	EXPECT(!ioremap(PHYS(UINT64_MAX - 10), 100));
	EXPECT(!ioremap(PHYS(UINT64_MAX), 1));
	EXPECT(!ioremap(PHYS(top), 1));
	EXPECT(!ioremap(PHYS(top - PAGE_SIZE), 2 * PAGE_SIZE));
	EXPECT(!ioremap(PHYS(1ull << 50), PAGE_SIZE));
	EXPECT_NULL(vmalloc_check());
}

KTEST(ioremap, more_than_the_address_space_is_refused)
{
	uint64_t top = 1ull << cpu_phys_bits();
	uint64_t size = VMALLOC_END - vmalloc_start();

	if (top - size < memblock_end().v || top == 1ull << 32)
		SKIP("needs room above RAM");
	EXPECT(!ioremap(PHYS(top - size), (size_t)size));
}

static void unmap_it(void *ptr)
{
	iounmap(ptr);
}

static void free_it(void *ptr)
{
	vfree(ptr);
}

KTEST(ioremap, wrong_unmaps_are_caught)
{
	char *ptr = ioremap(PHYS(DEVICE + 0x10), 2 * PAGE_SIZE);

	iounmap(NULL);
	REQUIRE(ptr);
	EXPECT_PANIC(unmap_it, ptr + PAGE_SIZE, "in the middle of the area");
	EXPECT_PANIC(free_it, (char *)ptr - 0x10, "this is ioremap memory");
	iounmap(ptr);
	EXPECT_PANIC(unmap_it, ptr, "already freed");
	vmalloc_purge();
	EXPECT_PANIC(unmap_it, ptr, "no area is there");
}

static bool try_ioremap(void *arg)
{
	void *ptr = ioremap(PHYS(DEVICE), 2 * PAGE_SIZE);

	iounmap(ptr);
	return ptr != NULL;
}

KTEST(ioremap, failure_of_each_allocation_gives_everything_back)
{
	vmalloc_purge();
	ktest_each_failure(try_ioremap, NULL);
	EXPECT_NULL(vmalloc_check());
}

#define LARGE_AREA  10000u   /* pages: some of its page tables are new */

static bool try_large_area(void *arg)
{
	int err = 0;
	struct vm_area *area = vm_area_create(LARGE_AREA, VM_MAP, NULL, &err);

	if (area)
		vm_area_unmap(area);
	else
		EXPECT_EQ(err, -ENOMEM);
	return area;
}

/* Keeps: the page tables. */
KTEST_KEEPS(ioremap, an_area_without_page_tables_is_given_back)
{
	unsigned before;

	if (nr_free_pages() < 8 * LARGE_AREA / PTRS_PER_PT)
		SKIP("needs more memory for page tables");
	vmalloc_purge();
	before = nr_areas();
	ktest_each_failure(try_large_area, NULL);
	vmalloc_purge();
	EXPECT_EQ(nr_areas(), before);
	EXPECT_NULL(vmalloc_check());
}

KTEST(ioremap, check_finds_a_frame_that_is_another)
{
	char *ptr = ioremap(PHYS(DEVICE), 2 * PAGE_SIZE);
	kva_t va = ptr_to_kva(ptr) + PAGE_SIZE;
	const char *law;

	REQUIRE(ptr);
	kpt_unmap(va, 1);
	kpt_map_range(va, PFN(DEVICE / PAGE_SIZE), 1, KPROT_DEVICE);
	law = vmalloc_check();
	EXPECT_LAW(law, "vmalloc V7");
	iounmap(ptr);
	EXPECT_NULL(vmalloc_check());
}
