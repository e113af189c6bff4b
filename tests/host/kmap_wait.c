// SPDX-License-Identifier: MIT
/*
 * kmap_wait.c (host) - kmap() without a free slot sleeps until kunmap()
 *
 * WHAT     All slots are in use, and kmap() sleeps. During the sleep a function
 *          of the test does what other threads would do. If they wake nobody,
 *          the sleep panics, and the test fails.
 * NOT HERE real threads (tests/suites/kmap_sleep.c).
 */
#include "tests/host/host.h"
#include "tests/suites/kmap_test.h"

SUITE(kmap_wait, kmap_check);

/* The page that waits, and another one. */
#define WAITER  PKMAP_SLOTS
#define OTHER   (PKMAP_SLOTS + 1)

static void *other_ptr;

static void use_all_slots(void)
{
	take_highmem(PAGES_MAX);
	for (unsigned i = 0; i < PKMAP_SLOTS; i++)
		REQUIRE(kmap_try(pages[i]));
	EXPECT(!kmap_try(pages[WAITER]));
}

/* Unmap pages [first, PKMAP_SLOTS) and the waiter. */
static void end(unsigned first)
{
	for (unsigned i = first; i <= WAITER; i++)
		kunmap(pages[i]);
	EXPECT_EQ(usage_now().used, 0);
	give_highmem(PAGES_MAX);
}

static void unmap_one(void)
{
	kunmap(pages[0]);
}

static void unmap_two(void)
{
	kunmap(pages[0]);
	kunmap(pages[1]);
}

/* Another thread asks for the same page first. */
static void unmap_one_and_map_the_same(void)
{
	kunmap(pages[0]);
	other_ptr = kmap_try(pages[WAITER]);
}

/* A user of the page goes, but not the last one. Then another page is free. */
static void unmap_shared_and_one(void)
{
	kunmap(pages[1]);
	kunmap(pages[0]);
}

KTEST(kmap_wait, kunmap_wakes_the_thread_that_waits_for_a_slot)
{
	void *ptr;

	use_all_slots();
	host_while_asleep(unmap_one);
	ptr = kmap(pages[WAITER]);
	REQUIRE(ptr);
	EXPECT(kmap_to_page(ptr) == pages[WAITER]);
	EXPECT_EQ(pages[0]->kmap, 0);
	/* No slot is left: there is nothing to wake the next one for. */
	EXPECT_EQ(host_wakes(), 1);
	end(1);
}

KTEST(kmap_wait, a_waiter_wakes_the_next_one_while_slots_are_left)
{
	use_all_slots();
	host_while_asleep(unmap_two);
	REQUIRE(kmap(pages[WAITER]));
	/* The second kunmap() found the queue empty. */
	EXPECT_EQ(host_wakes(), 2);
	end(2);
}

KTEST(kmap_wait, a_page_that_got_a_slot_meanwhile_needs_no_other)
{
	void *ptr;

	use_all_slots();
	host_while_asleep(unmap_one_and_map_the_same);
	ptr = kmap(pages[WAITER]);
	EXPECT(ptr && ptr == other_ptr);
	EXPECT_EQ(usage_now().used, PKMAP_SLOTS);
	EXPECT_EQ(host_wakes(), 1);
	kunmap(pages[WAITER]);
	end(1);
}

KTEST(kmap_wait, a_slot_that_others_still_use_is_not_given_away)
{
	void *ptr, *shared;

	use_all_slots();
	shared = kmap_try(pages[1]);
	REQUIRE(shared);
	host_while_asleep(unmap_shared_and_one);
	ptr = kmap(pages[WAITER]);
	EXPECT(ptr && ptr != shared);
	EXPECT(kmap_to_page(shared) == pages[1]);
	end(1);
}

KTEST(kmap_wait, with_a_free_slot_nobody_sleeps_or_is_woken)
{
	take_highmem(PAGES_MAX);
	host_while_asleep(NULL);
	REQUIRE(kmap(pages[0]));
	EXPECT_EQ(usage_now().used, 1);
	kunmap(pages[0]);
	EXPECT_EQ(host_wakes(), 0);
	give_highmem(PAGES_MAX);
}
