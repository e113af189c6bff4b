// SPDX-License-Identifier: MIT
/*
 * pci_scan.c - find the devices on the PCI buses
 *
 * WHAT     Asks each of the 32 slots of bus 0 and of each bus behind a bridge.
 *          Reads the header of each function that answers.
 *
 * PICTURE    0x00  device  | vendor         0xffff: no device answers
 *            0x04  status  | command
 *            0x08  class | subclass | interface | revision
 *            0x0c  ...   | header type | ...     bit 7: more than function 0
 *            0x10  BAR 0 .. BAR 5                (a bridge has two of them)
 *            0x18  ...   | secondary bus | primary bus       of a bridge
 *            0x3c  ...   | pin | line
 *
 *          A BAR:  address ..........0000 | prefetchable | type:2 | 0
 *                  port ...............00 |                    0  | 1
 *
 * TERMS    sizing  all ones are written to a BAR. The low bits that stay 0
 *                  give the size: the device decodes them itself
 *
 * INVARIANTS of pci (pci_check_table() restates them)
 *          P1  source ids ascend
 *          P2  the size of a BAR is 0 or a power of two
 *          P3  a BAR starts at a multiple of its size
 *          P4  the place after a 64-bit BAR is empty
 *          P5  an interrupt line is below 16, or 0xff
 *
 * ALGORITHM  The firmware has numbered the buses. Each bridge adds its
 *          secondary bus to a list; no bus is added twice, so bridges in a
 *          circle do no harm. While a BAR is sized, its device
 *          decodes nothing: all ones are an address, too.
 *
 * LOCKING  Interrupts off.
 * COST     A read for each slot of each bus, about 25 for a device.
 * NOT HERE bus numbers and addresses: the firmware has given them; expansion
 *          ROMs; capabilities (pci_requester.c); root buses other than bus 0;
 *          BARs of a host bridge.
 * SEE      PCI Local Bus Specification 3.0, chapter 6; Linux
 *          drivers/pci/probe.c.
 */
#include "arch/i386/platform/pci_impl.h"
#include "lib/bitmap.h"
#include "lib/log.h"
#include "lib/panic.h"
#include "lib/string.h"

#define NR_BUSES       256
#define NR_SLOTS       32
#define NR_FUNCTIONS   8

#define PCI_ID         0x00
#define PCI_CLASS      0x08
#define PCI_HEADER     0x0c
#define PCI_BAR0       0x10
#define PCI_BUSES      0x18
#define PCI_INTERRUPT  0x3c

#define HEADER_MULTI   0x80u
#define HEADER_TYPE    0x7fu
#define HEADER_DEVICE  0
#define HEADER_BRIDGE  1
#define HEADER_CARDBUS 2
#define BRIDGE_BARS    2
#define CLASS_BRIDGE   0x06
#define SUBCLASS_HOST  0x00

#define BAR_IO         0x1u
#define BAR_TYPE       0x6u
#define BAR_TYPE_64    0x4u
#define BAR_TYPE_NONE  0x6u
#define BAR_PREFETCH   0x8u
#define BAR_IO_BITS    0x3u
#define BAR_MEM_BITS   0xfu

struct scan {
	const struct pci_config *config;
	struct pci_device       *devices;
	unsigned                 nr, max;
	bool                     full;
	uint32_t                 known[BITMAP_WORDS(NR_BUSES)];
	uint8_t                  buses[NR_BUSES];   /* in order of finding */
	unsigned                 nr_buses;
};

/* ---- registers ---------------------------------------------------------- */

static uint32_t get(const struct scan *scan, const struct pci_device *dev,
		    unsigned reg)
{
	return scan->config->read(pci_source_id(dev), reg);
}

static void put(const struct scan *scan, const struct pci_device *dev,
		unsigned reg, uint32_t value)
{
	scan->config->write(pci_source_id(dev), reg, value);
}

static void complain(const struct pci_device *dev, const char *what)
{
	pr_warn_limited("pci: %02x:%02x.%x %s\n", dev->bus, dev->slot, dev->function,
		what);
}

/* ---- base addresses ----------------------------------------------------- */

static unsigned bar_reg(unsigned i)
{
	return PCI_BAR0 + 4 * i;
}

/* The bits of this register that can be written. */
static uint32_t bar_mask(const struct scan *scan, const struct pci_device *dev,
			 unsigned i)
{
	uint32_t old = get(scan, dev, bar_reg(i)), mask;

	put(scan, dev, bar_reg(i), ~0u);
	mask = get(scan, dev, bar_reg(i));
	put(scan, dev, bar_reg(i), old);
	return mask;
}

/* The bits that can be written must be the upper ones, without a gap. */
static uint64_t mask_size(uint64_t mask)
{
	uint64_t size = mask & (~mask + 1);

	return mask + size == 0 ? size : 0;
}

/*
 * A BAR without a size or with a wrong start stays zero.
 * Returns: how many registers the BAR takes.
 */
static unsigned read_bar(const struct scan *scan, struct pci_device *dev,
			 unsigned i, unsigned nr)
{
	uint32_t low = get(scan, dev, bar_reg(i)), type = low & BAR_TYPE;
	bool io = low & BAR_IO, wide = !io && type == BAR_TYPE_64;
	uint64_t start = low & (io ? 0xfffcu : ~BAR_MEM_BITS);
	uint64_t mask, size;

	if (!io && type == BAR_TYPE_NONE) {
		complain(dev, "has a BAR of no known type: ignored");
		return 1;
	}
	if (wide && i + 1 == nr) {
		complain(dev, "has half of a 64-bit BAR: ignored");
		return 1;
	}
	mask = bar_mask(scan, dev, i) & ~(io ? BAR_IO_BITS : BAR_MEM_BITS);
	if (wide) {
		start |= (uint64_t)get(scan, dev, bar_reg(i + 1)) << 32;
		mask |= (uint64_t)bar_mask(scan, dev, i + 1) << 32;
	} else if (mask) {
		/* A device may leave out the upper half of a port's number. */
		if (io && !(mask >> 16))
			mask |= 0xffff0000u;
		mask |= 0xffffffff00000000ull;
	}
	size = mask_size(mask);
	if (size && start & (size - 1))
		complain(dev, "has a BAR that is not aligned: ignored");
	else if (size)
		dev->bar[i] = (struct pci_bar){ PHYS(start), size, io, wide,
						!io && low & BAR_PREFETCH };
	return wide ? 2 : 1;
}

/*
 * Some host bridges pass no access of the CPU on while they decode nothing, and
 * no driver uses their BARs. So these are not sized. Linux: mmio_always_on.
 */
static unsigned nr_bars(const struct pci_device *dev)
{
	if (dev->class == CLASS_BRIDGE && dev->subclass == SUBCLASS_HOST)
		return 0;
	if (dev->header_type == HEADER_DEVICE)
		return PCI_NR_BARS;
	return dev->header_type == HEADER_BRIDGE ? BRIDGE_BARS : 0;
}

static void read_bars(const struct scan *scan, struct pci_device *dev)
{
	uint32_t command = get(scan, dev, PCI_COMMAND) & 0xffff;
	unsigned nr = nr_bars(dev);

	if (!nr)
		return;
	/* The upper half is the status: a 0 does not change it. */
	put(scan, dev, PCI_COMMAND,
	    command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
	for (unsigned i = 0; i < nr; )
		i += read_bar(scan, dev, i, nr);
	put(scan, dev, PCI_COMMAND, command);
}

/* ---- a function --------------------------------------------------------- */

static void add_bus(struct scan *scan, unsigned bus)
{
	bitmap_set(scan->known, bus);
	scan->buses[scan->nr_buses++] = (uint8_t)bus;
}

static void read_header(struct scan *scan, struct pci_device *dev)
{
	uint32_t id = get(scan, dev, PCI_ID);
	uint32_t class = get(scan, dev, PCI_CLASS);
	uint32_t irq = get(scan, dev, PCI_INTERRUPT);   /* pin, line */
	unsigned bus;

	dev->vendor = (uint16_t)id;
	dev->device = (uint16_t)(id >> 16);
	dev->revision = (uint8_t)class;
	dev->interface = (uint8_t)(class >> 8);
	dev->subclass = (uint8_t)(class >> 16);
	dev->class = (uint8_t)(class >> 24);
	dev->header_type = get(scan, dev, PCI_HEADER) >> 16 & HEADER_TYPE;
	if (dev->header_type > HEADER_CARDBUS)
		complain(dev, "has a header of no known type: no BARs");
	dev->irq = irq & 0xff00 && (irq & 0xff) < 16 ? (uint8_t)irq : 0xff;
	read_bars(scan, dev);
	if (dev->header_type != HEADER_BRIDGE)
		return;
	bus = get(scan, dev, PCI_BUSES) >> 8 & 0xff;
	if (bitmap_test(scan->known, bus))
		complain(dev, "is a bridge to a bus that is known already");
	else
		add_bus(scan, bus);
}

/* Keeps the table sorted: the scan may find a high bus before a low one. */
static void table_insert(struct scan *scan, const struct pci_device *dev)
{
	unsigned i;

	if (scan->nr == scan->max) {
		if (!scan->full)
			pr_warn("pci: more than %u devices: the others are left out\n",
				scan->max);
		scan->full = true;
		return;
	}
	for (i = scan->nr++; i > 0; i--) {
		if (pci_source_id(&scan->devices[i - 1]) < pci_source_id(dev))
			break;
		scan->devices[i] = scan->devices[i - 1];
	}
	scan->devices[i] = *dev;
}

/* Returns: does the device have more functions than number 0? */
static bool scan_function(struct scan *scan, unsigned bus, unsigned slot,
			  unsigned function)
{
	struct pci_device dev = {
		.bus = (uint8_t)bus,
		.slot = (uint8_t)slot,
		.function = (uint8_t)function,
	};
	uint32_t vendor = get(scan, &dev, PCI_ID) & 0xffff;
	bool multi;

	if (vendor == 0xffff || !vendor)
		return false;
	multi = get(scan, &dev, PCI_HEADER) >> 16 & HEADER_MULTI;
	read_header(scan, &dev);
	table_insert(scan, &dev);
	return multi;
}

/* ---- buses -------------------------------------------------------------- */

static void scan_bus(struct scan *scan, unsigned bus)
{
	for (unsigned slot = 0; slot < NR_SLOTS; slot++)
		if (scan_function(scan, bus, slot, 0))
			for (unsigned f = 1; f < NR_FUNCTIONS; f++)
				scan_function(scan, bus, slot, f);
}

unsigned pci_scan(const struct pci_config *config, struct pci_device *devices,
		  unsigned max)
{
	struct scan scan = { .config = config, .devices = devices, .max = max };

	add_bus(&scan, 0);
	for (unsigned i = 0; i < scan.nr_buses; i++)
		scan_bus(&scan, scan.buses[i]);
	pci_find_requesters(config, devices, scan.nr);
	return scan.nr;
}

static const char *check_bars(const struct pci_device *dev)
{
	for (unsigned i = 0; i < PCI_NR_BARS; i++) {
		const struct pci_bar *bar = &dev->bar[i];

		HOLDS(!(bar->size & (bar->size - 1)),
		      "pci P2: the size of a BAR is a power of two");
		if (!bar->size)
			continue;
		HOLDS(!(bar->start.v & (bar->size - 1)),
		      "pci P3: a BAR starts at a multiple of its size");
		HOLDS(!bar->wide || (i + 1 < PCI_NR_BARS && !bar[1].size),
		      "pci P4: the place behind a 64-bit BAR is empty");
	}
	return NULL;
}

const char *pci_check_table(const struct pci_device *devices, unsigned nr)
{
	const char *law;

	for (unsigned i = 0; i < nr; i++) {
		HOLDS(!i || pci_source_id(&devices[i - 1]) <
			    pci_source_id(&devices[i]),
		      "pci P1: source ids ascend");
		law = check_bars(&devices[i]);
		if (law)
			return law;
		HOLDS(devices[i].irq < 16 || devices[i].irq == 0xff,
		      "pci P5: an interrupt line is below 16, or none");
	}
	return NULL;
}
