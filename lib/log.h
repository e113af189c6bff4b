// SPDX-License-Identifier: MIT
/*
 * log.h - messages, from anywhere
 *
 * WHAT     pr_err() ... pr_debug() put one line into the log ring and, when
 *          its level is loud enough (`loglevel=`), onto the consoles. Declared
 *          here for lib/ and mm/; defined in kernel/log.c.
 * TERMS    level    Linux's numbers: 0 emergency ... 7 debug; a line is shown
 *                   when its level is below the console's loglevel.
 * LOCKING  Callable in any context; takes its own lock, interrupts off.
 * SEE      lib/printf.h for the formats, among them %pP, %pB, %pF, %pS.
 */
#pragma once

#include "lib/compiler.h"

enum log_level {
	LOG_EMERG   = 0,   /* the last words of a panic                     */
	LOG_ERR     = 3,   /* something is broken                           */
	LOG_WARNING = 4,   /* odd input, handled                            */
	LOG_INFO    = 6,   /* the boot's story                              */
	LOG_DEBUG   = 7,   /* for whoever asked with loglevel=8             */
};

/* One line, newline included by the caller. Never fails; long lines are cut. */
void printk(enum log_level level, const char *fmt, ...) __printf(2, 3);

#define pr_emerg(...)  printk(LOG_EMERG, __VA_ARGS__)
#define pr_err(...)    printk(LOG_ERR, __VA_ARGS__)
#define pr_warn(...)   printk(LOG_WARNING, __VA_ARGS__)
#define pr_info(...)   printk(LOG_INFO, __VA_ARGS__)
#define pr_debug(...)  printk(LOG_DEBUG, __VA_ARGS__)
