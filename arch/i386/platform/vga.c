// SPDX-License-Identifier: MIT
/*
 * vga.c - text on the screen of a PC
 *
 * WHAT     A terminal of 80 columns and 25 rows in the text memory of the VGA
 *          adapter. Escape sequences for colours work; others do nothing.
 *
 * PICTURE    cell, 16 bits:  15 ... 8   7 ... 0
 *                            colour     character (code page 437)
 *            cells[row * 80 + column], row 0 on top
 *
 * RULES of vga
 *          V1  column < VGA_COLUMNS, row < VGA_ROWS, between two calls
 *
 * COST     A scroll moves 24 rows, 1920 cells.
 * SEE      IBM VGA/XGA Technical Reference, 2.5 "CRT controller".
 */
#include <arch/io.h>
#include <arch/vga.h>

#define GREY_ON_BLACK  0x0700
#define BRIGHT         0x0800
#define FOREGROUND     0x0700
#define ESC            0x1b
#define TAB_WIDTH      8

/* The CRT controller: INDEX takes a register's number, DATA its value. */
#define CRTC_INDEX        0x3d4
#define CRTC_DATA         0x3d5
#define CRTC_CURSOR_HIGH  0x0e
#define CRTC_CURSOR_LOW   0x0f

static volatile uint16_t *screen;   /* NULL before vga_init()                */
static unsigned row, column;        /* V1                                    */
static uint16_t attribute = GREY_ON_BLACK;

/* The place in an escape sequence: ESC [ number ; number letter. */
static enum { IN_TEXT, BEHIND_ESC, IN_PARAMETER } escape;
static unsigned parameter;

static void clear_row(unsigned r)
{
	for (unsigned c = 0; c < VGA_COLUMNS; c++)
		screen[r * VGA_COLUMNS + c] = GREY_ON_BLACK | ' ';
}

static void new_line(void)
{
	column = 0;
	if (row < VGA_ROWS - 1) {
		row++;
		return;
	}
	for (unsigned i = 0; i < (VGA_ROWS - 1) * VGA_COLUMNS; i++)
		screen[i] = screen[i + VGA_COLUMNS];
	clear_row(VGA_ROWS - 1);
}

static void put_visible(char c)
{
	screen[row * VGA_COLUMNS + column] = attribute | (uint8_t)c;
	if (++column == VGA_COLUMNS)
		new_line();
}

/* A number of ESC [ ... m: 0 is plain, 1 bright, 30 to 37 a colour. */
static void set_attribute(unsigned number)
{
	/* ECMA-48: red 1, green 2, blue 4. The adapter: red 4, blue 1. */
	static const uint8_t order[8] = { 0, 4, 2, 6, 1, 5, 3, 7 };

	if (number == 0)
		attribute = GREY_ON_BLACK;
	else if (number == 1)
		attribute |= BRIGHT;
	else if (number >= 30 && number <= 37)
		attribute = (uint16_t)((attribute & ~FOREGROUND) |
				       order[number - 30] << 8);
}

/* A character after ESC. */
static void put_escape(char c)
{
	if (escape == BEHIND_ESC) {
		escape = c == '[' ? IN_PARAMETER : IN_TEXT;
		parameter = 0;
	} else if (c >= '0' && c <= '9') {
		parameter = (parameter * 10 + (unsigned)(c - '0')) % 1000;
	} else {
		if (c == 'm' || c == ';')
			set_attribute(parameter);
		parameter = 0;
		escape = c == ';' ? IN_PARAMETER : IN_TEXT;
	}
}

static void put_char(char c)
{
	switch (c) {
	case ESC:
		escape = BEHIND_ESC;
		break;
	case '\n':
		new_line();
		break;
	case '\r':
		column = 0;
		break;
	case '\b':
		column -= column > 0;
		break;
	case '\t':
		do
			put_visible(' ');
		while (column % TAB_WIDTH);
		break;
	default:
		put_visible(c);
	}
}

static void move_cursor(void)
{
	unsigned cell = row * VGA_COLUMNS + column;

	outb(CRTC_INDEX, CRTC_CURSOR_HIGH);
	outb(CRTC_DATA, (uint8_t)(cell >> 8));
	outb(CRTC_INDEX, CRTC_CURSOR_LOW);
	outb(CRTC_DATA, (uint8_t)cell);
}

void vga_init(volatile uint16_t *cells)
{
	screen = cells;
	attribute = GREY_ON_BLACK;
	escape = IN_TEXT;
	row = 0;
	column = 0;
	for (unsigned r = 0; r < VGA_ROWS; r++)
		clear_row(r);
	move_cursor();
}

void vga_write(const char *text, size_t len)
{
	if (!screen)
		return;
	for (size_t i = 0; i < len; i++) {
		if (escape)
			put_escape(text[i]);
		else
			put_char(text[i]);
	}
	move_cursor();
}
