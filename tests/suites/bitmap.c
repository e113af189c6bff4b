// SPDX-License-Identifier: MIT
/*
 * bitmap.c - arrays of bits against arrays of bools
 */
#include "lib/bitmap.h"

#include "lib/random.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define BITS  101u   /* three words and a bit */

SUITE(bitmap, NULL);

KTEST(bitmap, bits_are_set_and_cleared_alone)
{
	uint32_t map[BITMAP_WORDS(BITS)] = { 0 };

	bitmap_set(map, 31);
	bitmap_set(map, 32);
	bitmap_set(map, 100);
	EXPECT(bitmap_test(map, 31) && bitmap_test(map, 32));
	EXPECT(!bitmap_test(map, 30) && !bitmap_test(map, 33));
	EXPECT_EQ(map[3], 1u << 4);
	bitmap_clear(map, 31);
	EXPECT(!bitmap_test(map, 31) && bitmap_test(map, 32));
	EXPECT_EQ(bitmap_weight(map, BITS), 2);
}

KTEST(bitmap, bits_beyond_the_end_do_not_count)
{
	uint32_t map[BITMAP_WORDS(BITS)];

	memset(map, 0xff, sizeof(map));
	EXPECT_EQ(bitmap_weight(map, BITS), BITS);
	EXPECT_EQ(bitmap_find_first_zero(map, BITS), BITS);
	memset(map, 0, sizeof(map));
	EXPECT_EQ(bitmap_find_next_zero(map, BITS, BITS), BITS);
	EXPECT_EQ(bitmap_find_next_zero(map, BITS, BITS + 50), BITS);
	EXPECT_EQ(bitmap_find_next_zero(map, 0, 0), 0);
	for (unsigned i = 0; i < BITS; i++)
		bitmap_set(map, i);
	EXPECT_EQ(bitmap_find_first_zero(map, BITS), BITS);
}

static unsigned model_next_zero(const bool *model, unsigned from)
{
	while (from < BITS && model[from])
		from++;
	return from;
}

KTEST(bitmap, random_operations_agree_with_an_array_of_bools)
{
	uint32_t map[BITMAP_WORDS(BITS)] = { 0 };
	bool model[BITS] = { false };
	unsigned weight = 0;
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 5000; step++) {
		unsigned bit = rng_below(&rng, BITS);
		unsigned from = rng_below(&rng, BITS);
		bool set = rng_below(&rng, 8) != 0;   /* mostly full */

		weight += set - model[bit];
		model[bit] = set;
		if (set)
			bitmap_set(map, bit);
		else
			bitmap_clear(map, bit);
		EXPECT_EQ(bitmap_test(map, from), model[from]);
		EXPECT_EQ(bitmap_find_next_zero(map, BITS, from),
			  model_next_zero(model, from));
		EXPECT_EQ(bitmap_weight(map, BITS), weight);
	}
}
