// SPDX-License-Identifier: MIT
/*
 * clock.h - time since boot, and things to do at a time
 *
 * WHAT     The timer interrupt ticks every 10 ms; clock_ns() also counts within
 *          a tick. Timers run in the timer interrupt. If the machine can make
 *          an interrupt at any time, timers run at their exact time.
 */
#pragma once

#include "lib/list.h"

#define CLOCK_HZ       100
#define NS_PER_SEC     1000000000ull
#define NS_PER_TICK    (NS_PER_SEC / CLOCK_HZ)

/* Never goes back. */
uint64_t clock_ns(void);

/* The time since the last tick: at most NS_PER_TICK. */
uint64_t clock_in_tick_ns(void);

/* Start the timer interrupt. Interrupts are on afterwards. */
void clock_init(void);

struct timer {
	struct list_head list;      /* sorted by expiry */
	uint64_t         expires;   /* clock_ns() time */
	void           (*fn)(struct timer *timer);
	bool             armed;
};

/*
 * Call fn(timer) in an interrupt, at `expires` or later. Then the timer is no
 * longer armed: fn may arm the timer again, or free it. If the timer is armed
 * already, it moves to the new time. A new struct timer is all 0.
 */
void timer_arm(struct timer *timer, uint64_t expires,
	       void (*fn)(struct timer *timer));

/* Returns: whether the timer was armed. */
bool timer_cancel(struct timer *timer);
