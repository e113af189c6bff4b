// SPDX-License-Identifier: MIT
/*
 * dma.c - devices that use memory, and one buffer with its three addresses
 *
 * WHAT     A line for each open device. Then three pages with their addresses
 *          for the CPU, in memory, and for a device of 28 bits: without an
 *          IOMMU and behind one. Then small pieces from a pool of that device.
 *
 * PICTURE  page     virtual     physical      bus, no IOMMU        IOMMU
 *          lowmem   0xc3f8d000  0x0003f8d000  0x003f8d000 direct   0x000001000
 *          highmem  0xffff7000  0x003ffc4000  0x000680000 bounced  0x000001000
 *
 * ALGORITHM  The mappings are real, but no device uses them. The tables of an
 *          IOMMU are made on machines without an IOMMU, too. Everything is
 *          given back before the prompt comes again.
 * SEE      mm/dma/dma.h; docs/bus-addresses.md.
 */
#include <arch/iommu.h>

#include "kernel/monitor/monitor_impl.h"
#include "mm/dma/dma.h"
#include "mm/kva/kmap.h"
#include "mm/page/page.h"
#include "mm/page/page_alloc.h"

#define DEMO_BITS  28

/* Like those of a network card, which reads each one within a line. */
#define DESCRIPTORS      4u
#define DESCRIPTOR_SIZE  24u
#define DESCRIPTOR_LINE  64u

struct demo {
	struct dma_device plain, behind;
};

static bus_addr_t map(struct dma_device *dev, struct page *page)
{
	return dma_map_page(dev, page, 0, PAGE_SIZE, DMA_TO_DEVICE);
}

static void unmap(struct dma_device *dev, bus_addr_t bus)
{
	if (!dma_mapping_error(bus))
		dma_unmap_page(dev, bus, PAGE_SIZE, DMA_TO_DEVICE);
}

static void say_page(struct demo *demo, const char *name, struct page *page)
{
	bus_addr_t plain = map(&demo->plain, page);
	bus_addr_t behind = map(&demo->behind, page);
	phys_addr_t pa = page_to_phys(page);
	void *va = kmap_local(page);

	if (dma_mapping_error(plain) || dma_mapping_error(behind))
		say("  %s: no memory for the mappings\n", name);
	else
		say("  %-8s  %p  0x%010llx  0x%09llx %-7s  0x%09llx\n", name,
		    va, (unsigned long long)pa.v, (unsigned long long)plain.v,
		    plain.v == pa.v ? "direct" : "bounced",
		    (unsigned long long)behind.v);
	kunmap_local(va);
	unmap(&demo->behind, behind);
	unmap(&demo->plain, plain);
}

static void say_one(struct demo *demo, const char *name, gfp_t gfp)
{
	struct page *page = alloc_page(gfp | GFP_NOWARN);

	if (!page)
		return;
	if (!(gfp & GFP_HIGHMEM) || page_is_highmem(page))
		say_page(demo, name, page);
	free_page(page);
}

static void say_pages(struct demo *demo)
{
	say("one buffer, for a device of %u bits:\n", DEMO_BITS);
	say("  %-8s  %-10s  %-12s  %-19s  %s\n", "page", "virtual", "physical",
	    "bus, without IOMMU", "bus, behind one");
	say_one(demo, "isa", GFP_KERNEL | GFP_DMA);
	say_one(demo, "lowmem", GFP_KERNEL);
	say_one(demo, "highmem", GFP_HIGHUSER);
}

static int say_descriptors(struct dma_device *dev)
{
	struct dma_pool *pool = dma_pool_create("monitor", dev, DESCRIPTOR_SIZE,
						8, DESCRIPTOR_LINE);
	struct {
		void      *at;
		bus_addr_t bus;
	} list[DESCRIPTORS];
	unsigned n = 0;

	if (!pool)
		return -ENOMEM;
	while (n < DESCRIPTORS &&
	       (list[n].at = dma_pool_alloc(pool, GFP_KERNEL | GFP_NOWARN,
					    &list[n].bus)))
		n++;
	say("%u descriptors of %u bytes, none across a line of %u:\n", n,
	    DESCRIPTOR_SIZE, DESCRIPTOR_LINE);
	for (unsigned i = 0; i < n; i++)
		say("  %-8u  %p  0x%010llx  0x%09llx\n", i, list[i].at,
		    (unsigned long long)virt_to_phys(list[i].at).v,
		    (unsigned long long)list[i].bus.v);
	while (n-- > 0)
		dma_pool_free(pool, list[n].at, list[n].bus);
	return dma_pool_destroy(pool);
}

static int with_devices(struct iommu_domain *domain)
{
	static struct demo demo;
	int err = dma_device_init(&demo.plain, "monitor",
				  DMA_BIT_MASK(DEMO_BITS), NULL);

	if (err)
		return err;
	err = dma_device_init(&demo.behind, "monitor, behind an IOMMU",
			      DMA_BIT_MASK(DEMO_BITS), domain);
	if (!err) {
		say_pages(&demo);
		err = say_descriptors(&demo.plain);
		dma_device_destroy(&demo.behind);
	}
	dma_device_destroy(&demo.plain);
	return err;
}

void monitor_dma(void)
{
	struct iommu_domain *domain;

	dma_dump();
	/* After a panic the allocators may be broken. */
	if (monitor_after_panic)
		return;
	domain = iommu_domain_create();
	if (!domain || with_devices(domain))
		complain("no memory for the mappings");
	if (domain)
		iommu_domain_destroy(domain);
}
