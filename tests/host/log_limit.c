// SPDX-License-Identifier: MIT
/*
 * log_limit.c (host suite) - the limiter of the log, with a clock that stands
 */
#include "lib/log.h"
#include "lib/string.h"
#include "tests/host/host.h"
#include "tests/ktest.h"

SUITE(log_limit, log_limits_check);

/* Two places in the code that log. */
static void one(unsigned n)
{
	pr_debug_limited("one: %u\n", n);
}

static void other(unsigned n)
{
	pr_debug_limited("other: %u\n", n);
}

/* Each form of conversion that the kernel's lines have. */
static void forms(unsigned n)
{
	phys_addr_t pa = { n };

	pr_debug_limited("%s[%u]: 100%% at %pP: %02x:%-5.3llu, %zu\n", "a", n,
			 &pa, n, 1ull, sizeof(n));
}

static unsigned lines_of(void (*say)(unsigned), unsigned times)
{
	unsigned before = host_log_lines;

	for (unsigned i = 0; i < times; i++)
		say(i);
	return host_log_lines - before;
}

/* All windows are over, and the log has said what it left out. */
static void setup(void)
{
	host_log_now += LOG_LIMIT_NS;
	log_limits_tick();
}

static bool last_is(const char *text)
{
	return !strcmp(host_log_last, text);
}

KTEST(log_limit, few_lines_are_all_said)
{
	setup();
	EXPECT_EQ(lines_of(one, LOG_LIMIT_LINES), LOG_LIMIT_LINES);
}

KTEST(log_limit, what_is_left_out_is_counted_by_the_next_line)
{
	setup();
	EXPECT_EQ(lines_of(one, 3000), LOG_LIMIT_LINES);
	host_log_now += LOG_LIMIT_NS;
	EXPECT_EQ(lines_of(one, 1), 2);   /* the count, and the line */
	EXPECT(last_is("one: 0\n"));
}

KTEST(log_limit, what_is_left_out_is_counted_though_nothing_comes_any_more)
{
	unsigned before;

	setup();
	lines_of(one, 3000);
	before = host_log_lines;
	host_log_now += LOG_LIMIT_NS - 1;
	log_limits_tick();
	EXPECT_EQ(host_log_lines, before);
	host_log_now++;
	log_limits_tick();
	EXPECT_EQ(host_log_lines, before + 1);
	EXPECT(last_is("... 2990 more lines of the kind \"one: *\" left out\n"));
	host_log_now += LOG_LIMIT_NS;
	log_limits_tick();
	EXPECT_EQ(host_log_lines, before + 1);
}

KTEST(log_limit, each_place_has_its_own)
{
	setup();
	lines_of(one, 100);
	EXPECT_EQ(lines_of(other, LOG_LIMIT_LINES + 1), LOG_LIMIT_LINES);
	host_log_now += LOG_LIMIT_NS;
	EXPECT_EQ(lines_of(one, 1), 2);
	log_limits_tick();
	EXPECT(last_is("... 1 more line of the kind \"other: *\" left out\n"));
}

KTEST(log_limit, a_kind_is_said_without_conversions)
{
	setup();
	lines_of(forms, LOG_LIMIT_LINES + 2);
	setup();
	EXPECT(last_is("... 2 more lines of the kind \"*[*]: 100% at *: *:*, *\" left out\n"));
}

/* What is printed as the kind of this format. */
static const char *kind_of(const char *like)
{
	static struct log_limit limit;
	static char kind[256];
	const char *begin = "... 1 more line of the kind \"";
	size_t length;

	setup();
	for (unsigned i = 0; i <= LOG_LIMIT_LINES; i++)
		(void)log_limit_allows(&limit, LOG_DEBUG, like);
	setup();
	length = strlen(host_log_last);
	REQUIRE(length >= strlen(begin) + 11);
	EXPECT(!strncmp(host_log_last, begin, strlen(begin)));
	EXPECT_STREQ(host_log_last + length - 11, "\" left out\n");
	strscpy(kind, host_log_last + strlen(begin),
		length - 11 - strlen(begin) + 1);
	return kind;
}

KTEST(log_limit, each_letter_of_ours_belongs_to_its_conversion)
{
	static const struct { const char *like, *kind; } cases[] = {
		{ "", "" },          { "a\nb", "a" },     { "%pA.", "*." },
		{ "%pZ.", "*." },    { "%p@.", "*@." },   { "%p[.", "*[." },
		{ "%dA.", "*A." },   { "%%.", "%." },     { "a%", "a*" },
		{ "a%08l", "a*" },   { "%p", "*" },       { "%%%d%%", "%*%" },
		{ "%cA%iA%oA%sA%XA", "*A*A*A*A*A" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		EXPECT_STREQ(kind_of(cases[i].like), cases[i].kind);
}

/* The level of the last line that was left out. */
KTEST(log_limit, a_count_has_the_level_of_its_lines)
{
	static const enum log_level levels[] = {
		LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERR,
	};
	static struct log_limit limit;

	for (unsigned i = 0; i < ARRAY_SIZE(levels); i++) {
		setup();
		for (unsigned k = 0; k <= LOG_LIMIT_LINES; k++)
			(void)log_limit_allows(&limit, levels[i], "a line\n");
		setup();
		EXPECT(last_is("... 1 more line of the kind \"a line\" left out\n"));
		EXPECT_EQ(host_log_last_level, levels[i]);
	}
}

KTEST(log_limit, a_long_kind_is_cut)
{
	static char like[200];

	for (unsigned length = 120; length < 135; length++) {
		memset(like, 'x', sizeof(like));
		like[length] = '\0';
		EXPECT_EQ(strlen(kind_of(like)), MIN(length, 127u));
	}
}

/* At the end of a run nothing waits for the windows to end. */
KTEST(log_limit, a_flush_says_at_once_what_is_left_out_and_only_once)
{
	unsigned before;

	setup();
	lines_of(one, LOG_LIMIT_LINES + 3);
	log_limits_tick();
	before = host_log_lines;
	log_limits_flush();
	EXPECT(last_is("... 3 more lines of the kind \"one: *\" left out\n"));
	EXPECT_EQ(host_log_lines, before + 1);
	log_limits_flush();
	EXPECT_EQ(host_log_lines, before + 1);
}

/* Checks L1 over many windows. */
KTEST(log_limit, a_loop_costs_eleven_lines_a_window)
{
	unsigned before = host_log_lines;

	setup();
	for (unsigned i = 0; i < 1000; i++) {
		host_log_now += LOG_LIMIT_NS / 100;
		log_limits_tick();
		lines_of(one, 50);
	}
	setup();
	EXPECT_EQ(host_log_lines - before, 10 * (LOG_LIMIT_LINES + 1));
}

KTEST(log_limit, check_finds_what_is_broken)
{
	static struct log_limit limit;

	setup();
	for (unsigned i = 0; i <= LOG_LIMIT_LINES; i++)
		(void)log_limit_allows(&limit, LOG_WARNING, "a line\n");
	EXPECT_NULL(log_limits_check());
	limit.lines++;
	EXPECT_LAW(log_limits_check(), "log_limit L1");
	limit.lines -= 2;
	EXPECT_LAW(log_limits_check(), "log_limit L2");
	limit.lines++;
	limit.left_out--;
	EXPECT_LAW(log_limits_check(), "log_limit L2");
	limit.left_out++;
	setup();
	EXPECT_NULL(log_limits_check());
}
