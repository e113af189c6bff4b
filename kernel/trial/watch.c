// SPDX-License-Identifier: MIT
/*
 * watch.c - the thread that looks
 *
 * ALGORITHM  The thread has the priority of kernel threads, so it wakes in the
 *          middle of a call from ring 3. A checker knows the states in between,
 *          or waits for the lock of what it looks at.
 * NOT HERE the checkers (kernel/trial/laws.h has the table).
 */
#include "kernel/trial/watch.h"

#include "kernel/diag/console.h"
#include "kernel/sched/clock.h"
#include "kernel/sched/thread.h"
#include "kernel/trial/laws.h"
#include "lib/panic.h"

#define NS_PER_MS  1000000ull

static bool wanted, ended;
static unsigned interval, looks;

static void watch(void *arg)
{
	while (READ_ONCE(wanted)) {
		const char *law = laws_check_all();

		if (law)
			panic("watch: %s", law);
		looks++;
		thread_sleep_ns(interval * NS_PER_MS);
	}
	WRITE_ONCE(ended, true);
}

void watch_start(unsigned ms)
{
	if (!ms)
		return;
	interval = ms;
	wanted = true;
	if (!thread_create("watch", PRIORITY_KERNEL, watch, NULL))
		panic("no memory for the watch");
}

void watch_stop(void)
{
	if (!wanted)
		return;
	WRITE_ONCE(wanted, false);
	while (!READ_ONCE(ended))
		thread_sleep_ns(NS_PER_TICK);
	console_printf("# pagoda: watch: %u looks, every law held\n", looks);
}
