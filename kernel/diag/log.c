// SPDX-License-Identifier: MIT
/*
 * log.c - messages, from anywhere
 *
 * WHAT     printk(): one line into the ring and, if it is loud enough, onto the
 *          consoles.
 *
 * INVARIANTS of log_ring: log_ring.h. log_check() asks the ring.
 *
 * LOCKING  log_lock, interrupts off, for the ring and the consoles, so that
 *          lines never mix. The text is formatted before: if a bad pointer for
 *          %s faults, no lock is held, and the panic can log.
 * NOT HERE the ring (log_ring.c), the consoles (console.c).
 * SEE      Linux kernel/printk/printk.c.
 */
#include "kernel/diag/log.h"

#include <arch/clocksource.h>
#include <arch/cycles.h>

#include "kernel/diag/console.h"
#include "lib/printf.h"
#include "lib/spinlock.h"
#include "lib/string.h"

#define LOG_RING_SIZE  16384   /* 200 to 300 lines: a whole boot             */

static struct spinlock log_lock = SPINLOCK_INIT;
static char ring_buf[LOG_RING_SIZE];
static struct log_ring ring = { .buf = ring_buf, .size = sizeof(ring_buf) };
static unsigned console_level = LOGLEVEL_DEFAULT;
static const char *console_prefix = "";
static bool keep_info = true;

uint64_t log_now_ns(void)
{
	return arch_clock_ns();
}

void printk(enum log_level level, const char *fmt, ...)
{
	char text[LOG_TEXT_MAX + 1];
	irqflags_t flags;
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = (size_t)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	len = MIN(len, sizeof(text) - 1);
	if (len && text[len - 1] == '\n')
		len--;
	/* Names, labels and arguments may come from outside the kernel. */
	for (size_t i = 0; i < len; i++)
		if (!is_printable(text[i]) && text[i] != '\t')
			text[i] = '?';
	flags = spin_lock_irqsave(&log_lock);
	if (keep_info || level != LOG_INFO)
		log_ring_append(&ring, level, cycles(), text, len);
	if (level < console_level) {
		console_write(console_prefix, strlen(console_prefix));
		console_write(text, len);
		console_write("\n", 1);
	}
	spin_unlock_irqrestore(&log_lock, flags);
}

unsigned log_set_level(unsigned level)
{
	unsigned old = console_level;

	console_level = level;
	return old;
}

bool log_keep_info(bool keep)
{
	bool old = keep_info;

	keep_info = keep;
	return old;
}

void log_set_prefix(const char *prefix)
{
	console_prefix = prefix;
}

void log_break_lock(void)
{
	spin_lock_init(&log_lock);
}

/*
 * The first record from `seq` on. If records have been dropped since the last
 * call, *pos is no place where a record begins: the search starts again.
 */
static bool next_record(uint64_t seq, uint64_t *first, size_t *pos,
			struct log_record *record)
{
	irqflags_t flags = spin_lock_irqsave(&log_lock);
	bool found;

	if (*first != ring.first_seq) {
		*first = ring.first_seq;
		*pos = 0;
	}
	do {
		found = log_ring_next(&ring, pos, record);
	} while (found && record->seq < seq);
	spin_unlock_irqrestore(&log_lock, flags);
	return found;
}

void log_for_each(void (*fn)(const struct log_record *record, void *arg),
		  void *arg)
{
	struct log_record record;
	uint64_t seq = 0, first = 0;
	size_t pos = 0;

	while (next_record(seq, &first, &pos, &record)) {
		seq = record.seq + 1;
		fn(&record, arg);
	}
}

const char *log_check(void)
{
	irqflags_t flags = spin_lock_irqsave(&log_lock);
	const char *law = log_ring_check(&ring);

	spin_unlock_irqrestore(&log_lock, flags);
	return law ? law : log_limits_check();
}
