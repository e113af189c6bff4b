// SPDX-License-Identifier: MIT
/*
 * coherent.c - memory that the CPU and a device share
 *
 * WHAT     Whole pages, contiguous for the kernel and for the device. Both may
 *          touch the pages at any time: rings of descriptors, mailboxes.
 *
 * ALGORITHM  Take lowmem that the device reaches. A bounce buffer is not
 *          possible here, because nobody says when to copy. On x86 the caches
 *          follow the accesses of devices, so nothing else is needed. Behind an
 *          IOMMU any lowmem works; it is mapped for both directions.
 *          Round the size up to a power of two of pages: both addresses are
 *          multiples of this size. The buddy allocator aligns its blocks so,
 *          and the bus pages are asked for so. Drivers rely on this, and pool.c
 *          too.
 *
 *          Each allocation has a record (dma_debug.c), also without debug mode.
 *          With the record, a wrong free does no harm, and a device that goes
 *          away leaks nothing.
 *
 * LOCKING  None here; see dma_impl.h.
 * SEE      Linux kernel/dma/direct.c dma_direct_alloc().
 */
#include "lib/align.h"
#include "lib/string.h"
#include "mm/dma/dma_impl.h"
#include "mm/page/page_alloc.h"

static unsigned order_of(size_t size)
{
	debug_assert(size > 0);
	return ilog2_up(dma_nr_pages(0, size));
}

void dma_coherent_release(struct dma_device *dev,
			  const struct dma_record *record)
{
	if (dev->domain)
		iova_unmap(dev, record->bus);
	put_free_pages(record->ptr, order_of(record->size));
}

void *dma_alloc_coherent(struct dma_device *dev, size_t size, bus_addr_t *bus,
			 gfp_t gfp)
{
	struct dma_record *record;
	struct page *page;
	unsigned order;

	caller_must(bus, "say where the bus address goes");
	if (!size || size > PAGE_SIZE << MAX_ORDER)
		goto refuse;
	record = dma_record_alloc(gfp & ~(GFP_ZONES | GFP_ZERO));
	if (!record)
		goto refuse;
	order = order_of(size);
	page = dma_alloc_lowmem(dev, gfp | GFP_ZERO, order);
	if (!page)
		goto free_record;
	/* Lowmem in reach is never bounced. */
	*bus = dma_map_phys(dev, page_to_phys(page), size, DMA_BIDIRECTIONAL,
			    1u << order);
	if (dma_mapping_error(*bus))
		goto free_page;
	dma_debug_add(dev, record, &(struct dma_record){
		.bus = *bus, .size = size, .dir = DMA_BIDIRECTIONAL,
		.kind = DMA_COHERENT, .ptr = page_address(page),
		.caller = DMA_CALLER() });
	return page_address(page);
free_page:
	free_pages(page, order);
free_record:
	dma_record_free(record);
refuse:
	dma_count(&dev->stats.refused, 1);
	return NULL;
}

void dma_free_coherent(struct dma_device *dev, size_t size, void *ptr,
		       bus_addr_t bus)
{
	struct dma_record what = {
		.bus = bus, .size = size, .dir = DMA_BIDIRECTIONAL,
		.kind = DMA_COHERENT, .caller = DMA_CALLER()
	};

	if (!ptr || !dma_debug_take(dev, &what))
		return;
	if (what.ptr != ptr)
		dma_report(dev, "%pB is at %p, but freed as %p by %pS", &bus,
			   what.ptr, ptr, DMA_CALLER());
	dma_coherent_release(dev, &what);
}
