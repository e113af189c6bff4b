// SPDX-License-Identifier: MIT
/*
 * words.c - a line, its words, and the command that they name
 */
#include "kernel/monitor/words.h"

#include "lib/errno.h"
#include "lib/string.h"

unsigned words_split(char *text, char *argv[WORDS_MAX])
{
	unsigned argc = 0;

	memset(argv, 0, WORDS_MAX * sizeof(argv[0]));
	for (;;) {
		while (*text == ' ')
			*text++ = '\0';
		if (!*text)
			return argc;
		if (argc < WORDS_MAX)
			argv[argc] = text;
		argc++;
		while (*text && *text != ' ')
			text++;
	}
}

const struct monitor_command *command_find(const struct monitor_command *table,
					   unsigned nr, const char *name)
{
	for (unsigned i = 0; i < nr; i++) {
		if (!strcmp(table[i].name, name))
			return &table[i];
	}
	return NULL;
}

unsigned words_position(const char *text, unsigned length, unsigned *start)
{
	unsigned words = 0;

	*start = 0;
	for (unsigned i = 0; i < length; i++) {
		if (text[i] != ' ')
			continue;
		/* A blank behind a blank ends no word. */
		words += i > *start;
		*start = i + 1;
	}
	return words;
}

int parse_hex32(const char *text, uint32_t *value)
{
	uint32_t v = 0;

	if (text[0] == '0' && (text[1] | 0x20) == 'x')
		text += 2;
	if (!*text)
		return -EINVAL;
	for (const char *c = text; *c; c++) {
		if (digit_value(*c) >= 16)
			return -EINVAL;
	}
	while (*text == '0')
		text++;
	if (strlen(text) > 8)
		return -ERANGE;
	for (; *text; text++)
		v = v << 4 | digit_value(*text);
	*value = v;
	return 0;
}
