// SPDX-License-Identifier: MIT
/*
 * sleep.c - nothing for a while
 *
 * WHAT     Two ways to let time pass: give the CPU away until a timer, or keep
 *          it and look at the clock.
 *
 * PICTURE    tick                tick                tick
 *             |    now            |                   |
 *             |     [-)           |   shorter than 0.1 ms: looks at the clock
 *             |     [--------)    |   BLOCKED, where timers run between ticks
 *             |     [-------------+------)            |   the same
 *
 * ALGORITHM  A sleep gives the CPU away, and a timer brings it back. Less than
 *          SHORT_NS is not worth that: its thread looks at the clock.
 *
 *          Where timers run in the tick only, whoever blocks wakes up to a tick
 *          too late. For a sleep that is itself shorter than a tick that is
 *          too much: while nobody else is READY its thread looks at the clock
 *          until it is time, but for a tick that comes before. If somebody is,
 *          it gives way after all. docs/decisions/short-sleeps.md says why.
 *
 *          Who has slept goes before its equals: it has given away its time,
 *          and need not wait for their slices too.
 *
 * LOCKING  Interrupts off for the thread's state.
 * NOT HERE waiting for somebody else (wait.c).
 * SEE      nanosleep(2); Linux kernel/time/hrtimer.c.
 */
#include "kernel/sched/clock.h"
#include "kernel/sched/sched_impl.h"
#include "lib/wait.h"

/* So little that giving the CPU away is not worth it. */
#define SHORT_NS  (NS_PER_TICK / 100)

/* Interrupts off. */
static void block_until_timer(struct thread *thread, uint64_t deadline)
{
	thread->woken = false;
	sched_block(NULL, deadline, BLOCK_KILLABLE | BLOCK_FIRST);
}

static void sleep_until_timer(uint64_t deadline)
{
	struct thread *thread = current_thread();
	irqflags_t flags = irq_save();

	if (!thread->killed && deadline > clock_ns())
		block_until_timer(thread, deadline);
	irq_restore(flags);
}

/* Until the next tick, if that comes before the deadline. */
static void sleep_one_tick(uint64_t deadline)
{
	struct thread *thread = current_thread();
	irqflags_t flags = irq_save();
	uint64_t tick = clock_ns() + NS_PER_TICK - clock_in_tick_ns();

	if (!thread->killed && tick <= deadline)
		block_until_timer(thread, 0);
	irq_restore(flags);
}

/* Longer than the clock can count is for ever. */
static uint64_t deadline_in(uint64_t ns)
{
	uint64_t now = clock_ns();

	return ns < UINT64_MAX - now ? now + ns : UINT64_MAX;
}

void thread_sleep_ns(uint64_t ns)
{
	must_be_able_to_sleep("thread_sleep_ns()");
	sleep_until_timer(deadline_in(ns));
}

/* Less than a tick is left. */
static void sleep_shortly(uint64_t deadline)
{
	uint64_t now = clock_ns();

	while (now < deadline && !wait_killed()) {
		if (deadline - now > SHORT_NS &&
		    (clock_has_events() || sched_others_ready()))
			sleep_until_timer(deadline);
		else if (!clock_has_events())
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
