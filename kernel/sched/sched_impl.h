// SPDX-License-Identifier: MIT
/*
 * sched_impl.h - for the files of kernel/sched/ and their tests only
 */
#pragma once

#include <arch/irqflags.h>

#include "kernel/sched/sched.h"

struct timer;

#define TIME_SLICE_TICKS  5   /* 50 ms; then an equal runs                    */

/* ---- sched.c ------------------------------------------------------------ */

/* sched_wake() with interrupts off, and without the switch that may be due. */
void sched_wake_irqoff(struct thread *thread, bool woken);

/* The same, but the thread runs before its equals, also the running one. */
void sched_wake_first_irqoff(struct thread *thread);

/* Is any thread READY, apart from the idle thread? */
bool sched_others_ready(void);

/* The first call of a thread that runs for the first time. Interrupts off. */
void sched_finish_switch(void);

/* End the running thread. The next thread reaps it. */
void sched_end(void) __noreturn;

/* Add a thread to the list of all threads, or remove it. Interrupts off. */
void sched_add(struct thread *thread);
void sched_remove(struct thread *thread);

/* Restore the interrupt flag, and switch if a switch is due. */
static inline void irq_restore_preempt(irqflags_t flags)
{
	irq_restore(flags);
	if (unlikely(preempt_is_due()))
		preempt_schedule();
}

/* ---- thread.c ----------------------------------------------------------- */

/* Free a DEAD thread that does not run any more. Interrupts off. */
void thread_reap(struct thread *thread);

/* Called once, at boot. Returns: the thread that kernel_main() becomes. */
struct thread *thread_init(void);

/* ---- stack_cache.c ------------------------------------------------------ */

/* KERNEL_STACK_SIZE bytes with an unmapped page below; NULL: as vmalloc(). */
void *stack_alloc(void) __must_check;

/* Context: any. */
void stack_free(void *stack);

void stack_cache_init(void);

/* ---- wait.c ------------------------------------------------------------- */

/* Panic, and name `what`, if the running thread must not sleep here. */
void must_be_able_to_sleep(const char *what);

/* ---- clock.c ------------------------------------------------------------ */

/*
 * The first timer expires at this time. Make an interrupt for it, if the
 * machine can, and if no tick or event comes before. Interrupts off.
 */
void clock_want_event(uint64_t expires);

/* NULL, or C1 if the first timer, at this time, breaks it. Interrupts off. */
const char *clock_check(uint64_t first);

/* ---- timer.c ------------------------------------------------------------ */

/* Call the timers that have expired. Interrupts off. */
void timers_run(uint64_t now);

/* NULL, or the first broken law of T1, T2, C1. Interrupts off. */
const char *timer_check(void);
