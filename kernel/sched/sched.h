// SPDX-License-Identifier: MIT
/*
 * sched.h - which thread runs next
 *
 * WHAT     Run queues, one a priority, and a bitmap of those that are not
 *          empty. The rest of the kernel needs little more than thread.h and
 *          lib/wait.h; this is for those two, interrupts and tests.
 *
 * TERMS    due   a switch is wanted (lib/preempt.h)
 */
#pragma once

#include "kernel/sched/thread.h"
#include "lib/preempt.h"

/* kernel_main() becomes the first thread; the idle thread is made. */
void sched_init(void);

/*
 * Make a BLOCKED thread READY; `woken` is what its wait_sleep() returns. One
 * that is about to sleep (wait_prepare()) will not.
 *
 * Context: any.
 */
void sched_wake(struct thread *thread, bool woken);

/*
 * Give the CPU away: to the next of its priority when the running thread is
 * RUNNING, until it is woken when it has made itself BLOCKED.
 *
 * Context: interrupts off, preemption not.
 */
void schedule(void);

/*
 * Switch straight to a thread that is BLOCKED, without the run queue: the fast
 * path of IPC. The caller has set its own state. Where a thread of higher
 * priority is READY, that one runs first.
 *
 * Context: as schedule().
 */
void sched_switch_to(struct thread *next);

/* How sched_block() waits. */
#define BLOCK_KILLABLE  0x1u   /* a kill ends it: look at ->killed before    */
#define BLOCK_FIRST     0x2u   /* `deadline` wakes it ahead of its equals    */

/*
 * Block the running thread until it is woken or `deadline`. `next`, if there is
 * one, is BLOCKED and runs at once.
 *
 * Context: as schedule().
 */
void sched_block(struct thread *next, uint64_t deadline, unsigned how);

/* From the timer interrupt, every tick. */
void sched_tick(void);

/*
 * These tables are about to be freed. When they are still loaded (a kernel
 * thread runs, or the thread that frees them), the kernel's own are.
 */
void sched_forget_tables(const struct upgtable *tables);

/*
 * `hook` runs at each switch to a thread of another task, interrupts off: for
 * what else belongs to the task, such as its I/O ports. Tasks may share page
 * tables: it is the task that counts.
 */
void sched_set_task_hook(void (*hook)(struct task *task));

/* All threads, for ps; fn runs with interrupts off. */
void sched_for_each(void (*fn)(const struct thread *thread, void *arg),
		    void *arg);

/* How many there are, the idle thread and the first one included. */
unsigned sched_nr_threads(void);

/* NULL, or the first of S1 to S7 that is broken. */
const char *sched_check(void);
