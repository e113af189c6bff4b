// SPDX-License-Identifier: MIT
/*
 * console.c - where text goes that somebody shall see
 *
 * WHAT     The list of consoles, and the two that every PC may have.
 *
 * LOCKING  Interrupts are off while text is written. There is no lock: a panic
 *          must be able to write at any moment.
 * NOT HERE how the devices work (arch/i386/platform/uart.c, vga.c).
 */
#include "kernel/diag/console.h"

#include <arch/irqflags.h>
#include <arch/kva.h>
#include <arch/uart.h>
#include <arch/vga.h>

#include "lib/printf.h"

static LIST_HEAD(consoles);
static struct console *diverted;   /* if there is one: the only console */

static struct console uart_console = { .name = "uart", .write = uart_write };
static struct console vga_console = { .name = "vga", .write = vga_write };

void console_init(void)
{
	/*
	 * By number, not by phys_to_virt(): high_memory is not known yet, but
	 * the first MiB is mapped at PAGE_OFFSET from the first page tables on.
	 */
	vga_init(kva_to_ptr(PAGE_OFFSET + VGA_TEXT_PHYS));
	console_add(&vga_console);
	if (uart_init())
		console_add(&uart_console);
}

void console_add(struct console *console)
{
	list_add_tail(&console->list, &consoles);
}

void console_remove(struct console *console)
{
	list_del_init(&console->list);
}

void console_divert(struct console *only)
{
	diverted = only;
}

void console_write(const char *text, size_t len)
{
	irqflags_t flags = irq_save();   /* a screen has one cursor */
	struct console *console;

	if (unlikely(diverted)) {
		diverted->write(text, len);
	} else {
		list_for_each_entry(console, &consoles, list)
			console->write(text, len);
	}
	irq_restore(flags);
}

void console_printf(const char *fmt, ...)
{
	char line[CONSOLE_LINE_MAX];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	console_write(line, MIN((size_t)len, sizeof(line) - 1));
}
