// SPDX-License-Identifier: MIT
/*
 * ioapic.h - the I/O APIC: from the pins of devices to the local APIC
 *
 * WHAT     Each pin has a redirection entry of 64 bits: which vector is sent
 *          to which CPU when the pin asks, and what asking means.
 *
 * TERMS    GSI         number of a pin, counted over all I/O APICs
 *          remote IRR  of a pin that works by level: sent, EOI not back yet
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

/* What we write; the other bits of the low half tell what is going on. */
#define IOAPIC_WRITTEN     0x1afffu

/*
 * Map the registers at `pa`.
 *
 * Returns: NULL, or why they cannot be used; then all is as it was.
 */
const char *ioapic_find(phys_addr_t pa);

/* Undo ioapic_find(). */
void ioapic_release(void);

/* Pins 0 to this less one. */
unsigned ioapic_nr_pins(void);

/* Fill in a pin's entry. `low` has IOAPIC_MASKED or it has not. */
void ioapic_set(unsigned pin, uint32_t low, uint8_t cpu);

/* Mask a pin and unmask it, leaving the rest of its entry. */
void ioapic_mask(unsigned pin);
void ioapic_unmask(unsigned pin);

/* The entry as the chip has it. */
uint64_t ioapic_read(unsigned pin);

/* NULL, or the invariant of ioapic.c that is broken. */
const char *ioapic_check(void);
