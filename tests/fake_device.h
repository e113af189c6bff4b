// SPDX-License-Identifier: MIT
/*
 * fake_device.h - a device that tests can look into
 *
 * WHAT     It has wires, and perhaps an IOMMU in front of it, and reads and
 *          writes memory by bus address alone, as hardware does. Works in the
 *          kernel and on the host.
 *
 * PICTURE    bus address --IOMMU? its domain's tables--> physical address
 *                        --no: the wires it has-------> what is left of it
 *
 * TERMS    blocked  accesses that the IOMMU did not let through
 *          beyond   accesses to an address that needs more wires than the
 *                   device has: they hit other memory, as edu's do in QEMU, and
 *                   hence are counted and not done
 * SEE      QEMU hw/misc/edu.c.
 */
#pragma once

#include "mm/dma/dma.h"

struct fake_device {
	struct dma_device dma;
	uint64_t          wires;      /* what the hardware has                */
	unsigned long     blocked, beyond;
	bool              live;       /* between init and end                 */
};

/*
 * A device for a test, with a domain of its own or without. Fails the test when
 * it cannot be had. What a test that failed has left is taken away first, so
 * keep it in static memory.
 */
void fake_device_init(struct fake_device *dev, uint64_t mask, bool iommu);

/* Everything must be unmapped: ends the device and its domain. */
void fake_device_end(struct fake_device *dev);

/* What the hardware does. Returns: false when a byte did not get through. */
bool fake_device_read(struct fake_device *dev, bus_addr_t bus, void *to,
		      size_t size);
bool fake_device_write(struct fake_device *dev, bus_addr_t bus,
		       const void *from, size_t size);

/* The same byte all over. */
bool fake_device_fill(struct fake_device *dev, bus_addr_t bus, int byte,
		      size_t size);

/* Is the byte at each address of the range that one? */
bool fake_device_sees(struct fake_device *dev, bus_addr_t bus, int byte,
		      size_t size);
