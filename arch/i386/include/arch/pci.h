// SPDX-License-Identifier: MIT
/*
 * pci.h - the devices on the PCI buses
 *
 * WHAT     pci_init() walks all buses once. It makes a struct pci_device for
 *          every function that answers: its ids, its BARs and their sizes, its
 *          interrupt line.
 *
 * TERMS    BAR        base address register: where the device's registers lie
 *                     in memory or in I/O space
 *          source id  bus << 8 | slot << 3 | function: the device that asks
 *          requester  the source id in a device's requests: its own, or that
 *                     of a bridge above the device
 *          bus master a device that may read and write memory by itself
 *
 * SEE      PCI Local Bus Specification 3.0, chapter 6; Linux struct pci_dev.
 */
#pragma once

#include <arch/addr.h>

#define PCI_DEVICES_MAX  64
#define PCI_NR_BARS      6

/* Configuration registers. Only pci.c reads the rest of the header. */
#define PCI_COMMAND             0x04
#define PCI_COMMAND_IO          0x0001u
#define PCI_COMMAND_MEMORY      0x0002u
#define PCI_COMMAND_MASTER      0x0004u
#define PCI_COMMAND_INTX_OFF    0x0400u

struct pci_bar {
	phys_addr_t start;          /* or the first port                      */
	uint64_t    size;           /* bytes; 0: there is no such BAR         */
	bool        io;             /* ports, not memory                      */
	bool        wide;           /* 64-bit: takes the next BAR's place too */
	bool        prefetchable;
};

struct pci_device {
	uint8_t        bus, slot, function;
	uint16_t       vendor, device;
	uint8_t        class, subclass, interface, revision;
	uint8_t        header_type;
	uint16_t       requester;   /* source id that an IOMMU sees          */
	uint8_t        irq;         /* line 0..15 that the firmware chose;
				       0xff: none                             */
	struct pci_bar bar[PCI_NR_BARS];
};

/* The devices, sorted by source id. Constant after pci_init(). */
extern struct pci_device pci_devices[PCI_DEVICES_MAX];
extern unsigned nr_pci_devices;

static inline uint16_t pci_source_id(const struct pci_device *dev)
{
	return (uint16_t)(dev->bus << 8 | dev->slot << 3 | dev->function);
}

/* Called once, at boot. Finds nothing on a machine without PCI. */
void pci_init(void);

/* The nth (from 0) device with these ids, or NULL. */
struct pci_device *pci_find(uint16_t vendor, uint16_t device, unsigned nth);

/* `reg` is a byte offset below 256, aligned to the width. Any context. */
uint32_t pci_read32(const struct pci_device *dev, unsigned reg);
uint16_t pci_read16(const struct pci_device *dev, unsigned reg);
uint8_t pci_read8(const struct pci_device *dev, unsigned reg);
void pci_write32(const struct pci_device *dev, unsigned reg, uint32_t value);
void pci_write16(const struct pci_device *dev, unsigned reg, uint16_t value);

/* Set and clear bits of the command register: decoding, bus mastering. */
void pci_set_command(const struct pci_device *dev, uint16_t set,
		     uint16_t clear);

/* NULL, or the broken invariant of the table of devices. */
const char *pci_check(void);

/* The class in words, for example "VGA controller"; or "unknown". */
const char *pci_class_name(const struct pci_device *dev);
