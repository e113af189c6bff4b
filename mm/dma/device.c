// SPDX-License-Identifier: MIT
/*
 * device.c - the devices for which memory is mapped
 *
 * WHAT     Makes and removes devices, and sets their masks. May a bus address
 *          be given to a device? What is known about a bus address? Prints and
 *          checks all devices.
 *
 * INVARIANTS of dma (dma_check() restates them, and those of dma_debug.c,
 *          iova.c, bounce.c, bounce_pool.c and pool.c)
 *          D1  a mask is 2^n - 1, and not below 64 KiB - 1
 *          D2  at least as much was mapped as was unmapped
 *          D3  no two devices have the same domain
 *          D4  no range of lowmem without a hole is longer than dma_ram_run
 *
 * ALGORITHM  Lowmem in reach: first take ordinary memory, and look at its
 *          address. Only if it lies beyond the mask, take ZONE_DMA. So devices
 *          that do not need the small zone do not use it. No zone ends below
 *          16 MiB: a device with fewer than 24 wires may or may not get memory
 *          in reach.
 *
 * LOCKING  dma_lock for the list.
 * SEE      Linux kernel/dma/mapping.c.
 */
#include <arch/iommu.h>

#include "lib/errno.h"
#include "lib/log.h"
#include "mm/dma/dma_impl.h"
#include "mm/early/memblock.h"
#include "mm/page/page_alloc.h"

#define MASK_MIN  DMA_BIT_MASK(16)   /* sixteen pages to map to              */

struct spinlock  dma_lock = SPINLOCK_INIT;
struct list_head dma_devices = LIST_HEAD_INIT(dma_devices);
struct dma_run   dma_ram_run;

/* ---- memory ---------------------------------------------------------- */

/* A hole has entries in mem_map too, but it has no memory to copy. */
bool dma_is_memory(phys_addr_t pa, size_t size)
{
	uint64_t end = (uint64_t)max_pfn.v << PAGE_SHIFT;
	pfn_t first = phys_to_pfn(pa), last;
	struct memblock_range range;

	if (!size || !dma_below(end - 1, pa.v, size))
		return false;
	last = phys_to_pfn(phys_add(pa, size - 1));
	for (unsigned i = 0; memblock_memory(i, &range); i++)
		if (!pfn_lt(first, phys_to_pfn_up(range.start)) &&
		    pfn_lt(last, phys_to_pfn(range.end)))
			return true;
	return false;
}

static struct dma_run longest_run(void)
{
	struct dma_run longest = { 0, 0 };
	struct memblock_range range;

	for (unsigned i = 0; memblock_memory(i, &range); i++) {
		pfn_t start = pfn_min(phys_to_pfn_up(range.start), max_low_pfn);
		pfn_t end = pfn_min(phys_to_pfn(range.end), max_low_pfn);
		struct dma_run run = { start.v << PAGE_SHIFT,
				       (end.v - start.v) << PAGE_SHIFT };

		if (pfn_lt(start, end) && run.size > longest.size)
			longest = run;
	}
	return longest;
}

static struct page *alloc_reached(const struct dma_device *dev, gfp_t gfp,
				  unsigned order)
{
	struct page *page = alloc_pages(gfp, order);

	if (!page || dev->domain ||
	    dma_below(dev->mask, page_to_phys(page).v, PAGE_SIZE << order))
		return page;
	free_pages(page, order);
	return NULL;
}

struct page *dma_alloc_lowmem(const struct dma_device *dev, gfp_t gfp,
			      unsigned order)
{
	gfp_t plain = gfp & ~GFP_ZONES;
	struct page *page = alloc_reached(dev, plain | GFP_NOWARN, order);

	caller_must(order <= MAX_ORDER, "ask for an order up to MAX_ORDER");
	return page ? page : alloc_reached(dev, plain | GFP_DMA, order);
}

/* ---- devices --------------------------------------------------------- */

static bool mask_valid(uint64_t mask)
{
	return (mask & (mask + 1)) == 0 && mask >= MASK_MIN;
}

int dma_device_init(struct dma_device *dev, const char *name, uint64_t mask,
		    struct iommu_domain *domain)
{
	const struct dma_device *other;
	bool taken = false;
	irqflags_t flags;

	caller_must(name && *name, "give the device a name: reports need one");
	flags = spin_lock_irqsave(&dma_lock);
	list_for_each_entry(other, &dma_devices, link)
		taken |= domain && other->domain == domain;
	spin_unlock_irqrestore(&dma_lock, flags);
	if (taken || !mask_valid(mask))
		return -EINVAL;
	*dev = (struct dma_device){
		.name = name, .mask = mask, .domain = domain
	};
	list_init(&dev->mappings);
	if (domain && iova_create(dev))
		return -ENOMEM;
	dma_debug_begin(dev);
	flags = spin_lock_irqsave(&dma_lock);
	list_add_tail(&dev->link, &dma_devices);
	spin_unlock_irqrestore(&dma_lock, flags);
	return 0;
}

/* Is anything mapped or allocated? Pages of the MSI window do not count. */
static bool idle(const struct dma_device *dev)
{
	return dev->stats.mapped == dev->stats.unmapped &&
	       list_empty(&dev->mappings);
}

void dma_device_destroy(struct dma_device *dev)
{
	unsigned long left = dev->stats.mapped - dev->stats.unmapped;
	irqflags_t flags;

	/* Without records, only the number of mappings is known. */
	if (left && (!dma_debug_on || dev->untracked))
		dma_report(dev, "%lu mappings never unmapped", left);
	dma_debug_forget(dev);
	bounce_drop_all(dev);
	if (dev->domain)
		iova_destroy(dev);
	flags = spin_lock_irqsave(&dma_lock);
	list_del(&dev->link);
	spin_unlock_irqrestore(&dma_lock, flags);
}

/* Make the new space first: if there is no memory, nothing has changed. */
int dma_set_mask(struct dma_device *dev, uint64_t mask)
{
	struct dma_device old = *dev;

	if (!mask_valid(mask))
		return -EINVAL;
	if (!idle(dev))
		return -EBUSY;
	dev->mask = mask;
	if (!dev->domain)
		return 0;
	if (iova_create(dev)) {
		dev->mask = old.mask;
		return -ENOMEM;
	}
	iova_destroy(&old);
	return 0;
}

/* ---- looking at addresses -------------------------------------------- */

int dma_check_reach(struct dma_device *dev, bus_addr_t bus, size_t size)
{
	const struct dma_record *record;
	irqflags_t flags;
	bool known;

	if (!size || !dma_below(dev->mask, bus.v, size)) {
		pr_err_limited("dma: %s: %pB + %zu is beyond its mask 0x%llx: stopped\n",
		       dev->name, &bus, size, (unsigned long long)dev->mask);
		dma_count(&dev->stats.refused, 1);
		return -ERANGE;
	}
	if (!dma_debug_on)
		return 0;
	flags = spin_lock_irqsave(&dma_lock);
	record = dma_record_find(dev, bus, size);
	/* Any address may be in a mapping that has no record. */
	known = dev->untracked ||
		(record && dma_below(record->bus.v + record->size - 1, bus.v,
				     size));
	spin_unlock_irqrestore(&dma_lock, flags);
	if (known)
		return 0;
	dma_report(dev, "%pB + %zu is in no mapping: stopped", &bus, size);
	return -EFAULT;
}

bool dma_find(struct dma_device *dev, bus_addr_t bus, struct dma_lookup *found)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	struct bounce *bounce = dev->domain ? NULL : bounce_find(bus);
	bool known = dma_record_find(dev, bus, 1) != NULL;
	unsigned prot;

	found->pa = PHYS(bus.v);
	found->bounced = bounce != NULL;
	found->original = found->pa;
	if (bounce)
		found->original = phys_add(bounce->original,
					   bus.v - bounce->bus.v);
	if (dev->domain)
		known = known && iommu_lookup(dev->domain, bus, &found->pa,
					      &prot);
	spin_unlock_irqrestore(&dma_lock, flags);
	return known;
}

/* ---- init, dump, check ----------------------------------------------- */

void dma_init(void)
{
	dma_ram_run = longest_run();
	dma_debug_init();
	iova_init();
	bounce_pool_init();
}

void dma_dump(void)
{
	const struct dma_device *dev;
	struct bounce_usage usage;

	bounce_pool_usage(&usage);
	pr_info("bounce pool: %u pages, %u free; %u buffers in use\n",
		usage.nr, usage.free, dma_nr_bounces);
	list_for_each_entry(dev, &dma_devices, link) {
		const struct dma_stats *s = &dev->stats;

		pr_info("%-12s mask 0x%llx %s  mapped %lu unmapped %lu  bounced pages %lu  copied in %lu primed %lu out %lu  refused %lu\n",
			dev->name, (unsigned long long)dev->mask,
			dev->domain ? "iommu " : "direct", s->mapped,
			s->unmapped, s->bounced_pages, s->copied_in, s->primed,
			s->copied_out, s->refused);
	}
}

static const char *check_locked(void) MUST_HOLD(&dma_lock)
{
	const struct dma_device *dev, *other;
	const char *law;

	assert_held(&dma_lock);
	HOLDS(dma_ram_run.size == longest_run().size &&
	      dma_is_memory(PHYS(dma_ram_run.start), dma_ram_run.size),
	      "dma D4: dma_ram_run is the longest range without a hole");
	list_for_each_entry(dev, &dma_devices, link) {
		HOLDS(mask_valid(dev->mask),
		      "dma D1: a mask is 2^n - 1, 64 KiB or more");
		HOLDS(dev->stats.unmapped <= dev->stats.mapped,
		      "dma D2: at least as much was mapped as was unmapped");
		list_for_each_entry(other, &dma_devices, link)
			HOLDS(other == dev || !dev->domain ||
			      other->domain != dev->domain,
			      "dma D3: no two devices have the same domain");
		law = dma_records_check(dev);
		if (!law && dev->domain)
			law = iova_check(dev);
		if (law)
			return law;
	}
	law = bounce_check();
	return law ? law : dma_pools_check();
}

const char *dma_check(void)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	const char *law = check_locked();

	spin_unlock_irqrestore(&dma_lock, flags);
	return law;
}
