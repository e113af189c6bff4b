// SPDX-License-Identifier: MIT
/*
 * clock.c - time since boot, and what happens each tick
 *
 * WHAT     Connects the machine's clock with timers and time slices.
 *
 * PICTURE    tick                tick
 *             |                   |
 *             |        t          |   t is the first timer: an event is set
 *             |        ^          |
 *             |    u   t          |   u comes before t: the event is set anew
 *             |    ^              |   u is cancelled: the event comes, calls no
 *             |                   |     timer, and is set for t
 *
 * TERMS    event   an interrupt between two ticks, for the first timer
 *
 * INVARIANTS of clock (clock_check() restates it)
 *          C1  the first timer that expires before the next tick has an event
 *              at its time or before, where the machine can make events
 *
 * ALGORITHM  To set an event costs more than an event that comes for nothing.
 *          So the event stays when its timer is cancelled, and no later event
 *          is set before it has come. Many short waits that end before their
 *          deadline then share one event. If an event gets lost, the next tick
 *          forgets it.
 * LOCKING  The tick comes with interrupts off.
 * NOT HERE the timer chip (<arch/clocksource.h>), the list of timers (timer.c).
 */
#include "kernel/sched/clock.h"

#include <arch/clocksource.h>
#include <arch/irqflags.h>

#include "kernel/sched/sched_impl.h"
#include "lib/log.h"
#include "lib/panic.h"

_Static_assert(CLOCK_HZ == ARCH_CLOCK_HZ, "one tick a tick");

/* Both are used with interrupts off. */
static uint64_t last_tick;
static uint64_t event_at = UINT64_MAX;   /* when the event comes */

uint64_t clock_ns(void)
{
	return arch_clock_ns();
}

uint64_t clock_in_tick_ns(void)
{
	irqflags_t flags = irq_save();
	uint64_t passed = clock_ns() - last_tick;

	irq_restore(flags);
	return MIN(passed, NS_PER_TICK);
}

void clock_want_event(uint64_t expires)
{
	uint64_t now;

	if (expires >= event_at || expires >= last_tick + NS_PER_TICK ||
	    !arch_clock_has_events())
		return;
	now = clock_ns();
	event_at = expires;
	arch_clock_event(expires > now ? (uint32_t)(expires - now) : 0);
}

static void event(void)
{
	event_at = UINT64_MAX;
	timers_run(clock_ns());
}

/* Timers first: the end of a slice depends on which threads are READY. */
static void tick(void)
{
	last_tick = clock_ns();
	if (event_at <= last_tick)
		event_at = UINT64_MAX;
	timers_run(last_tick);
	log_limits_tick();
	sched_tick();
}

const char *clock_check(uint64_t first)
{
	HOLDS(!arch_clock_has_events() || event_at <= first ||
	      first >= last_tick + NS_PER_TICK,
	      "clock C1: the first timer before the next tick has an event");
	return NULL;
}

void clock_init(void)
{
	arch_clock_init(tick, event);
	irq_enable();
}
