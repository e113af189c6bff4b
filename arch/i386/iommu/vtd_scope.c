// SPDX-License-Identifier: MIT
/*
 * vtd_scope.c - which unit a device is for
 *
 * WHAT     Follows the scopes that ACPI's table gives each unit.
 *
 * PICTURE    unit 0  scope 03.0, a bridge   --> all behind it, and itself
 *            unit 1  scope 01:00.0          --> that device
 *            unit 2  all                    --> whoever no other one names
 *
 * ALGORITHM  A unit sees a requester (pci_requester.c), and a scope may name a
 *          device behind the bridge that asks for it: so a scope is also as
 *          whom its device asks. A unit that is named but cannot be used is
 *          still the device's: the unit for all others does not see it.
 * SEE      VT-d specification 8.3.1 "Device Scope Structure".
 */
#include "arch/i386/iommu/vtd_scope.h"

#define HEADER_BRIDGE       1
#define BRIDGE_SECONDARY    0x19u
#define BRIDGE_SUBORDINATE  0x1au

static const struct pci_device *device_find(const struct vtd_buses *buses,
					    uint16_t source_id)
{
	for (unsigned i = 0; i < buses->nr; i++)
		if (pci_source_id(&buses->devices[i]) == source_id)
			return &buses->devices[i];
	return NULL;
}

/*
 * Is it the device of the scope, or as whom that one asks, or behind the bridge
 * of the scope?
 */
static bool scope_has(const struct vtd_buses *buses, uint16_t scope,
		      uint16_t source_id)
{
	const struct pci_device *bridge = device_find(buses, scope);
	unsigned bus = source_id >> 8;

	if (scope == source_id || (bridge && bridge->requester == source_id))
		return true;
	return bridge && (bridge->header_type & 0x7f) == HEADER_BRIDGE &&
	       bus >= buses->read8(bridge, BRIDGE_SECONDARY) &&
	       bus <= buses->read8(bridge, BRIDGE_SUBORDINATE);
}

static bool unit_names(const struct acpi_dmar_unit *unit,
		       const struct vtd_buses *buses, uint16_t source_id)
{
	for (unsigned i = 0; i < unit->nr_scopes; i++)
		if (scope_has(buses, unit->scope[i], source_id))
			return true;
	return false;
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
		if (unit_names(unit, buses, source_id))
			return unit;
		if (unit->all && !for_others)
			for_others = unit;
	}
	return for_others;
}
