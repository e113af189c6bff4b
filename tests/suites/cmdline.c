// SPDX-License-Identifier: MIT
/*
 * cmdline.c - tests of kernel/start/cmdline.c
 */
#include "kernel/start/cmdline.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "tests/ktest.h"

SUITE(cmdline, NULL);

static unsigned nr_reports;
static char last_report[128];

static void note_report(const char *text)
{
	nr_reports++;
	strscpy(last_report, text, sizeof(last_report));
}

static struct kernel_options options;

static void parse(const char *line)
{
	nr_reports = 0;
	last_report[0] = '\0';
	cmdline_parse(line, &options, note_report);
}

KTEST(cmdline, empty_line_gives_the_defaults)
{
	parse("");
	EXPECT(!options.selftest && !options.bench && !options.nonx);
	EXPECT(!options.noapic);
	EXPECT(!options.noiommu);
	EXPECT_EQ(options.mem, 0);
	EXPECT_EQ(options.loglevel, LOGLEVEL_DEFAULT);
	EXPECT_EQ(options.seed, SEED_DEFAULT);
	EXPECT_STREQ(options.init, "");
	EXPECT(!options.program && !options.crash);
	EXPECT_EQ(nr_reports, 0);
}

/* Each word with a text, and each flag, has a field of its own. */
KTEST(cmdline, each_text_and_each_flag_is_kept)
{
	parse("program=a,b init=c crash=d monitor witness");
	EXPECT_STREQ(options.program, "a,b");
	EXPECT_STREQ(options.init, "c");
	EXPECT_STREQ(options.crash, "d");
	EXPECT(options.monitor && options.witness && !options.dump);
	EXPECT(!options.nonx && !options.noapic && !options.noiommu);
	parse("dump");
	EXPECT(options.dump && !options.monitor && !options.witness);
	EXPECT_EQ(nr_reports, 0);
}

KTEST(cmdline, words_may_have_any_blanks_around_them)
{
	parse("  \t nonx   selftest\tnoapic");
	EXPECT(options.nonx);
	EXPECT(options.noapic);
	parse("  \t nonx   selftest\tnoiommu ");
	EXPECT(options.nonx && options.noiommu);
	EXPECT(options.selftest);
	EXPECT_STREQ(options.selftest, "");
	EXPECT_EQ(nr_reports, 0);
}

KTEST(cmdline, lists_are_kept_whole)
{
	parse("selftest=buddy,slab bench=alloc");
	EXPECT_STREQ(options.selftest, "buddy,slab");
	EXPECT_STREQ(options.bench, "alloc");
}

KTEST(cmdline, sizes_take_a_suffix)
{
	parse("mem=64M vmalloc=0x10000000");
	EXPECT_EQ(options.mem, 64u << 20);
	EXPECT_EQ(options.vmalloc, 256u << 20);
}

KTEST(cmdline, what_goes_on_beside_a_program)
{
	parse("program=x watch=20 failures=500");
	EXPECT_EQ(options.watch, 20);
	EXPECT_EQ(options.failures, 500);
	parse("program=x");
	EXPECT_EQ(options.watch, 0);
	EXPECT_EQ(options.failures, 0);
}

KTEST(cmdline, last_of_two_values_wins)
{
	parse("loglevel=3 loglevel=8");
	EXPECT_EQ(options.loglevel, 8);
}

/* Each line has one bad word, and its report. The other word still holds. */
static const struct bad_word {
	const char *line, *report;
} bad_words[] = {
	{ "nonx quiet", "command line: 'quiet': unknown word, ignored" },
	{ "nonx nonx=1", "command line: 'nonx': takes no value, ignored" },
	{ "mem nonx", "command line: 'mem': needs a value, ignored" },
	{ "mem= nonx", "command line: 'mem': needs a value, ignored" },
	{ "mem=lots nonx", "command line: 'mem': bad value, ignored" },
	{ "mem=0 nonx", "command line: 'mem': value out of range, ignored" },
	{ "vmalloc=0M nonx",
	  "command line: 'vmalloc': value out of range, ignored" },
	{ "loglevel=9 nonx",
	  "command line: 'loglevel': value out of range, ignored" },
	{ "watch=0 nonx",
	  "command line: 'watch': value out of range, ignored" },
	{ "failures=2000000 nonx",
	  "command line: 'failures': value out of range, ignored" },
	{ "=5 nonx", "command line: '': unknown word, ignored" },
};

KTEST(cmdline, bad_words_are_reported_and_the_rest_holds)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad_words); i++) {
		parse(bad_words[i].line);
		EXPECT_EQ(nr_reports, 1);
		EXPECT_STREQ(last_report, bad_words[i].report);
		EXPECT(options.nonx);
		EXPECT_EQ(options.mem, 0);
	}
}

/* Each number and size: the ends of its range, and what lies beyond. */
static const struct range {
	const char *name;
	uint64_t    min, max;
} ranges[] = {
	{ "watch",    1, 60000 },
	{ "failures", 1, 1000000 },
	{ "seed",     0, UINT32_MAX },
	{ "mem",      1, UINT64_MAX },
	{ "vmalloc",  1, UINT64_MAX },
	{ "loglevel", 0, 8 },
};

static uint64_t value_of(unsigned range)
{
	const uint64_t values[] = {
		options.watch, options.failures, options.seed, options.mem,
		options.vmalloc, (uint64_t)options.loglevel,
	};

	return values[range];
}

static void parse_value(unsigned range, uint64_t value)
{
	char line[64];

	snprintf(line, sizeof(line), "nonx %s=%llu", ranges[range].name,
		 (unsigned long long)value);
	parse(line);
	EXPECT(options.nonx);
}

static void expect_taken(unsigned range, uint64_t value)
{
	parse_value(range, value);
	EXPECT_EQ(value_of(range), value);
	EXPECT_EQ(nr_reports, 0);
}

static void expect_refused(unsigned range, uint64_t value)
{
	uint64_t before;
	char report[96];

	parse("");
	before = value_of(range);
	parse_value(range, value);
	snprintf(report, sizeof(report),
		 "command line: '%s': value out of range, ignored",
		 ranges[range].name);
	EXPECT_EQ(nr_reports, 1);
	EXPECT_STREQ(last_report, report);
	EXPECT_EQ(value_of(range), before);
}

KTEST(cmdline, each_value_has_a_range_and_both_ends_count)
{
	for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++) {
		expect_taken(i, ranges[i].min);
		expect_taken(i, ranges[i].max);
		if (ranges[i].min > 0)
			expect_refused(i, ranges[i].min - 1);
		if (ranges[i].max < UINT64_MAX)
			expect_refused(i, ranges[i].max + 1);
		if (ranges[i].max <= UINT32_MAX)
			expect_refused(i, (1ull << 32) + ranges[i].min);
	}
}

KTEST(cmdline, line_that_is_too_long_is_cut)
{
	static char line[2 * CMDLINE_MAX];

	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, "nonx ", 5);
	parse(line);
	EXPECT(options.nonx);
	EXPECT_EQ(nr_reports, 2);
}

KTEST(cmdline, line_of_the_largest_length_is_kept_whole)
{
	static char line[CMDLINE_MAX + 1];

	for (unsigned more = 0; more < 2; more++) {
		memset(line, ' ', sizeof(line));
		memcpy(line + CMDLINE_MAX - 5, "nonx", 4);
		line[CMDLINE_MAX - 1 + more] = '\0';
		parse(line);
		EXPECT(options.nonx);
		EXPECT_EQ(nr_reports, more);
	}
	EXPECT_STREQ(last_report, "command line: too long, cut");
}

/* The first two lines, the last one, and one of each other kind. */
static const char *const help_lines[] = {
	"  selftest[=LIST]    run all suites, or a list of them, and exit",
	"  bench[=LIST]       run all benchmarks, or a list of them, and exit",
	"  crash=VALUE        die in a chosen way, to look at the diagnosis",
	"  loglevel=VALUE     show messages below this level, 0 to 8",
	"  mem=VALUE          ignore RAM from this address on, as mem=64M",
	"  nonx               do not use the NX bit",
	"  dump               print the map, the zones and a cache for tools/pictures, and exit",
};

static unsigned nr_known;

static void note_help(const char *text)
{
	nr_reports++;
	for (unsigned i = 0; i < ARRAY_SIZE(help_lines); i++)
		nr_known += !strcmp(text, help_lines[i]);
}

KTEST(cmdline, help_has_a_line_for_every_word)
{
	nr_reports = nr_known = 0;
	cmdline_help(note_help);
	EXPECT_EQ(nr_reports, 17);
	EXPECT_EQ(nr_known, ARRAY_SIZE(help_lines));
}
