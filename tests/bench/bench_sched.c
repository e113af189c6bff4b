// SPDX-License-Identifier: MIT
/*
 * bench_sched.c - what threads cost inside the kernel
 *
 * WHAT     Switches, wakes, mutexes, and making a thread until its end. The
 *          partner of a pair runs as often as the measured thread. So the
 *          figure of a "pair" is that of two switches.
 */
#include <arch/irqflags.h>

#include "kernel/sched/clock.h"
#include "kernel/sched/sched.h"
#include "lib/wait.h"
#include "tests/bench.h"

static volatile bool stop;
static struct wait_queue queue = WAIT_QUEUE_INIT(queue);

static void yield_until_stopped(void *arg)
{
	while (!stop)
		thread_yield();
}

static void sleep_until_stopped(void *arg)
{
	while (!stop) {
		wait_prepare(&queue);
		(void)wait_sleep(WAIT_FOREVER);
		wait_finish(&queue);
	}
}

static void hand_back_until_stopped(void *arg)
{
	struct thread *caller = arg;

	irq_disable();
	while (!stop) {
		current_thread()->state = THREAD_BLOCKED;
		sched_switch_to(caller);
	}
	sched_wake(caller, true);
	irq_enable();
}

static void return_at_once(void *arg)
{
}

static struct thread *partner(struct bench *b, unsigned priority,
			      void (*fn)(void *arg), void *arg)
{
	struct thread *thread;

	stop = false;
	thread = thread_create("partner", priority, fn, arg);
	if (!thread)
		bench_skip(b, "no memory");
	return thread;
}

BENCH(thread_yield_pair, 2000)
{
	if (!partner(b, PRIORITY_KERNEL, yield_until_stopped, NULL))
		return;
	while (bench_next(b))
		thread_yield();
	stop = true;
	thread_yield();
}

BENCH(thread_yield_alone, 2000)
{
	while (bench_next(b))
		thread_yield();
}

/* Wake a thread of higher priority: it runs at once, and sleeps again. */
BENCH(wake_sleep_pair, 2000)
{
	if (!partner(b, PRIORITY_KERNEL + 1, sleep_until_stopped, NULL))
		return;
	while (bench_next(b))
		wake_up_one(&queue);
	stop = true;
	wake_up_one(&queue);
}

/* As IPC does: from thread to thread, without a run queue. */
BENCH(sched_switch_to_pair, 2000)
{
	struct thread *self = current_thread();
	struct thread *thread = partner(b, PRIORITY_KERNEL,
					hand_back_until_stopped, self);

	if (!thread)
		return;
	irq_disable();
	self->state = THREAD_BLOCKED;
	schedule();   /* it begins, and hands back */
	while (bench_next(b)) {
		self->state = THREAD_BLOCKED;
		sched_switch_to(thread);
	}
	stop = true;
	self->state = THREAD_BLOCKED;
	sched_switch_to(thread);
	irq_enable();
	thread_yield();
}

BENCH(mutex_pair, 2000)
{
	struct mutex mutex = MUTEX_INIT(mutex);

	while (bench_next(b)) {
		mutex_lock(&mutex);
		mutex_unlock(&mutex);
	}
}

BENCH(thread_create_exit, 500)
{
	while (bench_next(b)) {
		if (!partner(b, PRIORITY_KERNEL + 1, return_at_once, NULL))
			return;
	}
}

BENCH(clock_ns, 500)
{
	while (bench_next(b))
		(void)clock_ns();
}
