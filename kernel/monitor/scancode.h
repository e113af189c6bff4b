// SPDX-License-Identifier: MIT
/*
 * scancode.h - from the codes of a PC keyboard to the bytes of a terminal
 *
 * WHAT     Scan-code set 1, keyboard of the United States. A key becomes the
 *          bytes that a terminal sends for it, an arrow its escape sequence. So
 *          keys.h has only one kind of bytes.
 * NOT HERE where codes come from (<arch/ps2.h>).
 */
#pragma once

#include "lib/compiler.h"

#define SCANCODE_BYTES_MAX  5   /* the longest sequence, with its 0 */

struct keyboard {
	bool extended;        /* 0xe0 came: one of the newer keys             */
	bool shift, ctrl;
	bool caps;
};

/*
 * One code. A keyboard begins all zero. Returns: the text that a terminal
 * sends for the key, or ""; the text is valid until the next call.
 */
const char *scancode_decode(struct keyboard *keyboard, uint8_t code);
