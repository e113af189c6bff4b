// SPDX-License-Identifier: MIT
/*
 * pci_impl.h - what the files of PCI share with each other and with the tests
 *
 * WHAT     A configuration space is two functions: the ports of a PC, or a
 *          table in memory that a test has filled.
 */
#pragma once

#include <arch/pci.h>

/* 32 bits at byte offset `reg` (aligned) of the function `source_id`. */
struct pci_config {
	uint32_t (*read)(uint16_t source_id, unsigned reg);
	void     (*write)(uint16_t source_id, unsigned reg, uint32_t value);
};

/* The ports. pci_config.c; on the host: nothing answers. */
extern const struct pci_config pci_config_ports;

/* Does the machine have these ports? */
bool pci_config_present(void);

/*
 * Fill `devices` with what answers on bus 0 and behind its bridges, by source
 * id ascending. What is odd is said in the log.
 *
 * Context: interrupts off: a BAR that is being sized decodes nothing.
 * Returns: how many; at most `max`.
 */
unsigned pci_scan(const struct pci_config *config, struct pci_device *devices,
		  unsigned max);

/* Fill in `requester` of each, when all are there. */
void pci_find_requesters(const struct pci_config *config,
			 struct pci_device *devices, unsigned nr);

/* NULL, or the broken invariant of this table. */
const char *pci_check_table(const struct pci_device *devices, unsigned nr);
