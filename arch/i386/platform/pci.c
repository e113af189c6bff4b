// SPDX-License-Identifier: MIT
/*
 * pci.c - the PCI devices of this machine
 *
 * WHAT     Keeps the table that the scan at boot has filled. Finds devices in
 *          it, reads and writes their configuration registers.
 *
 * LOCKING  The table is constant after pci_init(). A write of less than 32 bits
 *          reads, changes and writes the register with interrupts off.
 * NOT HERE the scan (pci_scan.c), the ports (pci_config.c), drivers.
 * SEE      docs/bus-addresses.md.
 */
#include <arch/irqflags.h>

#include "arch/i386/platform/pci_impl.h"
#include "lib/log.h"
#include "lib/panic.h"

struct pci_device pci_devices[PCI_DEVICES_MAX];
unsigned nr_pci_devices;

/* The words of the PCI ID database. */
#define ANY  0x100

static const struct class_name {
	uint16_t    class, subclass;
	const char *text;
} class_names[] = {
	{ 0x00, 0x01, "VGA compatible unclassified device" },
	{ 0x00, ANY,  "Unclassified device" },
	{ 0x01, 0x00, "SCSI storage controller" },
	{ 0x01, 0x01, "IDE interface" },
	{ 0x01, 0x02, "Floppy disk controller" },
	{ 0x01, 0x06, "SATA controller" },
	{ 0x01, 0x08, "Non-Volatile memory controller" },
	{ 0x01, ANY,  "Mass storage controller" },
	{ 0x02, 0x00, "Ethernet controller" },
	{ 0x02, ANY,  "Network controller" },
	{ 0x03, 0x00, "VGA compatible controller" },
	{ 0x03, ANY,  "Display controller" },
	{ 0x04, ANY,  "Multimedia controller" },
	{ 0x05, ANY,  "Memory controller" },
	{ 0x06, 0x00, "Host bridge" },
	{ 0x06, 0x01, "ISA bridge" },
	{ 0x06, 0x04, "PCI bridge" },
	{ 0x06, ANY,  "Bridge" },
	{ 0x07, ANY,  "Communication controller" },
	{ 0x08, 0x06, "IOMMU" },
	{ 0x08, ANY,  "System peripheral" },
	{ 0x09, ANY,  "Input device controller" },
	{ 0x0c, 0x03, "USB controller" },
	{ 0x0c, 0x05, "SMBus" },
	{ 0x0c, ANY,  "Serial bus controller" },
	{ 0xff, ANY,  "Unassigned class" },
};

/* ---- registers ---------------------------------------------------------- */

uint32_t pci_read32(const struct pci_device *dev, unsigned reg)
{
	assert(reg < 256 && reg % 4 == 0);
	return pci_config_ports.read(pci_source_id(dev), reg);
}

uint16_t pci_read16(const struct pci_device *dev, unsigned reg)
{
	assert(reg % 2 == 0);
	return (uint16_t)(pci_read32(dev, reg & ~3u) >> reg % 4 * 8);
}

uint8_t pci_read8(const struct pci_device *dev, unsigned reg)
{
	return (uint8_t)(pci_read32(dev, reg & ~3u) >> reg % 4 * 8);
}

void pci_write32(const struct pci_device *dev, unsigned reg, uint32_t value)
{
	assert(reg < 256 && reg % 4 == 0);
	pci_config_ports.write(pci_source_id(dev), reg, value);
}

/*
 * The other half of the register is written back. But the other half of the
 * command register is the status, where a 1 clears a bit: it gets 0.
 */
void pci_write16(const struct pci_device *dev, unsigned reg, uint16_t value)
{
	unsigned shift = reg % 4 * 8;
	irqflags_t flags = irq_save();
	uint32_t old = 0;

	assert(reg % 2 == 0);
	if (reg != PCI_COMMAND)
		old = pci_read32(dev, reg & ~3u) & ~(0xffffu << shift);
	pci_write32(dev, reg & ~3u, old | (uint32_t)value << shift);
	irq_restore(flags);
}

void pci_set_command(const struct pci_device *dev, uint16_t set, uint16_t clear)
{
	irqflags_t flags = irq_save();
	uint16_t command = pci_read16(dev, PCI_COMMAND);

	pci_write16(dev, PCI_COMMAND, (uint16_t)((command & ~clear) | set));
	irq_restore(flags);
}

/* ---- the table ---------------------------------------------------------- */

struct pci_device *pci_find(uint16_t vendor, uint16_t device, unsigned nth)
{
	for (unsigned i = 0; i < nr_pci_devices; i++) {
		struct pci_device *dev = &pci_devices[i];

		if (dev->vendor == vendor && dev->device == device && !nth--)
			return dev;
	}
	return NULL;
}

const char *pci_class_name(const struct pci_device *dev)
{
	for (unsigned i = 0; i < ARRAY_SIZE(class_names); i++)
		if (class_names[i].class == dev->class &&
		    (class_names[i].subclass == ANY ||
		     class_names[i].subclass == dev->subclass))
			return class_names[i].text;
	return "unknown";
}

void pci_init(void)
{
	irqflags_t flags;

	if (!pci_config_present()) {
		pr_info("pci: none\n");
		return;
	}
	flags = irq_save();
	nr_pci_devices = pci_scan(&pci_config_ports, pci_devices,
				  PCI_DEVICES_MAX);
	irq_restore(flags);
	pr_info("pci: %u devices\n", nr_pci_devices);
}

const char *pci_check(void)
{
	return pci_check_table(pci_devices, nr_pci_devices);
}
