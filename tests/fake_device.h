// SPDX-License-Identifier: MIT
/*
 * fake_device.h - a device that tests can look into
 *
 * WHAT     The device has wires, and perhaps an IOMMU in front of it. It reads
 *          and writes memory only by bus address, as hardware does. It works
 *          in the kernel and on the host.
 *
 * PICTURE    bus address --IOMMU? its domain's tables--> physical address
 *                        --no: the wires it has-------> what is left of it
 *
 * TERMS    blocked  accesses that the IOMMU did not let through
 *          beyond   accesses to an address that needs more wires than the
 *                   device has. Hardware would hit other memory, as QEMU's edu
 *                   does; here they are only counted
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
 * there is no memory. First ends the device that a failed test has left: so the
 * structure must be in static memory.
 */
void fake_device_init(struct fake_device *dev, uint64_t mask, bool iommu);

/* End the device and its domain. Everything must be unmapped. */
void fake_device_end(struct fake_device *dev);

/* The device reads or writes. Returns: false if a byte did not get through. */
bool fake_device_read(struct fake_device *dev, bus_addr_t bus, void *to,
		      size_t size);
bool fake_device_write(struct fake_device *dev, bus_addr_t bus,
		       const void *from, size_t size);

/* The device writes the same byte to the whole range. */
bool fake_device_fill(struct fake_device *dev, bus_addr_t bus, int byte,
		      size_t size);

/* Does the device read this byte at each address of the range? */
bool fake_device_sees(struct fake_device *dev, bus_addr_t bus, int byte,
		      size_t size);
