// SPDX-License-Identifier: MIT
/*
 * words.h - a line, its words, and the command that they name
 *
 * WHAT     Cuts a line at the blanks, finds a row of a table of commands, and
 *          says which words may come next. It has no state and needs no
 *          hardware, so it runs on the host.
 */
#pragma once

#include "kernel/monitor/lineedit.h"

#define WORDS_MAX  16

/* One row of the table of commands. */
struct monitor_command {
	const char  *name;
	void       (*show)(void);  /* a command without arguments, or NULL    */
	const char  *args;         /* "ADDR [PID]", as help prints it         */
	uint8_t      min, max;     /* words after the name                    */
	int        (*run)(char *const argv[]);   /* NULL if there is show()   */
	word_list_fn words;        /* what may stand there, or NULL           */
	const char  *what;         /* one line                                */
	const char  *help;         /* more, lines ended by \n; or ""          */
};

/*
 * Cut the text at its blanks, in place. argv[0] is the first word; behind the
 * last word all are NULL.
 * Returns: how many words; those above WORDS_MAX are counted, but not there.
 */
unsigned words_split(char *text, char *argv[WORDS_MAX]);

/* The row with this name, of `nr` rows; NULL: there is none. */
const struct monitor_command *command_find(const struct monitor_command *table,
					   unsigned nr, const char *name);

/*
 * The word that is being typed. Returns: its number, 0 for the command; the
 * word begins at text[*start].
 */
unsigned words_position(const char *text, unsigned length, unsigned *start);

/*
 * An address: hexadecimal, with or without 0x.
 * Returns: 0; -EINVAL (not a number), -ERANGE (above 32 bits).
 */
int parse_hex32(const char *text, uint32_t *value) __must_check;
