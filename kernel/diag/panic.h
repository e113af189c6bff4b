// SPDX-License-Identifier: MIT
/*
 * panic.h - catch a panic instead of dying of it
 *
 * WHAT     What the kernel knows of panics beyond lib/panic.h: a test that
 *          expects one sets a trap for it.
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
	bool                (*is_ours)(void);   /* this panic? NULL: any      */
	bool                  report;   /* print the whole report first       */
	bool                  caught;
	char                  message[PANIC_MESSAGE_MAX];
};

/*
 * The next panic writes its message into trap->message, sets trap->caught and
 * returns 1 from the kernel_setjmp() of trap->env. It is caught once: the trap
 * is then no longer set. NULL takes a trap away that was not needed.
 *
 * Whatever the panicking code had locked stays locked: only a bug that is
 * found before anything changes can be survived.
 */
void panic_trap_set(struct panic_trap *trap);

/*
 * What a report says besides the registers and the callers; NULL: nothing.
 * Interrupts are off, and whatever was locked still is.
 */
void panic_set_annex(void (*annex)(void (*out)(const char *line)));

/*
 * What to do when all has been said about a panic, instead of leaving the
 * machine; NULL: leave. It runs once, interrupts off, on whatever stack is
 * left; when it returns, the machine is left.
 */
void panic_set_hook(void (*hook)(void));
