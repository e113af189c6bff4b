// SPDX-License-Identifier: MIT
/*
 * dma.c (tests) - devices, masks, and buffers that need no help
 *
 * WHAT     Which masks are allowed; buffers in each zone, mapped at their own
 *          addresses; what is refused; the check before a driver gives an
 *          address to its device; coherent memory.
 */
#include "lib/align.h"
#include "mm/early/memblock.h"
#include "mm/kva/vmalloc.h"
#include "tests/suites/dma_test.h"

SUITE(dma, dma_check);

static struct fake_device dev;

/* ---- devices --------------------------------------------------------- */

KTEST(dma, masks_that_are_none_are_refused)
{
	static const uint64_t bad[] = {
		0, 1, 0x7fff, 0xfffe, 0x10000, 0xff00ffff, ~0ull - 1,
	};
	struct dma_device d;

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(dma_device_init(&d, "bad", bad[i], NULL), -EINVAL);
	for (unsigned bits = 16; bits <= 64; bits++) {
		EXPECT_EQ(dma_device_init(&d, "good", DMA_BIT_MASK(bits), NULL),
			  0);
		dma_device_destroy(&d);
	}
}

KTEST(dma, mask_may_change_while_nothing_is_mapped)
{
	void *ptr = kmap_local(pfn_to_page(PFN(1)));
	bus_addr_t bus;

	kunmap_local(ptr);
	fake_device_init(&dev, MASK_PCI, false);
	EXPECT_EQ(dma_set_mask(&dev.dma, 12345), -EINVAL);
	EXPECT_EQ(dma_set_mask(&dev.dma, MASK_ALL), 0);
	bus = dma_map_single(&dev.dma, ptr, 8, DMA_TO_DEVICE);
	REQUIRE(!dma_mapping_error(bus));
	EXPECT_EQ(dma_set_mask(&dev.dma, MASK_PCI), -EBUSY);
	EXPECT_EQ(dev.dma.mask, MASK_ALL);
	dma_unmap_single(&dev.dma, bus, 8, DMA_TO_DEVICE);
	EXPECT_EQ(dma_set_mask(&dev.dma, MASK_ISA), 0);
	EXPECT_EQ(dev.dma.mask, MASK_ISA);
	fake_device_end(&dev);
}

/* ---- direct mappings ------------------------------------------------- */

static void try_zone(gfp_t gfp)
{
	struct page *page = alloc_page(gfp);
	bus_addr_t bus;

	REQUIRE(page);
	bus = dma_map_page(&dev.dma, page, 17, 1000, DMA_BIDIRECTIONAL);
	EXPECT_EQ(bus.v, page_to_phys(page).v + 17);
	EXPECT(fake_device_fill(&dev, bus, 'z', 1000));
	EXPECT(mem_is(phys_add(page_to_phys(page), 17), 'z', 1000));
	EXPECT(fake_device_sees(&dev, bus, 'z', 1000));
	dma_unmap_page(&dev.dma, bus, 1000, DMA_BIDIRECTIONAL);
	free_page(page);
}

KTEST(dma, a_buffer_in_each_zone_has_its_own_address)
{
	fake_device_init(&dev, MASK_ALL, false);
	try_zone(GFP_DMA);
	try_zone(GFP_KERNEL);
	try_zone(GFP_HIGHUSER);
	EXPECT_EQ(dev.dma.stats.mapped, 3);
	EXPECT_EQ(dev.dma.stats.unmapped, 3);
	EXPECT_EQ(dev.dma.stats.bounced_pages, 0);
	fake_device_end(&dev);
}

KTEST(dma, single_is_the_physical_address_of_lowmem)
{
	char *ptr = get_free_pages(GFP_KERNEL, 1);
	bus_addr_t bus;

	REQUIRE(ptr);
	fake_device_init(&dev, MASK_ALL, false);
	bus = dma_map_single(&dev.dma, ptr + 100, PAGE_SIZE, DMA_TO_DEVICE);
	EXPECT_EQ(bus.v, virt_to_phys(ptr).v + 100);
	dma_sync_single_for_cpu(&dev.dma, bus, 10, DMA_TO_DEVICE);
	dma_sync_single_for_device(&dev.dma, bus, 10, DMA_TO_DEVICE);
	dma_unmap_single(&dev.dma, bus, PAGE_SIZE, DMA_TO_DEVICE);
	fake_device_end(&dev);
	put_free_pages(ptr, 1);
}

KTEST(dma, what_is_no_lowmem_or_no_memory_is_refused)
{
	char on_stack[16];
	void *area = vmalloc(PAGE_SIZE);
	char *last = kva_to_ptr(high_memory - 1);
	pfn_t end = PFN(max_pfn.v - 1);

	fake_device_init(&dev, MASK_ALL, false);
	EXPECT(dma_mapping_error(dma_map_single(&dev.dma, NULL, 8,
						DMA_TO_DEVICE)));
	EXPECT(dma_mapping_error(dma_map_single(&dev.dma, area, 8,
						DMA_TO_DEVICE)));
	if (!kva_is_lowmem(ptr_to_kva(on_stack)))
		EXPECT(dma_mapping_error(dma_map_single(&dev.dma, on_stack, 8,
							DMA_TO_DEVICE)));
	EXPECT(dma_mapping_error(dma_map_single(&dev.dma, last, 2,
						DMA_TO_DEVICE)));
	EXPECT(dma_mapping_error(dma_map_single(&dev.dma, last, 0,
						DMA_TO_DEVICE)));
	EXPECT(dma_mapping_error(dma_map_single(&dev.dma, last, SIZE_MAX,
						DMA_TO_DEVICE)));
	EXPECT(dma_mapping_error(dma_map_page(&dev.dma, pfn_to_page(end), 1,
					      PAGE_SIZE, DMA_TO_DEVICE)));
	EXPECT(dma_mapping_error(dma_map_page(&dev.dma, pfn_to_page(end), 0,
					      0, DMA_TO_DEVICE)));
	EXPECT(dma_mapping_error(dma_map_page(&dev.dma, pfn_to_page(end), 0, 1,
					      DMA_NR_DIRECTIONS)));
	EXPECT_EQ(dev.dma.stats.refused,
		  8 + !kva_is_lowmem(ptr_to_kva(on_stack)));
	EXPECT_EQ(dev.dma.stats.mapped, 0);
	fake_device_end(&dev);
	vfree(area);
}

/* The numbers of their frames are too large, and must not be cut. */
KTEST(dma, addresses_that_wrap_or_have_no_frame_are_no_memory)
{
	EXPECT(dma_is_memory(PHYS(ISA_HOLE_END), 1));
	EXPECT(!dma_is_memory(PHYS((1ull << 44) + ISA_HOLE_END), 1));
	EXPECT(!dma_is_memory(PHYS(ISA_HOLE_END + PAGE_SIZE), SIZE_MAX));
	EXPECT(!dma_is_memory(PHYS(ISA_HOLE_END), 0));
}

/* Each way to map this range is refused: direct, by a copy, by an IOMMU. */
static void expect_refused(pfn_t first, size_t size)
{
	static const uint64_t masks[] = {
		MASK_ALL, MASK_ISA, DMA_BIT_MASK(19), DMA_BIT_MASK(16),
	};
	struct scatterlist sg[2] = {
		{ .page = pfn_to_page(first), .length = PAGE_SIZE },
		{ .page = pfn_to_page(pfn_add(first, 1)), .length = PAGE_SIZE },
	};

	for (unsigned i = 0; i < 2 * ARRAY_SIZE(masks); i++) {
		fake_device_init(&dev, masks[i / 2], i % 2);
		EXPECT(dma_mapping_error(dma_map_page(&dev.dma, sg[0].page, 0,
						      size, DMA_TO_DEVICE)));
		EXPECT_EQ(dma_map_sg(&dev.dma, sg, 2, DMA_TO_DEVICE), -EINVAL);
		EXPECT(!pfn_lt(first, max_low_pfn) ||
		       dma_mapping_error(dma_map_single(
			       &dev.dma, phys_to_virt(pfn_to_phys(first)),
			       size, DMA_TO_DEVICE)));
		EXPECT_EQ(dev.dma.stats.mapped, 0);
		fake_device_end(&dev);
	}
}

static void expect_direct(uint32_t pa, size_t size)
{
	bus_addr_t bus = dma_map_single(&dev.dma, phys_to_virt(PHYS(pa)), size,
					DMA_TO_DEVICE);

	EXPECT_EQ(bus.v, pa);
	if (!dma_mapping_error(bus))
		dma_unmap_single(&dev.dma, bus, size, DMA_TO_DEVICE);
}

/* Each hole that has entries in mem_map: into it, out of it, across it. */
KTEST(dma, what_runs_into_a_hole_is_refused)
{
	struct memblock_range ram, next;
	unsigned nr_holes = 0;

	for (unsigned i = 0; memblock_memory(i, &ram); i++) {
		pfn_t hole = phys_to_pfn(ram.end), end;

		if (!memblock_memory(i + 1, &next))
			break;
		end = phys_to_pfn_up(next.start);
		if (!pfn_lt(end, max_pfn))
			break;
		expect_refused(PFN(hole.v - 1), PAGE_SIZE + 1);
		expect_refused(PFN(end.v - 1), 2 * PAGE_SIZE);
		expect_refused(PFN(hole.v - 1),
			       (size_t)(end.v - hole.v + 2) * PAGE_SIZE);
		nr_holes++;
	}
	/* Every PC has the hole from 640 KiB to 1 MiB. */
	EXPECT(nr_holes > 0);
}

/* Each range of RAM in lowmem: all of it, its first and its last byte. */
KTEST(dma, what_ends_where_a_hole_begins_is_mapped)
{
	struct memblock_range ram;
	uint32_t start, end;

	fake_device_init(&dev, MASK_ALL, false);
	for (unsigned i = 0; memblock_memory(i, &ram); i++) {
		start = pfn_min(phys_to_pfn_up(ram.start), max_low_pfn).v;
		end = pfn_min(phys_to_pfn(ram.end), max_low_pfn).v;
		if (start >= end)
			continue;
		expect_direct(start << PAGE_SHIFT,
			      (end - start) << PAGE_SHIFT);
		expect_direct(start << PAGE_SHIFT, 1);
		expect_direct((end << PAGE_SHIFT) - 1, 1);
	}
	EXPECT(dev.dma.stats.mapped >= 6);
	fake_device_end(&dev);
}

/* ---- before an address is given to a device -------------------------- */

KTEST(dma, reach_is_checked_to_the_byte)
{
	bool debug = debug_mode(false);
	unsigned long refused;

	fake_device_init(&dev, DMA_BIT_MASK(28), false);
	refused = dev.dma.stats.refused;
	EXPECT_EQ(dma_check_reach(&dev.dma, BUS(0), 1), 0);
	EXPECT_EQ(dma_check_reach(&dev.dma, BUS(0x0fffffff), 1), 0);
	EXPECT_EQ(dma_check_reach(&dev.dma, BUS(0x0ffffff0), 16), 0);
	EXPECT_EQ(dev.dma.stats.refused, refused);
	EXPECT_EQ(dma_check_reach(&dev.dma, BUS(0x0ffffff0), 17), -ERANGE);
	EXPECT_EQ(dma_check_reach(&dev.dma, BUS(0x10000000), 1), -ERANGE);
	EXPECT_EQ(dma_check_reach(&dev.dma, BUS(~0ull), 2), -ERANGE);
	EXPECT_EQ(dma_check_reach(&dev.dma, BUS(0), 0), -ERANGE);
	EXPECT_EQ(dma_check_reach(&dev.dma, DMA_MAPPING_ERROR, 1), -ERANGE);
	EXPECT_EQ(dev.dma.stats.refused, refused + 5);
	fake_device_end(&dev);
	debug_mode(debug);
}

KTEST(dma, a_device_shows_that_it_was_not_asked)
{
	char byte;

	fake_device_init(&dev, DMA_BIT_MASK(20), false);
	EXPECT(!fake_device_read(&dev, BUS(0x100000), &byte, 1));
	EXPECT_EQ(dev.beyond, 1);
	fake_device_end(&dev);
}

/* ---- coherent memory ------------------------------------------------- */

static void try_coherent(size_t size, uint64_t mask, bool iommu)
{
	bus_addr_t bus = BUS(0);
	size_t whole = ALIGN_UP(size, PAGE_SIZE);
	char *ptr;

	fake_device_init(&dev, mask, iommu);
	ptr = dma_alloc_coherent(&dev.dma, size, &bus, GFP_KERNEL);
	REQUIRE(ptr);
	EXPECT(kva_is_lowmem(ptr_to_kva(ptr)));
	EXPECT(bus.v + whole - 1 <= mask);
	EXPECT(IS_ALIGNED(bus.v, PAGE_SIZE << ilog2_up(whole / PAGE_SIZE)));
	EXPECT(fake_device_sees(&dev, bus, 0, whole));
	/* CPU and device may touch it at any time, without a sync. */
	ptr[size - 1] = 'c';
	EXPECT(fake_device_sees(&dev, BUS(bus.v + size - 1), 'c', 1));
	EXPECT(fake_device_fill(&dev, bus, 'd', size));
	EXPECT_EQ(ptr[0], 'd');
	EXPECT_EQ(ptr[size - 1], 'd');
	EXPECT_EQ(dma_check_reach(&dev.dma, bus, size), 0);
	EXPECT_EQ(dma_set_mask(&dev.dma, MASK_ALL), -EBUSY);
	EXPECT_NULL(dma_check());
	dma_free_coherent(&dev.dma, size, ptr, bus);
	fake_device_end(&dev);
}

KTEST(dma, coherent_memory_is_one_for_both)
{
	static const size_t sizes[] = { 1, 4096, 4097, 3 * 4096, 65536 };

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		try_coherent(sizes[i], MASK_ISA, false);
		try_coherent(sizes[i], DMA_BIT_MASK(28), false);
		try_coherent(sizes[i], MASK_PCI, false);
		try_coherent(sizes[i], DMA_BIT_MASK(28), true);
		try_coherent(sizes[i], MASK_ALL, true);
	}
}

KTEST(dma, coherent_sizes_that_cannot_be_are_refused)
{
	bus_addr_t bus;

	fake_device_init(&dev, MASK_PCI, false);
	EXPECT(!dma_alloc_coherent(&dev.dma, 0, &bus, GFP_KERNEL));
	EXPECT(!dma_alloc_coherent(&dev.dma, (PAGE_SIZE << MAX_ORDER) + 1,
				   &bus, GFP_KERNEL));
	EXPECT(!dma_alloc_coherent(&dev.dma, SIZE_MAX, &bus, GFP_KERNEL));
	EXPECT_EQ(dev.dma.stats.refused, 3);
	dma_free_coherent(&dev.dma, 100, NULL, BUS(0));
	fake_device_end(&dev);
}

KTEST(dma, coherent_memory_may_be_a_largest_block)
{
	size_t size = PAGE_SIZE << MAX_ORDER;
	struct page *page;
	bus_addr_t bus;
	void *ptr;

	fake_device_init(&dev, MASK_PCI, false);
	page = dma_alloc_lowmem(&dev.dma, GFP_KERNEL | GFP_NOWARN, MAX_ORDER);
	if (!page) {
		fake_device_end(&dev);
		SKIP("no free block of 4 MiB");
	}
	free_pages(page, MAX_ORDER);
	ptr = dma_alloc_coherent(&dev.dma, size, &bus, GFP_KERNEL);
	EXPECT(ptr);
	dma_free_coherent(&dev.dma, size, ptr, bus);
	fake_device_end(&dev);
}

static bool alloc_coherent(void *arg)
{
	bus_addr_t bus;
	void *ptr = dma_alloc_coherent(&dev.dma, 8192, &bus, GFP_KERNEL);

	if (!ptr)
		return false;
	dma_free_coherent(&dev.dma, 8192, ptr, bus);
	return true;
}

KTEST(dma, coherent_memory_survives_failures)
{
	unsigned long used = objects_in_use();

	fake_device_init(&dev, DMA_BIT_MASK(28), false);
	EXPECT(ktest_each_failure(alloc_coherent, NULL) >= 2);
	fake_device_end(&dev);
	fake_device_init(&dev, DMA_BIT_MASK(28), true);
	EXPECT(ktest_each_failure(alloc_coherent, NULL) >= 3);
	fake_device_end(&dev);
	EXPECT_EQ(objects_in_use(), used);
}

KTEST(dma, dump_says_who_there_is)
{
	fake_device_init(&dev, MASK_ISA, false);
	dma_dump();
	fake_device_end(&dev);
}

/* ---- the checker ----------------------------------------------------- */

KTEST(dma, check_finds_each_broken_law)
{
	static struct fake_device other;
	struct iommu_domain *domain;
	uint64_t mask;

	fake_device_init(&dev, MASK_PCI, true);
	fake_device_init(&other, MASK_PCI, true);
	mask = dev.dma.mask;
	dev.dma.mask = 0xfffe;
	EXPECT_LAW(dma_check(), "dma D1");
	dev.dma.mask = mask;
	dev.dma.stats.unmapped++;
	EXPECT_LAW(dma_check(), "dma D2");
	dev.dma.stats.unmapped--;
	domain = dev.dma.domain;
	dev.dma.domain = other.dma.domain;
	EXPECT_LAW(dma_check(), "dma D3");
	dev.dma.domain = domain;
	dma_ram_run.size -= PAGE_SIZE;
	EXPECT_LAW(dma_check(), "dma D4");
	dma_ram_run.size += PAGE_SIZE;
	/* The page before it is a hole: it is no RAM, or it is not there. */
	dma_ram_run.start -= PAGE_SIZE;
	EXPECT_LAW(dma_check(), "dma D4");
	dma_ram_run.start += PAGE_SIZE;
	EXPECT_NULL(dma_check());
	fake_device_end(&other);
	fake_device_end(&dev);
}
