// SPDX-License-Identifier: MIT
/*
 * log.h - the kernel's side of the log: who sees what, and what was said
 *
 * WHAT     printk() of lib/log.h puts each line into a ring of records; lines
 *          whose level is loud enough also go to the consoles.
 * SEE      kernel/diag/log_ring.h, the ring itself.
 */
#pragma once

#include "kernel/diag/log_ring.h"
#include "lib/log.h"

#define LOGLEVEL_DEFAULT  7   /* everything below LOG_DEBUG                  */

/* Lines with a level below `level` are shown. 0..8. Returns: the old level. */
unsigned log_set_level(unsigned level);

/*
 * Whether lines of LOG_INFO are kept in the ring. While they are not they only
 * go to the consoles: a dump that somebody asked for is not history. Returns:
 * as it was.
 */
bool log_keep_info(bool keep);

/*
 * Text in front of each line on the consoles, "" at first. The test runner
 * sets "# ", which makes the log a comment of its KTAP output. The text must
 * stay alive.
 */
void log_set_prefix(const char *prefix);

/*
 * Take the lock away from whoever held it when the kernel panicked, so that
 * the panic can speak.
 */
void log_break_lock(void);

/*
 * Every record, oldest first, in the order in which it was said. fn runs
 * without a lock, and may log; a record that is dropped meanwhile is left out.
 */
void log_for_each(void (*fn)(const struct log_record *record, void *arg),
		  void *arg);

/* NULL, or the broken invariant of the ring. */
const char *log_check(void);
