// SPDX-License-Identifier: MIT
/*
 * iomem.c - physical addresses, in the format of Linux's /proc/iomem
 *
 * WHAT     The boot loader's ranges, and what lies in them: the kernel image,
 *          the frame buffer, the firmware's tables, the interrupt controllers
 *          and IOMMUs that the tables name, the memory of PCI devices and
 *          bridges.
 *
 * PICTURE    00100000-07fdffff : System RAM
 *              00100000-001fffff : Kernel code      lies within the line above
 *            feb00000-febfffff : PCI Bus 0000:01
 *              feb40000-feb5ffff : 0000:01:00.0
 *
 * RULES
 *          a range lies within another range, or beside it; a range that
 *          would overlap another one in part is left out
 *
 * ALGORITHM  One array, sorted by start, the longer range first. A line is
 *          indented once for each range that contains it.
 * SEE      Linux kernel/resource.c r_show().
 */
#include <stdarg.h>

#include <arch/acpi.h>
#include <arch/cpu.h>
#include <arch/kva.h>
#include <arch/pci.h>
#include <arch/sections.h>

#include "boot/boot_info.h"
#include "kernel/monitor/monitor_impl.h"
#include "lib/printf.h"

#define RESOURCES_MAX  (BOOT_RANGES_MAX + ACPI_TABLES_MAX + ACPI_IOAPICS_MAX + \
			ACPI_DMAR_UNITS_MAX + PCI_DEVICES_MAX * PCI_NR_BARS + 8)
#define NAME_SIZE      28

#define VIDEO_START    0xa0000u
#define VIDEO_END      0xc0000u
#define ROM_START      0xf0000u
#define ROM_END        0x100000u
#define IOAPIC_SIZE    0x400u
#define LAPIC_START    0xfee00000u     /* where no table says it */

/* What a bridge passes on, in units of 1 MiB; the end is inclusive. */
#define PCI_HEADER_BRIDGE    1
#define PCI_SECONDARY_BUS    0x19
#define PCI_MEMORY_BASE      0x20
#define PCI_MEMORY_LIMIT     0x22
#define PCI_PREFETCH_BASE    0x24
#define PCI_PREFETCH_LIMIT   0x26
#define PCI_PREFETCH_BASE32  0x28
#define PCI_PREFETCH_LIMIT32 0x2c
#define PCI_WINDOW_MASK      0xfff0u
#define PCI_WINDOW_64        1u

struct resource {
	uint64_t start, end;   /* end is exclusive */
	char     name[NAME_SIZE];
};

static struct resource resources[RESOURCES_MAX];
static unsigned nr_resources;

/* Linux's names for the types of the firmware's map. */
static const char *const range_names[BOOT_NR_RANGE_TYPES] = {
	[BOOT_RAM]      = "System RAM",
	[BOOT_ACPI]     = "ACPI Tables",
	[BOOT_NVS]      = "ACPI Non-volatile Storage",
	[BOOT_RESERVED] = "Reserved",
	[BOOT_BAD]      = "Unusable memory",
};

static bool contains(const struct resource *outer,
		     const struct resource *inner)
{
	return outer->start <= inner->start && inner->end <= outer->end;
}

static __printf(3, 4)
void add(uint64_t start, uint64_t size, const char *fmt, ...)
{
	struct resource new = { start, start + size, "" };
	va_list args;
	unsigned i;

	if (start >= new.end || nr_resources == RESOURCES_MAX)
		return;
	for (i = 0; i < nr_resources; i++) {
		const struct resource *r = &resources[i];

		if (new.start < r->end && r->start < new.end &&
		    !contains(&new, r) && !contains(r, &new))
			return;
	}
	va_start(args, fmt);
	vsnprintf(new.name, sizeof(new.name), fmt, args);
	va_end(args);
	for (i = nr_resources++; i > 0; i--) {
		const struct resource *r = &resources[i - 1];

		if (r->start < start ||
		    (r->start == start && r->end >= new.end))
			break;
		resources[i] = *r;
	}
	resources[i] = new;
}

/* ---- what there is ------------------------------------------------------ */

static void add_section(const char *start, const char *end, const char *name)
{
	kva_t va = ptr_to_kva(start);

	add(va - PAGE_OFFSET, ptr_to_kva(end) - va, "%s", name);
}

static void add_memory(void)
{
	const struct boot_info *boot = monitor_boot;

	for (unsigned i = 0; i < boot->nr_ranges; i++)
		add(boot->range[i].start.v,
		    boot->range[i].end.v - boot->range[i].start.v, "%s",
		    range_names[boot->range[i].type]);
	add_section(text_start, text_end, "Kernel code");
	add_section(rodata_start, rodata_end, "Kernel rodata");
	add_section(data_start, data_end, "Kernel data");
	add_section(bss_start, bss_end, "Kernel bss");
	add(VIDEO_START, VIDEO_END - VIDEO_START, "Video RAM area");
	add(ROM_START, ROM_END - ROM_START, "System ROM");
}

static void add_acpi(void)
{
	for (unsigned i = 0; i < acpi_info.nr_tables; i++)
		if (acpi_info.table[i].valid)
			add(acpi_info.table[i].pa.v, acpi_info.table[i].length,
			    "ACPI %s", acpi_info.table[i].signature);
	for (unsigned i = 0; i < acpi_info.nr_ioapics; i++)
		add(acpi_info.ioapic[i].pa.v, IOAPIC_SIZE, "IOAPIC %u", i);
	for (unsigned i = 0; i < acpi_info.nr_dmar_units; i++)
		add(acpi_info.dmar_unit[i].registers.v, PAGE_SIZE, "dmar%u",
		    i);
	if (acpi_info.lapic.v)
		add(acpi_info.lapic.v, PAGE_SIZE, "Local APIC");
	else if (cpu_has(CPU_APIC))
		add(LAPIC_START, PAGE_SIZE, "Local APIC");
}

/* A bridge whose base is above the limit passes nothing on. */
static void add_window(const struct pci_device *bridge, uint64_t base,
		       uint64_t limit)
{
	if (base && base <= limit)
		add(base, limit + 1 - base, "PCI Bus 0000:%02x",
		    pci_read8(bridge, PCI_SECONDARY_BUS));
}

static uint64_t window_edge(const struct pci_device *bridge, unsigned reg,
			    unsigned upper_reg)
{
	uint16_t value = pci_read16(bridge, reg);
	uint64_t edge = (uint64_t)(value & PCI_WINDOW_MASK) << 16;

	if (upper_reg && (value & PCI_WINDOW_64))
		edge |= (uint64_t)pci_read32(bridge, upper_reg) << 32;
	return edge;
}

static void add_pci(const struct pci_device *dev)
{
	char name[DEVICE_TEXT];

	if (dev->header_type == PCI_HEADER_BRIDGE) {
		add_window(dev, window_edge(dev, PCI_MEMORY_BASE, 0),
			   window_edge(dev, PCI_MEMORY_LIMIT, 0) | 0xfffff);
		add_window(dev, window_edge(dev, PCI_PREFETCH_BASE,
					    PCI_PREFETCH_BASE32),
			   window_edge(dev, PCI_PREFETCH_LIMIT,
				       PCI_PREFETCH_LIMIT32) | 0xfffff);
	}
	for (unsigned i = 0; i < PCI_NR_BARS; i++)
		if (!dev->bar[i].io && dev->bar[i].start.v)
			add(dev->bar[i].start.v, dev->bar[i].size, "0000:%s",
			    format_device(name, pci_source_id(dev)));
}

void monitor_iomem(void)
{
	nr_resources = 0;
	add_memory();
	add_acpi();
	for (unsigned i = 0; i < nr_pci_devices; i++)
		add_pci(&pci_devices[i]);
	for (unsigned i = 0; i < nr_resources; i++) {
		const struct resource *r = &resources[i];
		int depth = 0;

		for (unsigned k = 0; k < i; k++)
			depth += contains(&resources[k], r);
		say("%*s%08llx-%08llx : %s\n", 2 * depth, "",
		    (unsigned long long)r->start,
		    (unsigned long long)(r->end - 1), r->name);
	}
}
