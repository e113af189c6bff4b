// SPDX-License-Identifier: MIT
/*
 * log_limit.c - lines that somebody else can cause, counted
 *
 * WHAT     The one limiter of the log. A program or a device in a loop cannot
 *          fill the ring, which keeps the history of the boot, and cannot fill
 *          the console, which is slow. A line says how many lines are missing.
 *
 * PICTURE    window   |<------- 5 s ------->|<------- 5 s ------->|
 *            lines     ##########............ n ###
 *            said      10 lines               "... 12 more lines ..."
 *
 * INVARIANTS of log_limit (log_limits_check() restates them)
 *          L1  a window has at most LOG_LIMIT_LINES lines of a limit, and one
 *              line that counts the others
 *          L2  a limit is on the list while it has left lines out, and then its
 *              window has all its lines
 *
 * ALGORITHM  A window begins with the first line after the end of the last
 *          window. That line first prints the count of the last window. If no
 *          more line comes, a tick prints the count.
 *
 * LOCKING  Interrupts off.
 * COST     A tick looks at one pointer.
 * SEE      Linux lib/ratelimit.c.
 */
#include <arch/irqflags.h>

#include "lib/log.h"
#include "lib/panic.h"
#include "lib/string.h"

#define KIND_MAX  128u

static struct log_limit *pending;   /* L2 */

/*
 * The text that all lines of a format share: a star stands for each conversion,
 * and the newline is left out. A long text is cut.
 */
static void kind_of(char *kind, const char *like)
{
	size_t n = 0;

	for (; n < KIND_MAX - 1 && *like && *like != '\n'; like++) {
		kind[n++] = *like == '%' && like[1] != '%' ? '*' : *like;
		if (*like != '%')
			continue;
		/* Skip the conversion, up to its last letter. */
		do
			like++;
		while (*like && !strchr("%cdiopsuxX", *like));
		if (*like == 'p' && like[1] >= 'A' && like[1] <= 'Z')
			like++;
		if (!*like)
			break;
	}
	kind[n] = '\0';
}

static void begin_window(struct log_limit *limit, uint64_t now)
{
	unsigned left_out = limit->left_out;
	struct log_limit **at = &pending;
	char kind[KIND_MAX];

	limit->window_end = now + LOG_LIMIT_NS;
	limit->lines = 0;
	limit->left_out = 0;
	if (!left_out)
		return;
	while (*at != limit)
		at = &(*at)->next;
	*at = limit->next;
	kind_of(kind, limit->like);
	printk(limit->level, "... %u more line%s of the kind \"%s\" left out\n",
	       left_out, left_out == 1 ? "" : "s", kind);
}

bool log_limit_allows(struct log_limit *limit, enum log_level level,
		      const char *like)
{
	irqflags_t flags = irq_save();
	uint64_t now = log_now_ns();
	bool allowed;

	if (now >= limit->window_end)
		begin_window(limit, now);
	limit->level = level;
	limit->like = like;
	allowed = limit->lines < LOG_LIMIT_LINES;
	if (allowed) {
		limit->lines++;
	} else if (!limit->left_out++) {
		limit->next = pending;
		pending = limit;
	}
	irq_restore(flags);
	return allowed;
}

static void end_windows(bool all)
{
	irqflags_t flags = irq_save();
	struct log_limit *limit, *next;
	uint64_t now = log_now_ns();

	for (limit = pending; limit; limit = next) {
		next = limit->next;
		if (all || now >= limit->window_end)
			begin_window(limit, now);
	}
	irq_restore(flags);
}

void log_limits_tick(void)
{
	if (unlikely(pending))
		end_windows(false);
}

void log_limits_flush(void)
{
	end_windows(true);
}

static const char *pending_check(void)
{
	for (const struct log_limit *at = pending; at; at = at->next) {
		HOLDS(at->lines <= LOG_LIMIT_LINES,
		      "log_limit L1: no more than LOG_LIMIT_LINES are said");
		HOLDS(at->left_out && at->lines == LOG_LIMIT_LINES,
		      "log_limit L2: who is on the list has left lines out");
	}
	return NULL;
}

const char *log_limits_check(void)
{
	irqflags_t flags = irq_save();
	const char *law = pending_check();

	irq_restore(flags);
	return law;
}
