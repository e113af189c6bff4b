// SPDX-License-Identifier: MIT
/*
 * lineedit.c - edit a line of text at a prompt
 *
 * WHAT     Each key changes the text or moves the cursor; refresh() then makes
 *          the terminal show it.
 *
 * PICTURE    text    [ m e m i n f o . . . . . . . . . . . . ]  length
 *                        |<------- view, `columns` wide ---->|
 *            shown         what the terminal has, column by column
 *
 * TERMS    view     the part of a long line that fits behind the prompt; the
 *                   view follows the cursor, in steps of a third
 *          candidate  a word that may stand where the cursor is
 *
 * INVARIANTS of lineedit (line_check() restates them)
 *          L1  cursor <= length < LINE_TEXT_MAX, and text[length] is 0
 *          L2  the cursor lies in the view
 *          L3  after each key the terminal shows the view, and the cursor
 *
 * ALGORITHM  refresh() compares the terminal with the text, and writes from the
 *          first difference on. The cursor moves to the left with backspaces,
 *          and to the right over characters that are written once more. So no
 *          escape sequence is needed, and the screen of a PC can do it, too. A
 *          character at the end of the line costs one byte.
 * COST     A key: O(columns).
 * NOT HERE what the words mean (words.c).
 */
#include "kernel/monitor/lineedit.h"

#include "kernel/monitor/keys.h"
#include "lib/panic.h"
#include "lib/string.h"

/* ---- the picture ----------------------------------------------------- */

static unsigned view_columns(const struct line_editor *ed)
{
	return LINE_COLUMNS - ed->prompt_columns;
}

static void put(struct line_editor *ed, const char *text)
{
	ed->write(text, strlen(text));
}

/* Move the terminal's cursor. */
static void move_to(struct line_editor *ed, unsigned column)
{
	struct line_picture *shown = &ed->shown;

	for (; shown->at > column; shown->at--)
		ed->write("\b", 1);
	if (shown->at < column)
		ed->write(shown->text + shown->at, column - shown->at);
	shown->at = column;
}

static void refresh(struct line_editor *ed)
{
	struct line_picture *shown = &ed->shown;
	unsigned columns = view_columns(ed), old = shown->length;
	unsigned length, from = 0;
	const char *want;

	/* L2. */
	while (ed->cursor < ed->view)
		ed->view -= MIN(ed->view, columns / 3);
	while (ed->cursor >= ed->view + columns)
		ed->view += columns / 3;
	want = ed->text + ed->view;
	length = MIN(ed->length - ed->view, columns);
	while (from < MIN(length, old) && shown->text[from] == want[from])
		from++;
	if (from < length || old > length) {
		move_to(ed, from);
		memcpy(shown->text + from, want + from, length - from);
		/* Blanks over the end of the old text. */
		if (old > length)
			memset(shown->text + length, ' ', old - length);
		move_to(ed, MAX(length, old));
		shown->length = length;
	}
	move_to(ed, ed->cursor - ed->view);
}

/* The cursor is on an empty line of the terminal: draw all. */
static void draw(struct line_editor *ed)
{
	put(ed, ed->prompt);
	ed->shown.length = 0;
	ed->shown.at = 0;
	refresh(ed);
}

/* ---- changes --------------------------------------------------------- */

static void set_text(struct line_editor *ed, const char *text)
{
	ed->length = (unsigned)strnlen(text, LINE_TEXT_MAX - 1);
	memmove(ed->text, text, ed->length);
	ed->text[ed->length] = '\0';
	ed->cursor = ed->length;
}

static void insert(struct line_editor *ed, const char *text, unsigned n)
{
	n = MIN(n, LINE_TEXT_MAX - 1 - ed->length);
	memmove(ed->text + ed->cursor + n, ed->text + ed->cursor,
		ed->length - ed->cursor + 1);
	memcpy(ed->text + ed->cursor, text, n);
	ed->length += n;
	ed->cursor += n;
}

/* Delete [from, to), and leave the cursor there. */
static void delete(struct line_editor *ed, unsigned from, unsigned to)
{
	memmove(ed->text + from, ed->text + to, ed->length - to + 1);
	ed->length -= to - from;
	ed->cursor = from;
}

static unsigned word_left(const struct line_editor *ed)
{
	unsigned i = ed->cursor;

	while (i > 0 && ed->text[i - 1] == ' ')
		i--;
	while (i > 0 && ed->text[i - 1] != ' ')
		i--;
	return i;
}

/* ---- history --------------------------------------------------------- */

static unsigned history_oldest(const struct line_editor *ed)
{
	return ed->history_next > LINE_HISTORY ?
	       ed->history_next - LINE_HISTORY : 0;
}

const char *line_history(const struct line_editor *ed, unsigned i)
{
	unsigned number = history_oldest(ed) + i;

	return number < ed->history_next ?
	       ed->history[number % LINE_HISTORY] : NULL;
}

/* The new line has the number history_next. */
static void history_show(struct line_editor *ed, unsigned number)
{
	if (number < history_oldest(ed) || number > ed->history_next)
		return;
	if (ed->history_at == ed->history_next)
		strscpy(ed->kept, ed->text, LINE_TEXT_MAX);
	ed->history_at = number;
	set_text(ed, number == ed->history_next ?
		 ed->kept : ed->history[number % LINE_HISTORY]);
}

/* ---- completion ------------------------------------------------------ */

/* The words of a list that begin with what was typed. */
struct candidates {
	unsigned    count;
	const char *first;
	unsigned    common;   /* characters that all begin with */
};

static struct candidates find_candidates(word_list_fn list, const char *begin,
					 unsigned length)
{
	struct candidates found = { 0, NULL, 0 };
	const char *word;

	for (unsigned i = 0; (word = list(i)); i++) {
		unsigned n = 0;

		if (strncmp(word, begin, length))
			continue;
		if (!found.count++) {
			found.first = word;
			found.common = (unsigned)strlen(word);
		}
		while (n < found.common && word[n] == found.first[n])
			n++;
		found.common = n;
	}
	return found;
}

/* All candidates, in as many columns as fit. */
static void show_candidates(struct line_editor *ed, word_list_fn list,
			    const char *begin, unsigned length)
{
	static const char blanks[] = "                    ";
	unsigned column = 0;
	const char *word;

	put(ed, "\n");
	for (unsigned i = 0; (word = list(i)); i++) {
		unsigned width = (unsigned)strlen(word), pad;

		if (strncmp(word, begin, length))
			continue;
		pad = 20 - width % 20;
		if (column + width + pad > LINE_COLUMNS && column) {
			put(ed, "\n");
			column = 0;
		}
		put(ed, word);
		ed->write(blanks, pad);
		column += width + pad;
	}
	put(ed, "\n");
	draw(ed);
}

static void complete(struct line_editor *ed)
{
	char begin[LINE_TEXT_MAX];
	struct candidates found;
	unsigned start = ed->cursor, length;
	word_list_fn list;

	if (!ed->complete)
		return;
	/* The text behind the cursor does not count. */
	memcpy(begin, ed->text, ed->cursor);
	begin[ed->cursor] = '\0';
	list = ed->complete(begin, ed->cursor, &start);
	if (!list)
		return;
	assert(start <= ed->cursor);
	length = ed->cursor - start;
	found = find_candidates(list, begin + start, length);
	if (!found.count)
		return;
	if (found.common > length || found.count == 1) {
		insert(ed, found.first + length, found.common - length);
		if (found.count == 1 && ed->text[ed->cursor] != ' ')
			insert(ed, " ", 1);
	} else {
		show_candidates(ed, list, begin + start, length);
	}
}

/* ---- keys ------------------------------------------------------------ */

/* A key that moves the cursor, or shows another line. */
static void move_key(struct line_editor *ed, int key)
{
	switch (key) {
	case KEY_LEFT: case KEY_CTRL('b'):
		ed->cursor -= ed->cursor > 0;
		break;
	case KEY_RIGHT: case KEY_CTRL('f'):
		ed->cursor += ed->cursor < ed->length;
		break;
	case KEY_HOME: case KEY_CTRL('a'):
		ed->cursor = 0;
		break;
	case KEY_END: case KEY_CTRL('e'):
		ed->cursor = ed->length;
		break;
	case KEY_WORD_LEFT:
		ed->cursor = word_left(ed);
		break;
	case KEY_WORD_RIGHT:
		while (ed->text[ed->cursor] == ' ')
			ed->cursor++;
		while (ed->text[ed->cursor] && ed->text[ed->cursor] != ' ')
			ed->cursor++;
		break;
	case KEY_UP: case KEY_CTRL('p'):
		history_show(ed, ed->history_at - 1);
		break;
	case KEY_DOWN: case KEY_CTRL('n'):
		history_show(ed, ed->history_at + 1);
		break;
	}
}

static void delete_key(struct line_editor *ed, int key)
{
	unsigned at = ed->cursor;

	switch (key) {
	case KEY_BACKSPACE:
		delete(ed, at - (at > 0), at);
		break;
	case KEY_DELETE: case KEY_CTRL('d'):
		delete(ed, at, at + (at < ed->length));
		break;
	case KEY_CTRL('u'):
		delete(ed, 0, at);
		break;
	case KEY_CTRL('k'):
		delete(ed, at, ed->length);
		break;
	case KEY_CTRL('w'):
		delete(ed, word_left(ed), at);
		break;
	}
}

static void edit_key(struct line_editor *ed, int key)
{
	char c = (char)key;

	if (key >= ' ' && key < KEY_BACKSPACE) {
		insert(ed, &c, 1);
	} else if (key == KEY_TAB) {
		complete(ed);
	} else if (key == KEY_CTRL('l')) {
		put(ed, "\n");
		draw(ed);
	} else {
		move_key(ed, key);
		delete_key(ed, key);
	}
	refresh(ed);
}

static void clear(struct line_editor *ed)
{
	set_text(ed, "");
	ed->history_at = ed->history_next;
}

static enum line_result done(struct line_editor *ed)
{
	unsigned newest = (ed->history_next + LINE_HISTORY - 1) % LINE_HISTORY;

	ed->cursor = ed->length;
	refresh(ed);
	put(ed, "\n");
	if (ed->length && strcmp(ed->history[newest], ed->text))
		strscpy(ed->history[ed->history_next++ % LINE_HISTORY],
			ed->text, LINE_TEXT_MAX);
	return LINE_DONE;
}

/* ---- public ---------------------------------------------------------- */

void line_begin(struct line_editor *ed)
{
	assert(ed->prompt_columns < LINE_COLUMNS / 2);
	clear(ed);
	draw(ed);
}

enum line_result line_key(struct line_editor *ed, int key)
{
	if (key == KEY_ENTER)
		return done(ed);
	if (key == KEY_CTRL('d') && !ed->length) {
		put(ed, "\n");
		return LINE_END;
	}
	if (key == KEY_CTRL('c')) {
		put(ed, "^C\n");
		clear(ed);
		return LINE_CANCELLED;
	}
	edit_key(ed, key);
	return LINE_MORE;
}

const char *line_check(const struct line_editor *ed)
{
	unsigned columns = view_columns(ed);

	HOLDS(ed->cursor <= ed->length && ed->length < LINE_TEXT_MAX &&
	      ed->text[ed->length] == '\0',
	      "lineedit L1: the cursor lies in the text, and the text ends with 0");
	HOLDS(ed->cursor >= ed->view && ed->cursor - ed->view < columns,
	      "lineedit L2: the cursor lies in the view");
	HOLDS(ed->shown.at == ed->cursor - ed->view &&
	      ed->shown.length == MIN(ed->length - ed->view, columns) &&
	      !memcmp(ed->shown.text, ed->text + ed->view, ed->shown.length),
	      "lineedit L3: the terminal shows the view, and the cursor");
	return NULL;
}
