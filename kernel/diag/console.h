// SPDX-License-Identifier: MIT
/*
 * console.h - where text goes that somebody shall see
 *
 * WHAT     The list of consoles. Text goes to all of them, unchanged: the test
 *          runner prints its lines of KTAP this way.
 * NOT HERE levels, the ring of messages (kernel/diag/log.h).
 */
#pragma once

#include "lib/compiler.h"
#include "lib/list.h"

struct console {
	const char      *name;
	void           (*write)(const char *text, size_t len);
	struct list_head list;
};

/*
 * Find and register the serial port and the screen: from now on the kernel can
 * print. Works under boot's page tables.
 */
void console_init(void);

void console_add(struct console *console);
void console_remove(struct console *console);

/*
 * For tests: from now on text goes to this console alone, which need not be
 * registered. NULL: to all consoles again.
 */
void console_divert(struct console *only);

/* Write text to all consoles. Context: any. */
void console_write(const char *text, size_t len);

/* Formatted text, cut after CONSOLE_LINE_MAX - 1 characters. Context: any. */
#define CONSOLE_LINE_MAX  512
void console_printf(const char *fmt, ...) __printf(1, 2);
