// SPDX-License-Identifier: MIT
/*
 * fail.c - the end of a boot that cannot go on
 *
 * WHAT     boot_fail(), and the two functions that lib/ calls for the same
 *          purpose: panic() and assert_failed().
 * NOT HERE the kernel's panic (kernel/diag/panic.c): boot/ and the kernel
 *          share no code.
 */
#include "boot/fail.h"

#include <arch/io.h>

#include "boot/console.h"
#include "lib/panic.h"
#include "lib/printf.h"

#define DEBUG_EXIT_PORT   0xf4     /* QEMU isa-debug-exit: status 2 v + 1     */
#define DEBUG_EXIT_PANIC  18       /* 37                                      */
#define ACPI_PM1A_PORT    0x604    /* QEMU, pc and q35                        */
#define ACPI_S5           0x2000
#define BOCHS_PORT        0x8900   /* takes the word "Shutdown"               */

static void __noreturn halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void __noreturn leave(void)
{
	console_drain();
	outb(DEBUG_EXIT_PORT, DEBUG_EXIT_PANIC);
	outw(ACPI_PM1A_PORT, ACPI_S5);
	for (const char *p = "Shutdown"; *p; p++)
		outb(BOCHS_PORT, (uint8_t)*p);
	halt();
}

static void __noreturn __printf(1, 0) fail(const char *fmt, va_list args)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, args);
	console_init();
	console_write("pagoda: cannot boot: ");
	console_write(text);
	console_write("\n");
	leave();
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
