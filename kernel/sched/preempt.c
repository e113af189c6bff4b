// SPDX-License-Identifier: MIT
/*
 * preempt.c - where a thread loses the CPU without asking for it
 *
 * WHAT     The four places at which a switch that is due takes place, and the
 *          other work before a thread goes to user mode.
 *
 * PICTURE    timer tick, wake  -->  due
 *                                    |
 *            +--------------------+--+-------------+-------------------+
 *            | way back from an   | preempt_enable | end of a wake,    |
 *            | interrupt: to the  | that makes the | where interrupts  |
 *            | kernel | to user   | depth 0        | are on            |
 *            v        v           v                v
 *            schedule()  --------------------------------> another thread
 *
 * RULES of preempt
 *          P1  while the depth of preempt_disable() is not 0, there is no
 *              switch: the word is 0 only if a switch is due and allowed
 *          P2  code that has interrupts off is not preempted
 *          P3  a thread that goes to user mode has done all its work
 *
 * LOCKING  Interrupts off around schedule().
 * SEE      lib/preempt.h; <arch/trap.h>, return_work; Linux
 *          kernel/entry/common.c.
 */
#include <arch/trap.h>

#include "kernel/sched/sched_impl.h"

uint32_t preempt_word[NR_CPUS] = { PREEMPT_NOT_DUE };

void preempt_schedule(void)
{
	if (irqs_disabled())
		return;   /* P2: the next interrupt looks again */
	while (preempt_is_due()) {
		irq_disable();
		schedule();
		irq_enable();
	}
}

void sched_preempt_if_due(void)
{
	if (preempt_is_due())
		schedule();
}

void return_to_user_work(struct trap_regs *regs)
{
	preempt_schedule();
	if (current_thread()->killed)
		thread_exit();
}
