// SPDX-License-Identifier: MIT
/*
 * cmdline.c - the kernel's words out of what a loader calls a command line
 *
 * WHAT     Loaders disagree about the first word:
 *
 *            loader   multiboot string           we keep
 *            qemu     "build/k.elf selftest"     "selftest"
 *            GRUB 2   "selftest"                 "selftest"
 *            v86      "selftest", or no string   "selftest", ""
 *
 *          The result has one space between two words. A byte that is not
 *          printable ASCII becomes '?', because the text goes to consoles.
 *
 * RULES of boot_cmdline
 *          C1  the result has only whole words of the input: a cut inside a
 *              word would turn mem=64M into mem=6
 * COST     One pass.
 */
#include "boot/cmdline.h"

#include "lib/string.h"

/* How many characters at s are blanks (or, with false, are no blanks)? */
static size_t length_of(bool blanks, const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && (s[n] && strchr(" \t\n\r", s[n])) == blanks)
		n++;
	return n;
}

/*
 * Append a word at *used, after a space unless it is the first.
 *
 * Returns: false when there is no room for the whole word.
 */
static bool word_add(char *out, size_t *used, const char *word, size_t length)
{
	size_t space = *used > 0;

	if (*used + space + length >= BOOT_CMDLINE_MAX)
		return false;
	if (space)
		out[(*used)++] = ' ';
	for (size_t i = 0; i < length; i++)
		out[(*used)++] = is_printable(word[i]) ? word[i] : '?';
	return true;
}

void boot_cmdline_set(struct boot_info *info, const char *raw)
{
	bool skip_word = strcmp(info->loader, "qemu") == 0;
	size_t left = raw ? strnlen(raw, CMDLINE_RAW_MAX) : 0;
	bool endless = left == CMDLINE_RAW_MAX;
	size_t used = 0;

	while (left) {
		size_t blanks = length_of(true, raw, left);
		size_t word = length_of(false, raw + blanks, left - blanks);
		bool is_cut = endless && word && blanks + word == left;

		if (is_cut || (word && !skip_word &&
		    !word_add(info->cmdline, &used, raw + blanks, word))) {
			boot_warn(info, "command line: too long, cut after "
				  "%u bytes", (unsigned)used);
			break;
		}
		skip_word = false;
		raw += blanks + word;
		left -= blanks + word;
	}
	info->cmdline[used] = '\0';
}
