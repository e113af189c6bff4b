// SPDX-License-Identifier: MIT
/*
 * printf.c - formats against expected texts
 */
#include "lib/printf.h"

#include <arch/addr.h>

#include "lib/random.h"
#include "lib/string.h"
#include "tests/ktest.h"

SUITE(printf, NULL);

static char out[128];

/* The text, and the length that vsnprintf() says it has. */
#define EXPECT_TEXT(text, ...)                                            \
	do {                                                              \
		EXPECT_EQ(snprintf(out, sizeof(out), __VA_ARGS__),        \
			  strlen(text));                                  \
		EXPECT_STREQ(out, text);                                  \
	} while (0)

KTEST(printf, plain_text_and_percent)
{
	EXPECT_TEXT("", "%s", "");
	EXPECT_TEXT("abc\n", "abc\n");
	EXPECT_TEXT("100%", "100%%");
	EXPECT_TEXT("a b", "%c %c", 'a', 'b');
	EXPECT_TEXT("  a|a  ", "%3c|%-3c", 'a', 'a');
}

KTEST(printf, integers)
{
	EXPECT_TEXT("0 -1 42", "%d %i %d", 0, -1, 42);
	EXPECT_TEXT("2147483647 -2147483648", "%d %d", 0x7fffffff,
		    -0x7fffffff - 1);
	EXPECT_TEXT("4294967295", "%u", 0xffffffffu);
	EXPECT_TEXT("deadbeef DEADBEEF", "%x %X", 0xdeadbeefu, 0xdeadbeefu);
	EXPECT_TEXT("37777777777", "%o", 0xffffffffu);
	EXPECT_TEXT("18446744073709551615", "%llu", ~0ull);
	EXPECT_TEXT("-9223372036854775808", "%lld", -0x7fffffffffffffffll - 1);
	EXPECT_TEXT("4294967296 10000000000", "%llu %llu", 1ull << 32,
		    10000000000ull);
	EXPECT_TEXT("1777777777777777777777", "%llo", ~0ull);
}

KTEST(printf, lengths_cut_the_argument)
{
	EXPECT_TEXT("-1 255", "%hhd %hhu", (signed char)-1,
		    (unsigned char)255);
	EXPECT_TEXT("-2 65534", "%hd %hu", (short)-2, (unsigned short)65534);
	EXPECT_TEXT("-3 3", "%ld %lu", -3l, 3ul);
	EXPECT_TEXT("7 -7", "%zu %td", (size_t)7, (ptrdiff_t)-7);
	/* The largest number, which has more bits on the host. */
	EXPECT_TEXT(sizeof(size_t) == 8 ? "ffffffffffffffff" : "ffffffff",
		    "%zx", SIZE_MAX);
	EXPECT_TEXT(sizeof(size_t) == 8 ? "9223372036854775807" : "2147483647",
		    "%td", (ptrdiff_t)(SIZE_MAX / 2));
}

KTEST(printf, flags_width_and_precision_of_numbers)
{
	EXPECT_TEXT("|   42|42   |00042|", "|%5d|%-5d|%05d|", 42, 42, 42);
	EXPECT_TEXT("|  -42|-42  |-0042|", "|%5d|%-5d|%05d|", -42, -42, -42);
	EXPECT_TEXT("|+42| 42|", "|%+d|% d|", 42, 42);
	EXPECT_TEXT("|+0042|", "|%+05d|", 42);
	EXPECT_TEXT("|  042|", "|%5.3d|", 42);
	EXPECT_TEXT("|042  |", "|%-5.3d|", 42);
	EXPECT_TEXT("||", "|%.0d|", 0);
	EXPECT_TEXT("|0x2a|0X2A|052|", "|%#x|%#X|%#o|", 42, 42, 42);
	EXPECT_TEXT("|0|0|", "|%#x|%#o|", 0, 0);
	EXPECT_TEXT("|0x0000002a|", "|%#010x|", 42);
	EXPECT_TEXT("|   42|42   |0042|", "|%*d|%*d|%.*d|", 5, 42, -5, 42, 4,
		    42);
	EXPECT_TEXT("|42|", "|%.*d|", -1, 42);
	EXPECT_TEXT("|       42|                 42|", "|%9d|%19d|", 42, 42);
}

/* The compiler knows that a blank means nothing here. */
KTEST(printf, a_blank_is_a_sign_only_where_signs_are)
{
	const char *volatile format = "|% x|% o|% u|";

	EXPECT_TEXT("|2a|52|42|", format, 42, 42, 42);
}

KTEST(printf, text_is_padded_and_cut)
{
	EXPECT_TEXT("|  abc|abc  |ab|", "|%5s|%-5s|%.2s|", "abc", "abc",
		    "abc");
	EXPECT_TEXT("|   ab|", "|%5.*s|", 2, "abc");
	EXPECT_TEXT("|abcdef|", "|%3s|", "abcdef");
	EXPECT_TEXT("||   |a|", "|%.*s|%3.*s|%.1s|", 0, "abc", 0, "abc", "abc");
}

KTEST(printf, precision_protects_from_text_without_an_end)
{
	static const char no_end[3] = { 'a', 'b', 'c' };

	EXPECT_TEXT("abc", "%.3s", no_end);
}

KTEST(printf, a_null_text_is_named)
{
	const char *volatile none = NULL;

	EXPECT_TEXT("(null)", "%s", none);
}

KTEST(printf, pointers_have_all_their_digits)
{
	void *ptr = (void *)(uintptr_t)0xc0de;

	if (sizeof(ptr) == 4)
		EXPECT_TEXT("0x0000c0de", "%p", ptr);
	else
		EXPECT_TEXT("0x000000000000c0de", "%p", ptr);
}

KTEST(printf, addresses_are_printed_by_type)
{
	phys_addr_t pa = PHYS(0x12345f000ull);
	bus_addr_t low = { 0x1000 }, high = { 0x123456789aull };
	pfn_t pfn = PFN(0x12345);

	EXPECT_TEXT("0x000000012345f000", "%pP", &pa);
	EXPECT_TEXT("bus 0x00001000", "%pB", &low);
	EXPECT_TEXT("bus 0x123456789a", "%pB", &high);
	EXPECT_TEXT("[pfn 0x12345]", "[%pF]", &pfn);
	EXPECT_TEXT("[   pfn 0x12345]", "[%14pF]", &pfn);
	EXPECT_TEXT("[pfn 0x12345   ]", "[%-14pF]", &pfn);
}

static void expect_size(uint64_t bytes, const char *text)
{
	snprintf(out, sizeof(out), "%pM", &bytes);
	EXPECT_STREQ(out, text);
}

KTEST(printf, sizes_take_the_largest_exact_unit)
{
	expect_size(0, "0 B");
	expect_size(1023, "1023 B");
	expect_size(4096, "4 KiB");
	expect_size(640 << 10, "640 KiB");
	expect_size(896 << 20, "896 MiB");
	expect_size((896 << 20) + 4096, "917508 KiB");
	expect_size(61ull << 30, "61 GiB");
	expect_size(1ull << 42, "4 TiB");
	expect_size(1ull << 60, "1048576 TiB");
}

KTEST(printf, code_addresses_come_from_the_symbol_table)
{
	void *code = (void *)(uintptr_t)snprintf;
	char symbol[64];

	symbol_format(symbol, sizeof(symbol), (uintptr_t)code);
	EXPECT_TEXT(symbol, "%pS", code);
}

KTEST(printf, the_buffer_is_never_overrun)
{
	char buf[16];

	for (unsigned size = 0; size <= 12; size++) {
		size_t written = size ? MIN(size - 1, 10) : 0;

		memset(buf, '#', sizeof(buf));
		EXPECT_EQ(snprintf(buf, size, "%s%05d", "hello", 12345), 10);
		EXPECT(!memcmp(buf, "hello12345", written));
		if (size)
			EXPECT_EQ(buf[written], '\0');
		for (unsigned i = size ? written + 1 : 0; i < 16; i++)
			EXPECT_EQ(buf[i], '#');
	}
	EXPECT_EQ(snprintf(NULL, 0, "%d", 12345), 5);
}

KTEST(printf, scnprintf_returns_what_it_wrote)
{
	char buf[8];
	int n = 0;

	EXPECT_EQ(scnprintf(buf, 0, "abc"), 0);
	EXPECT_EQ(scnprintf(buf, 1, "abc"), 0);
	for (unsigned i = 0; i < 5; i++)
		n += scnprintf(buf + n, sizeof(buf) - n, "%s", "abc");
	EXPECT_EQ(n, 7);
	EXPECT_STREQ(buf, "abcabca");
}

KTEST(printf, an_unknown_conversion_is_shown)
{
	const char *volatile format = "a%ybc";
	const char *volatile ends = "ab%";

	EXPECT_TEXT("a%ybc", format, 0);
	EXPECT_TEXT("ab%", ends, 0);
}

static char taken[256];

static void take_line(const char *line)
{
	snprintf(taken, sizeof(taken), "%s", line);
}

KTEST(printf, a_line_ends_after_127_characters)
{
	char text[200];

	for (unsigned length = 0; length < sizeof(text); length++) {
		memset(text, 'a', length);
		text[length] = '\0';
		line_printf(take_line, "%s", text);
		EXPECT_EQ(strlen(taken), MIN(length, 127u));
	}
	line_printf(take_line, "%u of %s", 3, "seven");
	EXPECT_STREQ(taken, "3 of seven");
}

/* The value of the digits in out[], for a round trip. */
static uint64_t read_back(unsigned base)
{
	uint64_t value = 0;

	for (const char *p = out; *p; p++) {
		unsigned digit = *p <= '9' ? *p - '0' : *p - 'a' + 10;

		value = value * base + digit;
	}
	return value;
}

KTEST(printf, random_numbers_come_back)
{
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned step = 0; step < 500; step++) {
		uint64_t n = (uint64_t)rng_next(&rng) << 32 | rng_next(&rng);

		n >>= rng_below(&rng, 64);
		snprintf(out, sizeof(out), "%llu", (unsigned long long)n);
		EXPECT_EQ(read_back(10), n);
		snprintf(out, sizeof(out), "%llx", (unsigned long long)n);
		EXPECT_EQ(read_back(16), n);
		snprintf(out, sizeof(out), "%llo", (unsigned long long)n);
		EXPECT_EQ(read_back(8), n);
	}
}

KTEST(printf, a_zero_flag_without_a_width_adds_no_zero)
{
	EXPECT_TEXT("|0|7|-7|", "|%0d|%0d|%0d|", 0, 7, -7);
	EXPECT_TEXT("|0|00|000|", "|%01d|%02d|%03d|", 0, 0, 0);
	EXPECT_TEXT("|-7|-7|-7|-07|", "|%01d|%02d|%02d|%03d|", -7, -7, -7, -7);
	EXPECT_TEXT("|+0|+0|+00|", "|%+01d|%+02d|%+03d|", 0, 0, 0);
	EXPECT_TEXT("|0x7|0x7|0x07|", "|%#02x|%#03x|%#04x|", 7, 7, 7);
}

/* ---- bits_format() ------------------------------------------------------ */

static const struct bit_name names[] = {
	{ 1ull << 0, "one" }, { 1ull << 40, "two" }, { 1ull << 63, "three" },
};

static void format_bits(uint64_t bits, size_t size)
{
	memset(out, '#', sizeof(out));
	bits_format(out, size, bits, names, ARRAY_SIZE(names));
}

KTEST(printf, each_bit_that_is_set_is_named_in_the_order_of_the_table)
{
	format_bits(0, sizeof(out));
	EXPECT_STREQ(out, "");
	format_bits(~0ull, sizeof(out));
	EXPECT_STREQ(out, " one two three");
	format_bits(1ull << 40, sizeof(out));
	EXPECT_STREQ(out, " two");
	format_bits(~(1ull << 40), sizeof(out));
	EXPECT_STREQ(out, " one three");
}

KTEST(printf, names_of_bits_are_cut_where_the_buffer_ends)
{
	static const char all[] = " one two three";

	for (size_t size = 1; size < sizeof(all) + 3; size++) {
		size_t length = MIN(size, sizeof(all)) - 1;

		format_bits(~0ull, size);
		EXPECT(!memcmp(out, all, length));
		EXPECT_EQ(out[length], '\0');
		for (size_t i = length + 1; i < sizeof(out); i++)
			EXPECT_EQ(out[i], '#');
	}
}
