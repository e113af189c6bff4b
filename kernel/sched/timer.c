// SPDX-License-Identifier: MIT
/*
 * timer.c - things to do at a time
 *
 * WHAT     Timers in the order of their times; the tick, or an event, calls
 *          those whose time has come. Each time another one is the first, the
 *          clock is told.
 *
 * INVARIANTS of timer (timer_check() restates them, and C1 of
 *          clock)
 *          T1  the list is sorted by expiry; equal times stay in the order of
 *              their arming
 *          T2  a timer in the list is armed, and has a function
 *
 * ALGORITHM  Insertion walks from the far end: a new time is mostly later than
 *          most. A timer is off the list before its function runs, which may
 *          arm it again.
 * LOCKING  Interrupts off.
 * COST     timer_arm() O(n) in the timers that expire later; cancel O(1).
 * NOT HERE the clock (clock.c).
 * SEE      Linux kernel/time/timer.c, whose wheel is for thousands.
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

static void timer_insert(struct timer *timer)
{
	struct list_head *pos;

	for (pos = timers.prev; pos != &timers; pos = pos->prev)
		if (list_entry(pos, struct timer, list)->expires <=
		    timer->expires)
			break;
	list_add(&timer->list, pos);
	timer->armed = true;
}

void timer_arm(struct timer *timer, uint64_t expires,
	       void (*fn)(struct timer *timer))
{
	irqflags_t flags = irq_save();

	if (timer->armed)
		timer_remove(timer);
	timer->expires = expires;
	timer->fn = fn;
	timer_insert(timer);
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
	irqflags_t flags = irq_save();
	const struct timer *timer;
	uint64_t before = 0;
	bool sorted = true, armed = true;
	const char *law = NULL;

	list_for_each_entry(timer, &timers, list) {
		sorted &= timer->expires >= before;
		armed &= timer->armed && timer->fn;
		before = timer->expires;
	}
	if (!list_empty(&timers))
		law = clock_check(list_first_entry(&timers, struct timer,
						   list)->expires);
	irq_restore(flags);
	HOLDS(sorted, "timer T1: timers are sorted by expiry");
	HOLDS(armed, "timer T2: a timer in the list is armed");
	return law;
}
