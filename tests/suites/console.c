// SPDX-License-Identifier: MIT
/*
 * console.c - tests of the consoles, the serial port and the screen
 */
#include "kernel/diag/console.h"

#include <arch/kva.h>
#include <arch/uart.h>
#include <arch/vga.h>

#include "lib/log.h"
#include "lib/string.h"
#include "tests/ktest.h"

SUITE(console, NULL);

static unsigned nr_writes;

static void count_writes(const char *text, size_t len)
{
	nr_writes++;
}

KTEST(console, gets_text_while_it_is_registered)
{
	static struct console console = { .name = "c", .write = count_writes };

	log_limits_flush();     /* a tick would say what was left out before */
	nr_writes = 0;
	console_write("", 0);
	EXPECT_EQ(nr_writes, 0);
	console_add(&console);
	console_write("", 0);
	EXPECT_EQ(nr_writes, 1);
	console_remove(&console);
	console_write("", 0);
	EXPECT_EQ(nr_writes, 1);
}

KTEST(console, uart_echoes_in_loopback)
{
	static const uint8_t bytes[] = { 0x00, 0x55, 0xaa, 0xff, 'P' };

	if (!uart_is_present())
		SKIP("no UART");
	for (unsigned i = 0; i < sizeof(bytes); i++)
		EXPECT(uart_loopback_test(bytes[i]));
}

/* ---- the screen, on memory of our own ---- */

static uint16_t cells[VGA_COLUMNS * VGA_ROWS];

static void screen_borrow(void)
{
	vga_init(cells);
}

static void screen_give_back(void)
{
	vga_init(kva_to_ptr(PAGE_OFFSET + VGA_TEXT_PHYS));
}

static void write(const char *text)
{
	vga_write(text, strlen(text));
}

static char char_at(unsigned row, unsigned column)
{
	return (char)cells[row * VGA_COLUMNS + column];
}

KTEST(console, vga_begins_with_an_empty_screen)
{
	memset(cells, 0x55, sizeof(cells));
	screen_borrow();
	for (unsigned i = 0; i < ARRAY_SIZE(cells); i++)
		EXPECT_EQ(cells[i], 0x0700 | ' ');
	screen_give_back();
}

KTEST(console, vga_puts_text_at_the_cursor)
{
	screen_borrow();
	write("ab\ncd\re");
	screen_give_back();
	EXPECT_EQ(char_at(0, 0), 'a');
	EXPECT_EQ(char_at(0, 1), 'b');
	EXPECT_EQ(char_at(1, 0), 'e');
	EXPECT_EQ(char_at(1, 1), 'd');
}

KTEST(console, vga_goes_to_the_next_tab_stop)
{
	screen_borrow();
	write("ab\tc\td\be");
	screen_give_back();
	EXPECT_EQ(char_at(0, 8), 'c');
	EXPECT_EQ(char_at(0, 16), 'e');
}

KTEST(console, vga_wraps_at_the_right_edge)
{
	screen_borrow();
	for (unsigned i = 0; i < VGA_COLUMNS; i++)
		write("x");
	write("y");
	screen_give_back();
	EXPECT_EQ(char_at(0, VGA_COLUMNS - 1), 'x');
	EXPECT_EQ(char_at(1, 0), 'y');
}

KTEST(console, vga_scrolls_at_the_bottom)
{
	char line[] = "a\n";

	screen_borrow();
	for (unsigned i = 0; i < VGA_ROWS; i++, line[0]++)
		write(line);
	screen_give_back();
	EXPECT_EQ(char_at(0, 0), 'b');
	EXPECT_EQ(char_at(VGA_ROWS - 2, 0), 'a' + VGA_ROWS - 1);
	EXPECT_EQ(char_at(VGA_ROWS - 1, 0), ' ');
}

KTEST(console, vga_knows_colours_and_swallows_other_sequences)
{
	screen_borrow();
	write("\x1b[1;31ma\x1b[0mb\x1b[2Kc\x1b[32md");
	EXPECT_EQ(cells[0], 0x0c00 | 'a');     /* bright red */
	EXPECT_EQ(cells[1], 0x0700 | 'b');
	EXPECT_EQ(cells[2], 0x0700 | 'c');
	EXPECT_EQ(cells[3], 0x0200 | 'd');     /* green */
	EXPECT_EQ(cells[4], 0x0700 | ' ');
	screen_give_back();
}

KTEST(console, diverted_text_goes_to_one_alone)
{
	static struct console one = { .name = "one", .write = count_writes };
	static struct console other = { .name = "other" };

	log_limits_flush();
	nr_writes = 0;
	other.write = one.write;
	console_add(&other);
	console_divert(&one);
	console_write("", 0);
	console_divert(NULL);
	EXPECT_EQ(nr_writes, 1);
	console_remove(&other);
}
