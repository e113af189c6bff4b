// SPDX-License-Identifier: MIT
/*
 * div64.c - 64-bit division against the law that defines it
 *
 * ALGORITHM  q is n / d exactly when q * d <= n and n - q * d < d. Both are
 *          checked without a division. A product that wraps could pass the
 *          first comparison, so times() says whether q * d fits.
 */
#include "lib/div64.h"

#include "lib/random.h"
#include "tests/ktest.h"

SUITE(div64, NULL);

/* Multiplies; false when the product does not fit. */
static bool times(uint64_t a, uint64_t b, uint64_t *product)
{
	*product = 0;
	for (; b; b >>= 1) {
		if (b & 1 && *product + a < *product)
			return false;
		if (b & 1)
			*product += a;
		if (b > 1 && a >> 63)
			return false;
		a <<= 1;
	}
	return true;
}

static bool is_quotient(uint64_t n, uint64_t d, uint64_t q)
{
	uint64_t product;

	return times(q, d, &product) && product <= n && n - product < d;
}

static void check_all(uint64_t n, uint64_t d)
{
	uint32_t rem;
	uint64_t q;

	EXPECT(is_quotient(n, d, div64_u64(n, d)));
	if (d >> 32)
		return;
	q = div_u64_rem(n, (uint32_t)d, &rem);
	EXPECT(is_quotient(n, d, q));
	EXPECT_EQ(q * d + rem, n);
	EXPECT_EQ(div_u64(n, (uint32_t)d), q);
}

static const uint64_t edges[] = {
	1, 2, 3, 9, 10, 4095, 4096, 0x7fffffff, 0x80000000, 0xfffffffe,
	0xffffffff, 0x100000000, 0x100000001, 0x1ffffffff, 0x200000000,
	0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001,
	0xfffffffeffffffff, 0xffffffff00000000, 0xffffffff00000001,
	0xfffffffffffffffe, 0xffffffffffffffff,
};

KTEST(div64, every_pair_of_edge_values)
{
	for (unsigned i = 0; i < ARRAY_SIZE(edges); i++) {
		check_all(0, edges[i]);
		for (unsigned j = 0; j < ARRAY_SIZE(edges); j++)
			check_all(edges[i], edges[j]);
	}
}

static uint64_t random_u64(struct rng *rng)
{
	uint64_t n = (uint64_t)rng_next(rng) << 32 | rng_next(rng);

	return n >> rng_below(rng, 64);
}

KTEST(div64, random_pairs_of_all_lengths)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 1000; step++) {
		uint64_t n = random_u64(&rng);
		uint64_t d = random_u64(&rng);

		check_all(n, d ? d : 1);
	}
}

KTEST(div64, quotients_next_to_a_multiple)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 500; step++) {
		uint64_t d = random_u64(&rng) | 1;
		uint64_t q = 1 + rng_below(&rng, 1000);
		uint64_t n;

		if (!times(q, d, &n))
			continue;
		EXPECT_EQ(div64_u64(n, d), q);
		EXPECT_EQ(div64_u64(n - 1, d), q - 1);
		check_all(n + 1, d);
	}
}
