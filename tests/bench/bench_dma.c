// SPDX-License-Identifier: MIT
/*
 * bench_dma.c - what a bus address costs
 *
 * WHAT     Mapping and unmapping a buffer of 4 KiB: as it is, behind an IOMMU,
 *          and through a copy. The time of the copies is counted.
 */
#include <arch/iommu.h>

#include "mm/dma/dma_impl.h"
#include "mm/page/page_alloc.h"
#include "tests/bench.h"

static struct dma_device dev;

static void map_pairs(struct bench *b, struct page *page,
		      enum dma_direction dir)
{
	while (bench_next(b)) {
		bus_addr_t bus = dma_map_page(&dev, page, 0, PAGE_SIZE, dir);

		if (dma_mapping_error(bus))
			return bench_skip(b, "cannot be mapped");
		dma_unmap_page(&dev, bus, PAGE_SIZE, dir);
	}
}

static void map_single_pairs(struct bench *b, void *ptr)
{
	while (bench_next(b)) {
		bus_addr_t bus = dma_map_single(&dev, ptr, PAGE_SIZE,
						DMA_TO_DEVICE);

		if (dma_mapping_error(bus))
			return bench_skip(b, "cannot be mapped");
		dma_unmap_single(&dev, bus, PAGE_SIZE, DMA_TO_DEVICE);
	}
}

static bool device(struct bench *b, uint64_t mask, struct iommu_domain *domain)
{
	if (dma_device_init(&dev, "bench", mask, domain) == 0)
		return true;
	bench_skip(b, "no memory");
	return false;
}

BENCH(dma_map_single_direct_pair, 2000)
{
	void *ptr = get_free_pages(GFP_KERNEL, 0);

	if (!ptr)
		return bench_skip(b, "no memory");
	if (device(b, DMA_BIT_MASK(32), NULL)) {
		map_single_pairs(b, ptr);
		dma_device_destroy(&dev);
	}
	put_free_pages(ptr, 0);
}

/* Another mapping stays, as a driver has one: so the tables stay, too. */
static void behind_iommu(struct bench *b, struct page *page,
			 struct iommu_domain *domain)
{
	bus_addr_t ring;
	void *ptr;

	if (!device(b, DMA_BIT_MASK(32), domain))
		return;
	ptr = dma_alloc_coherent(&dev, PAGE_SIZE, &ring, GFP_KERNEL);
	map_pairs(b, page, DMA_TO_DEVICE);
	dma_free_coherent(&dev, PAGE_SIZE, ptr, ring);
	dma_device_destroy(&dev);
}

/* Without hardware: the figure lacks the flush of a real IOTLB. */
BENCH(dma_map_iommu_4k_pair, 400)
{
	struct iommu_domain *domain = iommu_domain_create();
	struct page *page = alloc_page(GFP_HIGHUSER);

	if (domain && page)
		behind_iommu(b, page, domain);
	else
		bench_skip(b, "no memory");
	if (domain)
		iommu_domain_destroy(domain);
	if (page)
		free_page(page);
}

/* A page of highmem, which a device with 24 address lines cannot reach. */
static void bounce_pairs(struct bench *b, enum dma_direction dir)
{
	struct page *page = alloc_page(GFP_HIGHUSER);

	if (!page)
		return bench_skip(b, "no memory");
	if (!page_is_highmem(page))
		bench_skip(b, "no highmem");
	else if (device(b, DMA_BIT_MASK(24), NULL)) {
		map_pairs(b, page, dir);
		dma_device_destroy(&dev);
	}
	free_page(page);
}

BENCH(dma_map_bounce_4k_to_device_pair, 200)
{
	bounce_pairs(b, DMA_TO_DEVICE);
}

BENCH(dma_map_bounce_4k_from_device_pair, 200)
{
	bounce_pairs(b, DMA_FROM_DEVICE);
}

BENCH(dma_pool_64_pair, 1000)
{
	struct dma_pool *pool;

	if (!device(b, DMA_BIT_MASK(32), NULL))
		return;
	pool = dma_pool_create("bench", &dev, 64, 64, 0);
	while (pool && bench_next(b)) {
		bus_addr_t bus;
		void *ptr = dma_pool_alloc(pool, GFP_KERNEL, &bus);

		if (!ptr) {
			bench_skip(b, "no memory");
			break;
		}
		dma_pool_free(pool, ptr, bus);
	}
	if (!pool || dma_pool_destroy(pool))
		bench_skip(b, "no memory");
	dma_device_destroy(&dev);
}
