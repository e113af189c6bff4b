// SPDX-License-Identifier: MIT
/*
 * terminal.h - where the monitor's keys come from and its text goes
 *
 * WHAT     Keys come from the serial port and from the PC's keyboard; text goes
 *          to all consoles.
 */
#pragma once

#include "lib/compiler.h"

/* Take both devices from their owners. Before the first key. */
void terminal_open(void);

/* The next key (kernel/monitor/keys.h); waits until there is one. */
int terminal_key(void);

/* Colours for the serial terminal and the screen; off at first. */
void terminal_set_colours(bool on);
bool terminal_has_colours(void);

/* Ask the terminal whether it knows escape sequences; it may never answer. */
void terminal_query(void);

/*      name            ECMA-48 parameters                                   */
#define COLOURS(C)                                                            \
	C(COLOUR_PLAIN,  "0")                                                 \
	C(COLOUR_PROMPT, "1;32")                                              \
	C(COLOUR_HEAD,   "1;36")                                              \
	C(COLOUR_ERROR,  "1;31")

enum colour {
#define C(name, parameters) name,
	COLOURS(C)
#undef C
	NR_COLOURS
};

/* The sequence for a colour; "" if colours are off. */
const char *colour(enum colour which);
