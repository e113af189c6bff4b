// SPDX-License-Identifier: MIT
/*
 * notification.c (tests) - bits that are set, waited for and taken once
 */
#include "kernel/ipc/notification.h"

#include "kernel/ipc/endpoint.h"
#include "kernel/uapi/pagoda.h"
#include "lib/errno.h"
#include "tests/threads.h"

static struct notification *notification;
static unsigned threads_before;
static unsigned long objects_before;

SUITE(notification, sched_check);

static void set_up(void)
{
	threads_before = sched_nr_threads();
	objects_before = object_count(OBJECT_ANY);
	notification = notification_create();
	REQUIRE(notification);
}

static void tear_down(void)
{
	all_gone(threads_before);
	object_put(&notification->object);
	EXPECT_EQ(object_count(OBJECT_ANY), objects_before);
}

KTEST(notification, bits_are_taken_once)
{
	uint32_t bits = 0;

	set_up();
	notification_signal(notification, 5);
	EXPECT_EQ(notification_poll(notification, 4), 4);
	EXPECT_EQ(notification_poll(notification, 4), 0);
	EXPECT_EQ(notification_wait(notification, 1, WAIT_FOREVER, &bits), 0);
	EXPECT_EQ(bits, 1);
	EXPECT_EQ(notification_poll(notification, UINT32_MAX), 0);
	tear_down();
}

KTEST(notification, a_bit_that_is_set_twice_is_one)
{
	set_up();
	notification_signal(notification, 2);
	notification_signal(notification, 2);
	EXPECT_EQ(notification_poll(notification, 2), 2);
	EXPECT_EQ(notification_poll(notification, 2), 0);
	tear_down();
}

KTEST(notification, a_deadline_ends_the_wait)
{
	uint32_t bits = 0;

	set_up();
	notification_signal(notification, 1);
	EXPECT_EQ(notification_wait(notification, 2,
				    clock_ns() + NS_PER_TICK, &bits),
		  -ETIMEDOUT);
	EXPECT_EQ(notification_poll(notification, 3), 1);
	tear_down();
}

struct waiter {
	uint32_t      mask, bits;
	int           result;
	volatile bool done;
};

static void waiter_main(void *arg)
{
	struct waiter *waiter = arg;

	waiter->result = notification_wait(notification, waiter->mask,
					   WAIT_FOREVER, &waiter->bits);
	waiter->done = true;
}

KTEST(notification, only_who_waits_for_the_bit_goes_on)
{
	struct waiter low = { .mask = 1 }, high = { .mask = 2 };

	set_up();
	start("low", PRIORITY_TEST, waiter_main, &low);
	start("high", PRIORITY_TEST, waiter_main, &high);
	thread_yield();
	notification_signal(notification, 2);
	EXPECT(WAIT_UNTIL(high.done));
	thread_yield();
	EXPECT(!low.done);
	notification_signal(notification, 1);
	EXPECT(WAIT_UNTIL(low.done));
	EXPECT_EQ(low.bits, 1);
	EXPECT_EQ(high.bits, 2);
	EXPECT_EQ(notification->bits, 0);
	tear_down();
}

KTEST(notification, of_two_waiters_for_one_bit_one_gets_it)
{
	struct waiter a = { .mask = 1 }, b = { .mask = 1 };

	set_up();
	start("a", PRIORITY_TEST, waiter_main, &a);
	start("b", PRIORITY_TEST, waiter_main, &b);
	thread_yield();
	notification_signal(notification, 1);
	EXPECT(WAIT_UNTIL(a.done || b.done));
	thread_yield();
	EXPECT(a.done != b.done);
	notification_signal(notification, 1);
	EXPECT(WAIT_UNTIL(a.done && b.done));
	tear_down();
}

KTEST(notification, a_waiter_that_is_killed_unwinds)
{
	struct waiter waiter = { .mask = 1 };
	struct thread *thread;

	set_up();
	thread = start("waiter", PRIORITY_TEST, waiter_main, &waiter);
	thread_yield();
	thread_kill(thread);
	EXPECT(WAIT_UNTIL(waiter.done));
	EXPECT_EQ(waiter.result, -EINTR);
	tear_down();
}

static struct timer timer;

static void signal_from_timer(struct timer *unused)
{
	notification_signal(notification, 8);
}

KTEST(notification, an_interrupt_may_signal)
{
	uint32_t bits = 0;

	set_up();
	timer_arm(&timer, clock_ns() + NS_PER_TICK, signal_from_timer);
	EXPECT_EQ(notification_wait(notification, 8,
				    clock_ns() + NS_PER_SEC, &bits), 0);
	EXPECT_EQ(bits, 8);
	tear_down();
}

/* ---- bound to an endpoint ----------------------------------------------- */

static struct endpoint *endpoint;

static void set_up_bound(void)
{
	set_up();
	endpoint = endpoint_create();
	REQUIRE(endpoint);
	EXPECT_EQ(notification_bind(notification, endpoint), 0);
}

static void tear_down_bound(void)
{
	EXPECT_EQ(notification_bind(notification, NULL), 0);
	EXPECT(!endpoint->bound);
	endpoint_put(endpoint);
	tear_down();
}

static long receive_bits(uint32_t *bits, uint64_t deadline)
{
	struct ipc_regs words = { .ebx = 0 };
	struct ipc_op op = { .regs = &words, .deadline = deadline };
	long result = endpoint_receive(endpoint, &op);

	*bits = words.ebx;
	return result;
}

KTEST(notification, bound_bits_arrive_as_a_message)
{
	uint32_t bits;
	long label;

	set_up_bound();
	notification_signal(notification, 4);
	notification_signal(notification, 1);
	label = receive_bits(&bits, WAIT_FOREVER);
	EXPECT(label & IPC_KERNEL);
	EXPECT_EQ(KMSG_KIND(label), KMSG_NOTIFICATION);
	EXPECT_EQ(bits, 5);
	EXPECT_EQ(notification->bits, 0);
	tear_down_bound();
}

KTEST(notification, a_receiver_that_waits_is_woken_by_bound_bits)
{
	uint32_t bits;
	long label;

	set_up_bound();
	timer_arm(&timer, clock_ns() + NS_PER_TICK, signal_from_timer);
	label = receive_bits(&bits, clock_ns() + NS_PER_SEC);
	EXPECT(label >= 0 && label & IPC_KERNEL);
	EXPECT_EQ(bits, 8);
	EXPECT_EQ(notification->bits, 0);
	tear_down_bound();
}

KTEST(notification, an_endpoint_has_one_notification)
{
	struct notification *second;

	set_up_bound();
	second = notification_create();
	REQUIRE(second);
	EXPECT_EQ(notification_bind(second, endpoint), -EBUSY);
	EXPECT_EQ(notification_bind(notification, endpoint), 0);
	EXPECT(endpoint->bound == notification);
	object_put(&second->object);
	tear_down_bound();
}

KTEST(notification, the_end_of_a_bound_one_unbinds)
{
	set_up_bound();
	object_put(&notification->object);
	EXPECT(!endpoint->bound);
	EXPECT_EQ(endpoint->object.refs, 1);
	notification = notification_create();
	REQUIRE(notification);
	tear_down_bound();
}
