// SPDX-License-Identifier: MIT
/*
 * timer.c - things to do at a time
 *
 * WHAT     A list of timers in the order of their times. The tick, or an event,
 *          calls the timers whose time has come. The clock is told each time
 *          another timer becomes the first.
 *
 * INVARIANTS of timer (timer_check() restates them, and C1 of
 *          clock)
 *          T1  the list is sorted by expiry; equal times stay in the order in
 *              which they were armed
 *          T2  a timer in the list is armed, and has a function
 *
 * ALGORITHM  timer_arm() looks for the place from the end: a new timer is often
 *          one of the last. A timer leaves the list before its function runs:
 *          so the function may arm the timer again.
 * LOCKING  Interrupts off.
 * COST     timer_arm() O(n) in the timers that expire later; cancel O(1).
 * NOT HERE the clock (clock.c).
 * SEE      Linux kernel/time/timer.c, whose wheel is for thousands of timers.
 */
#include "kernel/sched/clock.h"
#include "kernel/sched/sched_impl.h"
#include "lib/panic.h"

static LIST_HEAD(timers);

static void timer_remove(struct timer *timer)
{
	list_del(&timer->list);
	timer->armed = false;
}

void timer_arm(struct timer *timer, uint64_t expires,
	       void (*fn)(struct timer *timer))
{
	irqflags_t flags = irq_save();
	struct list_head *pos;

	if (timer->armed)
		timer_remove(timer);
	timer->expires = expires;
	timer->fn = fn;
	timer->armed = true;
	for (pos = timers.prev; pos != &timers; pos = pos->prev)
		if (list_entry(pos, struct timer, list)->expires <= expires)
			break;
	list_add(&timer->list, pos);
	if (timers.next == &timer->list)
		clock_want_event(expires);
	irq_restore(flags);
}

bool timer_cancel(struct timer *timer)
{
	irqflags_t flags = irq_save();
	bool was_armed = timer->armed;

	if (was_armed)
		timer_remove(timer);
	irq_restore(flags);
	return was_armed;
}

void timers_run(uint64_t now)
{
	while (!list_empty(&timers)) {
		struct timer *timer = list_first_entry(&timers, struct timer,
						       list);

		if (timer->expires > now) {
			clock_want_event(timer->expires);
			return;
		}
		timer_remove(timer);
		timer->fn(timer);
	}
}

const char *timer_check(void)
{
	const struct timer *timer;
	uint64_t before = 0;

	debug_assert(irqs_disabled());
	list_for_each_entry(timer, &timers, list) {
		HOLDS(timer->expires >= before,
		      "timer T1: timers are sorted by expiry");
		HOLDS(timer->armed && timer->fn,
		      "timer T2: a timer in the list is armed");
		before = timer->expires;
	}
	if (list_empty(&timers))
		return NULL;
	return clock_check(list_first_entry(&timers, struct timer,
					    list)->expires);
}
