// SPDX-License-Identifier: MIT
/*
 * sched.h - which thread runs next
 *
 * WHAT     Run queues, one for each priority, and a bitmap of the queues that
 *          are not empty. Most of the kernel needs only thread.h and
 *          lib/wait.h. This header is for these two, for IPC, interrupts and
 *          tests.
 *
 * TERMS    due   a switch is wanted (lib/preempt.h)
 */
#pragma once

#include "kernel/sched/thread.h"
#include "lib/preempt.h"

/* Make kernel_main() the first thread, and create the idle thread. */
void sched_init(void);

/*
 * Make a BLOCKED thread READY. `woken` is what its wait_sleep() returns. If the
 * thread is about to sleep (after wait_prepare()), it does not sleep.
 *
 * Context: any.
 */
void sched_wake(struct thread *thread, bool woken);

/*
 * Give the CPU away. A thread that is RUNNING gives it to the next one of its
 * priority. A thread that has made itself BLOCKED sleeps until it is woken.
 *
 * Context: interrupts off, preemption on.
 */
void schedule(void);

/*
 * Switch directly to a thread that is BLOCKED, without the run queue: the fast
 * path of IPC. The caller has set its own state. If a thread of higher priority
 * is READY, that thread runs first.
 *
 * Context: as schedule().
 */
void sched_switch_to(struct thread *next);

/* How sched_block() waits. */
#define BLOCK_KILLABLE  0x1u   /* a kill wakes: look at ->killed before      */
#define BLOCK_FIRST     0x2u   /* at `deadline`, run before the equals       */

/*
 * Block the running thread until it is woken, or until `deadline`. If `next` is
 * not NULL, this BLOCKED thread runs at once.
 *
 * Context: as schedule().
 */
void sched_block(struct thread *next, uint64_t deadline, unsigned how);

/* The timer interrupt calls this at every tick. */
void sched_tick(void);

/*
 * These tables are about to be freed. If they are still loaded, load the
 * kernel's own tables instead.
 */
void sched_forget_tables(const struct upgtable *tables);

/*
 * `hook` runs at each switch to a thread of another task, with interrupts off.
 * It loads what belongs to the task, such as its I/O ports. It also runs if the
 * two tasks share page tables.
 */
void sched_set_task_hook(void (*hook)(struct task *task));

/* Call fn for each thread, with interrupts off. */
void sched_for_each(void (*fn)(const struct thread *thread, void *arg),
		    void *arg);

/* How many threads there are, with the idle thread and the first thread. */
unsigned sched_nr_threads(void);

/* NULL, or the first broken law of this folder. */
const char *sched_check(void);
