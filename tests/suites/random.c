// SPDX-License-Identifier: MIT
/*
 * random.c - a seed repeats its numbers, and the numbers spread
 */
#include "lib/random.h"

#include "tests/ktest.h"

SUITE(random, NULL);

KTEST(random, the_same_seed_gives_the_same_numbers)
{
	struct rng a, b;

	rng_init(&a, ktest_seed());
	rng_init(&b, ktest_seed());
	for (unsigned i = 0; i < 100; i++)
		EXPECT_EQ(rng_next(&a), rng_next(&b));
}

/* The seed and the first number are those of Marsaglia's xorshift32. */
KTEST(random, the_published_sequence)
{
	struct rng rng;

	rng_init(&rng, 2463534242u);
	EXPECT_EQ(rng_next(&rng), 723471715u);
	EXPECT_EQ(rng_next(&rng), 2497366906u);
	EXPECT_EQ(rng_next(&rng), 2064144800u);
}

KTEST(random, seed_zero_does_not_stick_at_zero)
{
	struct rng rng;

	rng_init(&rng, 0);
	EXPECT(rng_next(&rng) != 0);
	EXPECT(rng_next(&rng) != rng_next(&rng));
}

KTEST(random, results_stay_below_their_bound_and_reach_it)
{
	unsigned count[10] = { 0 };
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < 10000; i++) {
		uint32_t n = rng_below(&rng, ARRAY_SIZE(count));

		REQUIRE(n < ARRAY_SIZE(count));
		count[n]++;
	}
	/* 1000 on average; 300 are ten standard deviations. */
	for (unsigned i = 0; i < ARRAY_SIZE(count); i++)
		EXPECT(count[i] > 700 && count[i] < 1300);
	EXPECT_EQ(rng_below(&rng, 1), 0);
}
