// SPDX-License-Identifier: MIT
/*
 * clock.h - time since boot, and things to do at a time
 *
 * WHAT     A tick every 10 ms from the timer interrupt; clock_ns() also counts
 *          within a tick. Timers run in the timer interrupt, or, where the
 *          machine can make one, in an interrupt at their time.
 */
#pragma once

#include "lib/list.h"

#define CLOCK_HZ       100
#define NS_PER_SEC     1000000000ull
#define NS_PER_TICK    (NS_PER_SEC / CLOCK_HZ)

/* Never goes back. */
uint64_t clock_ns(void);

/* Do timers run between ticks too? */
bool clock_has_events(void);

/* How much of the tick that runs has passed: at most NS_PER_TICK. */
uint64_t clock_in_tick_ns(void);

/* The timer interrupt starts; interrupts are on afterwards. */
void clock_init(void);

struct timer {
	struct list_head list;      /* sorted by expiry */
	uint64_t         expires;   /* clock_ns() time */
	void           (*fn)(struct timer *timer);
	bool             armed;
};

/*
 * Call timer->fn in an interrupt, at or after `expires`. The timer is
 * then no longer armed and may be armed again, or freed, by fn. Arming one that
 * is armed moves it. A new struct timer is all 0.
 */
void timer_arm(struct timer *timer, uint64_t expires,
	       void (*fn)(struct timer *timer));

/* Returns: whether it was still armed. */
bool timer_cancel(struct timer *timer);
