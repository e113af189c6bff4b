// SPDX-License-Identifier: MIT
/*
 * failpoint.c - the countdown behind failpoint.h
 *
 * ALGORITHM  Repeated failures use the same countdown. When the countdown has
 *          reached 0, it starts again from a random number whose average is
 *          `rate`. With a rate of 1 every allocation fails.
 */
#include "lib/failpoint.h"

#include "lib/random.h"

unsigned failpoint_countdown;
static bool fired;
static unsigned rate_of_next;     /* 0: only one failure */
static struct rng rng = { 1 };

bool failpoint_hit(void)
{
	if (--failpoint_countdown)
		return false;
	fired = true;
	if (rate_of_next)
		failpoint_countdown = 1 + rng_below(&rng, 2 * rate_of_next - 1);
	return true;
}

static void arm(unsigned n, unsigned rate)
{
	fired = false;
	rate_of_next = rate;
	failpoint_countdown = n;
}

void failpoint_arm(unsigned n)
{
	arm(n, 0);
}

void failpoint_arm_from(unsigned n)
{
	arm(n, 1);
}

void failpoint_arm_random(uint32_t seed, unsigned rate)
{
	rng_init(&rng, seed);
	arm(rate, rate);
}

bool failpoint_disarm(void)
{
	failpoint_countdown = 0;
	return fired;
}
