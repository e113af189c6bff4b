// SPDX-License-Identifier: MIT
/*
 * console.c - the boot world's two ways to say something
 *
 * WHAT     A polled 16550 and 80x25 cells of video memory. There are no
 *          interrupts and there is no scrolling: the few lines that boot/
 *          prints fit on one screen.
 *
 * RULES
 *          no wait is endless: a machine without COM1 reads 0xff or 0x00 for
 *          ever. After a wait that was too long, the next waits are short,
 *          until the chip is ready again: each byte asks the chip once more.
 *
 * ALGORITHM  Write to the screen first, then to the wire. The wire may have to
 *          wait for a reader: a full pipe, Ctrl-S.
 *
 * SEE      PC16550D data sheet, 8.0; platform consoles of the kernel proper
 *          are in arch/i386/platform/.
 */
#include "boot/console.h"

#include <arch/io.h>

#define COM1            0x3f8
#define COM1_DATA       (COM1 + 0)
#define COM1_IER        (COM1 + 1)
#define COM1_FCR        (COM1 + 2)
#define COM1_LCR        (COM1 + 3)
#define COM1_MCR        (COM1 + 4)
#define COM1_LSR        (COM1 + 5)

#define LCR_8N1         0x03
#define LCR_DLAB        0x80   /* DATA and IER are the divisor now          */
#define DIVISOR_115200  1
#define FCR_ON_CLEAR    0x07
#define MCR_DTR_RTS     0x03
#define LSR_THRE        0x20   /* room for a byte                           */
#define LSR_TEMT        0x40   /* the shift register is empty too           */

#define LSR_POLLS       10000000u   /* 10 to 30 s: as uart.c's SEND_READS   */

#define VGA_TEXT        0xb8000u
#define VGA_COLUMNS     80u
#define VGA_ROWS        25u
#define VGA_GREY        0x0700u

static unsigned vga_row, vga_column;
static bool stalled;   /* COM1 was not ready in LSR_POLLS reads */

static bool serial_wait(uint8_t bits)
{
	unsigned polls = stalled ? 1 : LSR_POLLS;

	stalled = true;
	while (stalled && polls--)
		stalled = !(inb(COM1_LSR) & bits);
	return !stalled;
}

static void serial_init(void)
{
	outb(COM1_IER, 0);
	outb(COM1_LCR, LCR_DLAB);
	outb(COM1_DATA, DIVISOR_115200);
	outb(COM1_IER, 0);
	outb(COM1_LCR, LCR_8N1);
	outb(COM1_FCR, FCR_ON_CLEAR);
	outb(COM1_MCR, MCR_DTR_RTS);
}

static void serial_put(char c)
{
	if (c == '\n')
		serial_put('\r');
	if (serial_wait(LSR_THRE))
		outb(COM1_DATA, (uint8_t)c);
}

static volatile uint16_t *vga_cell(unsigned row, unsigned column)
{
	return (volatile uint16_t *)VGA_TEXT + row * VGA_COLUMNS + column;
}

static void vga_put(char c)
{
	if (c == '\n' || vga_column == VGA_COLUMNS) {
		vga_row++;
		vga_column = 0;
	}
	if (c != '\n' && vga_row < VGA_ROWS)
		*vga_cell(vga_row, vga_column++) = VGA_GREY | (uint8_t)c;
}

void console_init(void)
{
	serial_init();
	for (unsigned i = 0; i < VGA_ROWS * VGA_COLUMNS; i++)
		*vga_cell(0, i) = VGA_GREY | ' ';
}

void console_write(const char *text)
{
	for (const char *c = text; *c; c++)
		vga_put(*c);
	for (const char *c = text; *c; c++)
		serial_put(*c);
}

void console_drain(void)
{
	/* At shutdown, Bochs drops a byte that is still in the register. */
	(void)serial_wait(LSR_TEMT);
}
