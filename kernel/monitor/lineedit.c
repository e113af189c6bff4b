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
 * TERMS    view     the part of a long line that fits behind the prompt; it
 *                   moves with the cursor, in steps of a third
 *          candidate  a word that may stand where the cursor is
 *
 * INVARIANTS of lineedit (line_check() restates them)
 *          L1  cursor <= length < LINE_TEXT_MAX, and text[length] is 0
 *          L2  the cursor lies in the view
 *          L3  after each key the terminal shows the view, and the cursor
 *
 * ALGORITHM  refresh() compares what is shown with what shall be shown, and
 *          writes from the first difference on. To the left it moves with
 *          backspaces, to the right by writing what is there already. So no
 *          escape sequence is needed: any terminal will do, the screen of a PC
 *          too; and what is typed at the end of a line is one byte a key.
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

/* Move the terminal's cursor. To the right, over what is there. */
static void move_to(struct line_editor *ed, unsigned column)
{
	struct line_picture *shown = &ed->shown;

	for (; shown->at > column; shown->at--)
		ed->write("\b", 1);
	if (shown->at < column)
		ed->write(shown->text + shown->at, column - shown->at);
	shown->at = column;
}

/* L2. */
static void choose_view(struct line_editor *ed)
{
	unsigned columns = view_columns(ed), step = columns / 3;

	while (ed->cursor < ed->view)
		ed->view -= MIN(ed->view, step);
	while (ed->cursor >= ed->view + columns)
		ed->view += step;
}

static unsigned first_difference(const struct line_picture *shown,
				 const char *want, unsigned length)
{
	unsigned i = 0;

	while (i < length && i < shown->length && shown->text[i] == want[i])
		i++;
	return i;
}

static void refresh(struct line_editor *ed)
{
	struct line_picture *shown = &ed->shown;
	unsigned length, from, old;
	const char *want;

	choose_view(ed);
	want = ed->text + ed->view;
	length = MIN(ed->length - ed->view, view_columns(ed));
	from = first_difference(shown, want, length);
	old = shown->length;
	if (from < length || old > length) {
		move_to(ed, from);
		memcpy(shown->text + from, want + from, length - from);
		/* What was longer than the new text is wiped out. */
		if (old > length)
			memset(shown->text + length, ' ', old - length);
		move_to(ed, MAX(length, old));
		shown->length = length;
	}
	move_to(ed, ed->cursor - ed->view);
}

/* The terminal's line is empty, or not ours any more: begin it anew. */
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

static unsigned word_right(const struct line_editor *ed)
{
	unsigned i = ed->cursor;

	while (i < ed->length && ed->text[i] == ' ')
		i++;
	while (i < ed->length && ed->text[i] != ' ')
		i++;
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

/* Not an empty line, and not the same one twice. */
static void remember(struct line_editor *ed)
{
	unsigned newest = (ed->history_next + LINE_HISTORY - 1) % LINE_HISTORY;

	if (!ed->length || !strcmp(ed->history[newest], ed->text))
		return;
	strscpy(ed->history[ed->history_next++ % LINE_HISTORY], ed->text,
		LINE_TEXT_MAX);
}

static void history_show(struct line_editor *ed, unsigned number)
{
	if (ed->history_at == ed->history_next)
		strscpy(ed->kept, ed->text, LINE_TEXT_MAX);
	ed->history_at = number;
	set_text(ed, number == ed->history_next ?
		 ed->kept : ed->history[number % LINE_HISTORY]);
}

static void history_older(struct line_editor *ed)
{
	if (ed->history_at > history_oldest(ed))
		history_show(ed, ed->history_at - 1);
}

static void history_newer(struct line_editor *ed)
{
	if (ed->history_at < ed->history_next)
		history_show(ed, ed->history_at + 1);
}

/* ---- completion ------------------------------------------------------ */

/* What the candidates for a beginning have in common. */
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
	/* Only what stands before the cursor counts. */
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
		ed->cursor = word_right(ed);
		break;
	case KEY_UP: case KEY_CTRL('p'):
		history_older(ed);
		break;
	case KEY_DOWN: case KEY_CTRL('n'):
		history_newer(ed);
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
	ed->view = 0;
	ed->history_at = ed->history_next;
}

static enum line_result done(struct line_editor *ed)
{
	ed->cursor = ed->length;
	refresh(ed);
	put(ed, "\n");
	remember(ed);
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
