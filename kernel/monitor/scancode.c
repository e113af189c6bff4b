// SPDX-License-Identifier: MIT
/*
 * scancode.c - from the codes of a PC keyboard to the bytes of a terminal
 *
 * PICTURE    code  7      6 ... 0
 *                  1: up  which key          0xe0 before it: a newer key
 *
 * TERMS    plain    without Shift
 * SEE      IBM PC AT Technical Reference, "Keyboard", scan-code set 1.
 */
#include "kernel/monitor/scancode.h"

#define RELEASED     0x80
#define EXTENDED     0xe0

#define CODE_CTRL    0x1d
#define CODE_LSHIFT  0x2a
#define CODE_RSHIFT  0x36
#define CODE_CAPS    0x3a
#define CODE_SLASH   0x35   /* with 0xe0: that of the number pad */

/* By code; blanks are keys without a character. 0x37 to 0x53: number pad. */
static const char plain[] =
	" \x1b" "1234567890-=\x7f\tqwertyuiop[]\r asdfghjkl;'` \\zxcvbnm,./ *  ";
static const char shifted[] =
	" \x1b" "!@#$%^&*()_+\x7f\tQWERTYUIOP{}\r ASDFGHJKL:\"~ |ZXCVBNM<>? *  ";

_Static_assert(sizeof(plain) == sizeof(shifted), "one row a key");

#define CODE_SPACE   0x39

/* Keys between the letters and the number pad, and the pad without Num. */
static const struct {
	uint8_t     code;
	const char *bytes;
} sequences[] = {
	{ 0x47, "\x1b[H" },   /* home     */
	{ 0x48, "\x1b[A" },   /* up       */
	{ 0x4b, "\x1b[D" },   /* left     */
	{ 0x4d, "\x1b[C" },   /* right    */
	{ 0x4f, "\x1b[F" },   /* end      */
	{ 0x50, "\x1b[B" },   /* down     */
	{ 0x53, "\x1b[3~" },  /* delete   */
	{ 0x1c, "\r" },       /* Enter of the number pad */
};

static const char *find_sequence(uint8_t code)
{
	for (unsigned i = 0; i < ARRAY_SIZE(sequences); i++) {
		if (sequences[i].code == code)
			return sequences[i].bytes;
	}
	return "";
}

/* Keys that change the meaning of other keys, and have no bytes. */
static void modifier_key(struct keyboard *keyboard, uint8_t code, bool down)
{
	switch (code) {
	case CODE_CTRL:
		keyboard->ctrl = down;
		break;
	case CODE_LSHIFT:
	case CODE_RSHIFT:
		keyboard->shift = down;
		break;
	case CODE_CAPS:
		keyboard->caps ^= down;
		break;
	}
}

static char find_character(const struct keyboard *keyboard, uint8_t code)
{
	bool upper = keyboard->shift;
	char c;

	if (code == CODE_SPACE)
		return ' ';
	if (code >= sizeof(plain) || plain[code] == ' ')
		return '\0';
	c = plain[code];
	if (c >= 'a' && c <= 'z')
		upper ^= keyboard->caps;
	if (upper)
		c = shifted[code];
	return keyboard->ctrl ? c & 0x1f : c;
}

const char *scancode_decode(struct keyboard *keyboard, uint8_t code)
{
	static char text[2];
	bool extended = keyboard->extended;
	bool down = !(code & RELEASED);

	keyboard->extended = code == EXTENDED;
	code &= (uint8_t)~RELEASED;
	/* A Shift behind 0xe0 is no key: the keyboard invents it. */
	if (extended && (code == CODE_LSHIFT || code == CODE_RSHIFT))
		return "";
	modifier_key(keyboard, code, down);
	if (!down)   /* 0xe0 itself has this bit, too */
		return "";
	if (extended && code != CODE_SLASH)
		return find_sequence(code);
	text[0] = find_character(keyboard, code);
	return text[0] ? text : find_sequence(code);
}
