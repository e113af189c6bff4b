// SPDX-License-Identifier: MIT
/*
 * timer.c (tests) - time goes forward; timers fire in order and not early
 */
#include <arch/acpi.h>
#include <arch/clocksource.h>
#include <arch/ioapic.h>
#include <arch/irq.h>

#include "lib/random.h"
#include "lib/string.h"
#include "tests/threads.h"

#include "kernel/sched/sched_impl.h"

SUITE(timer, sched_check);

#define TIMERS  24

struct marked {
	struct timer timer;
	unsigned     number;
	uint64_t     fired_at;   /* 0: not yet */
	unsigned     again;      /* arms itself again so many times */
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
	irqflags_t flags = irq_save();
	uint64_t now = clock_ns();

	begin();
	timer_arm(&timers[0].timer, now + 1, fire);
	timer_arm(&timers[1].timer, now + 2, fire);
	EXPECT(timer_cancel(&timers[0].timer));
	EXPECT(!timer_cancel(&timers[0].timer));
	irq_restore(flags);
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
	EXPECT_NULL(sched_check());
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

/* Arm, move and cancel at random; the timers that are left fire in order. */
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
		EXPECT_NULL(sched_check());
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

/* ---- between ticks ------------------------------------------------------ */

/* If the host is busy, a tick may come in between: try several times. */
#define ROUNDS  200

/*
 * A wait takes a whole tick. So without this pause, each round would begin as
 * shortly before a tick as the round before.
 */
#define PAUSE_NS  (NS_PER_TICK * 3 / 10)

static void needs_events(void)
{
	if (!arch_clock_has_events())
		SKIP("needs a timer for events");
}

struct fired {
	struct timer  timer;
	unsigned long ticks;   /* when armed; then: until it fired */
	uint64_t      at;
	bool          done;
};

static void fire_between(struct timer *timer)
{
	struct fired *fired = container_of(timer, struct fired, timer);

	fired->ticks = irq_count(IRQ_TIMER) - fired->ticks;
	fired->at = clock_ns();
	fired->done = true;
}

static void arm_between(struct fired *fired, uint64_t ns)
{
	irqflags_t flags = irq_save();

	fired->ticks = irq_count(IRQ_TIMER);
	fired->done = false;
	timer_arm(&fired->timer, clock_ns() + ns, fire_between);
	EXPECT_NULL(sched_check());
	irq_restore(flags);
}

/* Returns: whether in some round the timer fired before the next tick. */
static bool one_fires_between(void (*before)(void), void (*behind)(void))
{
	static struct fired fired;
	bool between = false;

	for (unsigned i = 0; i < ROUNDS && !between; i++) {
		if (before)
			before();
		arm_between(&fired, 1000000);
		if (behind)
			behind();
		REQUIRE(WAIT_UNTIL(fired.done));
		between = !fired.ticks;
		if (!between)
			thread_sleep_ns(PAUSE_NS);
	}
	return between;
}

KTEST(timer, one_fires_between_ticks)
{
	needs_events();
	EXPECT(one_fires_between(NULL, NULL));
}

static struct fired other;

static void arm_a_later_one(void)
{
	arm_between(&other, 5000000);
}

static void cancel_an_earlier_one(void)
{
	arm_between(&other, 300000);
	EXPECT(timer_cancel(&other.timer) || other.done);
}

KTEST(timer, one_fires_between_ticks_before_or_behind_another)
{
	needs_events();
	EXPECT(one_fires_between(arm_a_later_one, NULL));
	EXPECT(one_fires_between(NULL, arm_a_later_one));
	EXPECT(one_fires_between(cancel_an_earlier_one, NULL));
	EXPECT(one_fires_between(NULL, cancel_an_earlier_one));
	EXPECT(WAIT_UNTIL(!other.timer.armed));
}

KTEST(timer, the_second_of_two_fires_between_ticks_too)
{
	static struct fired first;
	bool between = false;

	needs_events();
	for (unsigned i = 0; i < ROUNDS && !between; i++) {
		arm_between(&first, 500000);
		arm_between(&other, 1500000);
		REQUIRE(WAIT_UNTIL(other.done));
		between = !other.ticks && first.at < other.timer.expires;
		if (!between)
			thread_sleep_ns(PAUSE_NS);
	}
	EXPECT(between);
}

/* Its timer fires at the tick. Later timers have events again. */
KTEST(timer, an_event_that_is_lost_delays_its_timer_to_the_tick)
{
	static struct fired fired;
	unsigned pin = acpi_info.isa_line[IRQ_TIMER].gsi;

	needs_events();
	ioapic_mask(pin);
	arm_between(&fired, 1000000);
	EXPECT(WAIT_UNTIL(fired.done));
	ioapic_unmask(pin);
	EXPECT(fired.ticks > 0);
	EXPECT(one_fires_between(NULL, NULL));
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
	/* All begin together: preemption is off until the last is made. */
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
