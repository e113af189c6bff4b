// SPDX-License-Identifier: MIT
/*
 * irq_chip.h - the functions of an interrupt controller that irq.c uses
 *
 * WHAT     A table of functions. There are two tables: one for the two 8259 of
 *          the first PC, and one for the local APIC with the I/O APIC.
 *          irq_init() chooses one.
 *
 * TERMS    edge     the line asks when it rises, once for each rise. Two
 *                   devices cannot share such a line.
 *          level    the line asks as long as it is high: until all its devices
 *                   have been served
 *          end      tell the chip that the interrupt has been taken (EOI); the
 *                   chip may then send the line again
 *
 * LOCKING  Interrupts off, in all functions.
 * SEE      Linux struct irq_chip, handle_edge_irq(), handle_fasteoi_irq().
 */
#pragma once

#include <arch/irq.h>

/* What to do with an interrupt that has reached the CPU. */
enum irq_verdict {
	IRQ_SPURIOUS,         /* nothing: no device has asked                */
	IRQ_DEALT_WITH,       /* nothing: the chip's code has handled it     */
	IRQ_UNWANTED,         /* no handler: the line is masked now          */
	IRQ_SERVE,            /* call the handler; the end is done already   */
	IRQ_SERVE_THEN_END,   /* call the handler, then do the end           */
};

struct irq_chip {
	const char *name;
	void (*mask)(unsigned irq);
	void (*unmask)(unsigned irq);
	bool (*is_masked)(unsigned irq);
	/* Does the line ask, and has the CPU not seen it yet? */
	bool (*is_pending)(unsigned irq);
	/* A line with a handler has come. It may just have been masked. */
	enum irq_verdict (*begin)(unsigned irq);
	void (*end)(unsigned irq);
	/* The same without a handler. From NR_IRQS on: no line, a vector. */
	enum irq_verdict (*unexpected)(unsigned irq);
	/* NULL, or the chip's invariant that is broken. */
	const char *(*check)(void);
};

extern const struct irq_chip pic_chip, apic_chip;
