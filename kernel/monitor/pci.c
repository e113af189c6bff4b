// SPDX-License-Identifier: MIT
/*
 * pci.c - the PCI devices, in the format of lspci -v
 *
 * WHAT     For each device a line with its class and ids, a line with its
 *          interrupt and whether it may use the bus by itself, and a line for
 *          each BAR.
 *
 * PICTURE    00:04.0 Unclassified device [00ff]: [1234:11e8] (rev 10)
 *                    Flags: bus master, IRQ 11
 *                    Memory at fea00000 (32-bit, non-prefetchable) [size=1M]
 * SEE      lspci(8); <arch/pci.h>.
 */
#include <arch/pci.h>

#include "kernel/monitor/monitor_impl.h"
#include "lib/printf.h"

const char *format_device(char text[DEVICE_TEXT], uint16_t source_id)
{
	snprintf(text, DEVICE_TEXT, "%02x:%02x.%x", source_id >> 8,
		 source_id >> 3 & 31u, source_id & 7u);
	return text;
}

static void say_bar(const struct pci_bar *bar)
{
	static const char *const units[] = { "", "K", "M", "G", "T" };
	uint64_t size = bar->size;
	unsigned unit = 0;

	while (size >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
		size >>= 10;
		unit++;
	}
	if (bar->io)
		say("\tI/O ports at %04x", (unsigned)bar->start.v);
	else
		say("\tMemory at %08llx (%s-bit, %sprefetchable)",
		    (unsigned long long)bar->start.v, bar->wide ? "64" : "32",
		    bar->prefetchable ? "" : "non-");
	say(" [size=%u%s]\n", (unsigned)size, units[unit]);
}

static void say_flags(const struct pci_device *dev)
{
	bool master = pci_read16(dev, PCI_COMMAND) & PCI_COMMAND_MASTER;

	if (dev->irq != 0xff)
		say("\tFlags: %sIRQ %u\n", master ? "bus master, " : "",
		    dev->irq);
	else if (master)
		say("\tFlags: bus master\n");
}

static void say_device(const struct pci_device *dev)
{
	char name[DEVICE_TEXT];

	say("%s %s [%02x%02x]: [%04x:%04x] (rev %02x)\n",
	    format_device(name, pci_source_id(dev)), pci_class_name(dev),
	    dev->class, dev->subclass, dev->vendor, dev->device, dev->revision);
	say_flags(dev);
	if (dev->requester != pci_source_id(dev))
		say("\tBehind a bridge: %s to an IOMMU\n",
		    format_device(name, dev->requester));
	for (unsigned i = 0; i < PCI_NR_BARS; i++)
		if (dev->bar[i].size)
			say_bar(&dev->bar[i]);
}

void monitor_pci(void)
{
	for (unsigned i = 0; i < nr_pci_devices; i++)
		say_device(&pci_devices[i]);
	if (!nr_pci_devices)
		say("this machine has no PCI\n");
}
