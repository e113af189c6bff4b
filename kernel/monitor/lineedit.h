// SPDX-License-Identifier: MIT
/*
 * lineedit.h - edit a line of text at a prompt
 *
 * WHAT     Takes keys; keeps the line, the history, and what the terminal
 *          shows. Keys come in by line_key(), text goes out by a function: so
 *          the editor needs no keyboard and no screen, and runs on the host.
 *
 *            left right home end ^A ^E ^B ^F   move        ^L   draw again
 *            backspace delete ^D               delete      Tab  complete
 *            ^U ^K ^W                          delete to the left, to the
 *                                              right, the word before
 *            up down ^P ^N                     history     ^C   give up
 *
 * SEE      GNU readline, whose keys these are.
 */
#pragma once

#include "lib/compiler.h"

#define LINE_TEXT_MAX     200   /* characters, with the 0 at the end         */
#define LINE_COLUMNS      79    /* of the terminal that we use: never wraps  */
#define LINE_HISTORY      32    /* lines remembered                          */

/* Gives the i-th word of a list; NULL behind the last. */
typedef const char *(*word_list_fn)(unsigned i);

enum line_result {
	LINE_MORE,       /* the line goes on                                 */
	LINE_DONE,       /* ->text is what was typed                         */
	LINE_CANCELLED,  /* ^C: the line is empty again                      */
	LINE_END,        /* ^D on an empty line                              */
};

/* The line as the terminal shows it, from behind the prompt. */
struct line_picture {
	char     text[LINE_COLUMNS];
	unsigned length;     /* columns that are not blank                    */
	unsigned at;         /* column of the cursor                          */
};

struct line_editor {
	/* Set by the owner. */
	void        (*write)(const char *text, size_t len);
	const char   *prompt;
	unsigned      prompt_columns;  /* colours in a prompt take none      */

	/*
	 * The words that may stand at text[*start .. length), or NULL. Without
	 * this function there is no completion.
	 */
	word_list_fn (*complete)(const char *text, unsigned length,
				 unsigned *start);

	char     text[LINE_TEXT_MAX];
	unsigned length, cursor;
	unsigned view;                 /* first character that is shown      */
	struct line_picture shown;

	char     history[LINE_HISTORY][LINE_TEXT_MAX];
	unsigned history_next;         /* lines ever remembered              */
	unsigned history_at;           /* the line that is shown             */
	char     kept[LINE_TEXT_MAX];  /* the new line, while others are     */
};

/* Begin a new, empty line: print the prompt. */
void line_begin(struct line_editor *ed);

/* One key (kernel/monitor/keys.h). */
enum line_result line_key(struct line_editor *ed, int key);

/* A line of the history, 0 the oldest; NULL behind the newest. */
const char *line_history(const struct line_editor *ed, unsigned i);

/* NULL, or the first broken invariant (lineedit.c). */
const char *line_check(const struct line_editor *ed);
