// SPDX-License-Identifier: MIT
/*
 * vtd_scope.h - which unit a device is for
 */
#pragma once

#include <arch/acpi.h>
#include <arch/pci.h>

/* The machine's devices; read8 is pci_read8() but in tests. */
struct vtd_buses {
	const struct pci_device *devices;
	unsigned                 nr;
	uint8_t                (*read8)(const struct pci_device *dev,
					unsigned reg);
};

/*
 * Of the units that ACPI names, used or not: the one to which requests with
 * this source id go. Returns: NULL: none.
 */
const struct acpi_dmar_unit *vtd_unit_of(const struct acpi_dmar_unit *units,
					 unsigned nr,
					 const struct vtd_buses *buses,
					 uint16_t source_id);
