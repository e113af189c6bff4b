// SPDX-License-Identifier: MIT
/*
 * panic.h - how code below the kernel says that it cannot go on
 *
 * WHAT     panic(), assert() and caller_must(). Declared here for lib/ and mm/;
 *          defined above them, in kernel/diag/panic.c (in tests/host/ for the
 *          host build).
 * TERMS    assert       states what our own code guarantees. What a user, a
 *                       boot loader or firmware can cause is a return code
 *                       instead.
 *          caller_must  states what the caller of a function guarantees. It
 *                       stands at the head of the function, and says the duty
 *                       in words.
 *          debug_       only a debug kernel checks (`make DEBUG=1`); used on
 *                       paths on which each instruction counts
 * NOT HERE failure that the caller can handle (lib/errno.h), messages
 *          (lib/log.h).
 */
#pragma once

#include "lib/compiler.h"

/*
 * Print the reason, the registers, a backtrace and, where it helps, the page
 * tables. Then leave the emulator with status 37, or halt. A test can catch the
 * panic: see tests/ktest.h, EXPECT_PANIC().
 *
 * Context: any, also with locks held and interrupts off.
 */
void panic(const char *fmt, ...) __printf(1, 2) __noreturn __cold;

/* What a failed assert() calls; a function, so that the check stays small. */
void assert_failed(const char *expr, const char *file, int line,
		   const char *func) __noreturn __cold;

#define assert(cond)                                                       \
	do {                                                               \
		if (unlikely(!(cond)))                                     \
			assert_failed(#cond, __FILE__, __LINE__, __func__); \
	} while (0)

/* What a failed caller_must() calls. */
void caller_failed(const char *func, const char *duty, const char *expr,
		   const char *file, int line) __noreturn __cold;

/*
 * `duty` is a text, as in caller_must(n > 0, "ask for a page"). Then the panic
 * says: "f(): the caller must ask for a page: n > 0 is false at ...".
 */
#define caller_must(cond, duty)                                             \
	do {                                                                \
		if (unlikely(!(cond)))                                      \
			caller_failed(__func__, duty, #cond, __FILE__,      \
				      __LINE__);                            \
	} while (0)

#define debug_assert(cond)             \
	do {                           \
		if (CONFIG_DEBUG)      \
			assert(cond);  \
	} while (0)

#define debug_caller_must(cond, duty)             \
	do {                                      \
		if (CONFIG_DEBUG)                 \
			caller_must(cond, duty);  \
	} while (0)

/*
 * For x_check() functions: return the text of the first law that is broken.
 * The caller decides what to do: a test reports it, a panic prints it.
 */
#define HOLDS(cond, law)            \
	do {                        \
		if (!(cond))        \
			return law; \
	} while (0)
