// SPDX-License-Identifier: MIT
/*
 * bounce.c - copies for devices whose mask is too short
 *
 * WHAT     A device may not reach a buffer. Then the buffer is mapped to other
 *          pages, which the device reaches, and the bytes are copied: before
 *          the device reads them, and after the device has written them.
 *
 * PICTURE  A device with 28 wires and a page at 5 GiB:
 *
 *            original  5 GiB + 0x200 .. 0x3ff     HIGHMEM, by kmap_local()
 *                         |      ^
 *                 copy in |      | copy out
 *                         v      |
 *            copy      0xabc200 .. 0xabc3ff       what the device is told
 *
 * TERMS    copy in   from the original to the copy
 *          copy out  from the copy to the original
 *          prime     to copy in although only the device will write, see below
 *
 * INVARIANTS of bounce (bounce_check() restates them)
 *          B1  bounces are in the order of their bus addresses, and no page
 *              belongs to two
 *          B2  a copy has the offset within its page of the original, and as
 *              many pages as that takes
 *          B3  dma_nr_bounces counts the tree
 *
 * ALGORITHM
 *            direction      at map   sync device   sync cpu   at unmap
 *            to device      in       in            -          -
 *            from device    prime    -             out        out
 *            both           in       in            out        out
 *
 *          Why prime? A device often writes less than the whole buffer: a short
 *          frame, or a transfer that ends in an error. But the copy out moves
 *          the whole buffer. The bytes that the device has not written would be
 *          those of an earlier transfer, or zeros. A buffer that is not bounced
 *          keeps its old bytes, and a driver cannot know whether its buffer is
 *          bounced. So the copy is equal to the original at first. These copies
 *          are counted separately.
 *
 *          For a device without an IOMMU, a bus address is a physical address.
 *          So one tree has the bounces of all devices.
 *
 * LOCKING  dma_lock for the tree. Bytes are copied without the lock: a mapping
 *          belongs to the caller that made it, until its unmap returns.
 * COST     O(log n) and the copies. While no bounce is live, an unmap reads one
 *          counter.
 * NOT HERE where the pages come from (bounce_pool.c), whether a bounce is
 *          needed (map.c).
 * SEE      Linux kernel/dma/swiotlb.c; docs/decisions/bounce-copies.md.
 */
#include <arch/page_ops.h>

#include "lib/string.h"
#include "mm/dma/dma_impl.h"
#include "mm/kva/kmap.h"

static struct rb_root bounces;   /* dma_lock */
unsigned dma_nr_bounces;         /* dma_lock; read without to see 0 */

static struct bounce *entry(const struct rb_node *rb)
{
	return rb_entry(rb, struct bounce, rb);
}

static bool less(const struct rb_node *a, const struct rb_node *b)
{
	return entry(a)->bus.v < entry(b)->bus.v;
}

/* ---- the tree -------------------------------------------------------- */

/* The last bounce that begins at or before the address; NULL: there is none. */
static struct bounce *find_before(bus_addr_t bus)
{
	struct rb_node *rb = bounces.node, *best = NULL;

	while (rb) {
		bool right = entry(rb)->bus.v <= bus.v;

		if (right)
			best = rb;
		rb = rb->child[right ? RB_RIGHT : RB_LEFT];
	}
	return best ? entry(best) : NULL;
}

struct bounce *bounce_find(bus_addr_t bus)
{
	struct bounce *bounce = find_before(bus);

	debug_assert_held(&dma_lock);
	return bounce && bus.v - bounce->bus.v < bounce->size ? bounce : NULL;
}

/* Remove the device's bounce that begins at `bus` from the tree, or NULL. */
static struct bounce *take_out(const struct dma_device *dev, bus_addr_t bus)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	struct bounce *bounce = find_before(bus);

	if (bounce && bounce->dev == dev && bus_eq(bounce->bus, bus)) {
		rb_erase(&bounces, &bounce->rb);
		dma_nr_bounces--;
		bounce_pool_listed(bounce, false);
	} else {
		bounce = NULL;
	}
	spin_unlock_irqrestore(&dma_lock, flags);
	return bounce;
}

/* ---- copying --------------------------------------------------------- */

/*
 * Copy some bytes of a bounce, from `offset` on, and count them. This goes page
 * by page: the original may be highmem. The copy never is.
 */
static void copy(const struct bounce *bounce, size_t offset, size_t size,
		 bool out, unsigned long *counter)
{
	phys_addr_t original = phys_add(bounce->original, offset);
	char *ours = (char *)page_address(bounce->pages) +
		     phys_page_offset(bounce->original) + offset;

	debug_assert(dma_is_memory(original, size) || !size);
	dma_count(counter, size);
	while (size) {
		uint32_t at = phys_page_offset(original);
		size_t n = MIN(size, PAGE_SIZE - at);
		char *page = kmap_local(pfn_to_page(phys_to_pfn(original)));
		void *to = out ? page + at : ours;
		const void *from = out ? ours : page + at;

		if (n == PAGE_SIZE)     /* then both begin on a page, by B2 */
			copy_page(to, from);
		else
			memcpy(to, from, n);
		kunmap_local(page);
		ours += n;
		original = phys_add(original, n);
		size -= n;
	}
}

/* ---- map, unmap, sync ------------------------------------------------ */

bus_addr_t bounce_map(struct dma_device *dev, phys_addr_t original,
		      size_t size, enum dma_direction dir)
{
	uint32_t offset = phys_page_offset(original);
	struct bounce *bounce;
	irqflags_t flags;

	caller_must(!dev->domain,
		    "leave a device behind an IOMMU to iova_map()");
	caller_must(size > 0, "map at least a byte");
	caller_must(dma_dir_valid(dir), "give one of the directions");
	bounce = bounce_take(dev, dma_nr_pages(offset, size));
	if (!bounce)
		return DMA_MAPPING_ERROR;
	bounce->bus = BUS(page_to_phys(bounce->pages).v + offset);
	bounce->original = original;
	bounce->size = size;
	bounce->dir = dir;
	copy(bounce, 0, size, false,
	     dma_dir_reads(dir) ? &dev->stats.copied_in : &dev->stats.primed);
	flags = spin_lock_irqsave(&dma_lock);
	rb_add(&bounces, &bounce->rb, less);
	dma_nr_bounces++;
	bounce_pool_listed(bounce, true);
	spin_unlock_irqrestore(&dma_lock, flags);
	dma_count(&dev->stats.bounced_pages, bounce->nr_pages);
	return bounce->bus;
}

void bounce_unmap(struct dma_device *dev, bus_addr_t bus, bool discard)
{
	struct bounce *bounce = take_out(dev, bus);

	if (!bounce)
		return;
	if (!discard && dma_dir_writes(bounce->dir))
		copy(bounce, 0, bounce->size, true, &dev->stats.copied_out);
	bounce_give(bounce);
}

/*
 * The device's first bounce in [from, end), wholly or in part; or NULL. Another
 * device may give its bounce back at any time, so we must not use that one.
 */
static struct bounce *find_from(const struct dma_device *dev, uint64_t from,
				uint64_t end)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	struct bounce *bounce = find_before(BUS(from)), *found = NULL;
	struct rb_node *rb = bounce ? &bounce->rb : rb_first(&bounces);

	for (; rb && !found && entry(rb)->bus.v < end; rb = rb_next(rb))
		if (entry(rb)->dev == dev &&
		    entry(rb)->bus.v + entry(rb)->size > from)
			found = entry(rb);
	spin_unlock_irqrestore(&dma_lock, flags);
	return found;
}

/* A range of dma_map_sg() may have several copies, or no copy. */
void bounce_sync(struct dma_device *dev, bus_addr_t bus, size_t size,
		 enum dma_direction dir, bool for_cpu)
{
	uint64_t end = bus.v + size, from = bus.v;
	const struct bounce *bounce;

	while (from < end && (bounce = find_from(dev, from, end))) {
		uint64_t to = MIN(end, bounce->bus.v + bounce->size);
		size_t offset;

		from = MAX(from, bounce->bus.v);
		offset = (size_t)(from - bounce->bus.v);
		if (for_cpu && dma_dir_writes(dir) &&
		    dma_dir_writes(bounce->dir))
			copy(bounce, offset, (size_t)(to - from), true,
			     &dev->stats.copied_out);
		if (!for_cpu && dma_dir_reads(dir) &&
		    dma_dir_reads(bounce->dir))
			copy(bounce, offset, (size_t)(to - from), false,
			     &dev->stats.copied_in);
		from = to;
	}
}

/* Nothing is copied: the owner of the buffers may be gone. */
void bounce_drop_all(struct dma_device *dev)
{
	struct bounce *bounce;

	while ((bounce = find_from(dev, 0, UINT64_MAX)))
		bounce_unmap(dev, bounce->bus, true);
}

/* ---- check ----------------------------------------------------------- */

const char *bounce_check(void)
{
	uint64_t free_from = 0;
	unsigned nr = 0;

	assert_held(&dma_lock);
	for (struct rb_node *rb = rb_first(&bounces); rb; rb = rb_next(rb)) {
		const struct bounce *bounce = entry(rb);
		uint64_t first = page_to_phys(bounce->pages).v;
		uint32_t offset = phys_page_offset(bounce->original);

		HOLDS((bounce->bus.v & (PAGE_SIZE - 1)) == offset,
		      "bounce B2: a copy has the offset of the original");
		HOLDS(bounce->nr_pages == dma_nr_pages(offset, bounce->size),
		      "bounce B2: a copy has the pages that its bytes take");
		HOLDS(first >= free_from,
		      "bounce B1: bounces are in order and share no page");
		free_from = first + ((uint64_t)bounce->nr_pages << PAGE_SHIFT);
		nr++;
	}
	HOLDS(nr == dma_nr_bounces, "bounce B3: dma_nr_bounces counts the tree");
	return bounce_pool_check(&bounces);
}
