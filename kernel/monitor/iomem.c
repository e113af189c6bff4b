// SPDX-License-Identifier: MIT
/*
 * iomem.c - physical addresses, in the format of Linux's /proc/iomem
 *
 * WHAT     What the boot loader said of each range, and what we know besides:
 *          the kernel image, the frame buffer, the interrupt controllers.
 *
 * PICTURE    00100000-07fdffff : System RAM
 *              00100000-001fffff : Kernel code      lies within the line above
 *
 * INVARIANTS
 *          a line lies wholly within another one, or beside it
 *
 * ALGORITHM  All are put into one array, sorted by start, the longer one
 *          first; a line is indented by as many lines as contain it.
 * SEE      Linux kernel/resource.c r_show().
 */
#include <arch/cpu.h>
#include <arch/kva.h>
#include <arch/sections.h>

#include "boot/boot_info.h"
#include "kernel/monitor/monitor_impl.h"

#define RESOURCES_MAX  (BOOT_RANGES_MAX + 8)

#define VIDEO_START    0xa0000u
#define VIDEO_END      0xc0000u
#define IOAPIC_START   0xfec00000u
#define IOAPIC_SIZE    0x400u
#define LAPIC_START    0xfee00000u

struct resource {
	uint64_t    start, end;   /* end is exclusive */
	const char *name;
};

static struct resource resources[RESOURCES_MAX];
static unsigned nr_resources;

/* As Linux calls the types of the firmware's map. */
static const char *const range_names[BOOT_NR_RANGE_TYPES] = {
	[BOOT_RAM]      = "System RAM",
	[BOOT_ACPI]     = "ACPI Tables",
	[BOOT_NVS]      = "ACPI Non-volatile Storage",
	[BOOT_RESERVED] = "Reserved",
	[BOOT_BAD]      = "Unusable memory",
};

static bool comes_before(const struct resource *a, const struct resource *b)
{
	return a->start < b->start ||
	       (a->start == b->start && a->end > b->end);
}

static bool contains(const struct resource *outer,
		     const struct resource *inner)
{
	return outer->start <= inner->start && inner->end <= outer->end;
}

static void add(uint64_t start, uint64_t end, const char *name)
{
	struct resource new = { start, end, name };
	unsigned i;

	if (start >= end || nr_resources == RESOURCES_MAX)
		return;
	for (i = nr_resources++; i > 0; i--) {
		if (!comes_before(&new, &resources[i - 1]))
			break;
		resources[i] = resources[i - 1];
	}
	resources[i] = new;
}

static uint64_t phys_of(const char *symbol)
{
	return ptr_to_kva(symbol) - PAGE_OFFSET;
}

/* What lies across the end of a range of the map would break the nesting. */
static void add_device(uint64_t start, uint64_t size, const char *name)
{
	const struct boot_info *boot = monitor_boot;

	for (unsigned i = 0; i < boot->nr_ranges; i++) {
		const struct boot_range *range = &boot->range[i];

		if (range->start.v < start + size && range->end.v > start &&
		    !(range->start.v <= start && start + size <= range->end.v))
			return;
	}
	add(start, start + size, name);
}

static void collect(void)
{
	const struct boot_info *boot = monitor_boot;

	nr_resources = 0;
	for (unsigned i = 0; i < boot->nr_ranges; i++)
		add(boot->range[i].start.v, boot->range[i].end.v,
		    range_names[boot->range[i].type]);
	add(phys_of(text_start), phys_of(text_end), "Kernel code");
	add(phys_of(rodata_start), phys_of(rodata_end), "Kernel rodata");
	add(phys_of(data_start), phys_of(data_end), "Kernel data");
	add(phys_of(bss_start), phys_of(bss_end), "Kernel bss");
	add_device(VIDEO_START, VIDEO_END - VIDEO_START, "Video RAM area");
	if (!cpu_has(CPU_APIC))
		return;
	add_device(IOAPIC_START, IOAPIC_SIZE, "IOAPIC 0");
	add_device(LAPIC_START, PAGE_SIZE, "Local APIC");
}

int monitor_iomem(unsigned argc, char *const argv[])
{
	collect();
	for (unsigned i = 0; i < nr_resources; i++) {
		const struct resource *r = &resources[i];
		int depth = 0;

		for (unsigned k = 0; k < i; k++)
			depth += contains(&resources[k], r);
		say("%*s%08llx-%08llx : %s\n", 2 * depth, "",
		    (unsigned long long)r->start,
		    (unsigned long long)(r->end - 1), r->name);
	}
	return 0;
}
