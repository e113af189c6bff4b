// SPDX-License-Identifier: MIT
/*
 * iova.c - which bus addresses a device behind an IOMMU gets
 *
 * WHAT     Each device has bus pages of its own, from its domain's tables.
 *          This file gives out runs of them and maps memory there.
 *
 * PICTURE  Bus pages of a device with 28 wires:
 *
 *            0    1   2   3   4   5   6              0xffff
 *            |never|  A   A   A |  B |  free ...        |
 *                     |   |   |    |
 *            frames  81  17 9000   3        any frame, in any order
 *
 * TERMS    IOVA   I/O virtual address: such a bus address
 *
 * INVARIANTS of iova (iova_check() restates them)
 *          I1  the runs of a device are disjoint, not below page 1 and not
 *              beyond its mask
 *          I2  each page of a run is mapped, if the run is whole: the others
 *              are being filled or taken down
 *          I3  nothing but pages of runs is mapped in the domain
 *
 * ALGORITHM  Take the lowest gap: so a device with a short mask finds a page as
 *          long as one is free. Page 0 is never given out: so an access of a
 *          device that was told no address is blocked. The addresses of
 *          interrupt messages are never given out either: for the IOMMU they
 *          are not memory.
 *
 *          To unmap, first remove the run from the tables and flush the IOTLB.
 *          Only then are its pages free. In the other order, a new mapping
 *          could get the pages while the device still reaches the old frames.
 *
 * LOCKING  dma_lock for the tree. Tables are changed without the lock.
 * COST     O(log n), the tables, and one flush for each unmapping.
 * NOT HERE the tables (<arch/iommu.h>). Rights end at pages: a device that may
 *          write 100 bytes may write the page that they lie in. Buffers for
 *          devices that are not trusted have pages of their own.
 * SEE      Linux drivers/iommu/iova.c, which searches from the top.
 */
#include <arch/iommu.h>

#include "lib/align.h"
#include "lib/errno.h"
#include "mm/dma/dma_impl.h"
#include "mm/slab/kmalloc.h"

/* A device's write to these addresses is an interrupt (SDM vol. 3, 11.11.1). */
#define MSI_START  (0xfee00000u >> PAGE_SHIFT)
#define MSI_END    (0xfef00000u >> PAGE_SHIFT)

/* The bus pages of a device. Protection: all dma_lock */
struct iova_space {
	struct range_tree tree;
	struct range_node msi;        /* in the tree, where that reaches it  */
	unsigned long     nr_taken;   /* runs */
};

static struct kmem_cache *iova_cache;

/* The first bus page that the device does not reach. */
static uint32_t first_beyond(const struct dma_device *dev)
{
	uint64_t last = MIN(dev->mask, (1ull << iommu_address_bits()) - 1);
	uint64_t end = (last + 1) >> PAGE_SHIFT;

	return (uint32_t)(last == ~0ull ? UINT32_MAX : MIN(end, UINT32_MAX));
}

unsigned iova_prot(enum dma_direction dir)
{
	return (dma_dir_reads(dir) ? IOMMU_READ : 0) |
	       (dma_dir_writes(dir) ? IOMMU_WRITE : 0);
}

/* ---- the space of a device ------------------------------------------- */

int iova_create(struct dma_device *dev)
{
	uint32_t end = first_beyond(dev);
	struct iova_space *space;
	int err = 0;

	caller_must(dev->domain, "give a device behind an IOMMU");
	space = kzalloc(sizeof(*space), GFP_KERNEL);
	if (!space)
		return -ENOMEM;
	range_tree_init(&space->tree, 1, end);
	if (end > MSI_START) {
		space->msi.start = MSI_START;
		space->msi.end = MIN(end, MSI_END);
		err = range_insert(&space->tree, &space->msi);
	}
	assert(!err);
	dev->iova = space;
	return 0;
}

/* ---- runs of pages --------------------------------------------------- */

struct iova *iova_take(struct dma_device *dev, uint32_t nr, uint32_t align)
{
	struct iova_space *space = dev->iova;
	struct iova *iova;
	irqflags_t flags;
	bool found;

	caller_must(dev->domain && dev->iova, "give a device behind an IOMMU");
	caller_must(nr > 0, "ask for a page");
	caller_must(is_pow2(align), "give an alignment that is a power of two");
	iova = kmem_cache_alloc(iova_cache, GFP_ATOMIC | GFP_NOWARN);
	if (!iova)
		return NULL;
	iova->whole = false;
	flags = spin_lock_irqsave(&dma_lock);
	found = range_insert_first(&space->tree, &iova->node, nr, align, 1);
	space->nr_taken += found;
	spin_unlock_irqrestore(&dma_lock, flags);
	if (found)
		return iova;
	kmem_cache_free(iova_cache, iova);
	return NULL;
}

/* After a failure, some pages of the run may not be mapped. */
void iova_give(struct dma_device *dev, struct iova *iova)
{
	struct iova_space *space = dev->iova;
	irqflags_t flags;

	caller_must(dev->domain && dev->iova, "give a device behind an IOMMU");
	iova->whole = false;
	iommu_unmap(dev->domain, iova_bus(iova, 0),
		    iova->node.end - iova->node.start);
	flags = spin_lock_irqsave(&dma_lock);
	range_remove(&space->tree, &iova->node);
	space->nr_taken--;
	spin_unlock_irqrestore(&dma_lock, flags);
	kmem_cache_free(iova_cache, iova);
}

/* ---- mapping --------------------------------------------------------- */

bus_addr_t iova_map(struct dma_device *dev, phys_addr_t pa, size_t size,
		    enum dma_direction dir, uint32_t align)
{
	uint32_t offset = phys_page_offset(pa);
	uint32_t nr = dma_nr_pages(offset, size);
	struct iova *iova;

	caller_must(size > 0, "map at least a byte");
	caller_must(dma_dir_valid(dir), "give one of the directions");
	iova = iova_take(dev, nr, align);
	if (!iova)
		return DMA_MAPPING_ERROR;
	if (iommu_map(dev->domain, iova_bus(iova, 0), PHYS(pa.v - offset), nr,
		      iova_prot(dir))) {
		iova_give(dev, iova);
		return DMA_MAPPING_ERROR;
	}
	iova->whole = true;
	return BUS(iova_bus(iova, 0).v + offset);
}

bool iova_unmap(struct dma_device *dev, bus_addr_t bus)
{
	struct iova_space *space = dev->iova;
	uint64_t page = bus.v >> PAGE_SHIFT;
	struct range_node *node = NULL;
	irqflags_t flags = spin_lock_irqsave(&dma_lock);

	if (page < UINT32_MAX)
		node = range_find(&space->tree, (uint32_t)page);
	spin_unlock_irqrestore(&dma_lock, flags);
	if (!node || node == &space->msi || node->start != page) {
		dma_report(dev, "%pB begins no mapping, but was unmapped",
			   &bus);
		return false;
	}
	iova_give(dev, container_of(node, struct iova, node));
	return true;
}

/* ---- the end, check -------------------------------------------------- */

/* Runs that are left have been reported before. */
void iova_destroy(struct dma_device *dev)
{
	struct iova_space *space = dev->iova;
	struct range_node *node, *next;

	caller_must(dev->iova, "give a device behind an IOMMU");
	for (node = range_first(&space->tree); node; node = next) {
		next = range_next(&space->tree, node);
		if (node != &space->msi)
			iova_give(dev, container_of(node, struct iova, node));
	}
	kfree(space);
	dev->iova = NULL;
}

void iova_init(void)
{
	iova_cache = kmem_cache_create("iova", sizeof(struct iova), 0,
				       SLAB_PANIC, NULL);
}

static const char *check_run(const struct dma_device *dev,
			     const struct range_node *node,
			     unsigned long *mapped)
{
	const struct iova *iova = container_of(node, struct iova, node);
	unsigned long here = 0;
	phys_addr_t pa;
	unsigned prot;

	for (uint64_t page = node->start; page < node->end; page++)
		here += iommu_lookup(dev->domain, BUS(page << PAGE_SHIFT), &pa,
				     &prot);
	HOLDS(node->start >= 1 && node->end <= first_beyond(dev),
	      "iova I1: a run of bus pages lies below the mask");
	HOLDS(!iova->whole || here == node->end - node->start,
	      "iova I2: each page of a whole run is mapped");
	*mapped += here;
	return NULL;
}

const char *iova_check(const struct dma_device *dev)
{
	struct iova_space *space = dev->iova;
	const struct range_node *node;
	const char *law = range_tree_check(&space->tree);
	unsigned long mapped = 0, runs = 0;

	assert_held(&dma_lock);
	if (law)
		return law;
	range_for_each(node, &space->tree) {
		if (node == &space->msi)
			continue;
		law = check_run(dev, node, &mapped);
		if (law)
			return law;
		runs++;
	}
	HOLDS(runs == space->nr_taken, "iova I1: nr_taken counts the runs");
	HOLDS(mapped == iommu_nr_mapped(dev->domain),
	      "iova I3: nothing but the runs is mapped in the domain");
	return NULL;
}
