// SPDX-License-Identifier: MIT
/*
 * random.h - repeatable pseudo-random numbers
 *
 * WHAT     xorshift32: three shifts, full period, never 0. For tests and for
 *          spreading; never for secrets. The code that sets a seed prints the
 *          seed.
 * SEE      Marsaglia, "Xorshift RNGs", 2003.
 */
#pragma once

#include "lib/compiler.h"

struct rng {
	uint32_t state;   /* never 0 */
};

static inline void rng_init(struct rng *rng, uint32_t seed)
{
	rng->state = seed ? seed : 1;
}

static inline uint32_t rng_next(struct rng *rng)
{
	uint32_t x = rng->state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	rng->state = x;
	return x;
}

/* 0 <= result < n; n > 0. Slightly uneven, which does not matter to tests. */
static inline uint32_t rng_below(struct rng *rng, uint32_t n)
{
	return rng_next(rng) % n;
}
