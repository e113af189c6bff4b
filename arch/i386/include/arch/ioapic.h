// SPDX-License-Identifier: MIT
/*
 * ioapic.h - the I/O APIC: from the pins of devices to the local APIC
 *
 * WHAT     Each pin has a redirection entry of 64 bits. The entry says which
 *          vector goes to which CPU, and whether the pin asks by edge or level.
 *
 * TERMS    GSI         number of a pin, counted over all I/O APICs
 *          remote IRR  bit of a level pin: the interrupt was sent, and the EOI
 *                      has not come back yet
 *
 * LOCKING  Interrupts off.
 * SEE      Intel 82093AA data sheet, 3.2 "IOAPIC registers".
 */
#pragma once

#include <arch/addr.h>

/* The low half of a redirection entry; the high half is the CPU's id << 24. */
#define IOAPIC_VECTOR      0x000ffu
#define IOAPIC_ACTIVE_LOW  0x02000u
#define IOAPIC_REMOTE_IRR  0x04000u   /* read only                           */
#define IOAPIC_LEVEL       0x08000u
#define IOAPIC_MASKED      0x10000u

/* The bits that we write; the chip sets the others of the low half. */
#define IOAPIC_WRITTEN     0x1afffu

/*
 * Map the registers at `pa`.
 *
 * Returns: NULL, or why the I/O APIC cannot be used; then nothing has changed.
 */
const char *ioapic_find(phys_addr_t pa);

/* Undo ioapic_find(). */
void ioapic_release(void);

/* How many pins the chip has. */
unsigned ioapic_nr_pins(void);

/* Write a pin's entry. `low` says whether the pin is masked (IOAPIC_MASKED). */
void ioapic_set(unsigned pin, uint32_t low, uint8_t cpu);

/* Mask and unmask a pin; the rest of its entry stays. */
void ioapic_mask(unsigned pin);
void ioapic_unmask(unsigned pin);

/* The entry as the chip has it. */
uint64_t ioapic_read(unsigned pin);

/* NULL, or the invariant of ioapic.c that is broken. */
const char *ioapic_check(void);
