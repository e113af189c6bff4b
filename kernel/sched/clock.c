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

_Static_assert(CLOCK_HZ == ARCH_CLOCK_HZ, "one tick a tick");

uint64_t clock_ns(void)
{
	return arch_clock_ns();
}

/* Wakes come first, so that the slice is judged by who is READY then. */
static void tick(void)
{
	timers_run(clock_ns());
	sched_tick();
}

void clock_init(void)
{
	arch_clock_init(tick);
	irq_enable();
}
