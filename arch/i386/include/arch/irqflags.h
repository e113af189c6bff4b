// SPDX-License-Identifier: MIT
/*
 * irqflags.h - keep interrupts out for a short time
 *
 * WHAT     Save and clear EFLAGS.IF, and restore it.
 * SEE      SDM volume 3, 6.8.1; Linux asm/irqflags.h.
 */
#pragma once

#include "lib/compiler.h"

#define EFLAGS_IF  0x200u

typedef uint32_t irqflags_t;

/* Turn interrupts off. Give the result to irq_restore(); calls may nest. */
static inline irqflags_t irq_save(void)
{
	irqflags_t flags;

	__asm__ volatile("pushf; pop %0; cli" : "=r"(flags) : : "memory");
	return flags;
}

static inline void irq_restore(irqflags_t flags)
{
	__asm__ volatile("push %0; popf" : : "r"(flags) : "memory", "cc");
}

/* For a caller that knows whether interrupts are on. */
static inline void irq_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}

/*
 * irq_save() and irq_restore() with the flags in memory: a fast path has one
 * more of the six registers. Only this CPU uses the memory, interrupts off.
 * Interrupts go off before the store: a handler may use the same memory.
 */
static inline void irq_save_to(irqflags_t *flags)
{
	__asm__ volatile("pushf; cli; pop %0" : "=m"(*flags) : : "memory");
}

static inline void irq_restore_from(const irqflags_t *flags)
{
	__asm__ volatile("push %0; popf" : : "m"(*flags) : "memory", "cc");
}

static inline bool irqs_disabled(void)
{
	irqflags_t flags;

	__asm__ volatile("pushf; pop %0" : "=r"(flags));
	return !(flags & EFLAGS_IF);
}
