// SPDX-License-Identifier: MIT
/*
 * pci_requester.c - the source id in the requests of a device
 *
 * WHAT     An IOMMU knows a device by the source id in its requests. After some
 *          bridges this is not the id of the device: a conventional bus has no
 *          wires for it, so the bridge puts another id there.
 *
 * PICTURE    root bus 00 --+-- 02.0 root port ---------- 01:00.0 is 01:00.0
 *                          +-- 03.0 conventional bridge
 *                          |         +-- 02:04.0 ------- is 00:03.0, the bridge
 *                          +-- 04.0 root port
 *                                    +-- 03:00.0 PCIe-to-PCI bridge
 *                                         +-- 04:05.0 -- is 04:00.0
 *
 * TERMS    requester  the source id that the IOMMU sees
 *
 * ALGORITHM  Walk from the device's bus up to the root. A bridge may replace
 *          the id that came from below. The PCIe capability of the bridge says
 *          its kind: a port of PCI Express changes nothing; a bridge from PCI
 *          Express to PCI gives its secondary bus and function 0; any other
 *          bridge gives its own id.
 *
 * COST     Boot only: for each bridge above a device, a walk of its list of
 *          capabilities.
 * SEE      VT-d specification 3.4.1 "Source Identifier"; PCI Express to PCI
 *          bridge specification 1.0, 2.3; Linux pci_for_each_dma_alias().
 */
#include "arch/i386/platform/pci_impl.h"

#define PCI_STATUS        0x04   /* in the upper half */
#define PCI_BUSES         0x18
#define PCI_CAPABILITIES  0x34

#define STATUS_LIST       (0x10u << 16)
#define HEADER_BRIDGE     1

#define CAPABILITY_FIRST  0x40u
#define CAPABILITY_PCIE   0x10u
#define CAPABILITIES_MAX  48u     /* 192 bytes have room for 48 */

enum express_type {
	NOT_EXPRESS   = 0x100,
	ROOT_PORT     = 4,
	UPSTREAM_PORT = 5,
	DOWNSTREAM_PORT = 6,
	EXPRESS_TO_PCI = 7,
};

static unsigned express_type(const struct pci_config *config, uint16_t id)
{
	unsigned at;

	if (!(config->read(id, PCI_STATUS) & STATUS_LIST))
		return NOT_EXPRESS;
	at = config->read(id, PCI_CAPABILITIES) & 0xfc;
	for (unsigned i = 0; i < CAPABILITIES_MAX && at >= CAPABILITY_FIRST;
	     i++) {
		uint32_t head = config->read(id, at);

		if ((head & 0xff) == CAPABILITY_PCIE)
			return head >> 20 & 0xf;
		at = head >> 8 & 0xfc;
	}
	return NOT_EXPRESS;
}

struct topology {
	const struct pci_config *config;
	struct pci_device       *devices;
	unsigned                 nr;
};

/* The bridge that leads to a bus; NULL: the bus is a root bus. */
static const struct pci_device *bridge_to(const struct topology *t,
					  unsigned bus)
{
	for (unsigned i = 0; i < t->nr; i++) {
		const struct pci_device *dev = &t->devices[i];

		if (dev->header_type != HEADER_BRIDGE || dev->bus == bus)
			continue;
		if ((t->config->read(pci_source_id(dev), PCI_BUSES) >> 8 &
		     0xff) == bus)
			return dev;
	}
	return NULL;
}

/* The id that leaves the bridge, when `requester` has come from `bus`. */
static uint16_t behind(const struct topology *t,
		       const struct pci_device *bridge, unsigned bus,
		       uint16_t requester)
{
	switch (express_type(t->config, pci_source_id(bridge))) {
	case ROOT_PORT:
	case UPSTREAM_PORT:
	case DOWNSTREAM_PORT:
		return requester;
	case EXPRESS_TO_PCI:
		return (uint16_t)(bus << 8);
	default:
		return pci_source_id(bridge);
	}
}

/* Bridges may be in a circle: so the number of steps is limited. */
static uint16_t requester_of(const struct topology *t,
			     const struct pci_device *dev)
{
	uint16_t requester = pci_source_id(dev);
	unsigned bus = dev->bus;

	for (unsigned hops = 0; bus && hops < t->nr; hops++) {
		const struct pci_device *bridge = bridge_to(t, bus);

		if (!bridge)
			break;
		requester = behind(t, bridge, bus, requester);
		bus = bridge->bus;
	}
	return requester;
}

void pci_find_requesters(const struct pci_config *config,
			 struct pci_device *devices, unsigned nr)
{
	const struct topology t = { config, devices, nr };

	for (unsigned i = 0; i < nr; i++)
		devices[i].requester = requester_of(&t, &devices[i]);
}
