// SPDX-License-Identifier: MIT
/*
 * log_ring.h - the last few hundred lines, in a buffer that never grows
 *
 * WHAT     Records of different lengths in a circular buffer. A new record
 *          pushes out as many of the oldest as needed.
 *
 * TERMS    seq   number of a record, counted from 0 since the ring was made
 *
 * INVARIANTS of log_ring (log_ring_check() restates them)
 *          R1  the records fill the used bytes exactly
 *          R2  each record's text has no 0 in it, and at most LOG_TEXT_MAX
 *          R3  the records are as many as the sequence numbers say
 *
 * LOCKING  The caller's.
 */
#pragma once

#include "lib/compiler.h"

#define LOG_TEXT_MAX  240   /* characters of a line that are kept            */

/* A record as readers get it: a copy, with the text ended by 0. */
struct log_record {
	uint64_t seq;
	uint64_t tsc;     /* cycles() when it was said */
	unsigned level;
	size_t   len;
	char     text[LOG_TEXT_MAX + 1];
};

struct log_ring {
	char    *buf;
	size_t   size;               /* bytes of buf                         */
	size_t   head;               /* where the next record begins         */
	size_t   used;               /* bytes that records occupy            */
	uint64_t first_seq, next_seq;
};

/* Make an empty ring of `size` bytes: enough for one record at least. */
void log_ring_init(struct log_ring *ring, char *buf, size_t size);

/* Append one line; text beyond LOG_TEXT_MAX is cut. */
void log_ring_append(struct log_ring *ring, unsigned level, uint64_t tsc,
		     const char *text, size_t len);

/*
 * Read the records one after another: *pos is 0 before the first call, and
 * *record keeps the number. Returns: false if there is no further record.
 */
bool log_ring_next(const struct log_ring *ring, size_t *pos,
		   struct log_record *record);

/* NULL, or the first of R1..R3 that is broken. */
const char *log_ring_check(const struct log_ring *ring);
