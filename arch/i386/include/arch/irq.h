// SPDX-License-Identifier: MIT
/*
 * irq.h - interrupts of devices
 *
 * WHAT     One handler a line; lines start masked. Lines 0..15 are the 8259's.
 *
 *            irq_set_handler(IRQ_COM1, com1_interrupt, NULL);
 *            irq_unmask(IRQ_COM1);
 *
 * TERMS    mask   the line may ask, but the CPU is not told before irq_unmask()
 * SEE      arch/i386/platform/pic.c; Linux request_irq().
 */
#pragma once

#include "lib/compiler.h"

#define NR_IRQS      16
#define IRQ_TIMER    0
#define IRQ_CASCADE  2    /* the second chip: nobody may have it             */
#define IRQ_COM1     4

/*
 * Runs with interrupts off; the line has been acknowledged. The line comes
 * again as soon as the handler has returned, unless it has masked it.
 */
typedef void (*irq_handler_fn)(unsigned irq, void *arg);

/*
 * Returns: 0; -EBUSY (taken); -EINVAL (no such line, or the cascade's). NULL fn
 *          frees the line and masks it.
 */
int  irq_set_handler(unsigned irq, irq_handler_fn fn, void *arg) __must_check;
void irq_mask(unsigned irq);
void irq_unmask(unsigned irq);

/* Interrupts that were given to a handler since boot. */
unsigned long irq_count(unsigned irq);

/* Called by the trap entry: the interrupt controller's line `irq` has come. */
void irq_dispatch(unsigned irq);

/* NULL, or the invariant of irq.c that is broken. */
const char *irq_check(void);
