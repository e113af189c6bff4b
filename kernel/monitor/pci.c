// SPDX-License-Identifier: MIT
/*
 * pci.c - the PCI devices, in the format of lspci -v
 *
 * WHAT     A line for what each is, then one for its interrupt and whether it
 *          may use the bus by itself, then one for each BAR.
 *
 * PICTURE    00:04.0 Unclassified device [00ff]: [1234:11e8] (rev 10)
 *                    Flags: bus master, IRQ 11
 *                    Memory at fea00000 (32-bit, non-prefetchable) [size=1M]
 * SEE      lspci(8); <arch/pci.h>.
 */
#include <arch/pci.h>

#include "kernel/monitor/monitor_impl.h"

/* 64, 4K, 16M: as lspci says it. */
static void say_size(uint64_t size)
{
	static const char units[] = { '\0', 'K', 'M', 'G', 'T' };
	unsigned unit = 0;

	while (size >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
		size >>= 10;
		unit++;
	}
	say(" [size=%u", (unsigned)size);
	if (unit)
		say("%c", units[unit]);
	say("]\n");
}

static void say_bar(const struct pci_bar *bar)
{
	if (bar->io)
		say("\tI/O ports at %04x", (unsigned)bar->start.v);
	else
		say("\tMemory at %08llx (%s-bit, %sprefetchable)",
		    (unsigned long long)bar->start.v, bar->wide ? "64" : "32",
		    bar->prefetchable ? "" : "non-");
	say_size(bar->size);
}

static void say_flags(const struct pci_device *dev)
{
	bool master = pci_read16(dev, PCI_COMMAND) & PCI_COMMAND_MASTER;

	if (!master && dev->irq == 0xff)
		return;
	say("\tFlags: %s%s", master ? "bus master" : "",
	    master && dev->irq != 0xff ? ", " : "");
	if (dev->irq != 0xff)
		say("IRQ %u", dev->irq);
	say("\n");
}

static void say_device(const struct pci_device *dev)
{
	say("%02x:%02x.%x %s [%02x%02x]: [%04x:%04x] (rev %02x)\n", dev->bus,
	    dev->slot, dev->function, pci_class_name(dev), dev->class,
	    dev->subclass, dev->vendor, dev->device, dev->revision);
	say_flags(dev);
	if (dev->requester != pci_source_id(dev))
		say("\tBehind a bridge: %02x:%02x.%x to an IOMMU\n",
		    dev->requester >> 8, dev->requester >> 3 & 31,
		    dev->requester & 7);
	for (unsigned i = 0; i < PCI_NR_BARS; i++)
		if (dev->bar[i].size)
			say_bar(&dev->bar[i]);
}

int monitor_pci(unsigned argc, char *const argv[])
{
	for (unsigned i = 0; i < nr_pci_devices; i++)
		say_device(&pci_devices[i]);
	if (!nr_pci_devices)
		say("this machine has no PCI\n");
	return 0;
}
