// SPDX-License-Identifier: MIT
/*
 * kernel.c - `exercise=` and `promote=` on the kernel's command line
 *
 * WHAT     Stands before cmdline_parse(): the linker leads its callers here
 *          (--wrap). So the kernel's own table of words knows nothing of labs.
 *
 * ALGORITHM  The first call is that of the boot, before memory_init(). It takes
 *          our words out of the line. Later calls are those of a suite.
 */
#include "tools/lab/runtime/lab.h"

#include <arch/io.h>

#include "kernel/start/cmdline.h"
#include "lib/log.h"
#include "lib/string.h"

void __real_cmdline_parse(const char *line, struct kernel_options *options,
			  void (*report)(const char *text));
void __wrap_cmdline_parse(const char *line, struct kernel_options *options,
			  void (*report)(const char *text));

/* A copy of the boot's line; blanks take the place of our words. */
static char text[CMDLINE_MAX];

/* Does the word begin with `name`? Then take it out, and set the switches. */
static void take(char *word, size_t len, const char *name,
		 enum lab_place place)
{
	size_t name_len = strlen(name);
	char list[128];
	const char *wrong;

	if (len < name_len || strncmp(word, name, name_len))
		return;
	strscpy(list, word + name_len, MIN(len - name_len + 1, sizeof(list)));
	memset(word, ' ', len);
	wrong = lab_choose(place, list);
	if (wrong)
		pr_warn("lab: %s%s: there is no %s in lab %s\n", name, list,
			wrong, lab_name);
}

static const char *without_our_words(const char *line)
{
	char *word = text;

	if (strscpy(text, line, sizeof(text)) < 0)
		return line;   /* too long: the parser says so */
	while (*word) {
		char *end = strchr(word, ' ');
		size_t len = end ? (size_t)(end - word) : strlen(word);

		take(word, len, "exercise=", LAB_BENCH);
		take(word, len, "promote=", LAB_KERNEL);
		take(word, len, "last_seed=", LAB_LAST_SEED);
		word += len;
		while (*word == ' ')
			word++;
	}
	return text;
}

/*
 * The watchdog ib700 of QEMU: each write starts it anew. After 2 s of the
 * guest's clock it sends an NMI, also where interrupts are off, and the kernel
 * panics with a backtrace. A machine without it ignores the write.
 */
enum { WATCHDOG_START = 0x443, WATCHDOG_2_SECONDS = 0x0e };

void lab_test_begins(void)
{
	outb(WATCHDOG_START, WATCHDOG_2_SECONDS);
}

void __wrap_cmdline_parse(const char *line, struct kernel_options *options,
			  void (*report)(const char *text))
{
	static bool booted;

	if (!booted) {
		booted = true;
		line = without_our_words(line);
		lab_log();
	}
	__real_cmdline_parse(line, options, report);
}
