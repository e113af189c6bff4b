// SPDX-License-Identifier: MIT
/*
 * vtd_scope.c - which unit translates for a device
 *
 * WHAT     Follows the scopes that ACPI's table gives for each unit.
 *
 * PICTURE    unit 0  scope 03.0, a bridge   --> the bridge, and all behind it
 *            unit 1  scope 01:00.0          --> that device
 *            unit 2  all                    --> all that no other unit names
 *
 * ALGORITHM  A unit sees only the id of a requester. The requester may be a
 *          bridge that asks for the devices behind it (pci_requester.c). So a
 *          scope that names a device also means the requester of this device.
 *          The kernel may not be able to use the unit that names a device. This
 *          unit still is the device's unit: the requests do not go to the unit
 *          for all others.
 * SEE      VT-d specification 8.3.1 "Device Scope Structure".
 */
#include "arch/i386/iommu/vtd.h"

#define HEADER_BRIDGE       1
#define BRIDGE_SECONDARY    0x19u
#define BRIDGE_SUBORDINATE  0x1au

/* A scope has its device, the requester of this device, and, if the device is a
 * bridge, all that is behind it. */
static bool scope_has(const struct vtd_buses *buses, uint16_t scope,
		      uint16_t source_id)
{
	const struct pci_device *named = NULL;
	unsigned bus = source_id >> 8;

	if (scope == source_id)
		return true;
	for (unsigned i = 0; i < buses->nr && !named; i++)
		if (pci_source_id(&buses->devices[i]) == scope)
			named = &buses->devices[i];
	if (!named)
		return false;
	return named->requester == source_id ||
	       ((named->header_type & 0x7f) == HEADER_BRIDGE &&
		bus >= buses->read8(named, BRIDGE_SECONDARY) &&
		bus <= buses->read8(named, BRIDGE_SUBORDINATE));
}

const struct acpi_dmar_unit *vtd_unit_of(const struct acpi_dmar_unit *units,
					 unsigned nr,
					 const struct vtd_buses *buses,
					 uint16_t source_id)
{
	const struct acpi_dmar_unit *for_others = NULL;

	for (unsigned i = 0; i < nr; i++) {
		const struct acpi_dmar_unit *unit = &units[i];

		if (unit->segment)
			continue;
		for (unsigned scope = 0; scope < unit->nr_scopes; scope++)
			if (scope_has(buses, unit->scope[scope], source_id))
				return unit;
		if (unit->all && !for_others)
			for_others = unit;
	}
	return for_others;
}
