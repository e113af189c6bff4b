// SPDX-License-Identifier: MIT
/*
 * wait.c (tests) - no wake is lost, none is used twice
 */
#include "lib/wait.h"

#include "lib/random.h"
#include "lib/spinlock.h"
#include "lib/string.h"
#include "tests/threads.h"

SUITE(wait, sched_check);

#define WAITERS  6

static struct wait_queue queue = WAIT_QUEUE_INIT(queue);
static struct order order;
static unsigned before, tokens;

static void begin(void)
{
	before = sched_nr_threads();
	tokens = 0;
	memset(&order, 0, sizeof(order));
}

static void *number(unsigned n)
{
	return (void *)(uintptr_t)n;
}

/* Take a token. Returns: false: there is none. */
static bool take_token(void)
{
	irqflags_t flags = irq_save();
	bool got = tokens > 0;

	tokens -= got;
	irq_restore(flags);
	return got;
}

static void give_token(void)
{
	irqflags_t flags = irq_save();

	tokens++;
	irq_restore(flags);
	wake_up_one(&queue);
}

static void wait_for_token(void *arg)
{
	wait_event(&queue, take_token());
	order_note(&order, (unsigned)(uintptr_t)arg);
}

KTEST(wait, what_is_true_already_does_not_wait)
{
	unsigned looks = 0;

	wait_event(&queue, ++looks == 1);
	EXPECT_EQ(looks, 1);
	EXPECT(list_empty(&queue.waiters));
}

KTEST(wait, a_wake_between_prepare_and_sleep_is_not_lost)
{
	wait_prepare(&queue);
	EXPECT_EQ(wake_up_one(&queue), 1);
	EXPECT(wait_sleep(WAIT_FOREVER));
	wait_finish(&queue);
}

KTEST(wait, a_wake_without_waiters_wakes_nobody)
{
	EXPECT_EQ(wake_up_one(&queue), 0);
	EXPECT_EQ(wake_up_all(&queue), 0);
}

KTEST(wait, a_deadline_ends_the_sleep)
{
	uint64_t deadline = clock_ns() + NS_PER_TICK;

	wait_prepare(&queue);
	EXPECT(!wait_sleep(deadline));
	EXPECT(clock_ns() >= deadline);
	EXPECT(list_empty(&queue.waiters));
	wait_finish(&queue);
}

KTEST(wait, a_deadline_in_the_past_does_not_sleep)
{
	wait_prepare(&queue);
	EXPECT(!wait_sleep(0));
	wait_finish(&queue);
	EXPECT(!wait_event_deadline(&queue, false, clock_ns()));
	EXPECT(wait_event_deadline(&queue, true, 0));
}

KTEST(wait, after_a_time_out_a_wake_goes_to_the_next)
{
	begin();
	EXPECT(!wait_event_deadline(&queue, take_token(),
				    clock_ns() + NS_PER_TICK));
	start("next", PRIORITY_TEST + 1, wait_for_token, number(1));
	give_token();
	EXPECT_EQ(order.nr, 1);
	all_gone(before);
}

KTEST(wait, first_come_is_first_woken)
{
	begin();
	for (unsigned i = 0; i < WAITERS; i++)
		start("waiter", PRIORITY_TEST + 1, wait_for_token, number(i));
	EXPECT_EQ(order.nr, 0);
	for (unsigned i = 0; i < WAITERS; i++) {
		give_token();
		EXPECT_EQ(order.nr, i + 1);
		EXPECT_EQ(order.who[i], i);
	}
	all_gone(before);
}

KTEST(wait, a_higher_priority_is_woken_before_who_came_first)
{
	static const unsigned priorities[] = { 25, 27, 26, 27, 25 };
	static const unsigned expected[] = { 1, 3, 2, 0, 4 };

	begin();
	for (unsigned i = 0; i < ARRAY_SIZE(priorities); i++)
		start("ranked", priorities[i], wait_for_token, number(i));
	for (unsigned i = 0; i < ARRAY_SIZE(priorities); i++)
		give_token();
	all_gone(before);
	for (unsigned i = 0; i < ARRAY_SIZE(priorities); i++)
		EXPECT_EQ(order.who[i], expected[i]);
}

KTEST(wait, wake_up_all_wakes_all)
{
	begin();
	for (unsigned i = 0; i < WAITERS; i++)
		start("waiter", PRIORITY_TEST + 1, wait_for_token, number(i));
	tokens = WAITERS;
	EXPECT_EQ(wake_up_all(&queue), WAITERS);
	all_gone(before);
	EXPECT_EQ(order.nr, WAITERS);
	EXPECT_EQ(tokens, 0);
}

struct alarm {
	struct timer timer;
	bool         rang;
};

static void ring(struct timer *timer)
{
	container_of(timer, struct alarm, timer)->rang = true;
	wake_up_all(&queue);
}

KTEST(wait, an_interrupt_handler_may_wake)
{
	struct alarm alarm = { .rang = false };

	timer_arm(&alarm.timer, clock_ns() + NS_PER_TICK, ring);
	wait_event(&queue, READ_ONCE(alarm.rang));
	EXPECT(!alarm.timer.armed);
}

/* ---- misuse ------------------------------------------------------------ */

static void wait_in_two_queues(void *arg)
{
	struct wait_queue other;

	wait_queue_init(&other);
	wait_prepare(&queue);
	wait_prepare(&other);
}

static void wait_with_spinlock(void *arg)
{
	struct spinlock lock = SPINLOCK_INIT;

	spin_lock(&lock);
	wait_prepare(&queue);
}

KTEST(wait, misuse_is_caught)
{
	EXPECT_PANIC(wait_in_two_queues, NULL, "waits already");
	wait_finish(&queue);
	EXPECT_PANIC(wait_with_spinlock, NULL, "a wait with preemption off");
	EXPECT(list_empty(&queue.waiters));
}

/* ---- races ------------------------------------------------------------- */

#define PRODUCERS   4
#define CONSUMERS   7
#define PER_THREAD  140   /* tokens of a producer; divisible by CONSUMERS    */

static unsigned consumed;

/* Give way at random moments. */
static void hesitate(struct rng *rng)
{
	uint32_t dice = rng_below(rng, 32);

	if (dice == 0)
		thread_sleep_ns(1);
	else if (dice < 8)
		thread_yield();
	else if (dice == 8)
		thread_set_priority(current_thread(),
				    PRIORITY_TEST - 4 + rng_below(rng, 8));
}

static void produce(void *arg)
{
	struct rng rng;

	rng_init(&rng, ktest_seed() * 31 + (uint32_t)(uintptr_t)arg);
	for (unsigned i = 0; i < PER_THREAD; i++) {
		give_token();
		hesitate(&rng);
	}
}

static void consume(void *arg)
{
	struct rng rng;

	rng_init(&rng, ktest_seed() * 37 + (uint32_t)(uintptr_t)arg);
	for (unsigned i = 0; i < PRODUCERS * PER_THREAD / CONSUMERS; ) {
		if (rng_below(&rng, 8) == 0)
			i += wait_event_deadline(&queue, take_token(),
						 clock_ns() + 1);
		else {
			wait_event(&queue, take_token());
			i++;
		}
		hesitate(&rng);
	}
	__atomic_fetch_add(&consumed, 1, __ATOMIC_RELAXED);
}

/* Each token wakes one thread. If a wake is lost, a thread sleeps for ever. */
KTEST(wait, producers_and_consumers_lose_no_wake)
{
	begin();
	consumed = 0;
	for (unsigned i = 0; i < CONSUMERS; i++)
		start("consumer", PRIORITY_TEST, consume, number(i + 1));
	for (unsigned i = 0; i < PRODUCERS; i++)
		start("producer", PRIORITY_TEST, produce, number(i + 1));
	all_gone(before);
	EXPECT_EQ(consumed, CONSUMERS);
	EXPECT_EQ(tokens, 0);
}
