// SPDX-License-Identifier: MIT
/*
 * keys.h - from the bytes of a terminal to keys
 *
 * WHAT     A terminal sends a letter as one byte, and an arrow as three or
 *          more. key_decode() takes one byte and says which key is complete.
 * NOT HERE where bytes come from (terminal.h), what keys do (lineedit.h).
 * SEE      ECMA-48, "Control functions for coded character sets".
 */
#pragma once

#include "lib/compiler.h"

/* What Ctrl and a letter send. */
#define KEY_CTRL(letter)  ((letter) & 0x1f)

/* Printable characters and control characters are themselves, up to 0xff. */
enum key {
	KEY_NONE      = 0,       /* the byte was part of something longer     */
	KEY_ENTER     = '\r',
	KEY_TAB       = '\t',
	KEY_BACKSPACE = 0x7f,    /* and KEY_CTRL('h')                         */
	KEY_UP        = 0x100,
	KEY_DOWN,
	KEY_RIGHT,
	KEY_LEFT,
	KEY_HOME,
	KEY_END,
	KEY_DELETE,
	KEY_WORD_LEFT,
	KEY_WORD_RIGHT,
	KEY_REPORT,              /* the terminal's answer to TERMINAL_QUERY   */
	KEY_UNKNOWN,             /* a sequence that means nothing to us       */
};

/* Asks for the cursor's place. A terminal that answers knows sequences. */
#define TERMINAL_QUERY  "\x1b[6n"

struct key_decoder {
	uint8_t  state;
	uint8_t  last;        /* the byte before                              */
	bool     second;      /* the second parameter is being read           */
	unsigned number;      /* the first parameter of a sequence            */
	unsigned modifier;    /* the second one; of more, the last one        */
};

/* A decoder begins all zero. Returns: an enum key or a character. */
int key_decode(struct key_decoder *decoder, uint8_t byte);
