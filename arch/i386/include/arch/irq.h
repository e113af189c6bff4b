// SPDX-License-Identifier: MIT
/*
 * irq.h - interrupts of devices
 *
 * WHAT     Each line has one handler. All lines are masked at the start. Lines
 *          0..15 are those of the first PCs; a modern machine may lead them to
 *          another chip.
 *
 *            irq_set_handler(IRQ_COM1, com1_interrupt, NULL);
 *            irq_unmask(IRQ_COM1);
 *
 * TERMS    mask   the CPU does not see the line's interrupts until irq_unmask()
 * SEE      arch/i386/platform/irq.c; Linux request_irq().
 */
#pragma once

#include "lib/compiler.h"

#define NR_IRQS      16
#define IRQ_TIMER    0
#define IRQ_KEYBOARD 1
#define IRQ_CASCADE  2    /* the second 8259: nobody may have it             */
#define IRQ_COM1     4

#define IRQ_VECTOR_BASE  32   /* of line 0; behind the CPU's own vectors     */

/*
 * Runs with interrupts off. After the handler has returned, the line can
 * interrupt again, unless the handler has masked the line.
 */
typedef void (*irq_handler_fn)(unsigned irq, void *arg);

/*
 * Choose the APICs or the 8259s, and write the choice into the log. Before, the
 * 8259s are used, with all lines masked. Called once, at boot, after
 * acpi_init() and before the first irq_set_handler(). `apic` is false for
 * `noapic`.
 */
void irq_init(bool apic);

/*
 * Returns: 0; -EBUSY (taken); -EINVAL (no such line, or the cascade's). NULL fn
 *          frees the line and masks it.
 */
int  irq_set_handler(unsigned irq, irq_handler_fn fn, void *arg) __must_check;
void irq_mask(unsigned irq);
void irq_unmask(unsigned irq);

/*
 * Does an interrupt of the line wait until the CPU turns interrupts on?
 * Context: interrupts off, and the line not masked.
 */
bool irq_is_pending(unsigned irq);

/* How many interrupts of the line a handler got since boot. */
unsigned long irq_count(unsigned irq);

/* How many interrupts came that no device had asked for. */
unsigned long irq_spurious_count(void);

/* Called by the trap entry: vector IRQ_VECTOR_BASE + irq has come. */
void irq_dispatch(unsigned irq);

struct irq_chip;

/* The interrupt controller in use: for tests. */
const struct irq_chip *irq_chip(void);

/* NULL, or the invariant of irq.c, or of the chip, that is broken. */
const char *irq_check(void);
