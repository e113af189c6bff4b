// SPDX-License-Identifier: MIT
/*
 * pci_config.c - the ports to PCI's configuration space
 *
 * WHAT     256 bytes of each function, by mechanism #1: the address goes to
 *          port 0xcf8, then port 0xcfc has the data.
 *
 * PICTURE    0xcf8   31 | 30..24 | 23..16 | 15..11 | 10..8    | 7..2     | 0 0
 *                    on |   0    | bus    | slot   | function | register |
 *
 * LOCKING  Interrupts off between the two ports.
 * COST     Two port accesses: about 1000 cycles on a real machine.
 * NOT HERE the memory-mapped space of PCI Express: its first 256 bytes are the
 *          same, and the kernel needs no more.
 * SEE      PCI Local Bus Specification 3.0, 3.2.2.3.2.
 */
#include <arch/io.h>
#include <arch/irqflags.h>

#include "arch/i386/platform/pci_impl.h"

#define CONFIG_ADDRESS  0xcf8
#define CONFIG_DATA     0xcfc
#define CONFIG_ON       0x80000000u

static uint32_t config_address(uint16_t source_id, unsigned reg)
{
	return CONFIG_ON | (uint32_t)source_id << 8 | (reg & 0xfcu);
}

static uint32_t ports_read(uint16_t source_id, unsigned reg)
{
	irqflags_t flags = irq_save();
	uint32_t value;

	outl(CONFIG_ADDRESS, config_address(source_id, reg));
	value = inl(CONFIG_DATA);
	irq_restore(flags);
	return value;
}

static void ports_write(uint16_t source_id, unsigned reg, uint32_t value)
{
	irqflags_t flags = irq_save();

	outl(CONFIG_ADDRESS, config_address(source_id, reg));
	outl(CONFIG_DATA, value);
	irq_restore(flags);
}

const struct pci_config pci_config_ports = { ports_read, ports_write };

/* The address register keeps a written value. Without one, a read gives ~0. */
bool pci_config_present(void)
{
	irqflags_t flags = irq_save();
	uint32_t old = inl(CONFIG_ADDRESS);
	bool there;

	outl(CONFIG_ADDRESS, CONFIG_ON);
	there = inl(CONFIG_ADDRESS) == CONFIG_ON;
	outl(CONFIG_ADDRESS, old);
	irq_restore(flags);
	return there;
}
