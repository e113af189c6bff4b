// SPDX-License-Identifier: MIT
/*
 * mutex.c (tests) - one owner at a time, in the order of the waiters
 */
#include "lib/random.h"
#include "lib/string.h"
#include "lib/wait.h"
#include "tests/threads.h"

SUITE(mutex, sched_check);

#define WAITERS  8

static struct mutex mutex = MUTEX_INIT(mutex);
static struct order order;
static unsigned before;

static void begin(void)
{
	before = sched_nr_threads();
	mutex_init(&mutex);
	memset(&order, 0, sizeof(order));
}

static void *number(unsigned n)
{
	return (void *)(uintptr_t)n;
}

static void lock_and_note(void *arg)
{
	mutex_lock(&mutex);
	order_note(&order, (unsigned)(uintptr_t)arg);
	mutex_unlock(&mutex);
}

KTEST(mutex, a_free_one_is_taken_and_released)
{
	begin();
	mutex_lock(&mutex);
	EXPECT(mutex.locked && mutex.owner == current_thread());
	assert_mutex_held(&mutex);
	EXPECT(!mutex_trylock(&mutex));
	mutex_unlock(&mutex);
	EXPECT(!mutex.locked && !mutex.owner);
	EXPECT(mutex_trylock(&mutex));
	EXPECT(mutex.owner == current_thread());
	mutex_unlock(&mutex);
}

KTEST(mutex, waiters_get_it_in_the_order_of_their_coming)
{
	begin();
	mutex_lock(&mutex);
	for (unsigned i = 0; i < WAITERS; i++)
		start("waiter", PRIORITY_TEST + 1, lock_and_note, number(i));
	EXPECT_EQ(order.nr, 0);
	mutex_unlock(&mutex);
	all_gone(before);
	REQUIRE(order.nr == WAITERS);
	for (unsigned i = 0; i < WAITERS; i++)
		EXPECT_EQ(order.who[i], i);
	EXPECT(!mutex.locked);
}

KTEST(mutex, it_is_handed_over_and_not_snatched)
{
	begin();
	mutex_lock(&mutex);
	start("waiter", PRIORITY_TEST, lock_and_note, number(1));
	thread_yield();   /* "waiter" waits now */
	mutex_unlock(&mutex);
	/* The waiter has become the owner, although it has not run yet. */
	EXPECT(mutex.locked && mutex.owner != current_thread());
	EXPECT(!mutex_trylock(&mutex));
	EXPECT_EQ(order.nr, 0);
	mutex_lock(&mutex);
	EXPECT_EQ(order.nr, 1);
	mutex_unlock(&mutex);
	all_gone(before);
}

KTEST(mutex, a_higher_priority_goes_first)
{
	begin();
	mutex_lock(&mutex);
	start("low", PRIORITY_TEST + 1, lock_and_note, number(1));
	start("high", PRIORITY_TEST + 2, lock_and_note, number(2));
	mutex_unlock(&mutex);
	all_gone(before);
	EXPECT_EQ(order.who[0], 2);
	EXPECT_EQ(order.who[1], 1);
}

KTEST(mutex, a_killed_waiter_still_gets_it)
{
	begin();
	mutex_lock(&mutex);
	thread_kill(start("killed", PRIORITY_TEST + 1, lock_and_note,
			  number(1)));
	EXPECT_EQ(order.nr, 0);
	mutex_unlock(&mutex);
	all_gone(before);
	EXPECT_EQ(order.nr, 1);
	EXPECT(!mutex.locked);
}

/* ---- misuse ------------------------------------------------------------ */

static void lock_it(void *arg)
{
	mutex_lock(&mutex);
}

static void unlock_it(void *arg)
{
	mutex_unlock(&mutex);
}

static volatile bool release;

static void hold_until_released(void *arg)
{
	mutex_lock(&mutex);
	while (!release)
		thread_sleep_ns(NS_PER_TICK);
	mutex_unlock(&mutex);
}

KTEST(mutex, misuse_is_caught)
{
	begin();
	EXPECT_PANIC(unlock_it, NULL, "that nobody holds");
	mutex_lock(&mutex);
	EXPECT_PANIC(lock_it, NULL, "takes a mutex that it holds");
	mutex_unlock(&mutex);
}

KTEST(mutex, releasing_anothers_is_caught)
{
	begin();
	release = false;
	start("holder", PRIORITY_TEST + 1, hold_until_released, NULL);
	EXPECT_PANIC(unlock_it, NULL, "releases a mutex that holder holds");
	release = true;
	all_gone(before);
	EXPECT(!mutex.locked);
}

static void assert_it(void *arg)
{
	assert_mutex_held(&mutex);
}

static void assert_it_in_a_debug_kernel(void *arg)
{
	debug_assert_mutex_held(&mutex);
}

KTEST(mutex, who_needs_it_held_says_so_when_it_is_not)
{
	begin();
	EXPECT_PANIC(assert_it, NULL,
		     "assert_it(): the caller must hold &mutex: ");
	if (CONFIG_DEBUG)
		EXPECT_PANIC(assert_it_in_a_debug_kernel, NULL,
			     "the caller must hold &mutex: ");
	else
		assert_it_in_a_debug_kernel(NULL);
}

/* Only a debug kernel checks which thread holds the mutex. */
KTEST(mutex, that_another_thread_holds_it_is_not_enough)
{
	begin();
	start("owner", PRIORITY_TEST + 1, lock_it, NULL);
	all_gone(before);
	EXPECT(mutex.locked);
	EXPECT(!mutex_is_mine(&mutex));
	if (CONFIG_DEBUG)
		EXPECT_PANIC(assert_it, NULL, "the caller must hold &mutex: ");
	else
		assert_it(NULL);
	mutex_init(&mutex);
}

static void lock_with_preemption_off(void *arg)
{
	preempt_disable();
	mutex_lock(&mutex);
}

KTEST(mutex, waiting_for_one_with_preemption_off_is_caught)
{
	begin();
	release = false;
	start("holder", PRIORITY_TEST + 1, hold_until_released, NULL);
	EXPECT_PANIC(lock_with_preemption_off, NULL, "with preemption off");
	release = true;
	all_gone(before);
}

/* ---- contention -------------------------------------------------------- */

#define THREADS  9
#define ROUNDS   120

static unsigned inside, total;
static bool intruder;

/* Read `total`, give other threads time, write `total`. */
static void critical(struct rng *rng)
{
	unsigned seen = total;

	intruder |= inside++ != 0;
	if (rng_below(rng, 4) == 0)
		thread_yield();
	if (rng_below(rng, 64) == 0)
		thread_sleep_ns(1);
	inside--;
	total = seen + 1;
}

static void contend(void *arg)
{
	struct rng rng;

	rng_init(&rng, ktest_seed() * 41 + (uint32_t)(uintptr_t)arg);
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (rng_below(&rng, 4) || !mutex_trylock(&mutex))
			mutex_lock(&mutex);
		critical(&rng);
		mutex_unlock(&mutex);
		if (rng_below(&rng, 8) == 0)
			thread_set_priority(current_thread(),
					    PRIORITY_TEST - 4 +
					    rng_below(&rng, 8));
		if (rng_below(&rng, 4) == 0)
			thread_yield();
	}
}

KTEST(mutex, many_threads_are_never_inside_together)
{
	begin();
	inside = total = 0;
	intruder = false;
	for (unsigned i = 0; i < THREADS; i++)
		start("contender", PRIORITY_TEST - 2 + i % 4, contend,
		      number(i + 1));
	all_gone(before);
	EXPECT_EQ(total, THREADS * ROUNDS);
	EXPECT(!intruder);
	EXPECT(!mutex.locked && list_empty(&mutex.queue.waiters));
}
