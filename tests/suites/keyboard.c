// SPDX-License-Identifier: MIT
/*
 * keyboard.c (tests) - every byte, every scan code; words of a line
 *
 * NOT HERE which sequences terminals send, and the line editor (lineedit.c).
 */
#include "kernel/monitor/keys.h"
#include "kernel/monitor/scancode.h"
#include "kernel/monitor/words.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "tests/ktest.h"

SUITE(keyboard, NULL);

#define ESC  0x1b

/* ---- bytes --------------------------------------------------------------- */

KTEST(keyboard, a_byte_below_0x80_is_a_key)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		struct key_decoder decoder = { 0 };
		int want = byte == ESC || byte >= 0x80 ? KEY_NONE :
			   byte == '\n' ? KEY_ENTER :
			   byte == 8 ? KEY_BACKSPACE : (int)byte;

		EXPECT_EQ(key_decode(&decoder, (uint8_t)byte), want);
	}
}

static int key_of_letter(unsigned letter)
{
	static const struct { char letter; int key; } keys[] = {
		{ 'A', KEY_UP },   { 'B', KEY_DOWN }, { 'C', KEY_RIGHT },
		{ 'D', KEY_LEFT }, { 'H', KEY_HOME }, { 'F', KEY_END },
		{ 'R', KEY_REPORT },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		if (letter == (unsigned char)keys[i].letter)
			return keys[i].key;
	return KEY_UNKNOWN;
}

/* Bytes from 0x20 to 0x3f are parameters; any other one is the last byte. */
KTEST(keyboard, a_sequence_ends_at_its_first_letter)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		bool goes_on = byte >= 0x20 && byte < 0x40;
		struct key_decoder csi = { 0 }, ss3 = { 0 };

		EXPECT_EQ(key_decode(&csi, ESC), KEY_NONE);
		EXPECT_EQ(key_decode(&csi, '['), KEY_NONE);
		EXPECT_EQ(key_decode(&csi, (uint8_t)byte),
			  goes_on ? KEY_NONE : key_of_letter(byte));
		EXPECT_EQ(key_decode(&csi, 'B'), goes_on ? KEY_DOWN : 'B');
		EXPECT_EQ(key_decode(&ss3, ESC), KEY_NONE);
		EXPECT_EQ(key_decode(&ss3, 'O'), KEY_NONE);
		EXPECT_EQ(key_decode(&ss3, (uint8_t)byte), key_of_letter(byte));
		EXPECT_EQ(key_decode(&ss3, 'B'), 'B');
	}
}

KTEST(keyboard, a_sequence_knows_nothing_of_the_one_before)
{
	static const struct {
		const char *bytes;
		int         key;
	} cases[] = {
		{ "\x1b[3~", KEY_DELETE },
		{ "\x1b[3~", KEY_DELETE },
		{ "\x1b[~", KEY_UNKNOWN },
		{ "\x1b[1;5C", KEY_WORD_RIGHT },
		{ "\x1b[C", KEY_RIGHT },
		{ "\x1b[3;5~", KEY_DELETE },
		{ "\x1b[1;2D", KEY_LEFT },
		{ "\x1b[1;15D", KEY_LEFT },
		{ "\x1b[1;D", KEY_LEFT },
		{ "\x1b[1;05D", KEY_WORD_LEFT },
		{ "\x1b[03;05~", KEY_DELETE },
		{ "\x1b[1;2;5D", KEY_WORD_LEFT },
		{ "\x1b[1;5;2D", KEY_LEFT },
		{ "\x1b[99999999999~", KEY_UNKNOWN },
		{ "\x1b[4294967299~", KEY_UNKNOWN },   /* 2^32 + 3 */
		{ "\x1b[3~", KEY_DELETE },
	};
	struct key_decoder decoder = { 0 };

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		int key = KEY_NONE;

		for (const char *b = cases[i].bytes; *b; b++) {
			EXPECT_EQ(key, KEY_NONE);
			key = key_decode(&decoder, (uint8_t)*b);
		}
		EXPECT_EQ(key, cases[i].key);
	}
}

/* ---- scan codes ---------------------------------------------------------- */

/* The keys of a row follow each other. */
static const struct {
	uint8_t     first;
	const char *plain, *shifted;
} rows[] = {
	{ 0x01, "\x1b" "1234567890-=\x7f\t", "\x1b" "!@#$%^&*()_+\x7f\t" },
	{ 0x10, "qwertyuiop[]\r", "QWERTYUIOP{}\r" },
	{ 0x1e, "asdfghjkl;'`", "ASDFGHJKL:\"~" },
	{ 0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?" },
	{ 0x37, "*", "*" },
	{ 0x39, " ", " " },
};

/* 0: the key has no character. */
static char character_of(unsigned code, bool shift)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (code >= rows[i].first &&
		    code < rows[i].first + strlen(rows[i].plain))
			return (shift ? rows[i].shifted : rows[i].plain)
			       [code - rows[i].first];
	return 0;
}

static bool is_modifier(unsigned code)
{
	return code == 0x1d || code == 0x2a || code == 0x36 || code == 0x3a;
}

/* Caps turns letters round, and Ctrl cuts off bits; but not of a blank. */
static char character_with(unsigned code, bool shift, bool caps, bool ctrl)
{
	char plain = character_of(code, false);
	bool letter = plain >= 'a' && plain <= 'z';
	char c = character_of(code, shift != (caps && letter));

	return ctrl && c != ' ' ? c & 0x1f : c;
}

KTEST(keyboard, each_key_has_its_character_in_each_state)
{
	for (unsigned state = 0; state < 8; state++)
		for (unsigned code = 0; code < 0x47; code++) {
			bool shift = state & 1, caps = state & 2;
			bool ctrl = state & 4;
			struct keyboard keyboard = {
				.shift = shift, .caps = caps, .ctrl = ctrl,
			};
			char c = character_with(code, shift, caps, ctrl);
			const char want[] = { c, '\0' };

			if (is_modifier(code))
				continue;
			EXPECT_STREQ(scancode_decode(&keyboard, (uint8_t)code),
				     want);
			EXPECT_STREQ(scancode_decode(&keyboard,
						     (uint8_t)(code | 0x80)),
				     "");
			EXPECT(keyboard.shift == shift &&
			       keyboard.caps == caps && keyboard.ctrl == ctrl);
		}
}

/* Behind 0xe0, three keys have characters; the rest is in lineedit.c. */
KTEST(keyboard, few_newer_keys_have_characters)
{
	for (unsigned code = 0; code < 0x47; code++) {
		struct keyboard keyboard = { 0 };

		if (is_modifier(code))
			continue;
		EXPECT_STREQ(scancode_decode(&keyboard, 0xe0), "");
		EXPECT_STREQ(scancode_decode(&keyboard, (uint8_t)code),
			     code == 0x1c ? "\r" : code == 0x35 ? "/" : "");
	}
}

static void expect_state(const struct keyboard *keyboard, bool shift,
			 bool ctrl, bool caps)
{
	EXPECT_EQ(keyboard->shift, shift);
	EXPECT_EQ(keyboard->ctrl, ctrl);
	EXPECT_EQ(keyboard->caps, caps);
}

/* After each byte: Shift, Ctrl, Caps. */
KTEST(keyboard, a_modifier_counts_while_it_is_down)
{
	static const struct {
		uint8_t code;
		bool    shift, ctrl, caps;
	} steps[] = {
		{ 0x2a, true, false, false },  { 0xaa, false, false, false },
		{ 0x36, true, false, false },  { 0xb6, false, false, false },
		{ 0x1d, false, true, false },  { 0x9d, false, false, false },
		{ 0x3a, false, false, true },  { 0xba, false, false, true },
		{ 0x3a, false, false, false }, { 0xba, false, false, false },
		{ 0x38, false, false, false }, { 0xb8, false, false, false },
		/* Shift behind 0xe0 is no key, but Ctrl is. */
		{ 0xe0, false, false, false }, { 0x2a, false, false, false },
		{ 0xe0, false, false, false }, { 0x36, false, false, false },
		{ 0xe0, false, false, false }, { 0x1d, false, true, false },
		{ 0xe0, false, true, false },  { 0x9d, false, false, false },
	};
	struct keyboard keyboard = { 0 };

	for (unsigned i = 0; i < ARRAY_SIZE(steps); i++) {
		EXPECT_STREQ(scancode_decode(&keyboard, steps[i].code), "");
		expect_state(&keyboard, steps[i].shift, steps[i].ctrl,
			     steps[i].caps);
		EXPECT_EQ(keyboard.extended, steps[i].code == 0xe0);
	}
}

/* ---- words --------------------------------------------------------------- */

KTEST(keyboard, behind_the_last_word_there_is_none)
{
	char *argv[WORDS_MAX], text[] = " one two";

	memset(argv, 0xff, sizeof(argv));
	EXPECT_EQ(words_split(text, argv), 2);
	EXPECT_STREQ(argv[0], "one");
	EXPECT_STREQ(argv[1], "two");
	for (unsigned i = 2; i < WORDS_MAX; i++)
		EXPECT(!argv[i]);
}

KTEST(keyboard, a_command_is_found_by_its_whole_name)
{
	static const struct monitor_command table[] = {
		{ .name = "map" }, { .name = "maps" }, { .name = "m" },
		{ .name = "behind" },
	};

	for (unsigned i = 0; i < 3; i++)
		EXPECT(command_find(table, 3, table[i].name) == &table[i]);
	EXPECT(!command_find(table, 3, "ma"));
	EXPECT(!command_find(table, 3, ""));
	EXPECT(!command_find(table, 3, "behind"));
	EXPECT(!command_find(table, 0, "map"));
}

KTEST(keyboard, zeros_in_front_and_an_x_alone)
{
	static const char *const wrong[] = { "x", "x1", "1x5", "ax1", "0x0x1" };
	uint32_t value = 1;

	EXPECT_EQ(parse_hex32("0", &value), 0);
	EXPECT_EQ(value, 0);
	EXPECT_EQ(parse_hex32("00", &value), 0);
	EXPECT_EQ(value, 0);
	EXPECT_EQ(parse_hex32("0x00000000089abcdef", &value), 0);
	EXPECT_EQ(value, 0x89abcdef);
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++)
		EXPECT_EQ(parse_hex32(wrong[i], &value), -EINVAL);
	EXPECT_EQ(value, 0x89abcdef);
}
