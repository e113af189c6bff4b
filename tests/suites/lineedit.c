// SPDX-License-Identifier: MIT
/*
 * lineedit.c - tests of everything between a keyboard and a command
 *
 * WHAT     Keys from bytes, bytes from scan codes, words from a line; and the
 *          line editor, on a model of a terminal that knows letters, backspace
 *          and the end of a line: after each key it must show the line.
 */
#include "kernel/monitor/lineedit.h"

#include "kernel/monitor/keys.h"
#include "kernel/monitor/scancode.h"
#include "kernel/monitor/words.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/random.h"
#include "lib/string.h"
#include "tests/ktest.h"

#define PROMPT  "> "

static struct line_editor ed;

static const char *check_editor(void)
{
	return line_check(&ed);
}

SUITE(lineedit, check_editor);

/* ---- a terminal of one line ------------------------------------------ */

static char screen[128];
static unsigned screen_at;

static void terminal_write(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		EXPECT(screen_at < 80);
		if (text[i] == '\b') {
			EXPECT(screen_at > 0);
			screen_at--;
		} else if (text[i] == '\n') {
			memset(screen, ' ', sizeof(screen));
			screen_at = 0;
		} else if (screen_at < sizeof(screen)) {
			screen[screen_at++] = text[i];
		}
	}
}

/* Does the terminal show the prompt, and the line from `view` on? */
static void expect_shown(void)
{
	unsigned columns = LINE_COLUMNS - (sizeof(PROMPT) - 1);
	unsigned n = MIN(ed.length - ed.view, columns);
	unsigned end = (unsigned)sizeof(PROMPT) - 1 + n;

	EXPECT(!strncmp(screen, PROMPT, sizeof(PROMPT) - 1));
	EXPECT(!memcmp(screen + sizeof(PROMPT) - 1, ed.text + ed.view, n));
	for (unsigned i = end; i < 80; i++)
		EXPECT_EQ(screen[i], ' ');
	EXPECT_EQ(screen_at, sizeof(PROMPT) - 1 + ed.cursor - ed.view);
	EXPECT_NULL(line_check(&ed));
}

static void open_line(void)
{
	memset(screen, ' ', sizeof(screen));
	screen_at = 0;
	ed.write = terminal_write;
	ed.prompt = PROMPT;
	ed.prompt_columns = sizeof(PROMPT) - 1;
	line_begin(&ed);
}

static void fresh(void)
{
	memset(&ed, 0, sizeof(ed));
	open_line();
}

static void type(const char *text)
{
	for (; *text; text++)
		EXPECT_EQ(line_key(&ed, *text), LINE_MORE);
}

static void press(int key)
{
	EXPECT_EQ(line_key(&ed, key), LINE_MORE);
	expect_shown();
}

static void enter(const char *text)
{
	type(text);
	EXPECT_EQ(line_key(&ed, KEY_ENTER), LINE_DONE);
	open_line();
}

/* ---- editing --------------------------------------------------------- */

KTEST(lineedit, what_is_typed_is_shown_and_given_at_enter)
{
	fresh();
	type("meminfo");
	expect_shown();
	EXPECT_EQ(line_key(&ed, KEY_ENTER), LINE_DONE);
	EXPECT_STREQ(ed.text, "meminfo");
}

KTEST(lineedit, arrows_home_and_end_move_and_text_goes_in_there)
{
	fresh();
	type("wlk");
	press(KEY_LEFT);
	press(KEY_LEFT);
	press('a');
	EXPECT_STREQ(ed.text, "walk");
	press(KEY_END);
	press(' ');
	press(KEY_HOME);
	press('x');
	EXPECT_STREQ(ed.text, "xwalk ");
	press(KEY_RIGHT);
	EXPECT_EQ(ed.cursor, 2);
	press(KEY_CTRL('a'));
	EXPECT_EQ(ed.cursor, 0);
	press(KEY_LEFT);
	EXPECT_EQ(ed.cursor, 0);
	press(KEY_CTRL('e'));
	press(KEY_RIGHT);
	EXPECT_EQ(ed.cursor, 6);
}

KTEST(lineedit, backspace_and_delete_take_one_character)
{
	fresh();
	type("abcd");
	press(KEY_BACKSPACE);
	EXPECT_STREQ(ed.text, "abc");
	press(KEY_HOME);
	press(KEY_BACKSPACE);
	EXPECT_STREQ(ed.text, "abc");
	press(KEY_DELETE);
	EXPECT_STREQ(ed.text, "bc");
	press(KEY_CTRL('d'));
	EXPECT_STREQ(ed.text, "c");
	press(KEY_END);
	press(KEY_DELETE);
	EXPECT_STREQ(ed.text, "c");
}

KTEST(lineedit, control_keys_take_parts_of_the_line)
{
	fresh();
	type("find  c0100000 tail");
	press(KEY_CTRL('w'));
	EXPECT_STREQ(ed.text, "find  c0100000 ");
	press(KEY_CTRL('w'));
	EXPECT_STREQ(ed.text, "find  ");
	press(KEY_CTRL('w'));
	EXPECT_STREQ(ed.text, "");
	type("one two three");
	press(KEY_WORD_LEFT);
	press(KEY_WORD_LEFT);
	EXPECT_EQ(ed.cursor, 4);
	press(KEY_CTRL('k'));
	EXPECT_STREQ(ed.text, "one ");
	press(KEY_HOME);
	press(KEY_WORD_RIGHT);
	EXPECT_EQ(ed.cursor, 3);
	press(KEY_CTRL('u'));
	EXPECT_STREQ(ed.text, " ");
}

KTEST(lineedit, a_line_longer_than_the_screen_scrolls_sideways)
{
	fresh();
	for (unsigned i = 0; i < 2 * LINE_TEXT_MAX; i++)
		press('a' + (int)(i % 26));
	EXPECT_EQ(ed.length, LINE_TEXT_MAX - 1);
	press(KEY_HOME);
	EXPECT_EQ(ed.view, 0);
	for (unsigned i = 0; i < LINE_TEXT_MAX; i++)
		press(KEY_RIGHT);
	EXPECT_EQ(ed.cursor, ed.length);
	press(KEY_CTRL('u'));
}

/* The view moves if the cursor leaves it, and no farther than it must. */
KTEST(lineedit, the_view_moves_by_thirds_of_its_width)
{
	unsigned columns = LINE_COLUMNS - (sizeof(PROMPT) - 1);
	unsigned third = columns / 3;

	fresh();
	for (unsigned i = 1; i < LINE_TEXT_MAX; i++) {
		unsigned view = ed.view;

		press('a' + (int)(i % 26));
		EXPECT_EQ(ed.view, ed.cursor < view + columns ? view :
			  view + third);
	}
	while (ed.cursor > 0) {
		unsigned view = ed.view;

		press(KEY_LEFT);
		EXPECT_EQ(ed.view, ed.cursor >= view ? view : view - third);
	}
	EXPECT_EQ(ed.view, 0);
}

KTEST(lineedit, control_c_gives_up_and_control_d_ends)
{
	fresh();
	type("abc");
	EXPECT_EQ(line_key(&ed, KEY_CTRL('c')), LINE_CANCELLED);
	EXPECT_EQ(ed.length, 0);
	open_line();
	EXPECT_EQ(line_key(&ed, KEY_CTRL('d')), LINE_END);
	open_line();
}

KTEST(lineedit, keys_without_a_meaning_change_nothing)
{
	fresh();
	type("abc");
	press(KEY_UNKNOWN);
	press(KEY_CTRL('g'));
	press(KEY_TAB);
	EXPECT_STREQ(ed.text, "abc");
}

/* ---- history --------------------------------------------------------- */

KTEST(lineedit, history_brings_lines_back_and_keeps_the_new_one)
{
	fresh();
	enter("first");
	enter("second");
	type("half");
	press(KEY_UP);
	EXPECT_STREQ(ed.text, "second");
	press(KEY_CTRL('p'));
	press(KEY_UP);
	EXPECT_STREQ(ed.text, "first");
	press(KEY_DOWN);
	press(KEY_CTRL('n'));
	EXPECT_STREQ(ed.text, "half");
	press(KEY_DOWN);
	EXPECT_STREQ(ed.text, "half");
}

KTEST(lineedit, history_takes_no_empty_line_and_none_twice_in_a_row)
{
	fresh();
	enter("a");
	enter("a");
	enter("");
	enter("b");
	EXPECT_STREQ(line_history(&ed, 0), "a");
	EXPECT_STREQ(line_history(&ed, 1), "b");
	EXPECT(!line_history(&ed, 2));
}

KTEST(lineedit, history_forgets_the_oldest)
{
	fresh();
	for (unsigned i = 0; i < 3 * LINE_HISTORY; i++) {
		char text[2] = { (char)('!' + i % 90), '\0' };

		enter(text);
	}
	for (unsigned i = 0; i < 2 * LINE_HISTORY; i++)
		press(KEY_UP);
	EXPECT_EQ(ed.text[0], '!' + (2 * LINE_HISTORY) % 90);
	EXPECT(!line_history(&ed, LINE_HISTORY));
}

/* ---- completion ------------------------------------------------------ */

static const char *some_words(unsigned i)
{
	static const char *const words[] = { "slab", "slabinfo", "map", NULL };

	return words[i];
}

static word_list_fn complete_words(const char *text, unsigned length,
				   unsigned *start)
{
	return words_position(text, length, start) < 2 ? some_words : NULL;
}

KTEST(lineedit, tab_completes_as_far_as_all_candidates_agree)
{
	fresh();
	ed.complete = complete_words;
	type("s");
	press(KEY_TAB);
	EXPECT_STREQ(ed.text, "slab");
	press(KEY_TAB);                   /* lists both, and draws again */
	EXPECT_STREQ(ed.text, "slab");
	press('i');
	press(KEY_TAB);
	EXPECT_STREQ(ed.text, "slabinfo ");
	type("m");
	press(KEY_TAB);
	EXPECT_STREQ(ed.text, "slabinfo map ");
	press(KEY_TAB);
	EXPECT_STREQ(ed.text, "slabinfo map ");
	press('x');
	press(KEY_TAB);
	EXPECT_STREQ(ed.text, "slabinfo map x");
}

KTEST(lineedit, tab_in_the_middle_completes_what_is_before_the_cursor)
{
	fresh();
	ed.complete = complete_words;
	type("ma tail");
	press(KEY_HOME);
	press(KEY_RIGHT);
	press(KEY_RIGHT);
	press(KEY_TAB);
	EXPECT_STREQ(ed.text, "map tail");
	EXPECT_EQ(ed.cursor, 3);
}

/* ---- anything at all ------------------------------------------------- */

KTEST(lineedit, random_keys_leave_the_terminal_showing_the_line)
{
	static const int keys[] = {
		KEY_UP, KEY_DOWN, KEY_LEFT, KEY_RIGHT, KEY_HOME, KEY_END,
		KEY_DELETE, KEY_BACKSPACE, KEY_TAB, KEY_WORD_LEFT,
		KEY_WORD_RIGHT, KEY_UNKNOWN, KEY_CTRL('k'), KEY_CTRL('w'),
		KEY_CTRL('l'), KEY_CTRL('u'),
	};
	struct rng rng;

	rng_init(&rng, ktest_seed());
	fresh();
	ed.complete = complete_words;
	for (unsigned i = 0; i < 3000; i++) {
		unsigned what = rng_below(&rng, 100);
		int key = what < 70 ? ' ' + (int)rng_below(&rng, 95) :
			  what < 98 ? keys[rng_below(&rng, ARRAY_SIZE(keys))] :
			  KEY_ENTER;

		if (line_key(&ed, key) == LINE_DONE)
			open_line();
		expect_shown();
	}
}

/* ---- the checker ----------------------------------------------------- */

KTEST(lineedit, check_finds_each_broken_law)
{
	char *last;

	fresh();
	for (unsigned i = 0; i < LINE_TEXT_MAX; i++)
		type("x");
	REQUIRE(ed.view > 0);
	ed.cursor = ed.length + 1;
	EXPECT_LAW(line_check(&ed), "lineedit L1");
	ed.cursor = ed.length;
	ed.text[ed.length] = 'x';
	EXPECT_LAW(line_check(&ed), "lineedit L1");
	ed.text[ed.length] = '\0';
	ed.cursor = ed.view - 1;
	EXPECT_LAW(line_check(&ed), "lineedit L2");
	ed.cursor = ed.length;
	ed.view = ed.cursor - (LINE_COLUMNS - ed.prompt_columns);
	EXPECT_LAW(line_check(&ed), "lineedit L2");
	ed.view = ed.cursor - ed.shown.at;
	ed.cursor--;
	EXPECT_LAW(line_check(&ed), "lineedit L3");
	ed.cursor++;
	ed.shown.length--;
	EXPECT_LAW(line_check(&ed), "lineedit L3");
	ed.shown.length++;
	last = &ed.shown.text[ed.shown.length - 1];
	*last = 'y';
	EXPECT_LAW(line_check(&ed), "lineedit L3");
	*last = 'x';
	EXPECT_NULL(line_check(&ed));
}

/* ---- keys from bytes ------------------------------------------------- */

static int decode(const char *bytes)
{
	struct key_decoder decoder = { 0 };
	int key = KEY_NONE;

	for (; *bytes; bytes++) {
		EXPECT_EQ(key, KEY_NONE);
		key = key_decode(&decoder, (uint8_t)*bytes);
	}
	return key;
}

KTEST(lineedit, sequences_of_terminals_are_keys)
{
	EXPECT_EQ(decode("a"), 'a');
	EXPECT_EQ(decode("\r"), KEY_ENTER);
	EXPECT_EQ(decode("\n"), KEY_ENTER);
	EXPECT_EQ(decode("\x08"), KEY_BACKSPACE);
	EXPECT_EQ(decode("\x7f"), KEY_BACKSPACE);
	EXPECT_EQ(decode("\x1b[A"), KEY_UP);
	EXPECT_EQ(decode("\x1b[B"), KEY_DOWN);
	EXPECT_EQ(decode("\x1bOC"), KEY_RIGHT);
	EXPECT_EQ(decode("\x1b[D"), KEY_LEFT);
	EXPECT_EQ(decode("\x1b[H"), KEY_HOME);
	EXPECT_EQ(decode("\x1b[1~"), KEY_HOME);
	EXPECT_EQ(decode("\x1b[4~"), KEY_END);
	EXPECT_EQ(decode("\x1b[3~"), KEY_DELETE);
	EXPECT_EQ(decode("\x1b[1;5C"), KEY_WORD_RIGHT);
	EXPECT_EQ(decode("\x1b[1;5D"), KEY_WORD_LEFT);
	EXPECT_EQ(decode("\x1b" "b"), KEY_WORD_LEFT);
	EXPECT_EQ(decode("\x1b" "f"), KEY_WORD_RIGHT);
	EXPECT_EQ(decode("\x1b" "q"), KEY_UNKNOWN);
	EXPECT_EQ(decode("\x1b\x1b" "b"), KEY_WORD_LEFT);
	EXPECT_EQ(decode("\x1b[24;80R"), KEY_REPORT);
	EXPECT_EQ(decode("\x1b[?2004h"), KEY_UNKNOWN);
	EXPECT_EQ(decode("\xc3"), KEY_NONE);
}

/* What each sequence leaves behind: nothing, so a letter is a letter. */
KTEST(lineedit, a_letter_behind_a_sequence_is_a_letter)
{
	static const char *const sequences[] = {
		"a", "\r", "\n", "\x08", "\xc3", "\x1b" "b", "\x1b" "f",
		"\x1b" "q", "\x1b" "1", "\x1b\r", "\x1bOC", "\x1bOq",
		"\x1b[A", "\x1b[q", "\x1b[3~", "\x1b[2~", "\x1b[1;5C",
		"\x1b[?2004h", "\x1b\x1b" "b", "\x1b\x1b[A",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(sequences); i++) {
		struct key_decoder decoder = { 0 };

		for (const char *bytes = sequences[i]; *bytes; bytes++)
			(void)key_decode(&decoder, (uint8_t)*bytes);
		EXPECT_EQ(key_decode(&decoder, 'b'), 'b');
		EXPECT_EQ(key_decode(&decoder, '['), '[');
		EXPECT_EQ(key_decode(&decoder, 'A'), 'A');
	}
}

/* ESC [ number ~ */
KTEST(lineedit, a_number_is_a_key_or_unknown)
{
	static const int by_number[] = {
		[1] = KEY_HOME, [3] = KEY_DELETE, [4] = KEY_END,
		[7] = KEY_HOME, [8] = KEY_END,
	};
	char bytes[16];

	EXPECT_EQ(decode("\x1b[~"), KEY_UNKNOWN);
	for (unsigned number = 0; number < 40; number++) {
		int want = number < ARRAY_SIZE(by_number) ?
			   by_number[number] : 0;

		snprintf(bytes, sizeof(bytes), "\x1b[%u~", number);
		EXPECT_EQ(decode(bytes), want ? want : KEY_UNKNOWN);
	}
}

KTEST(lineedit, a_line_end_of_two_bytes_is_one_enter)
{
	struct key_decoder decoder = { 0 };

	EXPECT_EQ(key_decode(&decoder, '\r'), KEY_ENTER);
	EXPECT_EQ(key_decode(&decoder, '\n'), KEY_NONE);
	EXPECT_EQ(key_decode(&decoder, '\n'), KEY_ENTER);
}

KTEST(lineedit, random_bytes_never_stop_the_decoder)
{
	struct key_decoder decoder = { 0 };
	struct rng rng;

	rng_init(&rng, ktest_seed());
	for (unsigned i = 0; i < 20000; i++) {
		int key = key_decode(&decoder, (uint8_t)rng_below(&rng, 256));

		EXPECT(key >= 0 && key <= KEY_UNKNOWN);
	}
	/* A letter ends a sequence that has begun. */
	(void)key_decode(&decoder, 'q');
	(void)key_decode(&decoder, 'q');
	EXPECT_EQ(key_decode(&decoder, 'q'), 'q');
}

/* ---- bytes from scan codes ------------------------------------------- */

static const char *codes(struct keyboard *keyboard, const char *sequence)
{
	const char *text = "";

	for (; *sequence; sequence++)
		text = scancode_decode(keyboard, (uint8_t)*sequence);
	return text;
}

KTEST(lineedit, scan_codes_are_letters_of_this_keyboard)
{
	struct keyboard keyboard = { 0 };

	EXPECT_STREQ(codes(&keyboard, "\x1e"), "a");
	EXPECT_STREQ(codes(&keyboard, "\x9e"), "");          /* up again */
	EXPECT_STREQ(codes(&keyboard, "\x39"), " ");
	EXPECT_STREQ(codes(&keyboard, "\x1c"), "\r");
	EXPECT_STREQ(codes(&keyboard, "\x0e"), "\x7f");
	EXPECT_STREQ(codes(&keyboard, "\x2a\x1e"), "A");     /* Shift */
	EXPECT_STREQ(codes(&keyboard, "\x0c"), "_");
	EXPECT_STREQ(codes(&keyboard, "\xaa\x0c"), "-");
	EXPECT_STREQ(codes(&keyboard, "\x1d\x2e"), "\x03");  /* Ctrl C */
	EXPECT_STREQ(codes(&keyboard, "\x9d\x2e"), "c");
	EXPECT_STREQ(codes(&keyboard, "\x3a\x2e"), "C");     /* Caps */
	EXPECT_STREQ(codes(&keyboard, "\x02"), "1");
	EXPECT_STREQ(codes(&keyboard, "\xba\x3a\x2e"), "c");
}

KTEST(lineedit, scan_codes_of_newer_keys_are_sequences)
{
	struct keyboard keyboard = { 0 };

	EXPECT_STREQ(codes(&keyboard, "\xe0\x48"), "\x1b[A");
	EXPECT_STREQ(codes(&keyboard, "\xe0\xc8"), "");
	EXPECT_STREQ(codes(&keyboard, "\xe0\x53"), "\x1b[3~");
	EXPECT_STREQ(codes(&keyboard, "\xe0\x35"), "/");
	EXPECT_STREQ(codes(&keyboard, "\xe0\x2a\xe0\x4b"), "\x1b[D");
	EXPECT(!keyboard.shift);
	EXPECT_STREQ(codes(&keyboard, "\x4b"), "\x1b[D");   /* number pad */
}

/* The codes of the number pad, alone and behind 0xe0. */
KTEST(lineedit, each_key_that_moves_the_cursor_has_its_sequence)
{
	static const char *const pad[] = {
		[0x47] = "\x1b[H", [0x48] = "\x1b[A", [0x4b] = "\x1b[D",
		[0x4d] = "\x1b[C", [0x4f] = "\x1b[F", [0x50] = "\x1b[B",
		[0x53] = "\x1b[3~",
	};

	for (uint8_t code = 0x3b; code < 0x80; code++) {
		const char *want = code < ARRAY_SIZE(pad) ? pad[code] : NULL;
		struct keyboard keyboard = { 0 };

		EXPECT_STREQ(scancode_decode(&keyboard, code),
			     want ? want : "");
		EXPECT_STREQ(scancode_decode(&keyboard, 0xe0), "");
		EXPECT_STREQ(scancode_decode(&keyboard, code),
			     want ? want : "");
	}
}

KTEST(lineedit, every_scan_code_is_harmless)
{
	struct keyboard keyboard = { 0 };

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned code = 0; code < 256; code++) {
			const char *text = scancode_decode(&keyboard,
							   (uint8_t)code);

			EXPECT(strlen(text) < SCANCODE_BYTES_MAX);
		}
	}
}

/* ---- words ----------------------------------------------------------- */

KTEST(lineedit, a_line_is_cut_at_its_blanks)
{
	char text[] = "  alloc   page 3 ", *argv[WORDS_MAX];

	EXPECT_EQ(words_split(text, argv), 3);
	EXPECT_STREQ(argv[0], "alloc");
	EXPECT_STREQ(argv[2], "3");
	text[0] = '\0';
	EXPECT_EQ(words_split(text, argv), 0);
}

KTEST(lineedit, words_that_do_not_fit_are_counted)
{
	char text[] = "a b c d e f g h i j k l m n o p q r", *argv[WORDS_MAX];

	EXPECT_EQ(words_split(text, argv), 18);
	EXPECT_STREQ(argv[WORDS_MAX - 1], "p");
}

/* The place is before each character in turn. */
KTEST(lineedit, a_place_in_a_line_is_in_a_word)
{
	static const char text[] = " ab  c d";
	static const struct {
		unsigned words, start;
	} want[] = {
		{ 0, 0 }, { 0, 1 }, { 0, 1 }, { 0, 1 }, { 1, 4 }, { 1, 5 },
		{ 1, 5 }, { 2, 7 }, { 2, 7 },
	};

	_Static_assert(ARRAY_SIZE(want) == sizeof(text), "one for each place");
	for (unsigned i = 0; i < sizeof(text); i++) {
		unsigned start = 99;

		EXPECT_EQ(words_position(text, i, &start), want[i].words);
		EXPECT_EQ(start, want[i].start);
	}
}

KTEST(lineedit, addresses_are_hexadecimal)
{
	uint32_t value = 1;

	EXPECT_EQ(parse_hex32("c0100000", &value), 0);
	EXPECT_EQ(value, 0xc0100000u);
	EXPECT_EQ(parse_hex32("0xFFFFffff", &value), 0);
	EXPECT_EQ(value, 0xffffffffu);
	EXPECT_EQ(parse_hex32("0000000000010", &value), 0);
	EXPECT_EQ(value, 16);
	EXPECT_EQ(parse_hex32("100000000", &value), -ERANGE);
	EXPECT_EQ(parse_hex32("", &value), -EINVAL);
	EXPECT_EQ(parse_hex32("0x", &value), -EINVAL);
	EXPECT_EQ(parse_hex32("12g", &value), -EINVAL);
	EXPECT_EQ(parse_hex32("-1", &value), -EINVAL);
	EXPECT_EQ(value, 16);
}
