// SPDX-License-Identifier: MIT
/*
 * failpoint.c - the countdown that makes one allocation fail
 */
#include "lib/failpoint.h"

#include "tests/ktest.h"

/* Nothing may stay armed when a suite is done. */
static const char *suite_check(void)
{
	return failpoint_countdown ? "a failure is still armed" : NULL;
}

SUITE(failpoint, suite_check);

KTEST(failpoint, nothing_fails_unless_armed)
{
	failpoint_disarm();
	for (unsigned i = 0; i < 10; i++)
		EXPECT(!should_fail());
}

KTEST(failpoint, the_chosen_one_fails_and_only_once)
{
	for (unsigned n = 1; n <= 5; n++) {
		failpoint_arm(n);
		for (unsigned i = 1; i <= 10; i++)
			EXPECT_EQ(should_fail(), i == n);
		EXPECT(failpoint_disarm());
	}
}

KTEST(failpoint, armed_to_last_all_from_the_chosen_one_fail)
{
	failpoint_arm_from(3);
	for (unsigned i = 1; i <= 10; i++)
		EXPECT_EQ(should_fail(), i >= 3);
	EXPECT(failpoint_disarm());
	EXPECT(!should_fail());
}

KTEST(failpoint, disarm_says_whether_it_came_to_that)
{
	failpoint_arm(3);
	EXPECT(!should_fail());
	EXPECT(!should_fail());
	EXPECT(!failpoint_disarm());
	EXPECT(!should_fail());
	failpoint_arm(1);
	EXPECT(!failpoint_disarm());
}

KTEST(failpoint, at_random_one_in_so_many_fails)
{
	unsigned failed = 0;

	failpoint_arm_random(1, 10);
	for (unsigned i = 0; i < 10000; i++)
		failed += should_fail();
	EXPECT(failpoint_disarm());
	EXPECT(failed > 900 && failed < 1100);
	EXPECT(!should_fail());
	/* Armed by count again, only one allocation fails. */
	failpoint_arm(1);
	EXPECT(should_fail());
	EXPECT(!should_fail());
	EXPECT(failpoint_disarm());
}

/* Bit i: allocation i failed. */
static uint64_t pattern_of(uint32_t seed)
{
	uint64_t failed = 0;

	failpoint_arm_random(seed, 4);
	for (unsigned i = 0; i < 64; i++)
		failed |= (uint64_t)should_fail() << i;
	EXPECT(failpoint_disarm());
	return failed;
}

KTEST(failpoint, a_seed_gives_the_same_failures_again)
{
	uint64_t first = pattern_of(7);

	EXPECT_EQ(first & 0xf, 8);       /* the fourth is the first to fail */
	EXPECT_EQ(pattern_of(7), first);
	EXPECT(pattern_of(8) != first);
	EXPECT_EQ(pattern_of(7), first);
}

static bool takes_three(void *arg)
{
	int taken = 0;

	while (taken < 3 && !should_fail())
		taken++;
	return taken == 3;
}

KTEST(failpoint, each_failure_counts_the_allocations)
{
	EXPECT_EQ(ktest_each_failure(takes_three, NULL), 3);
}
