// SPDX-License-Identifier: MIT
/*
 * pic.h - the 8259 interrupt controllers
 *
 * WHAT     Two chips of eight lines each, moved away from the vectors of the
 *          exceptions. Lines start masked.
 * SEE      Intel 8259A data sheet.
 */
#pragma once

#include "lib/compiler.h"

#define PIC_VECTOR_BASE  32   /* IRQ 0; behind the CPU's own vectors         */
#define PIC_NR_IRQS      16

/* Move the lines to vectors 32..47 and mask all of them. */
void pic_init(void);

/* Interrupts off, as for all below. */
void pic_mask(unsigned irq);
void pic_unmask(unsigned irq);
bool pic_is_masked(unsigned irq);

/* Is the line asking, though the CPU has not been told yet? */
bool pic_is_pending(unsigned irq);

/* The interrupt that came has been taken: the chip may send the next. */
void pic_end(unsigned irq);

/* Is what came on this line no interrupt (see pic.c)? Only 7 and 15 can be. */
bool pic_is_spurious(unsigned irq);

/*
 * Deal with an interrupt that nobody waits for: acknowledge it and mask its
 * line; or notice that it is none at all (see "spurious" in pic.c).
 */
void pic_unexpected(unsigned irq);

/* How many came that were none, and how many that nobody waited for. */
unsigned long pic_spurious_count(void);
unsigned long pic_unexpected_count(void);
