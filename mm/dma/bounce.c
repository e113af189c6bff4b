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
 *          the whole buffer. Without the first copy, the bytes that the device
 *          has not written would come from another transfer that used the same
 *          pages before. If the pages were cleared, the buffer would lose its
 *          old bytes. Neither happens to a buffer that is not bounced, and a
 *          driver cannot know whether its buffer is bounced. So the copy is
 *          equal to the original at first. These copies are counted separately.
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

static struct bounce *entry(struct rb_node *rb)
{
	return rb_entry(rb, struct bounce, rb);
}

static bool less(const struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct bounce, rb)->bus.v <
	       rb_entry(b, struct bounce, rb)->bus.v;
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

static void insert(struct bounce *bounce)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);

	rb_add(&bounces, &bounce->rb, less);
	dma_nr_bounces++;
	bounce_pool_listed(bounce, true);
	spin_unlock_irqrestore(&dma_lock, flags);
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

static void copy_some(void *to, const void *from, size_t n)
{
	if (n == PAGE_SIZE)     /* then both begin on a page, by B2 */
		copy_page(to, from);
	else
		memcpy(to, from, n);
}

/* Page by page: the original may be highmem, the copy never is. */
static void copy(char *to_or_from, phys_addr_t original, size_t size, bool out)
{
	debug_assert(dma_is_memory(original, size) || !size);
	while (size) {
		uint32_t offset = phys_page_offset(original);
		size_t n = MIN(size, PAGE_SIZE - offset);
		char *page = kmap_local(pfn_to_page(phys_to_pfn(original)));

		if (out)
			copy_some(page + offset, to_or_from, n);
		else
			copy_some(to_or_from, page + offset, n);
		kunmap_local(page);
		to_or_from += n;
		original = phys_add(original, n);
		size -= n;
	}
}

/* The kernel's address of the first byte of the copy. */
static char *copy_ptr(const struct bounce *bounce)
{
	return (char *)page_address(bounce->pages) +
	       phys_page_offset(bounce->original);
}

static void copy_in(const struct bounce *bounce, size_t offset, size_t size)
{
	copy(copy_ptr(bounce) + offset, phys_add(bounce->original, offset),
	     size, false);
	dma_count(&bounce->dev->stats.copied_in, size);
}

static void copy_out(const struct bounce *bounce, size_t offset, size_t size)
{
	copy(copy_ptr(bounce) + offset, phys_add(bounce->original, offset),
	     size, true);
	dma_count(&bounce->dev->stats.copied_out, size);
}

static void prime(const struct bounce *bounce)
{
	copy(copy_ptr(bounce), bounce->original, bounce->size, false);
	dma_count(&bounce->dev->stats.primed, bounce->size);
}

/* ---- map, unmap, sync ------------------------------------------------ */

bus_addr_t bounce_map(struct dma_device *dev, phys_addr_t original,
		      size_t size, enum dma_direction dir)
{
	uint32_t offset = phys_page_offset(original);
	struct bounce *bounce = bounce_take(dev, dma_nr_pages(offset, size));

	caller_must(!dev->domain,
		    "leave a device behind an IOMMU to iova_map()");
	caller_must(size > 0, "map at least a byte");
	caller_must(dma_dir_valid(dir), "give one of the directions");
	if (!bounce)
		return DMA_MAPPING_ERROR;
	bounce->bus = BUS(page_to_phys(bounce->pages).v + offset);
	bounce->original = original;
	bounce->size = size;
	bounce->dir = dir;
	if (dma_dir_reads(dir))
		copy_in(bounce, 0, size);
	else
		prime(bounce);
	insert(bounce);
	dma_count(&dev->stats.bounced_pages, bounce->nr_pages);
	return bounce->bus;
}

void bounce_unmap(struct dma_device *dev, bus_addr_t bus, bool discard)
{
	struct bounce *bounce = take_out(dev, bus);

	if (!bounce)
		return;
	if (!discard && dma_dir_writes(bounce->dir))
		copy_out(bounce, 0, bounce->size);
	bounce_give(bounce);
}

/*
 * The device's first bounce that lies in [from, end), wholly or in part; or
 * NULL. Bounces of other devices may be given back at any time, so we must not
 * use them.
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

static void sync_one(const struct bounce *bounce, size_t offset, size_t size,
		     enum dma_direction dir, bool for_cpu)
{
	if (for_cpu && dma_dir_writes(dir) && dma_dir_writes(bounce->dir))
		copy_out(bounce, offset, size);
	if (!for_cpu && dma_dir_reads(dir) && dma_dir_reads(bounce->dir))
		copy_in(bounce, offset, size);
}

/* A range of dma_map_sg() may have several copies, or no copy. */
void bounce_sync(struct dma_device *dev, bus_addr_t bus, size_t size,
		 enum dma_direction dir, bool for_cpu)
{
	uint64_t end = bus.v + size, from = bus.v;
	const struct bounce *bounce;

	while (from < end && (bounce = find_from(dev, from, end))) {
		uint64_t to = MIN(end, bounce->bus.v + bounce->size);

		from = MAX(from, bounce->bus.v);
		sync_one(bounce, (size_t)(from - bounce->bus.v),
			 (size_t)(to - from), dir, for_cpu);
		from = to;
	}
}

static struct bounce *first_of(const struct dma_device *dev)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	struct rb_node *rb = rb_first(&bounces);

	while (rb && entry(rb)->dev != dev)
		rb = rb_next(rb);
	spin_unlock_irqrestore(&dma_lock, flags);
	return rb ? entry(rb) : NULL;
}

/* Nothing is copied: the owner of the buffers may be gone. */
void bounce_drop_all(struct dma_device *dev)
{
	struct bounce *bounce;

	while ((bounce = first_of(dev)))
		bounce_unmap(dev, bounce->bus, true);
}

/* ---- check ----------------------------------------------------------- */

static const char *check_one(const struct bounce *bounce)
{
	uint32_t offset = phys_page_offset(bounce->original);

	HOLDS((bounce->bus.v & (PAGE_SIZE - 1)) == offset,
	      "bounce B2: a copy has the offset of the original");
	HOLDS(bounce->nr_pages == dma_nr_pages(offset, bounce->size),
	      "bounce B2: a copy has the pages that its bytes take");
	return NULL;
}

const char *bounce_check(void)
{
	uint64_t free_from = 0;
	unsigned nr = 0;

	assert_held(&dma_lock);
	for (struct rb_node *rb = rb_first(&bounces); rb; rb = rb_next(rb)) {
		const struct bounce *bounce = entry(rb);
		uint64_t first = page_to_phys(bounce->pages).v;
		const char *law = check_one(bounce);

		if (law)
			return law;
		HOLDS(first >= free_from,
		      "bounce B1: bounces are in order and share no page");
		free_from = first + ((uint64_t)bounce->nr_pages << PAGE_SHIFT);
		nr++;
	}
	HOLDS(nr == dma_nr_bounces, "bounce B3: dma_nr_bounces counts the tree");
	return bounce_pool_check(&bounces);
}
