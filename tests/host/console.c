// SPDX-License-Identifier: MIT
/*
 * console.c (host) - log, panic and console of the host build
 *
 * WHAT     What lib/ and mm/ need of kernel/, made from the C library. Text
 *          goes to standard output through the kernel's own formatter. A panic
 *          that no test expects prints where it came from and ends the program
 *          with status 37, as the kernel ends its emulator.
 * SEE      lib/log.h, lib/panic.h, kernel/diag/panic.h, kernel/diag/console.h.
 */
#include <stdio.h>
#include <unistd.h>

#include <sanitizer/common_interface_defs.h>

#include "kernel/diag/console.h"
#include "kernel/diag/panic.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "tests/host/host.h"

#define EXIT_PANIC  37

uint64_t host_log_now;
unsigned host_log_lines;
char host_log_last[256];
int host_log_last_level;

uint64_t log_now_ns(void)
{
	return host_log_now;
}

static char  *captured;
static size_t capture_size, capture_used;

void host_log_capture(char *text, size_t size)
{
	captured = text;
	capture_size = size;
	capture_used = 0;
	if (text)
		text[0] = '\0';
}

/* If a capture is full, the test has too little room. */
static void capture(const char *fmt, va_list args)
{
	size_t room = capture_size - capture_used;
	int len = vsnprintf(captured + capture_used, room, fmt, args);

	if ((size_t)len >= room)
		panic("no room for what is logged: %zu bytes", capture_size);
	capture_used += (size_t)len;
}

int host_loglevel = LOG_WARNING + 1;

static struct panic_trap *panic_trap;

static void put(const char *prefix, const char *fmt, va_list args)
{
	char line[CONSOLE_LINE_MAX];

	vsnprintf(line, sizeof(line), fmt, args);
	fputs(prefix, stdout);
	fputs(line, stdout);
	fflush(stdout);
}

void console_printf(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put("", fmt, args);
	va_end(args);
}

void printk(enum log_level level, const char *fmt, ...)
{
	va_list args;

	host_log_lines++;
	host_log_last_level = (int)level;
	va_start(args, fmt);
	vsnprintf(host_log_last, sizeof(host_log_last), fmt, args);
	va_end(args);
	if (captured) {
		va_start(args, fmt);
		capture(fmt, args);
		va_end(args);
	}
	if ((int)level >= host_loglevel)
		return;
	va_start(args, fmt);
	put("# ", fmt, args);
	va_end(args);
}

void panic_trap_set(struct panic_trap *trap)
{
	panic_trap = trap;
	if (trap)
		trap->caught = false;
}

static void __noreturn panic_with(const char *message)
{
	struct panic_trap *trap = panic_trap;

	if (trap) {
		panic_trap = NULL;
		trap->caught = true;
		snprintf(trap->message, sizeof(trap->message), "%s", message);
		kernel_longjmp(&trap->env, 1);
	}
	console_printf("# panic: %s\n", message);
	__sanitizer_print_stack_trace();
	_exit(EXIT_PANIC);
}

void panic(const char *fmt, ...)
{
	char message[PANIC_MESSAGE_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	panic_with(message);
}

void assert_failed(const char *expr, const char *file, int line,
		   const char *func)
{
	panic("%s:%d: %s(): assertion failed: %s", file, line, func, expr);
}

void caller_failed(const char *func, const char *duty, const char *expr,
		   const char *file, int line)
{
	panic("%s(): the caller must %s: %s is false at %s:%d", func, duty,
	      expr, file, line);
}

int symbol_format(char *buf, size_t size, uintptr_t addr)
{
	return snprintf(buf, size, "%#lx", (unsigned long)addr);
}
