// SPDX-License-Identifier: MIT
/*
 * bitmap.h - arrays of bits
 *
 * WHAT     A bitmap is an array of BITMAP_WORDS(n) words; bit i is bit i % 32
 *          of word i / 32. Bits at and above n in the last word may have any
 *          value: the functions below ignore them.
 * LOCKING  None here, and no operation is atomic.
 * SEE      Linux include/linux/bitmap.h, find.h.
 */
#pragma once

#include "lib/compiler.h"

#define BITMAP_WORD_BITS   32u
#define BITMAP_WORDS(n)    (((n) + BITMAP_WORD_BITS - 1) / BITMAP_WORD_BITS)

static inline void bitmap_set(uint32_t *map, unsigned bit)
{
	map[bit / BITMAP_WORD_BITS] |= 1u << bit % BITMAP_WORD_BITS;
}

static inline void bitmap_clear(uint32_t *map, unsigned bit)
{
	map[bit / BITMAP_WORD_BITS] &= ~(1u << bit % BITMAP_WORD_BITS);
}

static inline bool bitmap_test(const uint32_t *map, unsigned bit)
{
	return map[bit / BITMAP_WORD_BITS] >> bit % BITMAP_WORD_BITS & 1;
}

/* The first clear bit at `from` or above; n if there is none below n. */
static inline unsigned bitmap_find_next_zero(const uint32_t *map, unsigned n,
					     unsigned from)
{
	while (from < n) {
		/* Ones where the map has zeros, from this bit on. */
		uint32_t zeros = ~map[from / BITMAP_WORD_BITS] >>
				 from % BITMAP_WORD_BITS;

		if (zeros) {
			from += (unsigned)__builtin_ctz(zeros);
			return from < n ? from : n;
		}
		from = (from / BITMAP_WORD_BITS + 1) * BITMAP_WORD_BITS;
	}
	return n;
}

static inline unsigned bitmap_find_first_zero(const uint32_t *map, unsigned n)
{
	return bitmap_find_next_zero(map, n, 0);
}

/* How many of the first n bits are set. */
static inline unsigned bitmap_weight(const uint32_t *map, unsigned n)
{
	unsigned weight = 0;

	for (unsigned i = 0; i < n; i += BITMAP_WORD_BITS) {
		uint32_t word = map[i / BITMAP_WORD_BITS];

		if (n - i < BITMAP_WORD_BITS)
			word &= (1u << (n - i)) - 1;
		for (; word; word &= word - 1)   /* clears the lowest 1 */
			weight++;
	}
	return weight;
}
