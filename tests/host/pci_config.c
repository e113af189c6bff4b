// SPDX-License-Identifier: MIT
/*
 * pci_config.c (host) - a machine without PCI
 */
#include "arch/i386/platform/pci_impl.h"

static uint32_t nothing_read(uint16_t source_id, unsigned reg)
{
	return ~0u;
}

static void nothing_written(uint16_t source_id, unsigned reg, uint32_t value)
{
}

const struct pci_config pci_config_ports = { nothing_read, nothing_written };

bool pci_config_present(void)
{
	return false;
}
