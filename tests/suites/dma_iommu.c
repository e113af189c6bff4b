// SPDX-License-Identifier: MIT
/*
 * dma_iommu.c (tests) - mappings behind an IOMMU
 *
 * WHAT     iommu_lookup() walks the tables of a domain, in place of hardware.
 *          Nothing is ever bounced; the direction decides the rights; an
 *          unmapped buffer is out of reach; bus pages run out; failures.
 */
#include <arch/iommu.h>
#include <arch/paging.h>

#include "tests/suites/dma_test.h"

SUITE(dma_iommu, dma_check);

#define SIZE  5000u
#define AT    0x321u

static struct fake_device dev;
static struct block       block;

static void set_up(uint64_t mask)
{
	fake_device_init(&dev, mask, true);
	if (!take_beyond(&block, MASK_PCI, GFP_HIGHMEM) &&
	    !take_beyond(&block, MASK_ISA, GFP_HIGHMEM))
		REQUIRE(take_beyond(&block, PAGE_SIZE, GFP_HIGHMEM));
	mem_fill(block_phys(&block), 'o', 4 * PAGE_SIZE);
}

static void end(void)
{
	EXPECT_EQ(dev.dma.stats.bounced_pages, 0);
	EXPECT_EQ(dev.dma.stats.copied_in + dev.dma.stats.copied_out, 0);
	fake_device_end(&dev);
	give_block(&block);
}

static bus_addr_t map(enum dma_direction dir)
{
	bus_addr_t bus = dma_map_page(&dev.dma, block.page, AT, SIZE, dir);

	EXPECT(!dma_mapping_error(bus));
	EXPECT_EQ(bus.v % PAGE_SIZE, AT);
	EXPECT(bus.v >= PAGE_SIZE);
	EXPECT(bus.v + SIZE - 1 <= dev.dma.mask);
	EXPECT_EQ(dma_check_reach(&dev.dma, bus, SIZE), 0);
	return bus;
}

static void unmap(bus_addr_t bus, enum dma_direction dir)
{
	dma_unmap_page(&dev.dma, bus, SIZE, dir);
}

KTEST(dma_iommu, any_page_is_reached_by_any_mask)
{
	static const unsigned bits[] = { 16, 20, 24, 28, 32, 36, 64 };

	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++) {
		bus_addr_t bus;

		set_up(DMA_BIT_MASK(bits[i]));
		bus = map(DMA_BIDIRECTIONAL);
		EXPECT(fake_device_sees(&dev, bus, 'o', SIZE));
		EXPECT(fake_device_fill(&dev, bus, 'n', SIZE));
		EXPECT(mem_is(phys_add(block_phys(&block), AT), 'n', SIZE));
		unmap(bus, DMA_BIDIRECTIONAL);
		end();
	}
}

KTEST(dma_iommu, direction_is_the_right_that_the_device_gets)
{
	bus_addr_t bus;
	char byte;

	set_up(DMA_BIT_MASK(28));
	bus = map(DMA_TO_DEVICE);
	EXPECT(fake_device_read(&dev, bus, &byte, 1));
	EXPECT(!fake_device_write(&dev, bus, "x", 1));
	unmap(bus, DMA_TO_DEVICE);

	bus = map(DMA_FROM_DEVICE);
	EXPECT(!fake_device_read(&dev, bus, &byte, 1));
	EXPECT(fake_device_write(&dev, bus, "x", 1));
	unmap(bus, DMA_FROM_DEVICE);

	bus = map(DMA_BIDIRECTIONAL);
	EXPECT(fake_device_read(&dev, bus, &byte, 1));
	EXPECT(fake_device_write(&dev, bus, "x", 1));
	unmap(bus, DMA_BIDIRECTIONAL);
	EXPECT_EQ(dev.blocked, 2);
	end();
}

KTEST(dma_iommu, coherent_memory_is_out_of_reach_once_it_is_freed)
{
	bus_addr_t bus;
	void *ptr;

	set_up(DMA_BIT_MASK(28));
	ptr = dma_alloc_coherent(&dev.dma, 5000, &bus, GFP_KERNEL);
	REQUIRE(ptr);
	EXPECT(fake_device_write(&dev, BUS(bus.v + 4999), "x", 1));
	dma_free_coherent(&dev.dma, 5000, ptr, bus);
	EXPECT(!fake_device_write(&dev, bus, "x", 1));
	EXPECT(!fake_device_write(&dev, BUS(bus.v + 4999), "x", 1));
	end();
}

KTEST(dma_iommu, nothing_is_reached_after_unmapping)
{
	bus_addr_t bus;

	set_up(DMA_BIT_MASK(28));
	bus = map(DMA_BIDIRECTIONAL);
	/* The device never had the pages before and behind. */
	EXPECT(!fake_device_write(&dev, BUS((bus.v | 0xfff) + 2 * PAGE_SIZE),
				  "x", 1));
	EXPECT(!fake_device_write(&dev, BUS(bus.v - PAGE_SIZE), "x", 1));
	unmap(bus, DMA_BIDIRECTIONAL);
	EXPECT(!fake_device_write(&dev, bus, "x", 1));
	EXPECT_EQ(dev.blocked, 3);
	EXPECT(mem_is(block_phys(&block), 'o', 4 * PAGE_SIZE));
	end();
}

KTEST(dma_iommu, lowmem_is_mapped_by_pointer)
{
	char *ptr = get_free_pages(GFP_KERNEL | GFP_ZERO, 0);
	bus_addr_t bus;

	REQUIRE(ptr);
	set_up(DMA_BIT_MASK(28));
	bus = dma_map_single(&dev.dma, ptr + 1, 8, DMA_FROM_DEVICE);
	REQUIRE(!dma_mapping_error(bus));
	EXPECT(fake_device_fill(&dev, bus, 'f', 8));
	dma_sync_single_for_cpu(&dev.dma, bus, 8, DMA_FROM_DEVICE);
	EXPECT_EQ(ptr[0], 0);
	EXPECT_EQ(ptr[1], 'f');
	EXPECT_EQ(ptr[8], 'f');
	EXPECT_EQ(ptr[9], 0);
	dma_unmap_single(&dev.dma, bus, 8, DMA_FROM_DEVICE);
	end();
	put_free_pages(ptr, 0);
}

/* Behind an IOMMU, each pointer takes the slow way. */
KTEST(dma_iommu, lowmem_is_mapped_up_to_its_last_byte)
{
	static const size_t sizes[] = { 1, 2, PAGE_SIZE - 1, PAGE_SIZE };
	phys_addr_t limit = PHYS(high_memory - PAGE_OFFSET);
	char *behind = (char *)kva_to_ptr(high_memory - 1) + 1;
	bus_addr_t bus;

	if (!phys_range_has_ram(PHYS(limit.v - PAGE_SIZE), limit))
		SKIP("needs RAM in the last frame of lowmem");
	set_up(MASK_PCI);
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *ptr = behind - sizes[i];

		EXPECT(dma_mapping_error(dma_map_single(&dev.dma, ptr, 0,
							DMA_TO_DEVICE)));
		EXPECT(dma_mapping_error(dma_map_single(
			&dev.dma, ptr, sizes[i] + 1, DMA_TO_DEVICE)));
		bus = dma_map_single(&dev.dma, ptr, sizes[i], DMA_TO_DEVICE);
		REQUIRE(!dma_mapping_error(bus));
		dma_unmap_single(&dev.dma, bus, sizes[i], DMA_TO_DEVICE);
	}
	EXPECT_EQ(dev.dma.stats.refused, 2 * ARRAY_SIZE(sizes));
	end();
}

#define PAGES_16_BITS  15u     /* bus pages of such a device, without page 0 */

KTEST(dma_iommu, bus_pages_run_out_and_come_back)
{
	bus_addr_t bus[PAGES_16_BITS + 1];
	unsigned long used;
	unsigned n = 0;

	set_up(DMA_BIT_MASK(16));
	used = objects_in_use();
	for (; n <= PAGES_16_BITS; n++) {
		bus[n] = dma_map_page(&dev.dma, block.page, 0, PAGE_SIZE,
				      DMA_TO_DEVICE);
		if (dma_mapping_error(bus[n]))
			break;
	}
	EXPECT_EQ(n, PAGES_16_BITS);
	EXPECT_EQ(dev.dma.stats.refused, 1);
	EXPECT_NULL(dma_check());
	for (unsigned i = 0; i < n; i++)
		dma_unmap_page(&dev.dma, bus[i], PAGE_SIZE, DMA_TO_DEVICE);
	EXPECT_EQ(objects_in_use(), used);
	bus[0] = dma_map_page(&dev.dma, block.page, 0, PAGES_16_BITS *
			      PAGE_SIZE, DMA_TO_DEVICE);
	EXPECT_EQ(bus[0].v, PAGE_SIZE);
	dma_unmap_page(&dev.dma, bus[0], PAGES_16_BITS * PAGE_SIZE,
		       DMA_TO_DEVICE);
	end();
}

/* The IOMMU treats a write to these addresses as an interrupt. */
KTEST(dma_iommu, addresses_of_interrupts_are_never_given)
{
	struct iova *below, *above;

	set_up(MASK_PCI);
	below = iova_take(&dev.dma, 0xfee00 - 1, 1);
	REQUIRE(below);
	above = iova_take(&dev.dma, 1, 1);
	REQUIRE(above);
	EXPECT_EQ(below->node.end, 0xfee00);
	EXPECT_EQ(above->node.start, 0xfef00);
	iova_give(&dev.dma, above);
	iova_give(&dev.dma, below);
	end();
}

/* Without debug mode, too: the runs of bus pages say what is mapped. */
KTEST(dma_iommu, what_begins_no_mapping_is_reported)
{
	bool debug = debug_mode(false);
	unsigned long reports = dma_debug_nr_reports();
	static const uint64_t wrong[] = {
		0, 0xfee00000, 0xfeefffff, 1ull << 40, 0xfffffffe000,
		0xffffffff000, 0xfffffffff000, ~0ull - PAGE_SIZE,
	};
	bus_addr_t bus;

	set_up(MASK_ALL);
	bus = map(DMA_TO_DEVICE);
	unmap(BUS(bus.v + PAGE_SIZE), DMA_TO_DEVICE);
	unmap(BUS(bus.v - PAGE_SIZE), DMA_TO_DEVICE);
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++)
		unmap(BUS(wrong[i]), DMA_TO_DEVICE);
	EXPECT_EQ(dma_debug_nr_reports() - reports, 2 + ARRAY_SIZE(wrong));
	EXPECT_EQ(dev.dma.stats.unmapped, 0);
	EXPECT(fake_device_sees(&dev, bus, 'o', SIZE));
	unmap(bus, DMA_TO_DEVICE);
	EXPECT_EQ(dma_debug_nr_reports() - reports, 2 + ARRAY_SIZE(wrong));
	end();
	debug_mode(debug);
}

/* Another thread may be in the middle of iova_map() or iova_give(). */
KTEST(dma_iommu, a_run_that_is_being_filled_is_no_fault)
{
	struct iova *iova;

	set_up(MASK_PCI);
	iova = iova_take(&dev.dma, 2, 1);
	REQUIRE(iova);
	EXPECT_NULL(dma_check());
	REQUIRE(!iommu_map(dev.dma.domain, iova_bus(iova, 1),
			   page_to_phys(block.page), 1,
			   iova_prot(DMA_TO_DEVICE)));
	EXPECT_NULL(dma_check());
	iova->whole = true;
	EXPECT_LAW(dma_check(), "iova I2");
	iova->whole = false;
	REQUIRE(!iommu_map(dev.dma.domain, iova_bus(iova, 2),
			   page_to_phys(block.page), 1,
			   iova_prot(DMA_TO_DEVICE)));
	EXPECT_LAW(dma_check(), "iova I3");
	iommu_unmap(dev.dma.domain, iova_bus(iova, 2), 1);
	EXPECT_NULL(dma_check());
	iova_give(&dev.dma, iova);
	end();
}

/* 64 KiB are 16 bus pages; this run begins at page 16 or above. */
KTEST(dma_iommu, check_finds_a_run_beyond_the_mask)
{
	struct iova *iova;

	set_up(MASK_PCI);
	iova = iova_take(&dev.dma, 1, 16);
	REQUIRE(iova);
	dev.dma.mask = DMA_BIT_MASK(16);
	EXPECT_LAW(dma_check(), "iova I1");
	dev.dma.mask = MASK_PCI;
	EXPECT_NULL(dma_check());
	iova_give(&dev.dma, iova);
	end();
}

KTEST(dma_iommu, a_domain_is_for_one_device)
{
	struct dma_device other;

	set_up(MASK_PCI);
	EXPECT_EQ(dma_device_init(&other, "other", MASK_PCI, dev.dma.domain),
		  -EINVAL);
	end();
}

KTEST(dma_iommu, mask_moves_the_bus_pages)
{
	bus_addr_t bus;

	set_up(MASK_PCI);
	EXPECT_EQ(dma_set_mask(&dev.dma, DMA_BIT_MASK(16)), 0);
	EXPECT(dma_mapping_error(dma_map_page(&dev.dma, block.page, 0,
					      16 * PAGE_SIZE, DMA_TO_DEVICE)));
	bus = map(DMA_TO_DEVICE);
	EXPECT_EQ(dma_set_mask(&dev.dma, MASK_PCI), -EBUSY);
	unmap(bus, DMA_TO_DEVICE);
	EXPECT_EQ(dma_set_mask(&dev.dma, MASK_ALL), 0);
	unmap(map(DMA_TO_DEVICE), DMA_TO_DEVICE);
	end();
}

KTEST(dma_iommu, a_mask_that_cannot_be_set_changes_nothing)
{
	unsigned long used;

	set_up(MASK_PCI);
	used = objects_in_use();
	failpoint_arm(1);
	EXPECT_EQ(dma_set_mask(&dev.dma, MASK_ISA), -ENOMEM);
	EXPECT(failpoint_disarm());
	EXPECT_EQ(dev.dma.mask, MASK_PCI);
	EXPECT_EQ(dma_set_mask(&dev.dma, MASK_ISA), 0);
	EXPECT_EQ(dev.dma.mask, MASK_ISA);
	EXPECT_EQ(objects_in_use(), used);
	end();
}

/* ---- failure --------------------------------------------------------- */

static bool map_a_page(void *arg)
{
	bus_addr_t bus = dma_map_page(&dev.dma, block.page, AT, SIZE,
				      DMA_TO_DEVICE);

	EXPECT_NULL(dma_check());
	if (dma_mapping_error(bus)) {
		EXPECT_EQ(iommu_nr_mapped(dev.dma.domain), 0);
		return false;
	}
	unmap(bus, DMA_TO_DEVICE);
	return true;
}

KTEST(dma_iommu, failure_of_each_allocation_is_survived)
{
	set_up(MASK_PCI);
	EXPECT(ktest_each_failure(map_a_page, NULL) >= 2);
	EXPECT_EQ(dev.dma.stats.mapped, dev.dma.stats.unmapped);
	end();
}

static bool make_device(void *arg)
{
	struct iommu_domain *domain = iommu_domain_create();
	struct dma_device d;
	int err;

	if (!domain)
		return false;
	err = dma_device_init(&d, "tried", MASK_PCI, domain);
	EXPECT(err == 0 || err == -ENOMEM);
	if (!err)
		err = dma_set_mask(&d, MASK_ISA);
	else
		d.domain = NULL;
	if (d.domain)
		dma_device_destroy(&d);
	iommu_domain_destroy(domain);
	return err == 0;
}

KTEST(dma_iommu, a_device_that_cannot_be_made_leaves_nothing)
{
	unsigned long used = objects_in_use();

	EXPECT(ktest_each_failure(make_device, NULL) >= 3);
	EXPECT_EQ(objects_in_use(), used);
}

KTEST(dma_iommu, a_device_that_is_gone_has_no_bus_pages)
{
	set_up(MASK_PCI);
	EXPECT(dev.dma.iova);
	end();
	EXPECT(!dev.dma.iova);
}
