// SPDX-License-Identifier: MIT
/*
 * timer.c (tests) - time goes forward; timers fire in order and not early
 */
#include "lib/random.h"
#include "lib/string.h"
#include "tests/threads.h"

#include "kernel/sched/sched_impl.h"

SUITE(timer, timer_check);

#define TIMERS  24

struct marked {
	struct timer timer;
	unsigned     number;
	uint64_t     fired_at;   /* 0: not yet */
	unsigned     again;      /* times that it arms itself once more */
};

static struct marked timers[TIMERS];
static struct order order;

static void begin(void)
{
	memset(timers, 0, sizeof(timers));
	memset(&order, 0, sizeof(order));
	for (unsigned i = 0; i < TIMERS; i++)
		timers[i].number = i;
}

static void fire(struct timer *timer)
{
	struct marked *marked = container_of(timer, struct marked, timer);

	marked->fired_at = clock_ns();
	order_note(&order, marked->number);
	if (marked->again) {
		marked->again--;
		timer_arm(timer, timer->expires + 1, fire);
	}
}

KTEST(timer, the_clock_never_goes_back)
{
	uint64_t last = clock_ns();

	for (unsigned i = 0; i < 5000; i++) {
		uint64_t now = clock_ns();

		if (now < last) {
			EXPECT(now >= last);
			return;
		}
		last = now;
	}
}

KTEST(timer, the_clock_goes_forward)
{
	uint64_t begun = clock_ns();

	EXPECT(WAIT_UNTIL(clock_ns() > begun + 2 * NS_PER_TICK));
}

KTEST(timer, does_not_fire_early)
{
	uint64_t expires = clock_ns() + NS_PER_TICK + 1;

	begin();
	timer_arm(&timers[0].timer, expires, fire);
	EXPECT(timers[0].timer.armed);
	EXPECT(WAIT_UNTIL(timers[0].fired_at));
	EXPECT(timers[0].fired_at >= expires);
	EXPECT(!timers[0].timer.armed);
	EXPECT(!timer_cancel(&timers[0].timer));
}

KTEST(timer, a_cancelled_one_does_not_fire)
{
	uint64_t now = clock_ns();

	begin();
	timer_arm(&timers[0].timer, now + 1, fire);
	timer_arm(&timers[1].timer, now + 2, fire);
	EXPECT(timer_cancel(&timers[0].timer));
	EXPECT(!timer_cancel(&timers[0].timer));
	EXPECT(WAIT_UNTIL(timers[1].fired_at));
	EXPECT(!timers[0].fired_at);
}

KTEST(timer, arming_again_moves_it)
{
	irqflags_t flags = irq_save();
	uint64_t now = clock_ns();

	begin();
	timer_arm(&timers[0].timer, now + 1, fire);
	timer_arm(&timers[1].timer, now + 2, fire);
	timer_arm(&timers[0].timer, now + 3, fire);
	EXPECT_NULL(timer_check());
	irq_restore(flags);
	EXPECT(WAIT_UNTIL(order.nr == 2));
	EXPECT_EQ(order.who[0], 1);
	EXPECT_EQ(order.who[1], 0);
}

KTEST(timer, equal_times_fire_in_the_order_of_arming)
{
	irqflags_t flags = irq_save();
	uint64_t expires = clock_ns() + 1;

	begin();
	for (unsigned i = 0; i < TIMERS; i++)
		timer_arm(&timers[i].timer, expires, fire);
	irq_restore(flags);
	EXPECT(WAIT_UNTIL(order.nr == TIMERS));
	for (unsigned i = 0; i < TIMERS; i++)
		EXPECT_EQ(order.who[i], i);
}

KTEST(timer, one_may_arm_itself_when_it_fires)
{
	begin();
	timers[0].again = 5;
	timer_arm(&timers[0].timer, clock_ns(), fire);
	EXPECT(WAIT_UNTIL(order.nr == 6));
	EXPECT(!timers[0].timer.armed);
}

/* Arm, move and cancel at random; then those that are left fire in order. */
KTEST(timer, random_operations_match_a_naive_model)
{
	uint64_t expires[TIMERS] = { 0 };   /* 0: not armed */
	irqflags_t flags = irq_save();
	uint64_t now = clock_ns();
	unsigned armed = 0, last = TIMERS;
	struct rng rng;

	begin();
	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 2000; step++) {
		unsigned i = rng_below(&rng, TIMERS);

		if (rng_below(&rng, 3)) {
			expires[i] = now + 1 + rng_below(&rng, 1000);
			timer_arm(&timers[i].timer, expires[i], fire);
		} else {
			EXPECT_EQ(timer_cancel(&timers[i].timer),
				  expires[i] != 0);
			expires[i] = 0;
		}
		EXPECT_NULL(timer_check());
	}
	for (unsigned i = 0; i < TIMERS; i++)
		armed += expires[i] != 0;
	irq_restore(flags);
	REQUIRE(WAIT_UNTIL(order.nr == armed));
	for (unsigned i = 0; i < order.nr; i++) {
		EXPECT(expires[order.who[i]]);
		EXPECT(last == TIMERS ||
		       expires[last] <= expires[order.who[i]]);
		last = order.who[i];
	}
}

/* ---- sleeping ---------------------------------------------------------- */

static void sleep_and_note(void *arg)
{
	unsigned ticks = (unsigned)(uintptr_t)arg;

	thread_sleep_ns(ticks * NS_PER_TICK);
	order_note(&order, ticks);
}

KTEST(timer, sleepers_wake_in_the_order_of_their_times)
{
	static const unsigned ticks[] = { 7, 3, 9, 1, 5 };
	unsigned before = sched_nr_threads();

	begin();
	/* All go to sleep before any tick can come in between. */
	preempt_disable();
	for (unsigned i = 0; i < ARRAY_SIZE(ticks); i++)
		start("sleeper", PRIORITY_TEST + 1, sleep_and_note,
		      (void *)(uintptr_t)ticks[i]);
	preempt_enable();
	all_gone(before);
	REQUIRE(order.nr == ARRAY_SIZE(ticks));
	for (unsigned i = 0; i < order.nr; i++)
		EXPECT_EQ(order.who[i], 2 * i + 1);
}

KTEST(timer, a_sleep_is_not_too_short)
{
	uint64_t begun = clock_ns();

	thread_sleep_ns(3 * NS_PER_TICK);
	EXPECT(clock_ns() - begun >= 3 * NS_PER_TICK);
	thread_sleep_ns(0);
}
