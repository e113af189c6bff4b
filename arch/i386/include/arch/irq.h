// SPDX-License-Identifier: MIT
/*
 * irq.h - interrupts of devices
 *
 * WHAT     One handler a line; lines start masked. Level 0..15 are the 8259's.
 */
#pragma once

#include "lib/compiler.h"

#define NR_IRQS   16
#define IRQ_TIMER 0
#define IRQ_COM1  4

/* Runs with interrupts off; the line has been acknowledged. */
typedef void (*irq_handler_fn)(unsigned irq, void *arg);

/* Returns: 0; -EBUSY (taken); -EINVAL (no such line). NULL fn frees it. */
int  irq_set_handler(unsigned irq, irq_handler_fn fn, void *arg) __must_check;
void irq_mask(unsigned irq);
void irq_unmask(unsigned irq);
