// SPDX-License-Identifier: MIT
/*
 * align.h - rounding to powers of two, and their logarithms
 *
 * WHAT     Pure arithmetic. `a` must be a power of two. A caller that gets `a`
 *          from outside first checks it with is_pow2().
 */
#pragma once

#include "lib/compiler.h"

/* For constants and array sizes, where a function call is not allowed. */
#define ALIGN_UP(x, a)    (((x) + ((a) - 1)) & ~((__typeof__(x))(a) - 1))
#define ALIGN_DOWN(x, a)  ((x) & ~((__typeof__(x))(a) - 1))
#define IS_ALIGNED(x, a)  (((x) & ((__typeof__(x))(a) - 1)) == 0)
#define DIV_ROUND_UP(x, n)  (((x) + (n) - 1) / (n))

static inline bool is_pow2(unsigned long x)
{
	return x && !(x & (x - 1));
}

/* Largest n with 2^n <= x. x > 0. */
static inline unsigned ilog2(unsigned long x)
{
	return 8 * sizeof(x) - 1 - (unsigned)__builtin_clzl(x);
}

/* Smallest n with 2^n >= x. x > 0. */
static inline unsigned ilog2_up(unsigned long x)
{
	return x == 1 ? 0 : ilog2(x - 1) + 1;
}
