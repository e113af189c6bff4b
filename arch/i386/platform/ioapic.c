// SPDX-License-Identifier: MIT
/*
 * ioapic.c - the registers of the I/O APIC
 *
 * WHAT     The chip has many registers, but only two words in memory: the first
 *          takes the number of a register, the second is this register.
 *
 * PICTURE    FIX_IOAPIC + 0x00  select    <- 0x10 + 2 * pin
 *                       + 0x10  window    <-> low half of the pin's entry
 *
 *            63     56            16 15 14 13 12 11 10 8 7       0
 *            +--------+-----------+--+--+--+--+--+----+---------+
 *            | CPU id |     0     |M |L |  |A |  |  0 | vector  |
 *            +--------+-----------+--+--+--+--+--+----+---------+
 *             M masked  L level  A active low
 *
 * INVARIANTS of ioapic (ioapic_check() restates them)
 *          O1  a pin's entry is what was written last
 *
 * ALGORITHM  A mask bit is in the low half of the entry. A copy of this half is
 *          kept, so a mask needs no read. The two halves are written one after
 *          the other, so the pin is masked meanwhile.
 *
 * LOCKING  Interrupts off: no other code may select a register between a write
 *          to select and the use of the window.
 * COST     Two stores for a mask.
 * NOT HERE which line is at which pin (apic.c).
 * SEE      Linux io_apic.c.
 */
#include <arch/ioapic.h>

#include <arch/cpu.h>
#include <arch/fixmap.h>
#include <arch/paging.h>

#include "lib/panic.h"

#define SELECT           0x00u
#define WINDOW           0x10u

#define REG_VERSION      0x01u
#define REG_ENTRY(pin)   (0x10u + 2 * (pin))

#define VERSION_PIN_MAX(version)  ((version) >> 16 & 0xff)

/* A register number is a byte: there is no number for more pins. */
#define PINS_MAX         120u
_Static_assert(REG_ENTRY(PINS_MAX) == 0x100, "a byte selects a register");

/* As many as there are ISA lines. */
#define PINS_MIN         16u

static volatile uint8_t *registers;
static unsigned nr_pins;

/* What was written last to the low half of each pin's entry. */
static uint32_t written[PINS_MAX];

/* The word for register `reg`, until the next call. */
static volatile uint32_t *select_register(unsigned reg)
{
	*(volatile uint32_t *)(registers + SELECT) = reg;
	return (volatile uint32_t *)(registers + WINDOW);
}

static void write_low(unsigned pin, uint32_t low)
{
	written[pin] = low;
	*select_register(REG_ENTRY(pin)) = low;
}

const char *ioapic_find(phys_addr_t pa)
{
	phys_addr_t page = pfn_to_phys(phys_to_pfn(pa));

	if (pa.v & 15 || phys_page_offset(pa) + WINDOW >= PAGE_SIZE)
		return "the I/O APIC is at an odd address";
	if (page.v >> cpu_phys_bits() ||
	    phys_range_has_ram(page, phys_add(page, PAGE_SIZE)))
		return "the I/O APIC is where RAM is, or nothing can be";
	set_fixmap(FIX_IOAPIC, page, KPROT_DEVICE);
	registers = (volatile uint8_t *)fix_to_virt(FIX_IOAPIC) +
		    phys_page_offset(pa);
	nr_pins = VERSION_PIN_MAX(*select_register(REG_VERSION)) + 1;
	if (nr_pins >= PINS_MIN && nr_pins <= PINS_MAX)
		return NULL;
	ioapic_release();
	return "the I/O APIC has a number of pins that cannot be";
}

void ioapic_release(void)
{
	clear_fixmap(FIX_IOAPIC);
	nr_pins = 0;
}

unsigned ioapic_nr_pins(void)
{
	return nr_pins;
}

void ioapic_set(unsigned pin, uint32_t low, uint8_t cpu)
{
	assert(pin < nr_pins && !(low & ~IOAPIC_WRITTEN));
	write_low(pin, low | IOAPIC_MASKED);
	*select_register(REG_ENTRY(pin) + 1) = (uint32_t)cpu << 24;
	if (!(low & IOAPIC_MASKED))
		write_low(pin, low);
}

void ioapic_mask(unsigned pin)
{
	write_low(pin, written[pin] | IOAPIC_MASKED);
}

void ioapic_unmask(unsigned pin)
{
	write_low(pin, written[pin] & ~IOAPIC_MASKED);
}

uint64_t ioapic_read(unsigned pin)
{
	uint32_t low = *select_register(REG_ENTRY(pin));

	return (uint64_t)*select_register(REG_ENTRY(pin) + 1) << 32 | low;
}

const char *ioapic_check(void)
{
	for (unsigned pin = 0; pin < nr_pins; pin++)
		HOLDS((ioapic_read(pin) & IOAPIC_WRITTEN) == written[pin],
		      "ioapic O1: a redirection entry is what was written last");
	return NULL;
}
