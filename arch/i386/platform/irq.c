// SPDX-License-Identifier: MIT
/*
 * irq.c - from a line of the interrupt controller to its handler
 *
 * WHAT     The table of handlers, one a line, and what becomes of an interrupt.
 *
 * PICTURE    CPU: vector 32 + line --> irq_dispatch()
 *              no handler, or spurious --> pic_unexpected()
 *              else: end of interrupt, then the handler
 *
 * INVARIANTS (irq_check() restates them)
 *          I1  a line without a handler is masked, but for the cascade's
 *
 * ALGORITHM  The end of the interrupt is told to the chip before the handler
 *          runs: the CPU's own interrupt flag is what keeps others out, and a
 *          handler that switches threads must not leave the chip waiting.
 *
 * LOCKING  Interrupts off.
 * NOT HERE the chips (pic.c), the timer's line (pit.c).
 * SEE      Linux kernel/irq/handle.c.
 */
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <arch/pic.h>

#include "lib/errno.h"
#include "lib/panic.h"

_Static_assert(NR_IRQS == PIC_NR_IRQS, "the 8259's lines");

/* Protection: interrupts off. */
static struct irq_line {
	irq_handler_fn fn;
	void          *arg;
	unsigned long  count;
} lines[NR_IRQS];

static bool line_is_usable(unsigned irq)
{
	return irq < NR_IRQS && irq != IRQ_CASCADE;
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
			pic_mask(irq);
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
	pic_mask(irq);
	irq_restore(flags);
}

void irq_unmask(unsigned irq)
{
	irqflags_t flags = irq_save();

	assert(line_is_usable(irq) && lines[irq].fn);
	pic_unmask(irq);
	irq_restore(flags);
}

unsigned long irq_count(unsigned irq)
{
	assert(irq < NR_IRQS);
	return lines[irq].count;
}

void irq_dispatch(unsigned irq)
{
	struct irq_line *line = &lines[irq];

	if (!line->fn || pic_is_spurious(irq)) {
		pic_unexpected(irq);
		return;
	}
	pic_end(irq);
	line->count++;
	line->fn(irq, line->arg);
}

const char *irq_check(void)
{
	for (unsigned irq = 0; irq < NR_IRQS; irq++)
		HOLDS(lines[irq].fn || irq == IRQ_CASCADE ||
		      pic_is_masked(irq),
		      "I1: a line without a handler is masked");
	return NULL;
}
