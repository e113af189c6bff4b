// SPDX-License-Identifier: MIT
/*
 * log_lines.h (host) - what was logged, line by line
 *
 * WHAT     Tests read the numbers of a line; they do not print it a second
 *          time. So a line may change its blanks.
 */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "tests/host/host.h"
#include "tests/ktest.h"

static char log_text[1 << 20];
static char *next_line;

/* line() reads the lines that are printed between begin() and end(). */
static inline void begin(void)
{
	host_log_capture(log_text, sizeof(log_text));
	next_line = log_text;
}

static inline void end(void)
{
	host_log_capture(NULL, 0);
}

/* The next line; NULL after the last one. */
static inline const char *line(void)
{
	char *at = next_line, *newline = strchr(at, '\n');

	if (!newline)
		return NULL;
	*newline = '\0';
	next_line = newline + 1;
	return at;
}

/* The first line that begins with these words. */
static inline const char *line_with(const char *words)
{
	const char *l;

	while ((l = line()))
		if (!strncmp(l, words, strlen(words)))
			return l;
	ktest_fail(__FILE__, __LINE__, "no line \"%s\"", words);
	ktest_abort();
}

/* The number after the word, in a line that begins with the word. */
static inline unsigned long number(const char *word)
{
	return strtoul(line_with(word) + strlen(word), NULL, 0);
}
