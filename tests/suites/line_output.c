// SPDX-License-Identifier: MIT
/*
 * line_output.c (tests) - what one key makes of a line, and writes
 *
 * WHAT     The bytes that the line editor sends to the terminal, one key at a
 *          time; and all keys on the same line, each with what it leaves.
 *
 * NOT HERE a terminal, and what it shows (lineedit.c).
 */
#include "kernel/monitor/keys.h"
#include "kernel/monitor/lineedit.h"
#include "lib/string.h"
#include "tests/ktest.h"

static struct line_editor ed;

static const char *check_editor(void)
{
	return line_check(&ed);
}

SUITE(line_output, check_editor);

static char out[2048];
static size_t out_len;

static void take(const char *text, size_t len)
{
	EXPECT(len > 0);
	REQUIRE(out_len + len < sizeof(out));
	memcpy(out + out_len, text, len);
	out_len += len;
	out[out_len] = '\0';
}

static void forget(void)
{
	out_len = 0;
	out[0] = '\0';
}

static void open_line(void)
{
	ed.write = take;
	ed.prompt = "> ";
	ed.prompt_columns = 2;
	forget();
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
	forget();
}

/* What a key writes. */
static const char *written(int key)
{
	forget();
	(void)line_key(&ed, key);
	return out;
}

static void enter(const char *text)
{
	type(text);
	EXPECT_EQ(line_key(&ed, KEY_ENTER), LINE_DONE);
	open_line();
}

static void expect_line(const char *text, unsigned cursor)
{
	EXPECT_STREQ(ed.text, text);
	EXPECT_EQ(ed.cursor, cursor);
	EXPECT_NULL(line_check(&ed));
}

/* ---- bytes --------------------------------------------------------------- */

KTEST(line_output, only_what_has_changed_is_written)
{
	fresh();
	EXPECT_STREQ(out, "> ");
	EXPECT_STREQ(written('a'), "a");
	EXPECT_STREQ(written('b'), "b");
	EXPECT_STREQ(written('c'), "c");
	EXPECT_STREQ(written(KEY_LEFT), "\b");
	EXPECT_STREQ(written('x'), "xc\b");
	EXPECT_STREQ(written(KEY_RIGHT), "c");
	EXPECT_STREQ(written(KEY_RIGHT), "");
	EXPECT_STREQ(written(KEY_HOME), "\b\b\b\b");
	EXPECT_STREQ(written(KEY_DELETE), "bxc \b\b\b\b");
	EXPECT_STREQ(written(KEY_END), "bxc");
	EXPECT_STREQ(written(KEY_BACKSPACE), "\b \b");
	EXPECT_STREQ(written(KEY_UNKNOWN), "");
	EXPECT_STREQ(written(KEY_CTRL('l')), "\n> bx");
}

KTEST(line_output, a_line_that_ends_is_written_to_its_end)
{
	fresh();
	EXPECT_STREQ(written(KEY_CTRL('d')), "\n");
	open_line();
	type("abc");
	(void)line_key(&ed, KEY_HOME);
	EXPECT_STREQ(written(KEY_ENTER), "abc\n");
	open_line();
	type("abc");
	EXPECT_STREQ(written(KEY_CTRL('c')), "^C\n");
	open_line();
}

/* ---- keys ---------------------------------------------------------------- */

KTEST(line_output, each_key_does_one_thing)
{
	static const struct {
		int         key;
		const char *text;
		unsigned    cursor;
	} cases[] = {
		{ KEY_LEFT, "aa bb cc", 3 },
		{ KEY_CTRL('b'), "aa bb cc", 3 },
		{ KEY_RIGHT, "aa bb cc", 5 },
		{ KEY_CTRL('f'), "aa bb cc", 5 },
		{ KEY_HOME, "aa bb cc", 0 },
		{ KEY_CTRL('a'), "aa bb cc", 0 },
		{ KEY_END, "aa bb cc", 8 },
		{ KEY_CTRL('e'), "aa bb cc", 8 },
		{ KEY_WORD_LEFT, "aa bb cc", 3 },
		{ KEY_WORD_RIGHT, "aa bb cc", 5 },
		{ KEY_UP, "second", 6 },
		{ KEY_CTRL('p'), "second", 6 },
		{ KEY_DOWN, "aa bb cc", 4 },
		{ KEY_CTRL('n'), "aa bb cc", 4 },
		{ KEY_BACKSPACE, "aa b cc", 3 },
		{ KEY_DELETE, "aa b cc", 4 },
		{ KEY_CTRL('d'), "aa b cc", 4 },
		{ KEY_CTRL('u'), "b cc", 0 },
		{ KEY_CTRL('k'), "aa b", 4 },
		{ KEY_CTRL('w'), "aa b cc", 3 },
		{ KEY_TAB, "aa bb cc", 4 },
		{ KEY_REPORT, "aa bb cc", 4 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		fresh();
		enter("first");
		enter("second");
		type("aa bb cc");
		for (unsigned k = 0; k < 4; k++)
			(void)line_key(&ed, KEY_LEFT);
		EXPECT_EQ(line_key(&ed, cases[i].key), LINE_MORE);
		expect_line(cases[i].text, cases[i].cursor);
	}
}

KTEST(line_output, words_are_found_over_any_blanks)
{
	static const unsigned right[] = { 5, 10, 12, 12 };
	static const unsigned left[] = { 7, 2, 0, 0 };

	fresh();
	type("  one  two  ");
	(void)line_key(&ed, KEY_HOME);
	for (unsigned i = 0; i < ARRAY_SIZE(right); i++) {
		(void)line_key(&ed, KEY_WORD_RIGHT);
		EXPECT_EQ(ed.cursor, right[i]);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(left); i++) {
		(void)line_key(&ed, KEY_WORD_LEFT);
		EXPECT_EQ(ed.cursor, left[i]);
	}
	(void)line_key(&ed, KEY_CTRL('k'));
	type("  ");
	(void)line_key(&ed, KEY_CTRL('w'));
	expect_line("", 0);
}

KTEST(line_output, the_first_character_is_no_other)
{
	fresh();
	type("a");
	(void)line_key(&ed, KEY_LEFT);
	expect_line("a", 0);
	(void)line_key(&ed, KEY_RIGHT);
	expect_line("a", 1);
	(void)line_key(&ed, KEY_BACKSPACE);
	expect_line("", 0);
}

KTEST(line_output, the_longest_line_is_remembered_whole)
{
	char text[LINE_TEXT_MAX];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fresh();
	enter(text);
	text[0] = 'b';
	type(text);
	(void)line_key(&ed, KEY_UP);
	text[0] = 'a';
	expect_line(text, LINE_TEXT_MAX - 1);
	(void)line_key(&ed, KEY_DOWN);
	text[0] = 'b';
	expect_line(text, LINE_TEXT_MAX - 1);
	ed.length = LINE_TEXT_MAX;
	EXPECT_LAW(line_check(&ed), "lineedit L1");
	ed.length = LINE_TEXT_MAX - 1;
}

/* ---- completion ---------------------------------------------------------- */

/* In the list: how many columns it takes, and whether it begins a row. */
static const struct {
	const char *word;
	unsigned    columns;
	bool        begins;
} words[] = {
	{ "w-and-sixty-other-characters-that-no-row-has-room-for-but-one", 80,
	  false },
	{ "w", 20, true },
	{ "other", 0, false },
	{ "w-2", 20, false },
	{ "w-of-19-characters.", 20, false },
	{ "w-of-20-characters..", 40, true },
	{ "w-5", 20, false },
	{ "w-6", 20, true },
	{ "single", 0, false },
};

static const char *word_at(unsigned i)
{
	return i < ARRAY_SIZE(words) ? words[i].word : NULL;
}

/* Words may stand at the beginning of the line. */
static word_list_fn complete_first(const char *text, unsigned length,
				   unsigned *start)
{
	EXPECT_EQ(strlen(text), length);
	*start = 0;
	return strchr(text, ' ') ? NULL : word_at;
}

static void expect_list(void)
{
	static char want[sizeof(out)];
	size_t n = 0;

	want[n++] = '\n';
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		size_t length = strlen(words[i].word);

		if (!words[i].columns)
			continue;
		if (words[i].begins)
			want[n++] = '\n';
		memset(want + n, ' ', words[i].columns);
		memcpy(want + n, words[i].word, length);
		n += words[i].columns;
	}
	strscpy(want + n, "\n> w", sizeof(want) - n);
	EXPECT_STREQ(out, want);
}

KTEST(line_output, candidates_stand_in_columns_of_20)
{
	fresh();
	ed.complete = complete_first;
	EXPECT_EQ(strlen(words[0].word), 61);
	EXPECT_EQ(strlen(words[4].word), 19);
	EXPECT_EQ(strlen(words[5].word), 20);
	type("w");
	(void)written(KEY_TAB);
	expect_list();
	expect_line("w", 1);
}

KTEST(line_output, a_single_candidate_ends_with_a_blank)
{
	fresh();
	ed.complete = complete_first;
	type("si");
	EXPECT_STREQ(written(KEY_TAB), "ngle ");
	EXPECT_STREQ(written(KEY_TAB), "");
	(void)line_key(&ed, KEY_BACKSPACE);
	EXPECT_STREQ(written(KEY_TAB), " ");
	expect_line("single ", 7);
	(void)line_key(&ed, KEY_LEFT);
	EXPECT_STREQ(written(KEY_TAB), "");
	expect_line("single ", 6);
}

KTEST(line_output, without_a_candidate_tab_writes_nothing)
{
	fresh();
	EXPECT_STREQ(written(KEY_TAB), "");
	ed.complete = complete_first;
	type("q");
	EXPECT_STREQ(written(KEY_TAB), "");
	expect_line("q", 1);
}
