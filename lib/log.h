// SPDX-License-Identifier: MIT
/*
 * log.h - messages, from anywhere
 *
 * WHAT     pr_err() ... pr_debug() put one line into the log ring and, when
 *          its level is loud enough (`loglevel=`), onto the consoles. Declared
 *          here for lib/ and mm/; defined in kernel/diag/log.c.
 * TERMS    level    Linux's numbers: 0 emergency ... 7 debug; a line is shown
 *                   when its level is below the console's loglevel.
 *          A character that is neither printable nor a tab is shown as '?'. So
 *          a text from outside cannot end a line or move the cursor of a
 *          terminal.
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
	LOG_DEBUG   = 7,   /* shown with loglevel=8 only                    */
};

/* One line; the text ends with a newline. Never fails; a long line is cut. */
void printk(enum log_level level, const char *fmt, ...) __printf(2, 3);

/*
 * Ring 3, a device or a table of the firmware could cause the same line again
 * and again. Such a line goes through a limit. Each place in the code has its
 * own limit: so many lines in a window of time, then only a count of the lines
 * that were left out. tools/check_style.py knows the lines that need no limit.
 */
#define LOG_LIMIT_LINES  10u
#define LOG_LIMIT_NS     5000000000ull   /* a window                         */

struct log_limit {
	const char       *like;       /* the format, named with the count   */
	enum log_level    level;
	unsigned          lines, left_out;   /* of this window                */
	uint64_t          window_end;
	struct log_limit *next;       /* list of limits that left lines out   */
};

/*
 * May one more line be printed? If a window is over, this first prints how many
 * lines the window has left out. Context: any.
 */
bool log_limit_allows(struct log_limit *limit, enum log_level level,
		      const char *like);

/* Called at each tick: print the counts of the windows that are over. */
void log_limits_tick(void);

/* Print the counts of all windows. Called before the machine goes off. */
void log_limits_flush(void);

/* NULL, or the broken invariant of the limits. */
const char *log_limits_check(void);

/* The clock that windows use; defined above lib/. Never goes back. */
uint64_t log_now_ns(void);

#define LOG_FIRST(first, ...)  first
#define printk_limited(level, ...)                                    \
	do {                                                          \
		static struct log_limit limit_;                       \
		if (log_limit_allows(&limit_, level,                  \
				     LOG_FIRST(__VA_ARGS__, 0)))      \
			printk(level, __VA_ARGS__);                   \
	} while (0)

#define pr_err_limited(...)    printk_limited(LOG_ERR, __VA_ARGS__)
#define pr_warn_limited(...)   printk_limited(LOG_WARNING, __VA_ARGS__)
#define pr_info_limited(...)   printk_limited(LOG_INFO, __VA_ARGS__)
#define pr_debug_limited(...)  printk_limited(LOG_DEBUG, __VA_ARGS__)

#define pr_emerg(...)  printk(LOG_EMERG, __VA_ARGS__)
#define pr_err(...)    printk(LOG_ERR, __VA_ARGS__)
#define pr_warn(...)   printk(LOG_WARNING, __VA_ARGS__)
#define pr_info(...)   printk(LOG_INFO, __VA_ARGS__)
#define pr_debug(...)  printk(LOG_DEBUG, __VA_ARGS__)
