// SPDX-License-Identifier: MIT
/*
 * div64.c - division by a 64-bit number
 *
 * ALGORITHM  Shift both numbers right until the divisor fits into 32 bits and
 *          still has its highest bit. Then divide. The divisor has lost low
 *          bits, so the quotient may be too large, by 1 at most. Subtract 1.
 *          The remainder then says whether the 1 must be added again.
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
