// SPDX-License-Identifier: MIT
/*
 * clock.c - time since boot, and what happens each tick
 *
 * WHAT     Binds the machine's clock to timers and time slices.
 * LOCKING  The tick comes with interrupts off.
 * NOT HERE the timer chip (<arch/clocksource.h>), the list of timers (timer.c).
 */
#include "kernel/sched/clock.h"

#include <arch/clocksource.h>
#include <arch/irqflags.h>

#include "kernel/sched/sched_impl.h"
#include "lib/log.h"

_Static_assert(CLOCK_HZ == ARCH_CLOCK_HZ, "one tick a tick");

static uint64_t last_tick;   /* interrupts off */

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

/* Wakes come first, so that the slice is judged by who is READY then. */
static void tick(void)
{
	last_tick = clock_ns();
	timers_run(last_tick);
	log_limits_tick();
	sched_tick();
}

void clock_init(void)
{
	arch_clock_init(tick);
	irq_enable();
}
