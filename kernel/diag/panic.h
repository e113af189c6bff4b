// SPDX-License-Identifier: MIT
/*
 * panic.h - catch a panic instead of dying of it
 *
 * WHAT     A test that expects a panic sets a trap for it.
 *
 *            static struct panic_trap trap;
 *
 *            panic_trap_set(&trap);
 *            if (!kernel_setjmp(&trap.env))
 *                    free_it_twice();
 *            panic_trap_set(NULL);
 *            ... trap.caught, trap.message ...
 */
#pragma once

#include <arch/setjmp.h>

#define PANIC_MESSAGE_MAX  256

struct panic_trap {
	struct kernel_jmp_buf env;
	bool                (*is_ours)(void);   /* catch it? NULL: always     */
	bool                  report;   /* print the whole report first       */
	bool                  caught;
	char                  message[PANIC_MESSAGE_MAX];
};

/*
 * The next panic writes its message into trap->message, sets trap->caught and
 * returns 1 from the kernel_setjmp() of trap->env. The trap catches one panic;
 * NULL takes away a trap that was not needed.
 *
 * A lock that the panicking code held stays locked: the kernel survives only a
 * bug that was found before anything changed.
 */
void panic_trap_set(struct panic_trap *trap);

/*
 * A function that adds lines to the end of each report; NULL: none. It runs
 * with interrupts off, and locks may be held.
 */
void panic_set_annex(void (*annex)(void (*out)(const char *line)));

/*
 * A function that runs once after the report of a panic, with interrupts off,
 * on the panic's own stack; NULL: none. Then the machine exits.
 */
void panic_set_hook(void (*hook)(void));
