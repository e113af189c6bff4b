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

#define CALLER()  __builtin_return_address(0)

static unsigned order_of(size_t size)
{
	debug_assert(size > 0);
	return ilog2_up(dma_nr_pages(0, size));
}

static bus_addr_t map_block(struct dma_device *dev, struct page *page,
			    size_t size)
{
	if (!dev->domain)
		return BUS(page_to_phys(page).v);
	return iova_map(dev, page_to_phys(page), size, DMA_BIDIRECTIONAL,
			1u << order_of(size));
}

static void free_block(struct dma_device *dev, const struct dma_record *what)
{
	if (dev->domain)
		iova_unmap(dev, what->bus);
	put_free_pages(what->ptr, order_of(what->size));
}

static void *allocate(struct dma_device *dev, size_t size, bus_addr_t *bus,
		      gfp_t gfp, const void *caller)
{
	unsigned order = order_of(size);
	struct dma_record *record = dma_record_alloc(gfp & ~(GFP_ZONES |
							     GFP_ZERO));
	struct page *page;

	if (!record)
		return NULL;
	page = dma_alloc_lowmem(dev, gfp | GFP_ZERO, order);
	if (!page)
		goto free_record;
	*bus = map_block(dev, page, size);
	if (dma_mapping_error(*bus))
		goto free_page;
	dma_debug_add(dev, record, &(struct dma_record){
		.bus = *bus, .size = size, .dir = DMA_BIDIRECTIONAL,
		.kind = DMA_COHERENT, .ptr = page_address(page),
		.caller = caller });
	return page_address(page);
free_page:
	free_pages(page, order);
free_record:
	dma_record_free(record);
	return NULL;
}

/* ---- interface ------------------------------------------------------- */

void *dma_alloc_coherent(struct dma_device *dev, size_t size, bus_addr_t *bus,
			 gfp_t gfp)
{
	void *ptr = NULL;

	caller_must(bus, "say where the bus address goes");
	if (size > 0 && size <= PAGE_SIZE << MAX_ORDER)
		ptr = allocate(dev, size, bus, gfp, CALLER());
	if (!ptr)
		dma_count(&dev->stats.refused, 1);
	return ptr;
}

void dma_free_coherent(struct dma_device *dev, size_t size, void *ptr,
		       bus_addr_t bus)
{
	struct dma_record what = {
		.bus = bus, .size = size, .dir = DMA_BIDIRECTIONAL,
		.kind = DMA_COHERENT, .caller = CALLER()
	};

	if (!ptr || !dma_debug_take(dev, &what))
		return;
	if (what.ptr != ptr)
		dma_report(dev, "%pB is at %p, but freed as %p by %pS", &bus,
			   what.ptr, ptr, CALLER());
	free_block(dev, &what);
}

/* Copy the first coherent record; false: there is none. */
static bool first_left(struct dma_device *dev, struct dma_record *copy)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	struct dma_record *record;
	bool found = false;

	list_for_each_entry(record, &dev->mappings, link)
		if (record->kind == DMA_COHERENT) {
			*copy = *record;
			found = true;
			break;
		}
	spin_unlock_irqrestore(&dma_lock, flags);
	return found;
}

void dma_coherent_drop_all(struct dma_device *dev)
{
	struct dma_record left;

	while (first_left(dev, &left)) {
		dma_report(dev, "%pB, %zu bytes of coherent memory, never freed; allocated by %pS",
			   &left.bus, left.size, left.caller);
		if (dma_debug_take(dev, &left))
			free_block(dev, &left);
	}
}
