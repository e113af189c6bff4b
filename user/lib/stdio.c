// SPDX-License-Identifier: MIT
/*
 * stdio.c - one buffer in front of the console
 *
 * RULES    a finished line leaves the buffer at once.
 * LOCKING  None: a program with several threads prints from one of them.
 */
#include "user/lib/stdio.h"

#include "lib/panic.h"
#include "lib/string.h"
#include "user/lib/linux.h"
#include "user/lib/start.h"

#define LINE_MAX  512

static char buffer[LINE_MAX];
static size_t used;

static void write_all(const char *text, size_t length)
{
	while (length) {
		long n = linux_write(1, text, length);

		if (n <= 0)
			return;
		text += n;
		length -= (size_t)n;
	}
}

static output_fn output = write_all;

void set_output(output_fn fn)
{
	flush();
	output = fn;
}

void flush(void)
{
	if (used)
		output(buffer, used);
	used = 0;
}

void putchar(char c)
{
	buffer[used++] = c;
	if (c == '\n' || used == LINE_MAX)
		flush();
}

void puts(const char *text)
{
	while (*text)
		putchar(*text++);
}

void vprintf(const char *fmt, va_list args)
{
	char text[LINE_MAX];

	vsnprintf(text, sizeof(text), fmt, args);
	puts(text);
}

void printf(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
}

/* lib/printf.h's %pS: a program has no table of its symbols. */
int symbol_format(char *buf, size_t size, uintptr_t addr)
{
	return scnprintf(buf, size, "0x%08lx", (unsigned long)addr);
}

/* lib/panic.h, for the parts of lib/ that a program uses. */
void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	puts("panic: ");
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	exit(134);
}

void assert_failed(const char *expr, const char *file, int line,
		   const char *func)
{
	panic("%s:%d: %s: assertion failed: %s", file, line, func, expr);
}
