// SPDX-License-Identifier: MIT
/*
 * fail.c - the end of a boot that cannot go on
 *
 * WHAT     boot_fail(), and the two functions that lib/ calls for the same
 *          purpose: panic() and assert_failed(). The text goes to 80x25 cells
 *          of video memory and to COM1, a polled 16550. There are no interrupts
 *          and there is no scrolling: the few lines fit on one screen.
 *
 * RULES of boot_fail
 *          F1  no wait is endless: a machine without COM1 reads 0xff or 0x00
 *              for ever. After a wait that was too long, the next waits are
 *              short, until the chip is ready again: each byte asks the chip
 *              once more.
 *
 * ALGORITHM  Write to the screen first, then to the wire. The wire may have to
 *          wait for a reader: a full pipe, Ctrl-S.
 *
 * NOT HERE the kernel's panic (kernel/diag/panic.c) and its consoles
 *          (arch/i386/platform/): boot/ and the kernel share no code.
 * SEE      PC16550D data sheet, 8.0.
 */
#include "boot/fail.h"

#include <arch/io.h>

#include "lib/panic.h"
#include "lib/printf.h"

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

#define VGA_TEXT        ((volatile uint16_t *)0xb8000)
#define VGA_COLUMNS     80u
#define VGA_ROWS        25u
#define VGA_GREY        0x0700u

#define DEBUG_EXIT_PORT   0xf4     /* QEMU isa-debug-exit: status 2 v + 1     */
#define DEBUG_EXIT_PANIC  18       /* 37                                      */
#define ACPI_PM1A_PORT    0x604    /* QEMU, pc and q35                        */
#define ACPI_S5           0x2000
#define BOCHS_PORT        0x8900   /* takes the word "Shutdown"               */

static unsigned vga_row, vga_column;
static bool stalled;   /* COM1 was not ready in LSR_POLLS reads */

static void consoles_init(void)
{
	outb(COM1_IER, 0);
	outb(COM1_LCR, LCR_DLAB);
	outb(COM1_DATA, DIVISOR_115200);
	outb(COM1_IER, 0);
	outb(COM1_LCR, LCR_8N1);
	outb(COM1_FCR, FCR_ON_CLEAR);
	outb(COM1_MCR, MCR_DTR_RTS);
	for (unsigned i = 0; i < VGA_ROWS * VGA_COLUMNS; i++)
		VGA_TEXT[i] = VGA_GREY | ' ';
}

static bool serial_wait(uint8_t bits)
{
	unsigned polls = stalled ? 1 : LSR_POLLS;

	stalled = true;
	while (stalled && polls--)
		stalled = !(inb(COM1_LSR) & bits);
	return !stalled;
}

static void serial_put(char c)
{
	if (c == '\n')
		serial_put('\r');
	if (serial_wait(LSR_THRE))
		outb(COM1_DATA, (uint8_t)c);
}

static void vga_put(char c)
{
	if (c == '\n' || vga_column == VGA_COLUMNS) {
		vga_row++;
		vga_column = 0;
	}
	if (c != '\n' && vga_row < VGA_ROWS)
		VGA_TEXT[vga_row * VGA_COLUMNS + vga_column++] =
			VGA_GREY | (uint8_t)c;
}

static void say(const char *text)
{
	for (const char *c = text; *c; c++)
		vga_put(*c);
	for (const char *c = text; *c; c++)
		serial_put(*c);
}

static void __noreturn __printf(1, 0) fail(const char *fmt, va_list args)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, args);
	consoles_init();
	say("pagoda: cannot boot: ");
	say(text);
	say("\n");
	/* At shutdown, Bochs drops a byte that is still in the register. */
	(void)serial_wait(LSR_TEMT);
	outb(DEBUG_EXIT_PORT, DEBUG_EXIT_PANIC);
	outw(ACPI_PM1A_PORT, ACPI_S5);
	for (const char *p = "Shutdown"; *p; p++)
		outb(BOCHS_PORT, (uint8_t)*p);
	for (;;)
		__asm__ volatile("cli; hlt");
}

void boot_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fail(fmt, args);
}

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fail(fmt, args);
}

void assert_failed(const char *expr, const char *file, int line,
		   const char *func)
{
	boot_fail("%s:%d: %s(): %s does not hold", file, line, func, expr);
}

/* For %pS: there is no symbol table here. */
int symbol_format(char *buf, size_t size, uintptr_t addr)
{
	return scnprintf(buf, size, "0x%08lx", (unsigned long)addr);
}
