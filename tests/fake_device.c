// SPDX-License-Identifier: MIT
/*
 * fake_device.c - a device that tests can look into
 *
 * WHAT     Walks page by page through its range, translating as the hardware
 *          would, and touches the frames through kmap_local().
 */
#include "tests/fake_device.h"

#include <arch/iommu.h>

#include "lib/string.h"
#include "mm/kva/kmap.h"
#include "tests/ktest.h"

static void destroy(struct fake_device *dev)
{
	struct iommu_domain *domain = dev->dma.domain;

	dma_device_destroy(&dev->dma);
	if (domain) {
		EXPECT_EQ(iommu_nr_mapped(domain), 0);
		iommu_domain_destroy(domain);
	}
	dev->live = false;
}

void fake_device_init(struct fake_device *dev, uint64_t mask, bool iommu)
{
	struct iommu_domain *domain = NULL;

	if (dev->live)
		destroy(dev);
	if (iommu) {
		domain = iommu_domain_create();
		REQUIRE(domain);
	}
	dev->wires = mask;
	dev->blocked = 0;
	dev->beyond = 0;
	REQUIRE(dma_device_init(&dev->dma, "fake", mask, domain) == 0);
	dev->live = true;
}

void fake_device_end(struct fake_device *dev)
{
	EXPECT_EQ(dev->dma.stats.mapped, dev->dma.stats.unmapped);
	destroy(dev);
	EXPECT_NULL(dma_check());
}

/* The page behind a bus address; NULL: the access does not get through. */
static struct page *translate(struct fake_device *dev, bus_addr_t bus,
			      bool write)
{
	phys_addr_t pa = PHYS(bus.v);
	unsigned prot;

	if (bus.v > dev->wires) {
		dev->beyond++;
		return NULL;
	}
	if (dev->dma.domain &&
	    (!iommu_lookup(dev->dma.domain, bus, &pa, &prot) ||
	     !(prot & (write ? IOMMU_WRITE : IOMMU_READ)))) {
		dev->blocked++;
		return NULL;
	}
	return pfn_valid(phys_to_pfn(pa)) ? pfn_to_page(phys_to_pfn(pa)) : NULL;
}

typedef void (*touch_fn)(void *memory, void *device, size_t n);

/* Call fn() for each page of the range. Returns: false if one is missing. */
static bool touch(struct fake_device *dev, bus_addr_t bus, char *device,
		  size_t size, touch_fn fn, bool write)
{
	bool all = true;

	while (size) {
		uint32_t offset = (uint32_t)bus.v & (PAGE_SIZE - 1);
		size_t n = MIN(size, PAGE_SIZE - offset);
		struct page *page = translate(dev, bus, write);

		if (page) {
			char *memory = kmap_local(page);

			fn(memory + offset, device, n);
			kunmap_local(memory);
		}
		all = all && page;
		bus.v += n;
		device += n;
		size -= n;
	}
	return all;
}

static void move_out(void *memory, void *device, size_t n)
{
	memcpy(device, memory, n);
}

static void move_in(void *memory, void *device, size_t n)
{
	memcpy(memory, device, n);
}

bool fake_device_read(struct fake_device *dev, bus_addr_t bus, void *to,
		      size_t size)
{
	return touch(dev, bus, to, size, move_out, false);
}

bool fake_device_write(struct fake_device *dev, bus_addr_t bus,
		       const void *from, size_t size)
{
	return touch(dev, bus, (char *)from, size, move_in, true);
}

bool fake_device_fill(struct fake_device *dev, bus_addr_t bus, int byte,
		      size_t size)
{
	char some[64];

	memset(some, byte, sizeof(some));
	while (size) {
		size_t n = MIN(size, sizeof(some));

		if (!fake_device_write(dev, bus, some, n))
			return false;
		bus.v += n;
		size -= n;
	}
	return true;
}

bool fake_device_sees(struct fake_device *dev, bus_addr_t bus, int byte,
		      size_t size)
{
	uint8_t some[64];

	while (size) {
		size_t n = MIN(size, sizeof(some));

		if (!fake_device_read(dev, bus, some, n))
			return false;
		for (size_t i = 0; i < n; i++)
			if (some[i] != (uint8_t)byte)
				return false;
		bus.v += n;
		size -= n;
	}
	return true;
}
