// SPDX-License-Identifier: MIT
/*
 * sleep.c - let time pass
 *
 * WHAT     Two ways to let time pass: give the CPU away until a timer expires,
 *          or keep the CPU and look at the clock.
 *
 * PICTURE    tick                tick                tick
 *             |    now            |                   |
 *             |     [-)           |   shorter than 0.1 ms: looks at the clock
 *             |     [--------)    |   BLOCKED, where timers run between ticks
 *             |     [-------------+------)            |   the same
 *
 * ALGORITHM  A sleep gives the CPU away, and a timer wakes the thread. For less
 *          than SHORT_NS this is not worth it: the thread looks at the clock.
 *
 *          If timers run only in the tick, a blocked thread wakes up to one
 *          tick too late. This is too much for a sleep that is shorter than a
 *          tick. So, while no other thread is READY, such a thread keeps the
 *          CPU and looks at the clock. If a tick comes before the deadline, it
 *          blocks until that tick. If another thread is READY, it blocks until
 *          the deadline. docs/decisions/short-sleeps.md has the reasons.
 *
 *          A thread that has slept runs before its equals: it gave its own time
 *          away, and need not wait for their slices.
 *
 * LOCKING  Interrupts off for the thread's state.
 * NOT HERE waiting for another thread (wait.c).
 * SEE      nanosleep(2); Linux kernel/time/hrtimer.c.
 */
#include <arch/clocksource.h>

#include "kernel/sched/clock.h"
#include "kernel/sched/sched_impl.h"
#include "lib/wait.h"

/* For a shorter time it is not worth it to give the CPU away. */
#define SHORT_NS  (NS_PER_TICK / 100)

static void sleep_until_timer(uint64_t deadline)
{
	struct thread *thread = current_thread();
	irqflags_t flags = irq_save();

	if (!thread->killed && deadline > clock_ns())
		sched_block(NULL, deadline, BLOCK_KILLABLE | BLOCK_FIRST);
	irq_restore(flags);
}

/* Sleep until the next tick, if it comes before the deadline. */
static void sleep_one_tick(uint64_t deadline)
{
	struct thread *thread = current_thread();
	irqflags_t flags = irq_save();
	uint64_t tick = clock_ns() + NS_PER_TICK - clock_in_tick_ns();

	if (!thread->killed && tick <= deadline)
		sched_block(NULL, 0, BLOCK_KILLABLE | BLOCK_FIRST);
	irq_restore(flags);
}

void thread_sleep_ns(uint64_t ns)
{
	uint64_t now = clock_ns();

	must_be_able_to_sleep("thread_sleep_ns()");
	/* A time that the clock cannot count is for ever. */
	sleep_until_timer(ns < UINT64_MAX - now ? now + ns : UINT64_MAX);
}

/* The deadline is less than a tick away. */
static void sleep_shortly(uint64_t deadline)
{
	uint64_t now = clock_ns();

	while (now < deadline && !wait_killed()) {
		if (deadline - now > SHORT_NS &&
		    (arch_clock_has_events() || sched_others_ready()))
			sleep_until_timer(deadline);
		else if (!arch_clock_has_events())
			sleep_one_tick(deadline);
		now = clock_ns();
	}
}

void thread_sleep_until(uint64_t deadline)
{
	uint64_t now = clock_ns();

	must_be_able_to_sleep("thread_sleep_until()");
	if (deadline > now && deadline - now >= NS_PER_TICK)
		sleep_until_timer(deadline);
	else
		sleep_shortly(deadline);
}
