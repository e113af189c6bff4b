// SPDX-License-Identifier: MIT
/*
 * kmap_sleep.c (tests) - more threads than slots go through kmap()
 */
#include "lib/random.h"
#include "lib/string.h"
#include "lib/wait.h"
#include "mm/kva/kmap.h"
#include "mm/page/page_alloc.h"
#include "mm/page/zone.h"
#include "tests/threads.h"

SUITE(kmap_sleep, kmap_check);

#define THREADS  (PKMAP_SLOTS + 88)
#define ROUNDS   4

static struct page *pages[THREADS];
static unsigned before, done, wrong;
static unsigned at_once, most_at_once;
static bool     stuck;              /* threads of an earlier test still sleep */

/* Threads count here, and any interrupt may switch threads. */
static unsigned add(unsigned *counter, int n)
{
	return __atomic_add_fetch(counter, (unsigned)n, __ATOMIC_RELAXED);
}

/* Without this the tests would sleep for ever, or a lap would never end. */
static void require_a_slot_that_comes_and_goes(void)
{
	struct kmap_usage usage;

	kmap_flush_unused();
	REQUIRE(kmap_try(pages[0]));
	kunmap(pages[0]);
	REQUIRE(kmap_flush_unused() == 1);
	kmap_usage(&usage);
	REQUIRE(usage.used == 0);
}

/* Take THREADS pages of HIGHMEM. Memory must be left for as many stacks. */
static void begin(void)
{
	unsigned had;

	REQUIRE(!stuck);
	before = sched_nr_threads();
	done = wrong = at_once = most_at_once = 0;
	if (zones[ZONE_HIGHMEM].managed < 8 * THREADS)
		SKIP("needs highmem");
	had = alloc_pages_bulk(GFP_HIGHUSER, THREADS, pages);
	REQUIRE(had == THREADS);
	if (!page_is_highmem(pages[THREADS - 1])) {
		free_pages_bulk(pages, THREADS);
		SKIP("needs more highmem");
	}
	require_a_slot_that_comes_and_goes();
}

static void end(void)
{
	stuck = true;
	all_gone(before);
	stuck = false;
	free_pages_bulk(pages, THREADS);
}

/* All slots are ours. */
static void pin_all_slots(void)
{
	for (unsigned i = 0; i < PKMAP_SLOTS; i++) {
		uint32_t *ptr = kmap_try(pages[i]);

		REQUIRE(ptr);
		*ptr = i;
	}
}

static void unpin_slots(unsigned first)
{
	for (unsigned i = first; i < PKMAP_SLOTS; i++)
		kunmap(pages[i]);
}

static void map_one(void *arg)
{
	struct page *page = arg;
	uint32_t *ptr = kmap(page);

	*ptr = page_to_pfn(page).v;
	add(&done, 1);
	kunmap(page);
}

KTEST(kmap_sleep, without_a_slot_it_sleeps_until_one_is_free)
{
	struct thread *thread;

	begin();
	pin_all_slots();
	EXPECT(!kmap_try(pages[PKMAP_SLOTS]));
	thread = start("mapper", PRIORITY_TEST + 1, map_one,
		       pages[PKMAP_SLOTS]);
	EXPECT_EQ(done, 0);
	EXPECT(thread->state == THREAD_BLOCKED);
	kunmap(pages[0]);
	EXPECT_EQ(done, 1);
	unpin_slots(1);
	end();
}

KTEST(kmap_sleep, a_page_that_has_a_slot_needs_no_other)
{
	begin();
	pin_all_slots();
	start("mapper", PRIORITY_TEST + 1, map_one, pages[7]);
	EXPECT_EQ(done, 1);
	unpin_slots(0);
	end();
}

KTEST(kmap_sleep, a_killed_waiter_gets_its_slot_first)
{
	begin();
	pin_all_slots();
	thread_kill(start("killed", PRIORITY_TEST + 1, map_one,
			  pages[PKMAP_SLOTS]));
	EXPECT_EQ(done, 0);
	kunmap(pages[0]);
	EXPECT_EQ(done, 1);
	unpin_slots(1);
	end();
}

/*
 * Several threads want the same page, one wants another page. A freed slot
 * wakes one thread. The others must be woken, too: no second slot is freed.
 */
KTEST(kmap_sleep, waiters_for_one_page_all_go_on)
{
	begin();
	pin_all_slots();
	for (unsigned i = 0; i < 4; i++)
		start("same", PRIORITY_TEST - 1, map_one, pages[PKMAP_SLOTS]);
	start("other", PRIORITY_TEST - 1, map_one, pages[PKMAP_SLOTS + 1]);
	thread_sleep_ns(NS_PER_TICK);
	EXPECT_EQ(done, 0);
	kunmap(pages[0]);
	EXPECT(WAIT_UNTIL(done == 5));
	unpin_slots(1);
	end();
}

/* Keep a page mapped while others run; its contents must stay ours. */
static void map_and_hold(struct page *page, uint32_t value, struct rng *rng)
{
	uint32_t *ptr = kmap(page);
	unsigned now = add(&at_once, 1);

	most_at_once = MAX(most_at_once, now);
	*ptr = value;
	if (rng_below(rng, 32) == 0)
		thread_sleep_ns(1);
	else
		thread_yield();
	add(&wrong, *ptr != value);
	add(&at_once, -1);
	kunmap(page);
}

static void own_page(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;
	struct rng rng;

	rng_init(&rng, ktest_seed() + me);
	for (unsigned i = 0; i < ROUNDS; i++)
		map_and_hold(pages[me], me * ROUNDS + i, &rng);
	add(&done, 1);
}

KTEST(kmap_sleep, more_threads_than_slots_all_come_through)
{
	begin();
	/* Below us: no thread ends before the last one is created. */
	for (unsigned i = 0; i < THREADS; i++)
		start("crowd", PRIORITY_TEST - 1, own_page,
		      (void *)(uintptr_t)i);
	EXPECT(WAIT_UNTIL(done == THREADS));
	EXPECT_EQ(most_at_once, PKMAP_SLOTS);
	EXPECT_EQ(wrong, 0);
	EXPECT_NULL(sched_check());
	end();
}

/* Pages are shared now: each slot has several users at times. */
static void any_page(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;
	struct rng rng;

	rng_init(&rng, ktest_seed() * 3 + me);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct page *page = pages[rng_below(&rng, THREADS)];
		uint32_t *ptr = kmap(page);

		if (rng_below(&rng, 64) == 0)
			thread_sleep_ns(1);
		else
			thread_yield();
		add(&wrong, kmap_to_page(ptr) != page);
		kunmap(page);
	}
	add(&done, 1);
}

KTEST(kmap_sleep, threads_that_share_pages_come_through_too)
{
	begin();
	for (unsigned i = 0; i < THREADS; i++)
		start("crowd", PRIORITY_TEST, any_page,
		      (void *)(uintptr_t)i);
	EXPECT(WAIT_UNTIL(done == THREADS));
	EXPECT_EQ(wrong, 0);
	end();
}
