// SPDX-License-Identifier: MIT
/*
 * sched.h - which thread runs next
 *
 * WHAT     Run queues, one a priority, and a bitmap of those that are not
 *          empty. The rest of the kernel needs little more than thread.h and
 *          lib/wait.h; this is for those two, interrupts and tests.
 */
#pragma once

#include "kernel/sched/thread.h"

/* kernel_main() becomes the first thread; the idle thread is made. */
void sched_init(void);

/* Make a blocked thread READY; `woken` is what its wait_sleep() returns. */
void sched_wake(struct thread *thread, bool woken);

/* Give the CPU away; the caller has set its own state. Interrupts off. */
void schedule(void);

/*
 * Switch straight to a thread that is BLOCKED, without the run queue: the fast
 * path of IPC. The caller has set its own state. Interrupts off.
 */
void sched_switch_to(struct thread *next);

/* From the timer interrupt, every tick. */
void sched_tick(void);

/*
 * Preemption in the kernel is off between these two; they nest. Interrupts
 * still come. At the last one a switch that was due takes place.
 */
void preempt_disable(void);
void preempt_enable(void);

/* On the way back from an interrupt or call: switch if that is due. */
void sched_preempt_if_due(void);

/* All threads, for ps; fn runs with interrupts off. */
void sched_for_each(void (*fn)(const struct thread *thread, void *arg),
		    void *arg);

const char *sched_check(void);
