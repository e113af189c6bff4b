// SPDX-License-Identifier: MIT
/*
 * string.c - memory and text functions, and the reading of numbers
 *
 * WHAT     On the host mem*() and str*() are the C library's; strscpy() and
 *          parse_*() are ours in both places.
 */
#include "lib/string.h"

#include "lib/align.h"
#include "lib/errno.h"
#include "lib/random.h"
#include "tests/ktest.h"

#define SIZE  160u

static unsigned char buffer[SIZE], model[SIZE];

SUITE(string, NULL);

static void fill(struct rng *rng)
{
	for (unsigned i = 0; i < SIZE; i++)
		buffer[i] = model[i] = (unsigned char)rng_next(rng);
}

static bool agrees(void)
{
	for (unsigned i = 0; i < SIZE; i++) {
		if (buffer[i] != model[i])
			return false;
	}
	return true;
}

/* memmove() works as if it copied through another buffer. */
static void model_move(unsigned dst, unsigned src, unsigned n)
{
	unsigned char copy[SIZE];

	for (unsigned i = 0; i < n; i++)
		copy[i] = model[src + i];
	for (unsigned i = 0; i < n; i++)
		model[dst + i] = copy[i];
}

KTEST(string, memmove_copes_with_any_overlap)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 500; step++) {
		unsigned src = rng_below(&rng, SIZE / 2);
		unsigned dst = rng_below(&rng, SIZE / 2);
		unsigned n = rng_below(&rng, SIZE / 2);

		fill(&rng);
		model_move(dst, src, n);
		EXPECT(memmove(buffer + dst, buffer + src, n) == buffer + dst);
		EXPECT(agrees());
	}
}

KTEST(string, memcpy_copies_each_size_at_each_alignment)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned n = 0; n <= 40; n++) {
		for (unsigned at = 0; at < 16; at++) {
			unsigned src = at % 4, dst = SIZE / 2 + at / 4;

			fill(&rng);
			model_move(dst, src, n);
			memcpy(buffer + dst, buffer + src, n);
			EXPECT(agrees());
		}
	}
}

KTEST(string, memset_writes_its_bytes_and_no_others)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 500; step++) {
		unsigned at = rng_below(&rng, SIZE / 2);
		unsigned n = rng_below(&rng, SIZE / 2);
		int c = (int)rng_below(&rng, 1024) - 512;   /* uses 8 bits */

		fill(&rng);
		for (unsigned i = 0; i < n; i++)
			model[at + i] = (unsigned char)c;
		EXPECT(memset(buffer + at, c, n) == buffer + at);
		EXPECT(agrees());
	}
}

KTEST(string, memcmp_orders_by_the_first_different_byte)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 500; step++) {
		unsigned at = rng_below(&rng, SIZE);
		unsigned char other;

		fill(&rng);
		EXPECT_EQ(memcmp(buffer, model, SIZE), 0);
		other = (unsigned char)rng_next(&rng);
		model[at] = other;
		if (at + 1 < SIZE)
			model[at + 1] ^= 0xff;
		EXPECT_EQ(memcmp(buffer, model, at), 0);
		EXPECT((memcmp(buffer, model, at + 1) < 0) ==
		       (buffer[at] < other));
		EXPECT((memcmp(buffer, model, at + 1) > 0) ==
		       (buffer[at] > other));
	}
}

KTEST(string, comparison_ends_with_the_text)
{
	EXPECT_EQ(strcmp("abc", "abc"), 0);
	EXPECT(strcmp("abc", "abd") < 0);
	EXPECT(strcmp("abc", "ab") > 0);
	EXPECT(strcmp("", "a") < 0);
	EXPECT(strcmp("\xff", "a") > 0);     /* as unsigned characters */
	EXPECT_EQ(strncmp("abcX", "abcY", 3), 0);
	EXPECT(strncmp("abcX", "abcY", 4) < 0);
	EXPECT_EQ(strncmp("ab\0X", "ab\0Y", 4), 0);
	EXPECT_EQ(strncmp("a", "b", 0), 0);
}

KTEST(string, length_and_search)
{
	static const char text[] = "pagoda";
	volatile size_t bound = 100;   /* volatile, or the compiler warns */

	EXPECT_EQ(strlen(text), 6);
	EXPECT_EQ(strlen(""), 0);
	EXPECT_EQ(strnlen(text, 3), 3);
	EXPECT_EQ(strnlen(text, 6), 6);
	EXPECT_EQ(strnlen(text, bound), 6);
	EXPECT(strchr(text, 'a') == text + 1);
	EXPECT(strchr(text, '\0') == text + 6);
	EXPECT(!strchr(text, 'x'));
}

KTEST(string, a_name_from_outside_has_nothing_that_a_verdict_is_made_of)
{
	char dst[24];

	name_copy(dst, "tests/bench_user-2.0", sizeof(dst));
	EXPECT_STREQ(dst, "tests/bench_user-2.0");
	name_copy(dst, "\n# panic: \x1b[2J\xff", sizeof(dst));
	EXPECT_STREQ(dst, "???panic????2J?");
	name_copy(dst, "0123456789abcdefghijklmnop", sizeof(dst));
	EXPECT_STREQ(dst, "0123456789abcdefghijklm");
	for (unsigned c = 1; c < 256; c++) {
		const char name[] = { (char)c, '\0' };

		name_copy(dst, name, sizeof(dst));
		EXPECT_EQ(dst[0], digit_value(name[0]) < 36 ||
			  strchr("-_.,+/@=", name[0]) ? name[0] : '?');
	}
}

KTEST(string, strscpy_says_when_it_had_to_cut)
{
	char dst[4] = "zzz";

	EXPECT_EQ(strscpy(dst, "", sizeof(dst)), 0);
	EXPECT_STREQ(dst, "");
	EXPECT_EQ(strscpy(dst, "abc", sizeof(dst)), 3);
	EXPECT_STREQ(dst, "abc");
	EXPECT_EQ(strscpy(dst, "wxyz", sizeof(dst)), -E2BIG);
	EXPECT_STREQ(dst, "wxy");
	EXPECT_EQ(strscpy(dst, "q", 1), -E2BIG);
	EXPECT_STREQ(dst, "");
	EXPECT_EQ(dst[1], 'x');
}

struct number {
	const char *text;
	int         plain, size;   /* results of the two functions */
	uint64_t    value;
};

static const struct number numbers[] = {
	{ "0",                        0,       0,       0 },
	{ "64",                       0,       0,       64 },
	{ "007",                      0,       0,       7 },
	{ "0x1F",                     0,       0,       0x1f },
	{ "0XabCDef",                 0,       0,       0xabcdef },
	{ "4294967296",               0,       0,       1ull << 32 },
	{ "18446744073709551615",     0,       0,       ~0ull },
	{ "0xffffffffffffffff",       0,       0,       ~0ull },
	{ "18446744073709551616",     -ERANGE, -ERANGE, 0 },
	{ "18446744073709551620",     -ERANGE, -ERANGE, 0 },
	{ "0x10000000000000000",      -ERANGE, -ERANGE, 0 },
	{ "99999999999999999999999",  -ERANGE, -ERANGE, 0 },
	{ "64k",                      -EINVAL, 0,       64 << 10 },
	{ "64M",                      -EINVAL, 0,       64 << 20 },
	{ "64G",                      -EINVAL, 0,       64ull << 30 },
	{ "0x10m",                    -EINVAL, 0,       16 << 20 },
	{ "17179869183G",             -EINVAL, 0,       17179869183ull << 30 },
	{ "17179869184G",             -EINVAL, -ERANGE, 0 },
	{ "99999999999999999999999x", -EINVAL, -EINVAL, 0 },
	{ "",                         -EINVAL, -EINVAL, 0 },
	{ "M",                        -EINVAL, -EINVAL, 0 },
	{ "0x",                       -EINVAL, -EINVAL, 0 },
	{ "0xM",                      -EINVAL, -EINVAL, 0 },
	{ "1f",                       -EINVAL, -EINVAL, 0 },
	{ "9",                        0,       0,       9 },
	{ "a",                        -EINVAL, -EINVAL, 0 },
	{ "1a",                       -EINVAL, -EINVAL, 0 },
	{ "1A",                       -EINVAL, -EINVAL, 0 },
	{ "0xf",                      0,       0,       15 },
	{ "0xg",                      -EINVAL, -EINVAL, 0 },
	{ "0xG",                      -EINVAL, -EINVAL, 0 },
	{ "0x1g",                     -EINVAL, 0,       1 << 30 },
	{ "0x1G",                     -EINVAL, 0,       1 << 30 },
	{ "0x1h",                     -EINVAL, -EINVAL, 0 },
	{ "64MB",                     -EINVAL, -EINVAL, 0 },
	{ "64 ",                      -EINVAL, -EINVAL, 0 },
	{ " 64",                      -EINVAL, -EINVAL, 0 },
	{ "-1",                       -EINVAL, -EINVAL, 0 },
	{ "+1",                       -EINVAL, -EINVAL, 0 },
	{ "1T",                       -EINVAL, -EINVAL, 0 },
};

KTEST(string, each_byte_is_the_digit_that_it_looks_like)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	static const char upper[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (unsigned c = 0; c < 256; c++) {
		unsigned want = 255;

		for (unsigned i = 0; i < 36; i++)
			if ((char)c == digits[i] || (char)c == upper[i])
				want = i;
		EXPECT_EQ(digit_value((char)c), want);
	}
}

KTEST(string, numbers_are_read_whole_or_refused)
{
	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
		const struct number *n = &numbers[i];
		uint64_t value = 12345;

		EXPECT_EQ(parse_u64(n->text, &value), n->plain);
		EXPECT_EQ(value, n->plain ? 12345 : n->value);
		value = 12345;
		EXPECT_EQ(parse_size(n->text, &value), n->size);
		EXPECT_EQ(value, n->size ? 12345 : n->value);
	}
}
