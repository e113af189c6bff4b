// SPDX-License-Identifier: MIT
/*
 * dma_sg.c (tests) - scattered buffers
 *
 * WHAT     Which pieces are joined, with an IOMMU and without; only the pages
 *          out of reach are copied; a failure in the middle leaves nothing
 *          mapped.
 */
#include <arch/iommu.h>

#include "tests/suites/dma_test.h"

SUITE(dma_sg, dma_check);

#define PIECES  8u

static struct fake_device dev;
static struct block       far;
static struct scatterlist sg[PIECES];

/* The i-th page of the block, from `offset` on. */
static void piece(unsigned i, unsigned page, uint32_t offset, uint32_t length)
{
	sg[i] = (struct scatterlist){
		.page = far.page + page, .offset = offset, .length = length
	};
}

static void whole(unsigned i, unsigned page)
{
	piece(i, page, 0, PAGE_SIZE);
}

static void expect_range(unsigned i, uint64_t bus, uint32_t length)
{
	EXPECT_EQ(sg[i].bus.v, bus);
	EXPECT_EQ(sg[i].bus_length, length);
}

/* Direct: everything is in reach. */
static void set_up_direct(void)
{
	REQUIRE(take_beyond(&far, PAGE_SIZE, GFP_HIGHMEM));
	fake_device_init(&dev, MASK_ALL, false);
}

static void set_up_iommu(void)
{
	REQUIRE(take_beyond(&far, PAGE_SIZE, GFP_HIGHMEM));
	fake_device_init(&dev, DMA_BIT_MASK(28), true);
}

static void end(void)
{
	fake_device_end(&dev);
	EXPECT_EQ(dev.beyond, 0);
	give_block(&far);
}

/* ---- what is joined -------------------------------------------------- */

KTEST(dma_sg, neighbours_are_joined_without_an_iommu)
{
	uint64_t pa;

	set_up_direct();
	pa = block_phys(&far).v;
	whole(0, 3);
	whole(1, 4);
	whole(2, 7);
	piece(3, 8, 0, 100);
	piece(4, 8, 100, 50);
	EXPECT_EQ(dma_map_sg(&dev.dma, sg, 5, DMA_TO_DEVICE), 2);
	expect_range(0, pa + 3 * PAGE_SIZE, 2 * PAGE_SIZE);
	expect_range(1, pa + 7 * PAGE_SIZE, PAGE_SIZE + 150);
	EXPECT_EQ(sg[2].bus_length, 0);
	EXPECT_EQ(dma_check_reach(&dev.dma, sg[0].bus, 2 * PAGE_SIZE), 0);
	/* The pieces themselves have not changed. */
	EXPECT(sg[4].page == far.page + 8 && sg[4].offset == 100);
	dma_unmap_sg(&dev.dma, sg, 5, DMA_TO_DEVICE);
	end();
}

KTEST(dma_sg, scattered_pages_are_one_range_behind_an_iommu)
{
	set_up_iommu();
	for (unsigned i = 0; i < PIECES; i++)
		whole(i, 2 * (PIECES - 1 - i));
	piece(0, 14, 1000, PAGE_SIZE - 1000);
	piece(PIECES - 1, 0, 0, 10);
	EXPECT_EQ(dma_map_sg(&dev.dma, sg, PIECES, DMA_BIDIRECTIONAL), 1);
	EXPECT_EQ(sg[0].bus.v % PAGE_SIZE, 1000);
	EXPECT_EQ(sg[0].bus_length, (PIECES - 1) * PAGE_SIZE - 1000 + 10);
	EXPECT_EQ(iommu_nr_mapped(dev.dma.domain), PIECES);
	EXPECT(fake_device_fill(&dev, sg[0].bus, 'i', sg[0].bus_length));
	for (unsigned i = 0; i < PIECES; i++)
		EXPECT(mem_is(phys_add(page_to_phys(sg[i].page), sg[i].offset),
			      'i', sg[i].length));
	EXPECT_EQ(dev.dma.stats.bounced_pages, 0);
	dma_unmap_sg(&dev.dma, sg, PIECES, DMA_BIDIRECTIONAL);
	EXPECT(!fake_device_fill(&dev, sg[0].bus, 'i', 1));
	end();
}

KTEST(dma_sg, pieces_that_end_early_begin_a_new_range)
{
	set_up_iommu();
	whole(0, 5);
	piece(1, 2, 0, 100);
	piece(2, 9, 0, PAGE_SIZE);
	piece(3, 1, 8, PAGE_SIZE - 8);
	whole(4, 0);
	EXPECT_EQ(dma_map_sg(&dev.dma, sg, 5, DMA_TO_DEVICE), 3);
	EXPECT_EQ(sg[0].bus_length, PAGE_SIZE + 100);
	EXPECT_EQ(sg[1].bus_length, PAGE_SIZE);
	EXPECT_EQ(sg[2].bus_length, 2 * PAGE_SIZE - 8);
	EXPECT_EQ(sg[2].bus.v % PAGE_SIZE, 8);
	dma_unmap_sg(&dev.dma, sg, 5, DMA_TO_DEVICE);
	end();
}

/* ---- copies ---------------------------------------------------------- */

/* The device fills the ranges with `byte`. */
static void fill_ranges(int nr, int byte)
{
	for (int i = 0; i < nr; i++)
		EXPECT(fake_device_fill(&dev, sg[i].bus, byte,
					sg[i].bus_length));
}

/* Map all pieces. A machine of 12 MiB may have too little in reach. */
static int map_bounced(enum dma_direction dir, struct page *near)
{
	int nr = dma_map_sg(&dev.dma, sg, PIECES, dir);

	if (nr > 0)
		return nr;
	if (near)
		free_pages(near, NEAR_ORDER);
	end();
	SKIP("needs bounce buffers in reach");
}

KTEST(dma_sg, exactly_the_pages_out_of_reach_are_copied)
{
	uint64_t mask = short_mask(&far, GFP_HIGHMEM);
	struct page *near;
	int nr;

	fake_device_init(&dev, mask, false);
	near = dma_alloc_lowmem(&dev.dma, GFP_KERNEL, NEAR_ORDER);
	REQUIRE(near);
	for (unsigned i = 0; i < PIECES; i++)
		whole(i, i);
	sg[2].page = near;
	piece(5, 5, 77, 1000);
	for (unsigned i = 0; i < PIECES; i++)
		mem_fill(page_to_phys(sg[i].page), 'o', PAGE_SIZE);
	nr = map_bounced(DMA_FROM_DEVICE, near);
	EXPECT_EQ(dev.dma.stats.bounced_pages, PIECES - 1);
	EXPECT_EQ(dev.dma.stats.primed, (PIECES - 2) * PAGE_SIZE + 1000);
	EXPECT_NULL(dma_check());
	fill_ranges(nr, 'n');
	/* Only the page in reach has the new bytes already. */
	EXPECT(mem_is(page_to_phys(near), 'n', PAGE_SIZE));
	EXPECT(mem_is(block_phys(&far), 'o', PAGE_SIZE));
	dma_unmap_sg(&dev.dma, sg, PIECES, DMA_FROM_DEVICE);
	for (unsigned i = 0; i < PIECES; i++)
		EXPECT(mem_is(phys_add(page_to_phys(sg[i].page), sg[i].offset),
			      'n', sg[i].length));
	EXPECT(mem_is(page_to_phys(sg[5].page), 'o', 77));
	EXPECT_EQ(dev.dma.stats.copied_out, dev.dma.stats.primed);
	free_pages(near, NEAR_ORDER);
	end();
}

KTEST(dma_sg, a_sync_may_cross_the_copies_of_a_range)
{
	uint64_t mask = short_mask(&far, GFP_HIGHMEM);
	uint32_t length;
	int nr;

	fake_device_init(&dev, mask, false);
	for (unsigned i = 0; i < PIECES; i++)
		whole(i, PIECES - 1 - i);
	mem_fill(block_phys(&far), 'o', PIECES * PAGE_SIZE);
	nr = map_bounced(DMA_BIDIRECTIONAL, NULL);
	fill_ranges(nr, 'n');
	length = sg[0].bus_length;
	dma_sync_single_for_cpu(&dev.dma, BUS(sg[0].bus.v + 8), length - 16,
				DMA_FROM_DEVICE);
	EXPECT_EQ(dev.dma.stats.copied_out, length - 16);
	EXPECT(mem_is(page_to_phys(sg[0].page), 'o', 8));
	EXPECT(mem_is(phys_add(page_to_phys(sg[0].page), 8), 'n', 100));
	dma_unmap_sg(&dev.dma, sg, PIECES, DMA_BIDIRECTIONAL);
	EXPECT(mem_is(block_phys(&far), 'n', PIECES * PAGE_SIZE));
	end();
}

/* ---- what is refused ------------------------------------------------- */

KTEST(dma_sg, lists_that_are_none_are_refused)
{
	set_up_direct();
	whole(0, 0);
	EXPECT_EQ(dma_map_sg(&dev.dma, sg, 0, DMA_TO_DEVICE), -EINVAL);
	EXPECT_EQ(dma_map_sg(&dev.dma, sg, 1, DMA_NR_DIRECTIONS), -EINVAL);
	piece(1, 0, 0, 0);
	EXPECT_EQ(dma_map_sg(&dev.dma, sg, 2, DMA_TO_DEVICE), -EINVAL);
	piece(1, 0, PAGE_SIZE, 1);
	EXPECT_EQ(dma_map_sg(&dev.dma, sg, 2, DMA_TO_DEVICE), -EINVAL);
	piece(1, 0, 1, PAGE_SIZE);
	EXPECT_EQ(dma_map_sg(&dev.dma, sg, 2, DMA_TO_DEVICE), -EINVAL);
	piece(1, 0, 0, ~0u);
	EXPECT_EQ(dma_map_sg(&dev.dma, sg, 2, DMA_TO_DEVICE), -EINVAL);
	EXPECT_EQ(dev.dma.stats.refused, 6);
	EXPECT_EQ(dev.dma.stats.mapped, 0);
	end();
}

static bool map_list(void *arg)
{
	int nr = dma_map_sg(&dev.dma, sg, PIECES, DMA_BIDIRECTIONAL);

	EXPECT_NULL(dma_check());
	if (nr < 0) {
		EXPECT_EQ(nr, -ENOMEM);
		EXPECT_EQ(dev.dma.stats.mapped, dev.dma.stats.unmapped);
		return false;
	}
	dma_unmap_sg(&dev.dma, sg, PIECES, DMA_BIDIRECTIONAL);
	return true;
}

KTEST(dma_sg, a_failure_in_the_middle_leaves_nothing)
{
	bool debug = debug_mode(true);

	set_up_iommu();
	for (unsigned i = 0; i < PIECES; i++)
		whole(i, 2 * (PIECES - 1 - i));
	piece(3, 8, 0, 10);             /* more than one range */
	EXPECT(ktest_each_failure(map_list, NULL) >= 4);
	EXPECT_EQ(iommu_nr_mapped(dev.dma.domain), 0);
	end();
	debug_mode(debug);
}

/* The pool is used up, so that each piece needs an allocation or two. */
KTEST(dma_sg, a_failure_among_copies_leaves_nothing)
{
	static bus_addr_t taken[256];
	uint64_t mask = short_mask(&far, GFP_HIGHMEM);
	struct bounce_usage usage;
	unsigned n = 0;

	fake_device_init(&dev, mask, false);
	bounce_pool_usage(&usage);
	for (; n < usage.nr; n++) {
		taken[n] = dma_map_page(&dev.dma, far.page, 0, 1,
					DMA_TO_DEVICE);
		if (dma_mapping_error(taken[n]))
			break;
	}
	for (unsigned i = 0; i < PIECES; i++)
		whole(i, 2 * i);
	for (unsigned nth = 1; nth <= 2 * PIECES; nth++) {
		unsigned long live = dma_nr_bounces;
		int nr;

		failpoint_arm(nth);
		nr = dma_map_sg(&dev.dma, sg, PIECES, DMA_BIDIRECTIONAL);
		(void)failpoint_disarm();
		EXPECT_NULL(dma_check());
		if (nr > 0)
			dma_unmap_sg(&dev.dma, sg, PIECES, DMA_BIDIRECTIONAL);
		EXPECT_EQ(dma_nr_bounces, live);
	}
	while (n--)
		dma_unmap_page(&dev.dma, taken[n], 1, DMA_TO_DEVICE);
	end();
}
