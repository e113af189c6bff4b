// SPDX-License-Identifier: MIT
/*
 * pci_config.c (host) - a machine without PCI, but for bridges of tests
 *
 * WHAT     A test may place a few functions. Of their registers only two are
 *          there: the type of the header, and the bus behind a bridge.
 */
#include "arch/i386/platform/pci_impl.h"
#include "tests/host/host.h"

#define FUNCTIONS_MAX   8u

#define HEADER_TYPE     0x0cu   /* in bits 16 to 23 */
#define BUSES           0x18u   /* the bus behind it: bits 8 to 15 */

static struct function {
	uint16_t source_id;
	uint8_t  header_type, bus_behind;
} functions[FUNCTIONS_MAX];
static unsigned nr_functions;

void host_pci_add(uint16_t source_id, uint8_t header_type, uint8_t bus_behind)
{
	assert(nr_functions < FUNCTIONS_MAX);
	functions[nr_functions++] =
		(struct function){ source_id, header_type, bus_behind };
}

void host_pci_remove_all(void)
{
	nr_functions = 0;
}

static uint32_t registers_read(uint16_t source_id, unsigned reg)
{
	for (unsigned i = 0; i < nr_functions; i++) {
		const struct function *f = &functions[i];

		if (f->source_id == source_id)
			return reg == HEADER_TYPE ? f->header_type << 16 :
			       reg == BUSES ? f->bus_behind << 8 : 0;
	}
	return ~0u;
}

static void nothing_written(uint16_t source_id, unsigned reg, uint32_t value)
{
}

const struct pci_config pci_config_ports = { registers_read, nothing_written };

bool pci_config_present(void)
{
	return false;
}
