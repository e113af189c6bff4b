// SPDX-License-Identifier: MIT
/*
 * preempt.h - keep the running thread on its CPU for a moment
 *
 * WHAT     Between preempt_disable() and preempt_enable() no other thread runs
 *          on this CPU; interrupts still come. Declared here because the
 *          spinlocks of lib/ and the kmap_local() slots of mm/ need it. The
 *          switch of threads itself is in kernel/sched/.
 *
 * PICTURE    preempt_word   31        30 ... 0
 *                           not due   preempt_disable()s not yet undone
 *
 * TERMS    due   a switch is wanted: by the end of a time slice, or because a
 *                thread of higher priority is ready
 *
 * ALGORITHM  Bit 31 is 0 when a switch is due. So the value 0 means: a switch
 *          is due, and preemption is on again. preempt_enable() decrements the
 *          word, and the CPU's zero flag says whether to switch.
 * LOCKING  The word is the CPU's own and changes by single instructions.
 * COST     preempt_disable(): one instruction; preempt_enable(): two.
 * SEE      Linux arch/x86/include/asm/preempt.h, which folds the bit likewise.
 */
#pragma once

#include <arch/irqflags.h>
#include <arch/percpu.h>

#define PREEMPT_NOT_DUE  0x80000000u

extern uint32_t preempt_word[NR_CPUS];

/*
 * A switch is due, and preemption is on: switch now. If interrupts are off,
 * do not switch; the code that turns interrupts on does it.
 */
void preempt_schedule(void);

/* Calls nest: each preempt_disable() needs its own preempt_enable(). */
static inline void preempt_disable(void)
{
	cpu_word_inc(this_cpu(preempt_word));
}

static inline void preempt_enable(void)
{
	if (unlikely(cpu_word_dec_is_zero(this_cpu(preempt_word))))
		preempt_schedule();
}

/* How many preempt_disable()s are not yet undone. */
static inline uint32_t preempt_depth(void)
{
	return READ_ONCE(*this_cpu(preempt_word)) & ~PREEMPT_NOT_DUE;
}

/* May the caller be put to sleep? */
static inline bool may_sleep(void)
{
	return !preempt_depth() && !irqs_disabled();
}

/* Is a switch due, and is preemption on? */
static inline bool preempt_is_due(void)
{
	return READ_ONCE(*this_cpu(preempt_word)) == 0;
}

/*
 * A kernel_longjmp() jumps over calls of preempt_enable(). Its caller then sets
 * the depth to the value that it had before.
 */
static inline void preempt_set_depth(uint32_t depth)
{
	uint32_t *word = this_cpu(preempt_word);

	while (preempt_depth() > depth)
		(void)cpu_word_dec_is_zero(word);
}
