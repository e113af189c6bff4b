// SPDX-License-Identifier: MIT
/*
 * tty.c - reading the console for clients, some of which wait
 *
 * WHAT     This server asks the console server for a line, but never waits for
 *          it. If there is none, the client is put aside, and others are
 *          served. The console server tells when there is input.
 *
 * PICTURE    read(0) ---> tty_read() -- CONSOLE_TRY --> a line: answered
 *                             |
 *                             | -EAGAIN: REPLY_SAVE, into the queue
 *                             v
 *                          waiting: [pid 7] -> [pid 9]
 *                             ^
 *            "there is input"-+--> the first of them is answered
 *
 * RULES of tty
 *          Y1  who came first is served first
 *          Y2  input that a client did not take, because it had ended or its
 *              memory could not be written, goes to the next client
 *
 * SEE      user/lib/protocol.h CONSOLE_TRY; Linux drivers/tty/n_tty.c.
 */
#include "user/personality/tty.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/console.h"
#include "user/lib/malloc.h"
#include "user/personality/calls.h"
#include "user/personality/client.h"

#define LINE_MAX  4096u

struct waiter {
	struct waiter *next;
	uint32_t       pid, reply;
	uint32_t       nr;
	struct part    parts[];
};

static struct waiter *waiting;          /* Y1 */
static uint32_t notification;
static char held[LINE_MAX];             /* Y2 */
static uint32_t held_from, held_to;

/* ---- input --------------------------------------------------------------- */

static uint32_t take_held(char *buf, uint32_t want)
{
	uint32_t n = 0;

	while (n < want && held_from < held_to) {
		buf[n] = held[held_from++];
		if (buf[n++] == '\n')
			break;
	}
	return n;
}

/*
 * Put back what take_line() gave, in front of what is held. If some text is
 * still held, then all of this text was held too, so there is room.
 */
static void hold(const char *text, uint32_t length)
{
	memmove(held + length, held + held_from, held_to - held_from);
	held_to = length + held_to - held_from;
	held_from = 0;
	memcpy(held, text, length);
}

/* Returns: > 0; 0: end of input; -EAGAIN: none yet, the console will tell. */
static long take_line(char *buf, uint32_t want)
{
	uint32_t n = take_held(buf, want);

	while (n < want && !(n && buf[n - 1] == '\n')) {
		long got = console_try(buf + n, want - n, notification);

		if (got <= 0)
			return n ? (long)n : got;
		n += (uint32_t)got;
	}
	return (long)n;
}

/* ---- delivery ------------------------------------------------------------ */

static uint32_t total(const struct part *parts, uint32_t nr)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < nr; i++)
		sum += MIN(parts[i].length, LINE_MAX - sum);
	return sum;
}

static long scatter(const char *text, uint32_t length,
		    const struct part *parts)
{
	uint32_t done = 0;

	for (; done < length; parts++) {
		uint32_t want = MIN(parts->length, length - done);
		long n = want ? client_write_some(parts->addr, text + done,
						  want) : 0;

		if (n < 0)
			return done ? (long)done : n;
		done += (uint32_t)n;
		if ((uint32_t)n < want)
			break;
	}
	return (long)done;
}

/* Give a line to the client of client_set(). Returns: as tty_read(). */
static long deliver(const struct part *parts, uint32_t nr)
{
	static char line[LINE_MAX];
	long length = take_line(line, total(parts, nr));
	long moved = length;

	if (length > 0)
		moved = scatter(line, (uint32_t)length, parts);
	if (moved < length)
		hold(line + MAX(moved, 0), (uint32_t)(length - MAX(moved, 0)));
	return moved;
}

/* ---- waiting ------------------------------------------------------------- */

static long put_aside(uint32_t pid, const struct part *parts, uint32_t nr)
{
	struct waiter *waiter = malloc(sizeof(*waiter) + nr * sizeof(*parts));
	struct waiter **end = &waiting;
	long reply = waiter ? ipc_reply_save() : -ENOMEM;

	if (reply < 0) {
		free(waiter);
		return -ENOMEM;
	}
	*waiter = (struct waiter){ NULL, pid, (uint32_t)reply, nr };
	memcpy(waiter->parts, parts, nr * sizeof(*parts));
	while (*end)
		end = &(*end)->next;
	*end = waiter;
	return NO_ANSWER;
}

/* The reply handle is closed: a client that still waits gets an error. */
static void remove(struct waiter **at)
{
	struct waiter *waiter = *at;

	*at = waiter->next;
	handle_close(waiter->reply);
	free(waiter);
}

long tty_read(uint32_t pid, const struct part *parts, uint32_t nr,
	      bool nonblock)
{
	long result;

	if (!total(parts, nr))
		return 0;
	result = waiting ? -EAGAIN : deliver(parts, nr);
	if (result == -EAGAIN && !nonblock)
		return put_aside(pid, parts, nr);
	return result;
}

/* Returns: false: there is no input yet. */
static bool serve_first(void)
{
	const struct waiter *waiter = waiting;
	uint32_t before = client_set(waiter->reply);
	long result = deliver(waiter->parts, waiter->nr);
	struct words words = { { (uint32_t)result } };

	client_set(before);
	if (result == -EAGAIN)
		return false;
	ipc_reply(waiter->reply, &words);
	remove(&waiting);
	return true;
}

void tty_input(void)
{
	bool more = true;

	while (waiting && more) {
		if (!reply_check(waiting->reply))
			more = serve_first();
		else
			remove(&waiting);
	}
}

void tty_forget(uint32_t pid)
{
	struct waiter **at = &waiting;

	while (*at) {
		if ((*at)->pid == pid)
			remove(at);
		else
			at = &(*at)->next;
	}
}

long tty_init(uint32_t endpoint)
{
	long handle = notification_create();

	if (handle < 0)
		return handle;
	notification = (uint32_t)handle;
	return pg_call(PG_NOTIFICATION_BIND, notification, (long)endpoint, 0,
		       0, 0);
}
