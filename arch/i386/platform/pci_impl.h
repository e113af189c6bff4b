// SPDX-License-Identifier: MIT
/*
 * pci_impl.h - functions that the files of PCI and the tests share
 *
 * WHAT     Two functions are a configuration space: the ports of a PC, or a
 *          table in memory that a test has filled.
 */
#pragma once

#include <arch/pci.h>

/* 32 bits at byte offset `reg` (aligned) of the function `source_id`. */
struct pci_config {
	uint32_t (*read)(uint16_t source_id, unsigned reg);
	void     (*write)(uint16_t source_id, unsigned reg, uint32_t value);
};

/* The ports (pci_config.c). On the host, no device answers. */
extern const struct pci_config pci_config_ports;

/* Does the machine have these ports? */
bool pci_config_present(void);

/*
 * Fill `devices` with the functions on bus 0 and behind its bridges, sorted by
 * source id. The log gets a line for each odd thing.
 *
 * Context: interrupts off: while a BAR is sized, its device decodes nothing.
 * Returns: how many; at most `max`.
 */
unsigned pci_scan(const struct pci_config *config, struct pci_device *devices,
		  unsigned max);

/* Fill in `requester` of each device, after all devices were found. */
void pci_find_requesters(const struct pci_config *config,
			 struct pci_device *devices, unsigned nr);

/* NULL, or the broken invariant of this table. */
const char *pci_check_table(const struct pci_device *devices, unsigned nr);
