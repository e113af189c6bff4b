// SPDX-License-Identifier: MIT
/*
 * sched_impl.h - what the files of kernel/sched/ share
 *
 * WHAT     Nobody outside kernel/sched/ and its tests includes this file.
 */
#pragma once

#include <arch/irqflags.h>

#include "kernel/sched/sched.h"

struct timer;

#define TIME_SLICE_TICKS  5   /* 50 ms, until a thread of its priority is due */

/* ---- sched.c ------------------------------------------------------------ */

/* sched_wake() with interrupts off, and without the switch that may be due. */
void sched_wake_irqoff(struct thread *thread, bool woken);

/* The same, ahead of its equals: the running one's slice ends for it. */
void sched_wake_first_irqoff(struct thread *thread);

/* Is any thread READY, but the idle one? */
bool sched_others_ready(void);

/* First thing in a thread that runs for the first time. Interrupts off. */
void sched_finish_switch(void);

/* The running thread is over: go on as another, which reaps it. */
void sched_end(void) __noreturn;

/* A thread comes into being, and is gone. Interrupts off. */
void sched_add(struct thread *thread);
void sched_remove(struct thread *thread);

/* The thread that kernel_main() has become. */
struct thread *thread_init_boot(void);

/* Put interrupts back, and switch if that has become due. */
static inline void irq_restore_preempt(irqflags_t flags)
{
	irq_restore(flags);
	if (unlikely(preempt_is_due()))
		preempt_schedule();
}

/* ---- thread.c ----------------------------------------------------------- */

/* Free a DEAD thread that does not run any more. Interrupts off. */
void thread_reap(struct thread *thread);

/* Once, before the first thread_create(). */
void thread_init(void);

/* ---- stack_cache.c ------------------------------------------------------ */

/* KERNEL_STACK_SIZE bytes with an unmapped page below; NULL: as vmalloc(). */
void *stack_alloc(void) __must_check;

/* Context: any. */
void stack_free(void *stack);

void stack_cache_init(void);

/* ---- wait.c ------------------------------------------------------------- */

/* Panics where the running thread must not sleep. */
void must_be_able_to_sleep(const char *what);

/*
 * Block the running thread until it is woken, `deadline` or, if killable, it is
 * killed. Interrupts off. Returns: whether it was woken.
 */
bool block_until(uint64_t deadline, bool killable);

/* ---- clock.c ------------------------------------------------------------ */

/*
 * The first timer expires then: an interrupt for it, where the machine can make
 * one, and neither the next tick nor another one comes before. Interrupts off.
 */
void clock_want_event(uint64_t expires);

/* NULL, or C1, broken for a first timer at that time. Interrupts off. */
const char *clock_check(uint64_t first);

/* ---- timer.c ------------------------------------------------------------ */

/* Call what has expired. Interrupts off. */
void timers_run(uint64_t now);

/* NULL, or the broken one of T1, T2, C1. */
const char *timer_check(void);
