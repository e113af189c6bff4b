// SPDX-License-Identifier: MIT
/*
 * log.h - the kernel's side of the log: which lines are kept, and shown
 *
 * WHAT     printk() of lib/log.h puts each line into a ring of records, and a
 *          line that is loud enough onto the consoles, too.
 */
#pragma once

#include "kernel/diag/log_ring.h"
#include "lib/log.h"

#define LOGLEVEL_DEFAULT  7   /* everything below LOG_DEBUG                  */

/* Lines with a level below `level` are shown. 0..8. Returns: the old level. */
unsigned log_set_level(unsigned level);

/*
 * Are lines of LOG_INFO kept in the ring? If not, they only go to the consoles:
 * a dump that somebody asked for is not history. Returns: the old value.
 */
bool log_keep_info(bool keep);

/*
 * Text in front of each line on the consoles, "" at first; it must stay alive.
 * The test runner sets "# ", so that the log is a comment of its KTAP output.
 */
void log_set_prefix(const char *prefix);

/* Free the lock of the log, whoever holds it, so that a panic can speak. */
void log_break_lock(void);

/*
 * All records, the oldest first. fn runs without a lock, and may log; a record
 * that is dropped meanwhile is left out.
 */
void log_for_each(void (*fn)(const struct log_record *record, void *arg),
		  void *arg);

/* NULL, or the broken invariant of the ring. */
const char *log_check(void);
