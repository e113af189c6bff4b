// SPDX-License-Identifier: MIT
/*
 * console.h - where text goes that somebody shall see
 *
 * WHAT     Consoles register here; what is written goes to all of them, as it
 *          is. The test runner prints its KTAP lines this way, without the
 *          log's decoration.
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
 * Find the serial port and the screen and register them: the first line of
 * the kernel can be printed after this. Works under boot's page tables.
 */
void console_init(void);

void console_add(struct console *console);
void console_remove(struct console *console);

/*
 * For tests: until it is called with NULL, text goes to this one alone, which
 * need not be registered.
 */
void console_divert(struct console *only);

/* Write text to all consoles. Context: any. */
void console_write(const char *text, size_t len);

/* The same, formatted; cut after CONSOLE_LINE_MAX - 1 characters. */
#define CONSOLE_LINE_MAX  512
void console_printf(const char *fmt, ...) __printf(1, 2);
