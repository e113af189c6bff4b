// SPDX-License-Identifier: MIT
/*
 * div64.c - division by a 64-bit number
 *
 * ALGORITHM  Shift both numbers right until the divisor fits 32 bits, keeping
 *          its top bit, and divide. The divisor lost low bits, so the quotient
 *          can be too large, but by 1 at most; subtract 1 and let the remainder
 *          say whether that was wrong.
 * SEE      Warren, "Hacker's Delight", 9-5; Linux lib/math/div64.c.
 */
#include "lib/div64.h"

uint64_t div64_u64(uint64_t n, uint64_t d)
{
	uint32_t high = (uint32_t)(d >> 32);
	unsigned shift;
	uint64_t q;

	if (!high)
		return div_u64(n, (uint32_t)d);
	shift = 32 - (unsigned)__builtin_clz(high);
	q = div_u64(n >> shift, (uint32_t)(d >> shift));
	if (q)
		q--;
	if (n - q * d >= d)
		q++;
	return q;
}
