// SPDX-License-Identifier: MIT
/*
 * keys.c - from the bytes of a terminal to keys
 *
 * WHAT     A small automaton. What it does not know it swallows to the end, so
 *          that no piece of a sequence is taken for typed text.
 *
 * PICTURE  GROUND --ESC--> ESCAPE --[--> CSI --0-9 ;--> CSI --letter--> key
 *                            |--O--> SS3 --letter--> key
 *                            +--b, f--> a word to the left, right
 *
 * ALGORITHM  A line may end in CR, LF or both: an LF behind a CR is swallowed.
 * NOT HERE UTF-8: bytes from 0x80 on are swallowed, names here are ASCII.
 */
#include "kernel/monitor/keys.h"

enum state { GROUND, ESCAPE, CSI, SS3 };

#define ESC           0x1b
#define NUMBER_MAX    9999u
#define MODIFIER_CTRL 5u   /* ESC [ 1 ; 5 C */

/* The keys whose sequences end in a letter. */
static int key_by_letter(const struct key_decoder *decoder, uint8_t letter)
{
	bool word = decoder->modifier == MODIFIER_CTRL;

	switch (letter) {
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

/* Those that end in a tilde: ESC [ 3 ~ */
static int key_by_number(unsigned number)
{
	switch (number) {
	case 1: case 7: return KEY_HOME;
	case 4: case 8: return KEY_END;
	case 3:         return KEY_DELETE;
	default:        return KEY_UNKNOWN;
	}
}

static int decode_escape(struct key_decoder *decoder, uint8_t byte)
{
	decoder->state = GROUND;
	switch (byte) {
	case '[':
		decoder->state = CSI;
		decoder->number = 0;
		decoder->modifier = 0;
		return KEY_NONE;
	case 'O':
		decoder->state = SS3;
		decoder->modifier = 0;
		return KEY_NONE;
	case 'b': return KEY_WORD_LEFT;
	case 'f': return KEY_WORD_RIGHT;
	case ESC:
		decoder->state = ESCAPE;
		return KEY_NONE;
	default:  return KEY_UNKNOWN;
	}
}

/* One more digit of the parameter that is being read: the second, if any. */
static void add_digit(struct key_decoder *decoder, unsigned digit)
{
	unsigned *value = decoder->modifier ? &decoder->modifier
					    : &decoder->number;
	unsigned old = *value == UINT32_MAX ? 0 : *value;

	*value = MIN(old * 10 + digit, NUMBER_MAX);
}

static int decode_csi(struct key_decoder *decoder, uint8_t byte)
{
	if (byte >= '0' && byte <= '9') {
		add_digit(decoder, byte - '0');
		return KEY_NONE;
	}
	if (byte == ';') {
		decoder->modifier = UINT32_MAX;   /* begun, no digit yet */
		return KEY_NONE;
	}
	if (byte < 0x40 && byte >= 0x20)          /* what we never look at */
		return KEY_NONE;
	decoder->state = GROUND;
	return byte == '~' ? key_by_number(decoder->number)
			   : key_by_letter(decoder, byte);
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
