// SPDX-License-Identifier: MIT
/*
 * irqflags.h - keep interrupts out for a short time
 *
 * WHAT     Save EFLAGS.IF and clear it; put it back.
 * SEE      SDM volume 3, 6.8.1; Linux asm/irqflags.h.
 */
#pragma once

#include "lib/compiler.h"

#define EFLAGS_IF  0x200u

typedef uint32_t irqflags_t;

/* Interrupts off. Give the result to irq_restore(), in reverse order. */
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

/* On and off, where the caller knows how they were. */
static inline void irq_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}

/*
 * The same with the flags kept in memory that only this CPU uses, and only with
 * interrupts off: a fast path then has one register more, of six. Interrupts
 * go off before the flags are stored; a handler may use the same memory.
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
