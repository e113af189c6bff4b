// SPDX-License-Identifier: MIT
/*
 * percpu.h - data that each CPU has for itself
 *
 * WHAT     Per-CPU data is an array of NR_CPUS members. this_cpu(array) is the
 *          only way to the member of the running CPU. The kernel runs on one
 *          CPU, so the index is a constant and costs nothing.
 * LOCKING  The caller keeps interrupts off or preemption off while it uses the
 *          member. Otherwise another thread could use the member meanwhile.
 */
#pragma once

#include "lib/compiler.h"

#define NR_CPUS  1

static inline unsigned smp_processor_id(void)
{
	return 0;
}

#define this_cpu(array)  (&(array)[smp_processor_id()])

/* Count in a word of this CPU. One instruction: no interrupt can split it. */
static inline void cpu_word_inc(uint32_t *word)
{
	__asm__ volatile("incl %0" : "+m"(*word) : : "memory", "cc");
}

/* Returns: is the word 0 now? */
static inline bool cpu_word_dec_is_zero(uint32_t *word)
{
	bool zero;

	__asm__ volatile("decl %0" : "+m"(*word), "=@ccz"(zero) : : "memory");
	return zero;
}
