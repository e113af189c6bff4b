// SPDX-License-Identifier: MIT
/*
 * map.c - a bus address for a buffer, for one transfer
 *
 * WHAT     Chooses how the device gets to a buffer of contiguous memory, and
 *          undoes it.
 *
 * PICTURE    buffer --> behind an IOMMU?  --yes--> bus pages of the domain
 *                           |no
 *                       below the mask?   --yes--> its physical address
 *                           |no
 *                       a bounce buffer   --yes--> the copy's address
 *                           |none
 *                       DMA_MAPPING_ERROR
 *
 * TERMS    direct   mapped at its physical address
 *          the run  the longest range of lowmem without a hole (device.c)
 *
 * ALGORITHM  A buffer inside the run is the direct case: a few inline
 *          instructions decide. All other buffers, and debug mode, take the
 *          slow path, which asks the map of RAM. A buffer of several pages is
 *          one range on the bus. So if one of its pages is out of reach, all of
 *          them are copied. With a list of pieces (sg.c), only the pages out of
 *          reach are copied.
 *          A direct mapping needs no record, so its unmap only counts.
 *
 *          x86 keeps the CPU's caches and a device's accesses coherent: a sync
 *          has nothing to do for a mapping that is not bounced.
 *
 * LOCKING  None here; see dma_impl.h.
 * COST     Direct: an addition, a comparison, a count.
 * SEE      Linux kernel/dma/direct.h dma_direct_map_page().
 */
#include <arch/kva.h>

#include "mm/dma/dma_impl.h"

/* ---- how it is mapped ------------------------------------------------ */

bus_addr_t dma_map_phys(struct dma_device *dev, phys_addr_t pa, size_t size,
			enum dma_direction dir, uint32_t align)
{
	if (dev->domain)
		return iova_map(dev, pa, size, dir, align);
	if (dma_below(dev->mask, pa.v, size))
		return BUS(pa.v);
	return bounce_map(dev, pa, size, dir);
}

static bool plain(const struct dma_device *dev)
{
	return likely(!dev->domain && !READ_ONCE(dma_debug_on));
}

/* The slow path: checks the arguments, and makes a record in debug mode. */
static noinline bus_addr_t map_checked(struct dma_device *dev, phys_addr_t pa,
				       size_t size, enum dma_direction dir,
				       const void *caller)
{
	bus_addr_t bus = DMA_MAPPING_ERROR;
	struct dma_record *record = NULL;

	if (!dma_dir_valid(dir) || !dma_is_memory(pa, size))
		dma_report(dev, "%zu bytes at %pP cannot be mapped, by %pS",
			   size, &pa, caller);
	else if (dma_debug_reserve(&record))
		bus = dma_map_phys(dev, pa, size, dir, 1);
	if (dma_mapping_error(bus)) {
		dma_record_free(record);
		dma_count(&dev->stats.refused, 1);
		return bus;
	}
	dma_count(&dev->stats.mapped, 1);
	dma_debug_add(dev, record, &(struct dma_record){
		.bus = bus, .size = size, .dir = dir, .kind = DMA_SINGLE,
		.caller = caller });
	return bus;
}

static noinline void unmap_checked(struct dma_device *dev, bus_addr_t bus,
				   size_t size, enum dma_direction dir,
				   const void *caller)
{
	struct dma_record what = {
		.bus = bus, .size = size, .dir = dir, .kind = DMA_SINGLE,
		.caller = caller
	};

	if (dma_debug_on && !dma_debug_take(dev, &what))
		return;
	if (!dev->domain)
		bounce_unmap(dev, bus, false);
	else if (!iova_unmap(dev, bus))
		return;
	dma_count(&dev->stats.unmapped, 1);
}

static always_inline void unmap(struct dma_device *dev, bus_addr_t bus,
				size_t size, enum dma_direction dir,
				const void *caller)
{
	if (plain(dev) && !READ_ONCE(dma_nr_bounces))
		dma_count(&dev->stats.unmapped, 1);
	else
		unmap_checked(dev, bus, size, dir, caller);
}

static void sync(struct dma_device *dev, bus_addr_t bus, size_t size,
		 enum dma_direction dir, bool for_cpu, const void *caller)
{
	if (dma_debug_on)
		dma_debug_sync(dev, bus, size, dir, caller);
	if (!dev->domain && READ_ONCE(dma_nr_bounces))
		bounce_sync(dev, bus, size, dir, for_cpu);
}

/* ---- interface ------------------------------------------------------- */

/* The slow path for a pointer. size - 1 wraps for 0, so 0 is refused too. */
static noinline bus_addr_t map_pointer(struct dma_device *dev, void *ptr,
				       size_t size, enum dma_direction dir,
				       const void *caller)
{
	kva_t va = ptr_to_kva(ptr);

	if (kva_is_lowmem(va) && size - 1 < high_memory - va)
		return map_checked(dev, PHYS(va - PAGE_OFFSET), size, dir,
				   caller);
	dma_report(dev, "%zu bytes at %p are no lowmem, mapped by %pS", size,
		   ptr, caller);
	dma_count(&dev->stats.refused, 1);
	return DMA_MAPPING_ERROR;
}

/* Inside the run there is no hole, and the sum below does not wrap. */
bus_addr_t dma_map_single(struct dma_device *dev, void *ptr, size_t size,
			  enum dma_direction dir)
{
	uint32_t pa = ptr_to_kva(ptr) - PAGE_OFFSET;
	uint32_t offset = pa - dma_ram_run.start;

	if (likely(offset < dma_ram_run.size &&
		   size - 1 < dma_ram_run.size - offset) &&
	    plain(dev) && pa + (uint32_t)(size - 1) <= dev->mask &&
	    dma_dir_valid(dir)) {
		dma_count(&dev->stats.mapped, 1);
		return BUS(pa);
	}
	return map_pointer(dev, ptr, size, dir, DMA_CALLER());
}

void dma_unmap_single(struct dma_device *dev, bus_addr_t bus, size_t size,
		      enum dma_direction dir)
{
	unmap(dev, bus, size, dir, DMA_CALLER());
}

bus_addr_t dma_map_page(struct dma_device *dev, struct page *page,
			uint32_t offset, size_t size, enum dma_direction dir)
{
	return map_checked(dev, phys_add(page_to_phys(page), offset), size, dir,
			   DMA_CALLER());
}

void dma_unmap_page(struct dma_device *dev, bus_addr_t bus, size_t size,
		    enum dma_direction dir)
{
	unmap(dev, bus, size, dir, DMA_CALLER());
}

void dma_sync_single_for_cpu(struct dma_device *dev, bus_addr_t bus,
			     size_t size, enum dma_direction dir)
{
	sync(dev, bus, size, dir, true, DMA_CALLER());
}

void dma_sync_single_for_device(struct dma_device *dev, bus_addr_t bus,
				size_t size, enum dma_direction dir)
{
	sync(dev, bus, size, dir, false, DMA_CALLER());
}
