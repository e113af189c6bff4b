// SPDX-License-Identifier: MIT
/*
 * log_ring.c - the last few hundred lines, in a buffer that never grows
 *
 * PICTURE    buf   [ ..r3][      free      ][r0 ][r1      ][r2 ][r3.. ]
 *                        ^                   ^
 *                        head                tail = head - used
 *
 *            a record: len (1 byte), level (1), tsc (8, low byte first),
 *                      text (len bytes, no 0)
 *
 * TERMS    tail     where the oldest record begins
 *
 * ALGORITHM  A record may wrap around the end of the buffer at any byte, so
 *          each byte goes through ring_put() or ring_byte(), which wrap.
 *
 * SEE      Linux kernel/printk/printk_ringbuffer.c, which does the same
 *          without a lock.
 */
#include "kernel/diag/log_ring.h"

#include "lib/panic.h"

#define HEADER_SIZE  10u   /* len, level, tsc                                */

_Static_assert(LOG_TEXT_MAX <= UINT8_MAX, "the length of a text is one byte");

static size_t ring_wrap(const struct log_ring *ring, size_t offset)
{
	return offset >= ring->size ? offset - ring->size : offset;
}

/* The byte `offset` bytes after the tail. */
static uint8_t ring_byte(const struct log_ring *ring, size_t offset)
{
	size_t tail = ring_wrap(ring, ring->head + ring->size - ring->used);

	return (uint8_t)ring->buf[ring_wrap(ring, tail + offset)];
}

static void ring_put(struct log_ring *ring, uint8_t byte)
{
	ring->buf[ring->head] = (char)byte;
	ring->head = ring_wrap(ring, ring->head + 1);
	ring->used++;
}

void log_ring_init(struct log_ring *ring, char *buf, size_t size)
{
	assert(size >= HEADER_SIZE + LOG_TEXT_MAX);
	*ring = (struct log_ring){ .buf = buf, .size = size };
}

void log_ring_append(struct log_ring *ring, unsigned level, uint64_t tsc,
		     const char *text, size_t len)
{
	len = MIN(len, (size_t)LOG_TEXT_MAX);
	while (ring->size - ring->used < HEADER_SIZE + len) {
		ring->used -= HEADER_SIZE + ring_byte(ring, 0);
		ring->first_seq++;
	}
	ring_put(ring, (uint8_t)len);
	ring_put(ring, (uint8_t)level);
	for (unsigned shift = 0; shift < 64; shift += 8)
		ring_put(ring, (uint8_t)(tsc >> shift));
	for (size_t i = 0; i < len; i++)
		ring_put(ring, text[i] ? (uint8_t)text[i] : '?');
	ring->next_seq++;
}

bool log_ring_next(const struct log_ring *ring, size_t *pos,
		   struct log_record *record)
{
	size_t at = *pos;

	if (at >= ring->used)
		return false;

	record->seq = at ? record->seq + 1 : ring->first_seq;
	record->len = ring_byte(ring, at);
	record->level = ring_byte(ring, at + 1);
	record->tsc = 0;
	for (unsigned i = 0; i < 8; i++)
		record->tsc |= (uint64_t)ring_byte(ring, at + 2 + i) << 8 * i;
	for (size_t i = 0; i < record->len; i++)
		record->text[i] = (char)ring_byte(ring, at + HEADER_SIZE + i);
	record->text[record->len] = '\0';
	*pos = at + HEADER_SIZE + record->len;
	return true;
}

const char *log_ring_check(const struct log_ring *ring)
{
	uint64_t records = 0;
	size_t at = 0;

	HOLDS(ring->used <= ring->size && ring->head < ring->size,
	      "log_ring R1: the used bytes lie in the buffer");
	while (at < ring->used) {
		size_t len = ring_byte(ring, at);

		HOLDS(len <= LOG_TEXT_MAX, "log_ring R2: no text is above LOG_TEXT_MAX");
		for (size_t i = 0; i < len; i++)
			HOLDS(ring_byte(ring, at + HEADER_SIZE + i),
			      "log_ring R2: a text has no 0 in it");
		at += HEADER_SIZE + len;
		records++;
	}
	HOLDS(at == ring->used, "log_ring R1: the records fill the used bytes exactly");
	HOLDS(records == ring->next_seq - ring->first_seq,
	      "log_ring R3: as many records as sequence numbers");
	return NULL;
}
