// SPDX-License-Identifier: MIT
/*
 * irq_chip.h - what irq.c wants of an interrupt controller
 *
 * WHAT     A table of functions. There are two: the two 8259 of the first PC,
 *          and the local APIC with the I/O APIC. irq_init() chooses one.
 *
 * TERMS    edge     the line asks by rising: once for each rise. Two devices
 *                   cannot share it.
 *          level    the line asks as long as it is high: until every device on
 *                   it has been served
 *          end      the chip is told that the interrupt has been taken, and
 *                   may send the line again: EOI
 *
 * LOCKING  Interrupts off, in all functions.
 * SEE      Linux struct irq_chip, handle_edge_irq(), handle_fasteoi_irq().
 */
#pragma once

#include <arch/irq.h>

/* What becomes of an interrupt that has reached the CPU. */
enum irq_verdict {
	IRQ_SPURIOUS,         /* it was none                                 */
	IRQ_DEALT_WITH,       /* by the chip; nobody else need know          */
	IRQ_UNWANTED,         /* nobody waits for it: its line is masked now */
	IRQ_SERVE,            /* the handler's turn; ended already           */
	IRQ_SERVE_THEN_END,   /* ended behind the handler                    */
};

struct irq_chip {
	const char *name;
	void (*mask)(unsigned irq);
	void (*unmask)(unsigned irq);
	bool (*is_masked)(unsigned irq);
	/* Is the line asking, though the CPU has not been told yet? */
	bool (*is_pending)(unsigned irq);
	/* A line with a handler has come; it may be masked, if just now. */
	enum irq_verdict (*begin)(unsigned irq);
	void (*end)(unsigned irq);
	/* One without has; or, from NR_IRQS on, a vector behind the lines. */
	enum irq_verdict (*unexpected)(unsigned irq);
	/* NULL, or the chip's invariant that is broken. */
	const char *(*check)(void);
};

extern const struct irq_chip pic_chip, apic_chip;
