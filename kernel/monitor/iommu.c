// SPDX-License-Identifier: MIT
/*
 * iommu.c - the IOMMU: units, domains, faults; the walk of a bus address
 *
 * WHAT     iommu prints the units, and how much each device may reach; iommu
 *          walk goes through the tables of a device level by level, as the
 *          unit does.
 *
 * PICTURE    bus 0x00005000 from 00:04.0, by the tables of domain 1:
 *              level 3[  0] 0x0000000001c3f003  R W  -> table at 0x0001c3f000
 *              level 2[  0] 0x0000000001c40003  R W  -> table at 0x0001c40000
 *              level 1[  5] 0x0000000038123001  R
 *              is 0x0038123000: read
 *
 * LOCKING  None: the tables may change meanwhile.
 * SEE      look.c, which does this for the CPU's tables.
 */
#include <arch/iommu.h>

#include "kernel/monitor/monitor_impl.h"
#include "lib/printf.h"
#include "lib/string.h"

#define LEVEL_BITS  9u
#define ADDR_MASK   0x000ffffffffff000ull

/* ---- iommu --------------------------------------------------------------- */

static void say_units(void)
{
	struct iommu_unit unit;

	for (unsigned n = 0; iommu_unit(n, &unit); n++)
		say("unit %u at %pP: VT-d %u.%u, %s, %u domains%s\n", n,
		    &unit.registers, unit.major, unit.minor,
		    unit.on ? "on" : "off", unit.nr_domains,
		    unit.coherent ? "" : ", does not snoop the caches");
}

static void say_domains(void)
{
	struct iommu_domain *domain;
	char device[DEVICE_TEXT];
	uint16_t source_id;

	say("  domain  device   pages\n");
	for (unsigned n = 0; iommu_attached(n, &source_id, &domain); n++)
		say("  %6u  %s  %6lu\n", iommu_domain_id(domain),
		    format_device(device, source_id), iommu_nr_mapped(domain));
	say("any other device reaches nothing\n");
}

static void say_faults(void)
{
	char device[DEVICE_TEXT];
	unsigned long lost = 0;
	struct iommu_fault fault;
	struct iommu_unit unit;

	for (unsigned n = 0; iommu_unit(n, &unit); n++)
		lost += unit.lost;
	say("blocked accesses: %lu%s\n", iommu_nr_faults(),
	    lost ? ", and some that a unit had no room to record" : "");
	for (unsigned n = 0; iommu_recent_fault(n, &fault); n++)
		say("  %s %s %pB: %s (reason %u)\n",
		    format_device(device, fault.source_id),
		    fault.write ? "writes to" : "reads from", &fault.bus,
		    iommu_reason_name(fault.reason), fault.reason);
}

static int say_all(void)
{
	if (iommu_present())
		say("translation is on, bus addresses have %u bits\n",
		    iommu_address_bits());
	else
		say("translation is off: bus addresses are physical ones\n");
	say_units();
	if (iommu_present()) {
		say_domains();
		say_faults();
	}
	return 0;
}

/* ---- iommu walk DEV BUSADDR ---------------------------------------------- */

/*
 * A hexadecimal number below `end` at *text; the character `after` must follow,
 * and *text then stands behind it.
 */
static bool read_part(const char **text, char after, uint32_t end,
		      uint32_t *value)
{
	const char *stop = strchr(*text, after);
	size_t len = stop ? (size_t)(stop - *text) : 0;
	char part[4];

	if (!len || len >= sizeof(part))
		return false;
	memcpy(part, *text, len);
	part[len] = '\0';
	*text = stop + (after != '\0');
	return !parse_hex32(part, value) && *value < end;
}

/* 00:04.0, as `pci` prints it. */
static int arg_device(const char *text, uint16_t *source_id)
{
	const char *rest = text;
	uint32_t bus, slot, function;

	if (!read_part(&rest, ':', 256, &bus) ||
	    !read_part(&rest, '.', 32, &slot) ||
	    !read_part(&rest, '\0', 8, &function))
		return complain("%.40s: a device is BUS:SLOT.FUNCTION, as 00:04.0",
				text);
	*source_id = (uint16_t)(bus << 8 | slot << 3 | function);
	return 0;
}

static int arg_bus(const char *text, bus_addr_t *bus)
{
	char number[24];
	bool has_0x = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');

	snprintf(number, sizeof(number), "%s%.20s", has_0x ? "" : "0x", text);
	if (parse_u64(number, &bus->v))
		return complain("%.40s: not a hexadecimal number of 64 bits",
				text);
	return 0;
}

static void say_level(unsigned level, bus_addr_t bus, uint64_t entry)
{
	phys_addr_t table = PHYS(entry & ADDR_MASK);
	unsigned index = (unsigned)(bus.v >> (PAGE_SHIFT + LEVEL_BITS *
					      (level - 1))) &
			 ((1u << LEVEL_BITS) - 1);

	say("  level %u[%3u] 0x%016llx %s%s", level, index,
	    (unsigned long long)entry, entry & IOMMU_READ ? " R" : "",
	    entry & IOMMU_WRITE ? " W" : "");
	if (!entry)
		say(" <-- nothing is mapped");
	else if (level > 1)
		say("  -> table at %pP", &table);
	say("\n");
}

static int say_walk(char *const argv[])
{
	uint64_t entry[IOMMU_LEVELS_MAX];
	struct iommu_domain *domain;
	uint16_t wanted = 0, source_id;
	bus_addr_t bus;
	phys_addr_t pa;
	unsigned i = 0, n, prot, levels;

	if (arg_device(argv[2], &wanted) || arg_bus(argv[3], &bus))
		return -EINVAL;
	do {
		if (!iommu_attached(i++, &source_id, &domain))
			return complain("%.40s: the device has no domain",
					argv[2]);
	} while (source_id != wanted);
	say("%pB from %s, by the tables of domain %u:\n", &bus, argv[2],
	    iommu_domain_id(domain));
	n = iommu_walk(domain, bus, entry);
	if (!n)
		return complain("an address has %u bits", iommu_address_bits());
	levels = (iommu_address_bits() - PAGE_SHIFT) / LEVEL_BITS;
	for (i = 0; i < n; i++)
		say_level(levels - i, bus, entry[i]);
	if (iommu_lookup(domain, bus, &pa, &prot))
		say("  is %pP:%s%s\n", &pa, prot & IOMMU_READ ? " read" : "",
		    prot & IOMMU_WRITE ? " write" : "");
	return 0;
}

int monitor_iommu(char *const argv[])
{
	if (!argv[1])
		return say_all();
	if (!argv[3] || strcmp(argv[1], "walk"))
		return complain("iommu, or iommu walk DEVICE BUSADDR");
	return say_walk(argv);
}
