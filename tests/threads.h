// SPDX-License-Identifier: MIT
/*
 * threads.h - threads in tests: start them, know when they are gone
 *
 * WHAT     No test waits for an amount of time: it waits until something is
 *          true, and gives up after PATIENCE_TICKS, so that a hang is a failed
 *          test and not a hung machine.
 */
#pragma once

#include <arch/irqflags.h>

#include "kernel/sched/clock.h"
#include "kernel/sched/sched.h"
#include "tests/ktest.h"

#define PATIENCE_TICKS  3000   /* 30 s: far more than any slow machine needs */

/* The thread that runs the tests has this priority. */
#define PRIORITY_TEST   PRIORITY_KERNEL

/* Let others run until cond holds. Returns: whether it does. */
#define WAIT_UNTIL(cond)                                                   \
	({                                                                 \
		unsigned ticks_ = 0;                                       \
		thread_yield();                                            \
		while (!(cond) && ticks_++ < PATIENCE_TICKS)               \
			thread_sleep_ns(NS_PER_TICK);                      \
		(cond);                                                    \
	})

/* Start a thread. Without memory for it, the test ends. */
static inline struct thread *start(const char *name, unsigned priority,
				   void (*fn)(void *arg), void *arg)
{
	struct thread *thread = thread_create(name, priority, fn, arg);

	REQUIRE(thread);
	return thread;
}

/* Wait until only `left` threads are there, and all others are reaped. */
static inline void all_gone(unsigned left)
{
	REQUIRE(WAIT_UNTIL(sched_nr_threads() <= left));
}

/* A list that threads write to in the order in which they run. */
#define LOG_MAX  512

struct order {
	unsigned nr;
	unsigned who[LOG_MAX];
};

static inline void order_note(struct order *order, unsigned who)
{
	irqflags_t flags = irq_save();

	if (order->nr < LOG_MAX)
		order->who[order->nr++] = who;
	irq_restore(flags);
}
