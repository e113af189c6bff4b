// SPDX-License-Identifier: MIT
/*
 * irqflags.h (host) - a simulated interrupt flag that checks its users
 *
 * WHAT     There are no interrupts here; what remains is the discipline. Each
 *          irq_save() must be undone by irq_restore() with the result of this
 *          irq_save(), the innermost first. Any mistake panics.
 *
 * PICTURE    irqflags_t   31 ... 16          9
 *                         depth before       IF before
 */
#pragma once

#include "lib/compiler.h"

#define EFLAGS_IF  0x200u

typedef uint32_t irqflags_t;

struct host_irq {
	uint32_t flags;   /* EFLAGS_IF or 0                */
	uint32_t depth;   /* irq_save()s not yet undone    */
};

extern struct host_irq host_irq;

/* Interrupts off. Give the result to irq_restore(), in reverse order. */
irqflags_t irq_save(void);
void irq_restore(irqflags_t flags);

static inline void irq_enable(void)
{
	host_irq.flags = EFLAGS_IF;
}

static inline void irq_disable(void)
{
	host_irq.flags = 0;
}

static inline void irq_save_to(irqflags_t *flags)
{
	*flags = irq_save();
}

static inline void irq_restore_from(const irqflags_t *flags)
{
	irq_restore(*flags);
}

static inline bool irqs_disabled(void)
{
	return !(host_irq.flags & EFLAGS_IF);
}
