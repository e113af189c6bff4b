// SPDX-License-Identifier: MIT
/*
 * percpu.h - data of which each CPU has its own
 *
 * WHAT     Per-CPU data is an array of NR_CPUS members, and this_cpu(array) is
 *          the only way to the own one. One CPU runs today, so the index is a
 *          constant and costs nothing; the callers are ready for more.
 * LOCKING  The caller keeps interrupts off (or, later, preemption), so that it
 *          stays on the CPU whose member it holds.
 */
#pragma once

#include "lib/compiler.h"

#define NR_CPUS  1

static inline unsigned smp_processor_id(void)
{
	return 0;
}

#define this_cpu(array)  (&(array)[smp_processor_id()])

/*
 * Count in a word of this CPU by one instruction, so that no interrupt comes
 * between the load and the store, also with interrupts on.
 */
static inline void cpu_word_inc(uint32_t *word)
{
	__asm__ volatile("incl %0" : "+m"(*word) : : "memory", "cc");
}

/* Returns: whether the word is 0 now. */
static inline bool cpu_word_dec_is_zero(uint32_t *word)
{
	bool zero;

	__asm__ volatile("decl %0" : "+m"(*word), "=@ccz"(zero) : : "memory");
	return zero;
}
