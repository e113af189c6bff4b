// SPDX-License-Identifier: MIT
/*
 * div64.h - 64-bit division without libgcc
 *
 * WHAT     An i386 cannot divide 64-bit numbers. For '/' the compiler would
 *          call libgcc's __udivdi3, and a freestanding kernel has no libgcc.
 *          Under PAE every physical address has 64 bits, so the kernel does
 *          need such divisions. Use these functions and not '/' or '%' on
 *          64-bit values; a link test (tests/emu) finds every '/' that was
 *          forgotten. The compiler emits shifts and multiplication inline, so
 *          they need no functions.
 */
#pragma once

#include "lib/compiler.h"

/* n / d and, in *rem, n % d. d != 0. Long division in two 32-bit steps. */
static inline uint64_t div_u64_rem(uint64_t n, uint32_t d, uint32_t *rem)
{
	uint32_t high = (uint32_t)(n >> 32);
	uint32_t q_high = high / d;
	uint32_t r = high % d;
	uint32_t q_low = 0;

	/* Bit by bit: the i386 has an instruction for this step, C has not. */
	for (int bit = 31; bit >= 0; bit--) {
		bool carry = r >> 31;

		r = r << 1 | ((uint32_t)n >> bit & 1);
		if (carry || r >= d) {
			r -= d;
			q_low |= 1u << bit;
		}
	}
	*rem = r;
	return (uint64_t)q_high << 32 | q_low;
}

static inline uint64_t div_u64(uint64_t n, uint32_t d)
{
	uint32_t rem;

	return div_u64_rem(n, d, &rem);
}

/* n / d for any 64-bit d != 0; slow, for averages and reports. */
uint64_t div64_u64(uint64_t n, uint64_t d);
