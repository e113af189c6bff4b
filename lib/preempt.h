// SPDX-License-Identifier: MIT
/*
 * preempt.h - keep the running thread on its CPU for a moment
 *
 * WHAT     Between preempt_disable() and preempt_enable() no other thread runs
 *          on this CPU; interrupts still come. Declared here for lib/ and mm/,
 *          whose spinlocks and kmap_local() slots need it; the switch itself is
 *          kernel/sched/'s.
 *
 * PICTURE    preempt_word   31        30 ... 0
 *                           not due   preempt_disable()s not yet undone
 *
 * TERMS    due   a switch is wanted: by the end of a time slice, or because a
 *                thread of higher priority is ready
 *
 * ALGORITHM  Bit 31 is 0 when a switch is due, so that "due, and allowed again"
 *          is the one value 0: preempt_enable() learns it from the flags that
 *          the decrement sets.
 * LOCKING  The word is the CPU's own and changes by single instructions.
 * COST     One instruction, and two.
 * SEE      Linux arch/x86/include/asm/preempt.h, which folds the bit likewise.
 */
#pragma once

#include <arch/percpu.h>

#define PREEMPT_NOT_DUE  0x80000000u

extern uint32_t preempt_word[NR_CPUS];

/*
 * A switch is due and nothing holds it off any more: switch, unless interrupts
 * are off; then whoever turns them on sees to it.
 */
void preempt_schedule(void);

/* They nest. */
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

/* Is a switch due, and allowed by the count? */
static inline bool preempt_is_due(void)
{
	return READ_ONCE(*this_cpu(preempt_word)) == 0;
}

/*
 * For whoever leaves a place by kernel_longjmp() and with it the enables that
 * would have followed: make the depth what it was.
 */
static inline void preempt_set_depth(uint32_t depth)
{
	uint32_t *word = this_cpu(preempt_word);

	while (preempt_depth() > depth)
		(void)cpu_word_dec_is_zero(word);
}
