// SPDX-License-Identifier: MIT
/*
 * align.c - rounding and logarithms against counting
 */
#include "lib/align.h"

#include "tests/ktest.h"

SUITE(align, NULL);

KTEST(align, rounding_against_counting)
{
	for (unsigned a = 1; a <= 64; a *= 2) {
		for (unsigned x = 0; x < 200; x++) {
			unsigned up = x, down = x;

			while (up % a)
				up++;
			while (down % a)
				down--;
			EXPECT_EQ(ALIGN_UP(x, a), up);
			EXPECT_EQ(ALIGN_DOWN(x, a), down);
			EXPECT_EQ(IS_ALIGNED(x, a), x % a == 0);
			EXPECT_EQ(DIV_ROUND_UP(x, a), up / a);
		}
	}
}

KTEST(align, a_narrow_alignment_keeps_a_wide_value)
{
	uint64_t wide = 0x123456789ull;

	EXPECT_EQ(ALIGN_UP(wide, 4096u), 0x123457000ull);
	EXPECT_EQ(ALIGN_DOWN(wide, 4096u), 0x123456000ull);
	EXPECT_EQ(ALIGN_UP(0xfffffffffull, 4096u), 0x1000000000ull);
}

KTEST(align, powers_of_two)
{
	EXPECT(!is_pow2(0) && is_pow2(1) && is_pow2(2) && !is_pow2(3));
	for (unsigned i = 2; i < 32; i++) {
		EXPECT(is_pow2(1ul << i));
		EXPECT(!is_pow2((1ul << i) - 1) && !is_pow2((1ul << i) + 1));
	}
}

KTEST(align, logarithms_on_both_sides_of_a_power)
{
	EXPECT_EQ(ilog2(1), 0);
	EXPECT_EQ(ilog2_up(1), 0);
	EXPECT_EQ(ilog2(3), 1);
	EXPECT_EQ(ilog2_up(3), 2);
	for (unsigned i = 2; i < 32; i++) {
		EXPECT_EQ(ilog2(1ul << i), i);
		EXPECT_EQ(ilog2((1ul << i) - 1), i - 1);
		EXPECT_EQ(ilog2_up(1ul << i), i);
		EXPECT_EQ(ilog2_up((1ul << i) - 1), i);
		EXPECT_EQ(ilog2_up((1ul << i) + 1), i + 1);
	}
}
