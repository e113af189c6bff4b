// SPDX-License-Identifier: MIT
/*
 * cmdline.c - the table of command-line words
 *
 * WHAT     One row a word: its name, whether it takes a value, the function
 *          that stores it, and what it does in a few words.
 *
 * ALGORITHM  The line is copied into options->text and cut at the blanks
 *          there, so that options may point into it.
 * NOT HERE what the loader puts in front of the line (boot/cmdline.c).
 */
#include "kernel/start/cmdline.h"

#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"

enum value_rule { NO_VALUE, MAY_HAVE_VALUE, NEEDS_VALUE };

struct word {
	const char     *name;
	enum value_rule value;
	int           (*store)(struct kernel_options *options,
			       const char *value);
	const char     *what;
};

static int store_selftest(struct kernel_options *options, const char *value)
{
	options->selftest = true;
	options->selftest_list = value;
	return 0;
}

static int store_bench(struct kernel_options *options, const char *value)
{
	options->bench = true;
	options->bench_list = value;
	return 0;
}

static int store_program(struct kernel_options *options, const char *value)
{
	options->program = value;
	return 0;
}

/* A number up to max. */
static int parse_below(const char *value, uint64_t max, uint64_t *n)
{
	int err = parse_u64(value, n);

	if (!err && *n > max)
		err = -ERANGE;
	return err;
}

/* A number from 1 to max. */
static int store_count(const char *value, unsigned max, unsigned *count)
{
	uint64_t n;
	int err = parse_below(value, max, &n);

	if (!err && !n)
		err = -ERANGE;
	if (!err)
		*count = (unsigned)n;
	return err;
}

static int store_watch(struct kernel_options *options, const char *value)
{
	return store_count(value, 60000, &options->watch);
}

static int store_failures(struct kernel_options *options, const char *value)
{
	return store_count(value, 1000000, &options->failures);
}

static int store_init(struct kernel_options *options, const char *value)
{
	options->init_args = value;
	return 0;
}

static int store_monitor(struct kernel_options *options, const char *value)
{
	options->monitor = true;
	return 0;
}

static int store_crash(struct kernel_options *options, const char *value)
{
	options->crash = value;
	return 0;
}

static int store_witness(struct kernel_options *options, const char *value)
{
	options->witness = true;
	return 0;
}

static int store_dump(struct kernel_options *options, const char *value)
{
	options->dump = true;
	return 0;
}

static int store_nonx(struct kernel_options *options, const char *value)
{
	options->nonx = true;
	return 0;
}

static int store_noapic(struct kernel_options *options, const char *value)
{
	options->noapic = true;
	return 0;
}

static int store_noiommu(struct kernel_options *options, const char *value)
{
	options->noiommu = true;
	return 0;
}

/* A size above 0, which stands for "not given". */
static int store_size(const char *value, uint64_t *size)
{
	uint64_t n;
	int err = parse_size(value, &n);

	if (!err && !n)
		err = -ERANGE;
	if (!err)
		*size = n;
	return err;
}

static int store_mem(struct kernel_options *options, const char *value)
{
	return store_size(value, &options->mem);
}

static int store_vmalloc(struct kernel_options *options, const char *value)
{
	return store_size(value, &options->vmalloc);
}

static int store_loglevel(struct kernel_options *options, const char *value)
{
	uint64_t n;
	int err = parse_below(value, 8, &n);

	if (!err)
		options->loglevel = (unsigned)n;
	return err;
}

static int store_seed(struct kernel_options *options, const char *value)
{
	uint64_t n;
	int err = parse_below(value, UINT32_MAX, &n);

	if (!err)
		options->seed = (uint32_t)n;
	return err;
}

static const struct word words[] = {
	{ "selftest", MAY_HAVE_VALUE, store_selftest,
	  "run all suites, or a list of them, and exit" },
	{ "bench", MAY_HAVE_VALUE, store_bench,
	  "run all benchmarks, or a list of them, and exit" },
	{ "program", NEEDS_VALUE, store_program,
	  "run NAME,ARG,... of the boot archive and exit; %20 is a blank" },
	{ "watch", NEEDS_VALUE, store_watch,
	  "check every law each so many ms while program= runs" },
	{ "failures", NEEDS_VALUE, store_failures,
	  "let one allocation in so many fail while program= runs" },
	{ "init", NEEDS_VALUE, store_init,
	  "arguments ARG,... for init, which the shell gets: scripts to run" },
	{ "monitor", NO_VALUE, store_monitor,
	  "stop at the monitor's prompt, after a panic too" },
	{ "seed", NEEDS_VALUE, store_seed,
	  "seed of the tests' random numbers" },
	{ "mem", NEEDS_VALUE, store_mem,
	  "ignore RAM from this address on, as mem=64M" },
	{ "vmalloc", NEEDS_VALUE, store_vmalloc,
	  "address space kept for vmalloc and the fixed maps, as vmalloc=256M" },
	{ "loglevel", NEEDS_VALUE, store_loglevel,
	  "show messages below this level, 0 to 8" },
	{ "nonx", NO_VALUE, store_nonx,
	  "do not use the NX bit" },
	{ "noapic", NO_VALUE, store_noapic,
	  "interrupts by the 8259s, ticks by the 8254" },
	{ "noiommu", NO_VALUE, store_noiommu,
	  "leave the IOMMU off: bus addresses are physical ones" },
	{ "crash", NEEDS_VALUE, store_crash,
	  "die in a chosen way, to look at the diagnosis" },
	{ "witness", NO_VALUE, store_witness,
	  "map a known set of pages, print the tables, wait" },
	{ "dump", NO_VALUE, store_dump,
	  "print the map, the zones and a cache for tools/pictures, and exit" },
};

static const struct word *word_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i].name, name))
			return &words[i];
	return NULL;
}

/* Returns: what is wrong with the word, or NULL. */
static const char *word_apply(struct kernel_options *options, char *name)
{
	char *value = strchr(name, '=');
	const struct word *word;

	if (value)
		*value++ = '\0';
	word = word_find(name);
	if (!word)
		return "unknown word, ignored";
	if (value && word->value == NO_VALUE)
		return "takes no value, ignored";
	if ((!value || !*value) && word->value == NEEDS_VALUE)
		return "needs a value, ignored";
	switch (word->store(options, value ? value : "")) {
	case 0:
		return NULL;
	case -ERANGE:
		return "value out of range, ignored";
	default:
		return "bad value, ignored";
	}
}

static void options_default(struct kernel_options *options)
{
	memset(options, 0, sizeof(*options));
	options->selftest_list = "";
	options->bench_list = "";
	options->init_args = "";
	options->loglevel = LOGLEVEL_DEFAULT;
	options->seed = SEED_DEFAULT;
}

/* Cut the next word out of *rest. Returns: NULL when there is none. */
static char *next_word(char **rest)
{
	char *word = *rest;

	while (*word == ' ' || *word == '\t')
		word++;
	if (!*word)
		return NULL;
	*rest = word;
	while (**rest && **rest != ' ' && **rest != '\t')
		(*rest)++;
	if (**rest)
		*(*rest)++ = '\0';
	return word;
}

void cmdline_parse(const char *line, struct kernel_options *options,
		   void (*report)(const char *text))
{
	char *rest = options->text;
	char *word;

	options_default(options);
	if (strscpy(options->text, line, sizeof(options->text)) < 0)
		report("command line: too long, cut");
	while ((word = next_word(&rest))) {
		const char *wrong = word_apply(options, word);
		char text[128];

		if (!wrong)
			continue;
		snprintf(text, sizeof(text), "command line: '%.60s': %s", word,
			 wrong);
		report(text);
	}
}

void cmdline_help(void (*out)(const char *text))
{
	static const char *const value_text[] = {
		[NO_VALUE] = "", [MAY_HAVE_VALUE] = "[=LIST]",
		[NEEDS_VALUE] = "=VALUE",
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		char name[32], text[128];

		snprintf(name, sizeof(name), "%s%s", words[i].name,
			 value_text[words[i].value]);
		snprintf(text, sizeof(text), "  %-18s %s", name,
			 words[i].what);
		out(text);
	}
}
