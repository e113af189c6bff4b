// SPDX-License-Identifier: MIT
/*
 * irq.c - from a line of the interrupt controller to its handler
 *
 * WHAT     The table of handlers, one for each line; the way of an interrupt;
 *          and the choice of the controller, once, at boot.
 *
 * PICTURE    CPU: vector 32 + line --> irq_dispatch()
 *              no handler:  chip->unexpected(): masked, with a line in the log
 *              a handler:   chip->begin() --> spurious: counted
 *                                         --> the handler, chip->end()
 *
 *            chip   pic_chip   two 8259                 (pic.c)
 *                   apic_chip  local APIC and I/O APIC  (apic.c)
 *
 * INVARIANTS of irq (irq_check() restates them, then the chip's own)
 *          I1  a line without a handler is masked, except for the cascade
 *
 * ALGORITHM  For a line that works by edges, the chip gets the end before the
 *          handler runs: from then on, an interrupt is a new edge. A line that
 *          works by level still asks at that moment, and would come again at
 *          once. So its end comes after the handler. The handler has served the
 *          device or masked the line (a driver in user mode serves it later:
 *          kernel/device/irq_ports.c). While a handler runs, the CPU's
 *          interrupt flag keeps other interrupts out.
 *
 * LOCKING  Interrupts off.
 * NOT HERE the chips; the timer's line (clocksource.c).
 * SEE      Linux kernel/irq/chip.c; docs/decisions/no-aml.md.
 */
#include <arch/irq.h>

#include <arch/apic.h>
#include <arch/cpu.h>
#include <arch/irq_chip.h>
#include <arch/irqflags.h>
#include <arch/lapic.h>

#include "lib/errno.h"
#include "lib/log.h"
#include "lib/panic.h"

/* Protection: interrupts off. */
static struct irq_line {
	irq_handler_fn fn;
	void          *arg;
	unsigned long  count;
} lines[NR_IRQS];

static unsigned long nr_spurious;

/* Constant after irq_init(). */
static const struct irq_chip *chip = &pic_chip;

static bool line_is_usable(unsigned irq)
{
	return irq < NR_IRQS && irq != IRQ_CASCADE;
}

void irq_init(bool apic)
{
	const char *why = apic ? apic_init() : "noapic on the command line";

	if (!why) {
		chip = &apic_chip;
	} else {
		pr_info("irq: no APIC: %s\n", why);
		if (cpu_has(CPU_APIC))
			lapic_let_8259_through();
	}
	pr_info("irq: %s\n", chip->name);
}

int irq_set_handler(unsigned irq, irq_handler_fn fn, void *arg)
{
	irqflags_t flags;
	int err = 0;

	if (!line_is_usable(irq))
		return -EINVAL;
	flags = irq_save();
	if (fn && lines[irq].fn) {
		err = -EBUSY;
	} else {
		if (!fn)
			chip->mask(irq);
		lines[irq].fn = fn;
		lines[irq].arg = arg;
	}
	irq_restore(flags);
	return err;
}

void irq_mask(unsigned irq)
{
	irqflags_t flags = irq_save();

	assert(line_is_usable(irq));
	chip->mask(irq);
	irq_restore(flags);
}

void irq_unmask(unsigned irq)
{
	irqflags_t flags = irq_save();

	assert(line_is_usable(irq) && lines[irq].fn);
	chip->unmask(irq);
	irq_restore(flags);
}

bool irq_is_pending(unsigned irq)
{
	return chip->is_pending(irq);
}

unsigned long irq_count(unsigned irq)
{
	assert(irq < NR_IRQS);
	return lines[irq].count;
}

unsigned long irq_spurious_count(void)
{
	return nr_spurious;
}

void irq_dispatch(unsigned irq)
{
	bool expected = irq < NR_IRQS && lines[irq].fn;
	enum irq_verdict verdict = expected ? chip->begin(irq)
					    : chip->unexpected(irq);

	switch (verdict) {
	case IRQ_SERVE:
	case IRQ_SERVE_THEN_END:
		lines[irq].count++;
		lines[irq].fn(irq, lines[irq].arg);
		if (verdict == IRQ_SERVE_THEN_END)
			chip->end(irq);
		break;
	case IRQ_SPURIOUS:
		nr_spurious++;
		break;
	case IRQ_UNWANTED:
		pr_warn_limited("irq: line %u came, but nobody waits for it: masked\n",
			irq);
		break;
	case IRQ_DEALT_WITH:
		break;
	}
}

const struct irq_chip *irq_chip(void)
{
	return chip;
}

const char *irq_check(void)
{
	for (unsigned irq = 0; irq < NR_IRQS; irq++)
		HOLDS(lines[irq].fn || irq == IRQ_CASCADE ||
		      chip->is_masked(irq),
		      "irq I1: a line without a handler is masked");
	return chip->check();
}
