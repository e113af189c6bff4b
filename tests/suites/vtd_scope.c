// SPDX-License-Identifier: MIT
/*
 * vtd_scope.c (tests) - the unit of each device, by tables of a made-up machine
 *
 * PICTURE    01.0 a device
 *            02.0 root port --- 01:00.0
 *            03.0 conventional bridge --- 02:04.0, is 03.0
 *            04.0 root port --- 03:00.0 PCIe-to-PCI --- 04:05.0, is 04:00.0
 */
#include "arch/i386/iommu/vtd.h"
#include "tests/ktest.h"

SUITE(vtd_scope, NULL);

#define ID(bus, slot)   ((uint16_t)((bus) << 8 | (slot) << 3))
#define NR_UNITS        3u
#define NO_UNIT         NR_UNITS

#define DEVICE(b, s, asks) \
	{ .bus = (b), .slot = (s), .requester = (asks) }
/* `vendor` and `device` keep the first and the last bus behind the bridge. */
#define BRIDGE(b, s, first, last)                                   \
	{ .bus = (b), .slot = (s), .requester = ID(b, s),           \
	  .header_type = 0x81, .vendor = (first), .device = (last) }

static const struct pci_device devices[] = {
	DEVICE(0, 1, ID(0, 1)),
	BRIDGE(0, 2, 1, 1), DEVICE(1, 0, ID(1, 0)),
	BRIDGE(0, 3, 2, 2), DEVICE(2, 4, ID(0, 3)),
	BRIDGE(0, 4, 3, 4), BRIDGE(3, 0, 4, 4), DEVICE(4, 5, ID(4, 0)),
};

static uint8_t read8(const struct pci_device *dev, unsigned reg)
{
	return (uint8_t)(reg == 0x19 ? dev->vendor : dev->device);
}

static const struct vtd_buses buses = { devices, ARRAY_SIZE(devices), read8 };

/* The devices of the units; a scope 0 is empty: there is no device 00.0. */
static const struct machine {
	const char *text;
	uint16_t    scope[NR_UNITS];
	bool        all[NR_UNITS];
	uint16_t    segment[NR_UNITS];
	unsigned    want[ARRAY_SIZE(devices)];   /* unit of each device       */
} machines[] = {
	{ "one for all", .all = { true },
	  .want = { 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ "no unit", .want = { 3, 3, 3, 3, 3, 3, 3, 3 } },
	{ "a device each", .scope = { ID(0, 1), ID(1, 0) },
	  .want = { 0, 3, 1, 3, 3, 3, 3, 3 } },
	{ "a device, and the rest", .all = { true }, .scope = { 0, ID(1, 0) },
	  .want = { 0, 0, 1, 0, 0, 0, 0, 0 } },
	{ "a root port", .scope = { ID(0, 2) }, .all = { false, true },
	  .want = { 1, 0, 0, 1, 1, 1, 1, 1 } },
	{ "a conventional bridge", .scope = { ID(0, 3) },
	  .want = { 3, 3, 3, 0, 0, 3, 3, 3 } },
	{ "a device behind one", .scope = { ID(2, 4) },
	  .want = { 3, 3, 3, 0, 0, 3, 3, 3 } },
	{ "a hierarchy", .scope = { ID(0, 4) },
	  .want = { 3, 3, 3, 3, 3, 0, 0, 0 } },
	{ "a part of one", .scope = { ID(3, 0) },
	  .want = { 3, 3, 3, 3, 3, 3, 0, 0 } },
	{ "a device at the end of one", .scope = { ID(4, 5) },
	  .want = { 3, 3, 3, 3, 3, 3, 3, 0 } },
	{ "nobody who is there", .scope = { ID(9, 9) },
	  .want = { 3, 3, 3, 3, 3, 3, 3, 3 } },
	{ "another segment", .scope = { ID(0, 1) }, .segment = { 1, 0, 2 },
	  .all = { false, true, true },
	  .want = { 1, 1, 1, 1, 1, 1, 1, 1 } },
};

static unsigned unit_of(const struct machine *machine, uint16_t source_id)
{
	struct acpi_dmar_unit units[NR_UNITS] = { 0 };
	const struct acpi_dmar_unit *unit;

	for (unsigned i = 0; i < NR_UNITS; i++) {
		units[i].all = machine->all[i];
		units[i].segment = machine->segment[i];
		units[i].scope[0] = machine->scope[i];
		units[i].nr_scopes = machine->scope[i] != 0;
	}
	unit = vtd_unit_of(units, NR_UNITS, &buses, source_id);
	return unit ? (unsigned)(unit - units) : NO_UNIT;
}

KTEST(vtd_scope, each_device_by_the_name_that_its_requests_have)
{
	for (unsigned m = 0; m < ARRAY_SIZE(machines); m++)
		for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
			unsigned unit = unit_of(&machines[m],
						devices[i].requester);

			if (unit != machines[m].want[i])
				ktest_fail(__FILE__, __LINE__,
					   "%s: device %u has unit %u, not %u",
					   machines[m].text, i, unit,
					   machines[m].want[i]);
		}
}
