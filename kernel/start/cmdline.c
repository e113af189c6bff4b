// SPDX-License-Identifier: MIT
/*
 * cmdline.c - the table of command-line words
 *
 * WHAT     Each word has one row: its name, the field of struct kernel_options
 *          that it sets, the kind of its value, and its text for the help.
 *
 * ALGORITHM  The line is copied into options->text. There it is cut at the
 *          blanks, so that options may point into it.
 * NOT HERE the words that the loader puts before the line (boot/cmdline.c).
 */
#include "kernel/start/cmdline.h"

#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"

/* FLAG and LIST work without a value; the others need a value. */
enum kind { FLAG, LIST, TEXT, NUMBER, SIZE };

static const char *const kind_text[] = { "", "[=LIST]", "=VALUE", "=VALUE",
					 "=VALUE" };

struct word {
	const char *name;
	size_t      at;         /* where its field is                      */
	enum kind   kind;
	uint64_t    min, max;   /* of a number or a size                   */
	const char *what;
};

/* The field has the name of the word. */
#define WORD(name)  #name, offsetof(struct kernel_options, name)

static const struct word words[] = {
	{ WORD(selftest), LIST, .what =
	  "run all suites, or a list of them, and exit" },
	{ WORD(bench), LIST, .what =
	  "run all benchmarks, or a list of them, and exit" },
	{ WORD(program), TEXT, .what =
	  "run NAME,ARG,... of the boot archive and exit; %20 is a blank" },
	{ WORD(watch), NUMBER, 1, 60000,
	  "check every law each so many ms while program= runs" },
	{ WORD(failures), NUMBER, 1, 1000000,
	  "let one allocation in so many fail while program= runs" },
	{ WORD(init), TEXT, .what =
	  "arguments ARG,... for init, which the shell gets: scripts to run" },
	{ WORD(monitor), FLAG, .what =
	  "stop at the monitor's prompt, after a panic too" },
	{ WORD(seed), NUMBER, 0, UINT32_MAX,
	  "seed of the tests' random numbers" },
	{ WORD(mem), SIZE, 1, UINT64_MAX,
	  "ignore RAM from this address on, as mem=64M" },
	{ WORD(vmalloc), SIZE, 1, UINT64_MAX,
	  "address space kept for vmalloc and the fixed maps, as vmalloc=256M" },
	{ WORD(loglevel), NUMBER, 0, 8,
	  "show messages below this level, 0 to 8" },
	{ WORD(nonx), FLAG, .what =
	  "do not use the NX bit" },
	{ WORD(noapic), FLAG, .what =
	  "interrupts by the 8259s, ticks by the 8254" },
	{ WORD(noiommu), FLAG, .what =
	  "leave the IOMMU off: bus addresses are physical ones" },
	{ WORD(crash), TEXT, .what =
	  "die in a chosen way, to look at the diagnosis" },
	{ WORD(witness), FLAG, .what =
	  "map a known set of pages, print the tables, wait" },
	{ WORD(dump), FLAG, .what =
	  "print the map, the zones and a cache for tools/pictures, and exit" },
};

/* Returns: 0; -ERANGE; -EINVAL. */
static int store(const struct word *word, void *field, const char *value)
{
	uint64_t n;
	int err;

	if (word->kind == FLAG) {
		*(bool *)field = true;
		return 0;
	}
	if (word->kind == LIST || word->kind == TEXT) {
		*(const char **)field = value;
		return 0;
	}
	err = word->kind == SIZE ? parse_size(value, &n) : parse_u64(value, &n);
	if (err)
		return err;
	if (n < word->min || n > word->max)
		return -ERANGE;
	if (word->kind == SIZE)
		*(uint64_t *)field = n;
	else
		*(uint32_t *)field = (uint32_t)n;
	return 0;
}

/* Returns: what is wrong with the word, or NULL. */
static const char *word_apply(struct kernel_options *options, char *name)
{
	const struct word *word = words, *end = words + ARRAY_SIZE(words);
	char *value = strchr(name, '=');
	int err;

	if (value)
		*value++ = '\0';
	while (word < end && strcmp(word->name, name))
		word++;
	if (word == end)
		return "unknown word, ignored";
	if (value && word->kind == FLAG)
		return "takes no value, ignored";
	if ((!value || !*value) && word->kind > LIST)
		return "needs a value, ignored";
	err = store(word, (uint8_t *)options + word->at, value ? value : "");
	if (!err)
		return NULL;
	return err == -ERANGE ? "value out of range, ignored" :
				"bad value, ignored";
}

/* Cut the next word out of *rest. Returns: the word, or NULL at the end. */
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

	memset(options, 0, sizeof(*options));
	options->init = "";
	options->loglevel = LOGLEVEL_DEFAULT;
	options->seed = SEED_DEFAULT;
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
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		char name[32], text[128];

		snprintf(name, sizeof(name), "%s%s", words[i].name,
			 kind_text[words[i].kind]);
		snprintf(text, sizeof(text), "  %-18s %s", name, words[i].what);
		out(text);
	}
}
