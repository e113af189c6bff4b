// SPDX-License-Identifier: MIT
/*
 * keys.c - from the bytes of a terminal to keys
 *
 * WHAT     A small automaton. It swallows an unknown sequence to its end, so no
 *          piece of a sequence looks like typed text.
 *
 * PICTURE  GROUND --ESC--> ESCAPE --[--> CSI --0-9 ;--> CSI --letter--> key
 *                            |--O--> SS3 --letter--> key
 *                            +--b, f--> a word to the left, right
 *
 * ALGORITHM  A line may end in CR, LF or both: an LF behind a CR is swallowed.
 * NOT HERE UTF-8: bytes from 0x80 on are swallowed.
 */
#include "kernel/monitor/keys.h"

enum state { GROUND, ESCAPE, CSI, SS3 };

#define ESC           0x1b
#define NUMBER_MAX    9999u
#define MODIFIER_CTRL 5u   /* ESC [ 1 ; 5 C */

/* A tilde behind a number is a key, too: ESC [ 3 ~ */
static int key_by_letter(const struct key_decoder *decoder, uint8_t letter)
{
	static const int by_number[] = {
		[1] = KEY_HOME, [3] = KEY_DELETE, [4] = KEY_END,
		[7] = KEY_HOME, [8] = KEY_END,
	};
	bool word = decoder->modifier == MODIFIER_CTRL;
	unsigned number = decoder->number;

	switch (letter) {
	case '~':
		if (number < ARRAY_SIZE(by_number) && by_number[number])
			return by_number[number];
		return KEY_UNKNOWN;
	case 'A': return KEY_UP;
	case 'B': return KEY_DOWN;
	case 'C': return word ? KEY_WORD_RIGHT : KEY_RIGHT;
	case 'D': return word ? KEY_WORD_LEFT : KEY_LEFT;
	case 'H': return KEY_HOME;
	case 'F': return KEY_END;
	case 'R': return KEY_REPORT;
	default:  return KEY_UNKNOWN;
	}
}

static int decode_escape(struct key_decoder *decoder, uint8_t byte)
{
	decoder->state = GROUND;
	decoder->number = 0;
	decoder->modifier = 0;
	decoder->second = false;
	switch (byte) {
	case '[':
		decoder->state = CSI;
		return KEY_NONE;
	case 'O':
		decoder->state = SS3;
		return KEY_NONE;
	case ESC:
		decoder->state = ESCAPE;
		return KEY_NONE;
	case 'b': return KEY_WORD_LEFT;
	case 'f': return KEY_WORD_RIGHT;
	default:  return KEY_UNKNOWN;
	}
}

static int decode_csi(struct key_decoder *decoder, uint8_t byte)
{
	unsigned *value = decoder->second ? &decoder->modifier
					  : &decoder->number;

	if (byte >= '0' && byte <= '9') {
		*value = MIN(*value * 10 + byte - '0', NUMBER_MAX);
		return KEY_NONE;
	}
	if (byte == ';') {
		decoder->second = true;
		decoder->modifier = 0;
		return KEY_NONE;
	}
	if (byte < 0x40 && byte >= 0x20)   /* has no meaning for us */
		return KEY_NONE;
	decoder->state = GROUND;
	return key_by_letter(decoder, byte);
}

static int decode_ground(struct key_decoder *decoder, uint8_t byte)
{
	bool after_cr = decoder->last == '\r';

	decoder->last = byte;
	if (byte == ESC) {
		decoder->state = ESCAPE;
		return KEY_NONE;
	}
	if (byte == '\n')
		return after_cr ? KEY_NONE : KEY_ENTER;
	if (byte == KEY_CTRL('h'))
		return KEY_BACKSPACE;
	return byte < 0x80 ? byte : KEY_NONE;
}

int key_decode(struct key_decoder *decoder, uint8_t byte)
{
	switch (decoder->state) {
	case ESCAPE:
		return decode_escape(decoder, byte);
	case CSI:
		return decode_csi(decoder, byte);
	case SS3:
		decoder->state = GROUND;
		return key_by_letter(decoder, byte);
	default:
		return decode_ground(decoder, byte);
	}
}
