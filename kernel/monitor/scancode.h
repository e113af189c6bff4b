// SPDX-License-Identifier: MIT
/*
 * scancode.h - from the codes of a PC keyboard to the bytes of a terminal
 *
 * WHAT     Scan-code set 1, keyboard of the United States. What a terminal
 *          would send for a key, an arrow's escape sequence too, so that
 *          everything behind is the same for both (keys.h).
 * NOT HERE where codes come from (<arch/ps2.h>).
 */
#pragma once

#include "lib/compiler.h"

#define SCANCODE_BYTES_MAX  5   /* the longest sequence, with its 0 */

struct keyboard {
	bool extended;        /* 0xe0 came: one of the newer keys             */
	bool shift, ctrl, alt;
	bool caps;
};

/*
 * One code. A keyboard begins all zero. Returns: the text that a terminal
 * would send, "" for none; it is valid until the next call.
 */
const char *scancode_decode(struct keyboard *keyboard, uint8_t code);
