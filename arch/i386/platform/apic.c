// SPDX-License-Identifier: MIT
/*
 * apic.c - the lines of the PC, carried by local APIC and I/O APIC
 *
 * WHAT     The second struct irq_chip. Line n leads to the pin that the MADT
 *          names, and the pin to vector 32 + n of this CPU. The 8259s use the
 *          same vectors, so code above sees no difference.
 *
 * PICTURE    the usual machine under QEMU
 *
 *            line  0 timer     local APIC's timer  ----------> vector 32
 *                              (or pin 2, the pin of the 8254)
 *            line  1 keyboard  pin  1  edge,  high ----------> vector 33
 *            line  4 COM1      pin  4  edge,  high ----------> vector 36
 *            line 10 PCI       pin 10  level, high ----------> vector 42
 *                              pin 16 to 23       masked: not used
 *            pin 2, of the 8254: an event between ticks -----> vector 61
 *            local APIC's own: error, spurious  -------------> 62, 63
 *
 * TERMS    held    a line that works by edges has asked while it was masked;
 *                  its interrupt comes when it is unmasked
 *
 * INVARIANTS of apic (the chip's check restates them)
 *          A1  the pin of a line has its vector, and the trigger and polarity
 *              of the MADT; no two lines have the same pin
 *          A2  a pin without a line is masked, or it is the pin of events
 *          A3  a line is masked at its source exactly if it is held, or it is
 *              masked and works by level or is the timer's
 *          A4  both 8259s are masked as a whole
 *
 * ALGORITHM  The I/O APIC forgets an edge at a masked pin; the 8259 remembers
 *          it. A driver in user mode needs this edge: its line is masked until
 *          the driver calls IRQ_ACK, and a byte may arrive just before. So a
 *          bit in memory masks a line that works by edges. If the line asks
 *          while this bit is set, the line is held and its pin is masked:
 *          more edges would add nothing. The unmask of a held line sends its
 *          vector to this CPU. A level is still there after the unmask, so its
 *          pin is masked at once; the same holds for the timer's line, because
 *          a late tick would be wrong.
 *
 * LOCKING  Interrupts off.
 * COST     A line by edges: mask and unmask access no chip; begin and end need
 *          one store. By level: two stores more for each mask.
 * NOT HERE registers (lapic.c, ioapic.c), the timer (lapic_timer.c).
 * SEE      docs/decisions/no-aml.md; Linux check_irq_resend().
 */
#include <arch/apic.h>

#include <arch/acpi.h>
#include <arch/cpu.h>
#include <arch/ioapic.h>
#include <arch/lapic.h>
#include <arch/pic.h>

#include "lib/log.h"
#include "lib/panic.h"

_Static_assert(ACPI_ISA_LINES == NR_IRQS, "a line of the MADT is one of ours");

#define NO_PIN           (-1)

static bool used;

/* The pin of each line. Line 0: NO_PIN when it is the local APIC's timer. */
static int pins[NR_IRQS];

/* The pin of the 8254, if it makes events; NO_PIN: there are no events. */
static int event_pin = NO_PIN;
static void (*event_fn)(void);

/* Bit n is line n. */
static uint16_t masked = 0xffff, held, levels;

/* Lines that are masked at their source: those by level, and the timer's. */
static uint16_t hard;

static unsigned vector_of(unsigned irq)
{
	return IRQ_VECTOR_BASE + irq;
}

static uint16_t bit(unsigned irq)
{
	return (uint16_t)(1u << irq);
}

/* ---- a line where it comes from ------------------------------------------ */

static void source_set_mask(unsigned irq, bool mask)
{
	if (pins[irq] == NO_PIN) {
		if (irq == IRQ_TIMER)
			lapic_write(LAPIC_LVT_TIMER, LAPIC_PERIODIC |
				    (mask ? LAPIC_MASKED : 0) | vector_of(irq));
	} else if (mask) {
		ioapic_mask((unsigned)pins[irq]);
	} else {
		ioapic_unmask((unsigned)pins[irq]);
	}
}

/* ---- the chip ------------------------------------------------------------ */

static void mask_line(unsigned irq)
{
	masked |= bit(irq);
	if (hard & bit(irq))
		source_set_mask(irq, true);
}

static void unmask_line(unsigned irq)
{
	masked &= (uint16_t)~bit(irq);
	if ((hard | held) & bit(irq))
		source_set_mask(irq, false);
	if (held & bit(irq))
		lapic_send_self(vector_of(irq));
	held &= (uint16_t)~bit(irq);
}

static bool line_is_masked(unsigned irq)
{
	return masked & bit(irq);
}

static bool line_is_pending(unsigned irq)
{
	return lapic_vector_bit(LAPIC_IRR, vector_of(irq));
}

static void end_line(unsigned irq)
{
	lapic_end();
}

/* A level that came just before the mask comes again, so it is not held. */
static enum irq_verdict hold(unsigned irq)
{
	if (!(hard & bit(irq))) {
		source_set_mask(irq, true);
		held |= bit(irq);
	}
	lapic_end();
	return IRQ_DEALT_WITH;
}

static enum irq_verdict begin_line(unsigned irq)
{
	if (unlikely(masked & bit(irq)))
		return hold(irq);
	if (levels & bit(irq))
		return IRQ_SERVE_THEN_END;
	lapic_end();
	return IRQ_SERVE;
}

static enum irq_verdict unexpected_line(unsigned irq)
{
	unsigned vector = vector_of(irq);

	if (irq >= NR_IRQS && vector != APIC_VECTOR_EVENT)
		return lapic_interrupt(vector);
	if (!lapic_vector_bit(LAPIC_ISR, vector))
		return IRQ_SPURIOUS;
	if (irq < NR_IRQS)
		return hold(irq);
	if (event_pin == NO_PIN)
		return IRQ_SPURIOUS;
	/* An event is an edge: the end comes first. */
	lapic_end();
	event_fn();
	return IRQ_DEALT_WITH;
}

/* The entry that a line's pin must have, without the mask bit. */
static uint32_t entry_of(unsigned irq)
{
	const struct acpi_isa_line *line = &acpi_info.isa_line[irq];

	return vector_of(irq) | (line->level ? IOAPIC_LEVEL : 0) |
	       (line->active_low ? IOAPIC_ACTIVE_LOW : 0);
}

static const char *check_line(unsigned irq)
{
	uint64_t entry = ioapic_read((unsigned)pins[irq]);
	uint32_t low = (uint32_t)entry & IOAPIC_WRITTEN;

	HOLDS((low & ~IOAPIC_MASKED) == entry_of(irq) &&
	      entry >> 56 == lapic_id(),
	      "apic A1: the pin of a line is set as the MADT says");
	for (unsigned other = 0; other < irq; other++)
		HOLDS(pins[other] != pins[irq],
		      "apic A1: no two lines have the same pin");
	HOLDS(!!(low & IOAPIC_MASKED) ==
	      !!((held | (masked & hard)) & bit(irq)),
	      "apic A3: a line is masked at its pin if by level, or held, only");
	return NULL;
}

static bool pin_is_used(unsigned pin)
{
	if ((int)pin == event_pin)
		return true;
	for (unsigned irq = 0; irq < NR_IRQS; irq++)
		if (pins[irq] == (int)pin)
			return true;
	return false;
}

static const char *check(void)
{
	const char *law = lapic_check();

	if (!law)
		law = ioapic_check();
	for (unsigned irq = 0; irq < NR_IRQS && !law; irq++)
		if (pins[irq] != NO_PIN)
			law = check_line(irq);
	if (law)
		return law;
	HOLDS(pins[IRQ_TIMER] != NO_PIN ||
	      !!(lapic_read(LAPIC_LVT_TIMER) & LAPIC_MASKED) ==
	      !!(masked & bit(IRQ_TIMER)),
	      "apic A3: the local APIC's timer is masked if its line is, only");
	for (unsigned pin = 0; pin < ioapic_nr_pins(); pin++)
		HOLDS(pin_is_used(pin) || ioapic_read(pin) & IOAPIC_MASKED,
		      "apic A2: a pin without a line is masked");
	HOLDS(pic_read_masks() == 0xffff, "apic A4: the 8259s are masked");
	return NULL;
}

const struct irq_chip apic_chip = {
	.name       = "local APIC and I/O APIC",
	.mask       = mask_line,
	.unmask     = unmask_line,
	.is_masked  = line_is_masked,
	.is_pending = line_is_pending,
	.begin      = begin_line,
	.end        = end_line,
	.unexpected = unexpected_line,
	.check      = check,
};

/* ---- taking over --------------------------------------------------------- */

/* The I/O APIC that has GSI 0: the lines lead to its pins. NULL: none. */
static const struct acpi_ioapic *first_ioapic(void)
{
	for (unsigned i = 0; i < acpi_info.nr_ioapics; i++)
		if (!acpi_info.ioapic[i].gsi_base)
			return &acpi_info.ioapic[i];
	return NULL;
}

/* Every line has a pin, and no two lines have the same. */
static bool lines_have_pins(void)
{
	for (unsigned irq = 0; irq < NR_IRQS; irq++) {
		uint32_t gsi = acpi_info.isa_line[irq].gsi;

		if (irq == IRQ_CASCADE)
			continue;
		if (gsi >= ioapic_nr_pins())
			return false;
		for (unsigned other = 0; other < irq; other++)
			if (other != IRQ_CASCADE &&
			    acpi_info.isa_line[other].gsi == gsi)
				return false;
	}
	return true;
}

static const char *find_ioapic(void)
{
	const struct acpi_ioapic *ioapic = first_ioapic();
	const char *why;

	if (!ioapic)
		return "the MADT names no I/O APIC for the first lines";
	why = ioapic_find(ioapic->pa);
	if (why)
		return why;
	if (lines_have_pins())
		return NULL;
	ioapic_release();
	return "the MADT gives a line no pin, or another line's";
}

/* NULL, or why the APICs cannot be used; then nothing has changed. */
static const char *find(void)
{
	const char *why;

	if (!cpu_has(CPU_APIC))
		return "the CPU has none";
	if (!acpi_info.has_madt)
		return "there is no MADT to describe one";
	why = lapic_find();
	if (why)
		return why;
	why = find_ioapic();
	if (why)
		lapic_release();
	return why;
}

static void route_line(unsigned irq)
{
	const struct acpi_isa_line *line = &acpi_info.isa_line[irq];

	pins[irq] = (int)line->gsi;
	if (line->level)
		levels |= bit(irq);
	if (line->level || irq == IRQ_TIMER)
		hard |= bit(irq);
	ioapic_set(line->gsi, entry_of(irq) |
		   (hard & bit(irq) ? IOAPIC_MASKED : 0), lapic_id());
}

const char *apic_init(void)
{
	const char *why = find();

	if (why)
		return why;
	pic_retire();
	lapic_enable();
	for (unsigned pin = 0; pin < ioapic_nr_pins(); pin++)
		ioapic_set(pin, IOAPIC_MASKED, 0);
	pins[IRQ_CASCADE] = NO_PIN;
	for (unsigned irq = 0; irq < NR_IRQS; irq++)
		if (irq != IRQ_CASCADE)
			route_line(irq);
	used = true;
	pr_info("apic: local APIC %u at %pP, I/O APIC at %pP with %u pins\n",
		lapic_id(), &acpi_info.lapic, &first_ioapic()->pa,
		ioapic_nr_pins());
	return NULL;
}

bool apic_is_used(void)
{
	return used;
}

void apic_use_local_timer(bool local)
{
	assert(used && masked & bit(IRQ_TIMER));
	if (!local) {
		lapic_write(LAPIC_LVT_TIMER, LAPIC_MASKED);
		route_line(IRQ_TIMER);
		return;
	}
	/* The pin has no line now: like every such pin, it is masked. */
	ioapic_set((unsigned)pins[IRQ_TIMER], IOAPIC_MASKED, 0);
	pins[IRQ_TIMER] = NO_PIN;
	levels &= (uint16_t)~bit(IRQ_TIMER);
	source_set_mask(IRQ_TIMER, true);
}

bool apic_use_events(void (*fn)(void))
{
	const struct acpi_isa_line *line = &acpi_info.isa_line[IRQ_TIMER];

	if (!used || pins[IRQ_TIMER] != NO_PIN || line->level)
		return false;
	event_fn = fn;
	event_pin = fn ? (int)line->gsi : NO_PIN;
	ioapic_set(line->gsi, APIC_VECTOR_EVENT |
		   (line->active_low ? IOAPIC_ACTIVE_LOW : 0) |
		   (fn ? 0 : IOAPIC_MASKED), lapic_id());
	return true;
}

int apic_pin(unsigned irq)
{
	return pins[irq];
}
