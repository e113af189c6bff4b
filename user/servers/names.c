// SPDX-License-Identifier: MIT
/*
 * names.c - the name server: from a text to a handle
 *
 * WHAT     Servers register an endpoint under a name; a program that knows the
 *          name gets a handle to send to. The name server is the only server
 *          that each program knows from its start.
 *
 * PICTURE    console: REGISTER "console", endpoint -->  table
 *            shell:   LOOKUP "console"             -->  table --> handle
 *
 * TERMS    waiter   a LOOKUP for a name without a server: the caller gets its
 *                   answer later, by a reply handle
 *          badge    of the client's handle: the same for a program and all that
 *                   it starts, another one for each program of the shell
 *          owned    registered by init: the name stays in the table, without a
 *                   handle when its server is dead
 *
 * RULES of names
 *          N1  each name stands in the table once
 *          N2  a waiter's name does not stand in the table with a handle
 *          N3  each handle in the table is of an endpoint, and can be passed on
 *          N4  one badge has at most WAITERS_EACH waiters, and NAMES_EACH names
 *              that are not owned: no client takes another one's place
 *
 * ALGORITHM  A name dies with its server. This server is not told of the death,
 *          so it looks which endpoints are dead before each answer. A lookup of
 *          a dead name waits for the next server of that name. Only init can
 *          register an owned name again: so a program that kills a server
 *          cannot take its place. This server is not told either when a waiter
 *          ends, so it looks which ones have ended before it keeps one more.
 * COST     Each request: a call to the kernel for each name. A new waiter: also
 *          a call for each waiter.
 * HANDLES  1: its endpoint, to receive.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/malloc.h"
#include "user/lib/protocol.h"
#include "user/lib/start.h"

#define ENDPOINT      1

struct name {
	struct name *next;
	char         text[WORDS_TEXT_MAX];
	uint32_t     handle;             /* 0: its server is dead */
	uint32_t     badge;
	bool         owned;
};

struct waiter {
	struct waiter *next;
	char           text[WORDS_TEXT_MAX];
	uint32_t       reply;
	uint32_t       badge;
};

#define TO_PASS_ON  (RIGHT_SEND | RIGHT_DUP | RIGHT_TRANSFER)

static struct name *names;               /* oldest first */
static struct waiter *waiters;

/* ---- names ------------------------------------------------------------ */

static bool is_called(const char *a, const char *b)
{
	return !strncmp(a, b, WORDS_TEXT_MAX);
}

static struct name *find(const char *text)
{
	struct name *name = names;

	while (name && !is_called(name->text, text))
		name = name->next;
	return name;
}

static void forget_dead(void)
{
	struct name **at = &names, *name;

	while ((name = *at)) {
		if (name->handle && endpoint_check(name->handle) == -EPIPE) {
			handle_close(name->handle);
			name->handle = 0;
		}
		if (name->handle || name->owned) {
			at = &name->next;
			continue;
		}
		*at = name->next;
		free(name);
	}
}

static unsigned names_of(uint32_t badge)
{
	unsigned n = 0;

	for (const struct name *name = names; name; name = name->next)
		n += !name->owned && name->badge == badge;
	return n;
}

/* As find(), but NULL if the name's server is dead. */
static struct name *find_alive(const char *text)
{
	struct name *name = find(text);

	return name && name->handle ? name : NULL;
}

static void attach(const struct name *name)
{
	ipc_attach_handle(name->handle, TO_PASS_ON);
}

/* Add at the end: so NAMES_LIST keeps the indexes of the other names. */
static void add(struct name *name)
{
	struct name **end = &names;

	while (*end)
		end = &(*end)->next;
	*end = name;
}

/* N3: take only a handle of a living endpoint that can be passed on. */
static uint32_t take_endpoint(long received)
{
	uint32_t rights = ipc_handle_rights(received);
	uint32_t handle;

	if ((rights & TO_PASS_ON) != TO_PASS_ON)
		return 0;
	handle = ipc_take_handle(received);
	if (!endpoint_check(handle))
		return handle;
	handle_close(handle);
	return 0;
}

/* ---- waiters ---------------------------------------------------------- */

static void forget(struct waiter **at)
{
	struct waiter *waiter = *at;

	*at = waiter->next;
	handle_close(waiter->reply);
	free(waiter);
}

static void answer_waiters(const struct name *name)
{
	struct waiter **at = &waiters;

	while (*at) {
		struct words words = { { 0 } };

		if (!is_called((*at)->text, name->text)) {
			at = &(*at)->next;
			continue;
		}
		attach(name);
		ipc_reply_msg((*at)->reply, &words);
		forget(at);
	}
}

/* Forget waiters that have ended. Returns: how many this badge has. */
static unsigned waiters_of(uint32_t badge)
{
	struct waiter **at = &waiters;
	unsigned n = 0;

	while (*at) {
		if (reply_check((*at)->reply)) {
			forget(at);
			continue;
		}
		n += (*at)->badge == badge;
		at = &(*at)->next;
	}
	return n;
}

/* Returns: 0: the answer comes later; an error, which is the answer. */
static long wait_for(const char *text, uint32_t badge)
{
	struct waiter *waiter;
	long reply;

	if (waiters_of(badge) >= WAITERS_EACH)
		return -EAGAIN;
	waiter = calloc(1, sizeof(*waiter));
	reply = waiter ? ipc_reply_save() : -ENOMEM;
	if (reply < 0) {
		free(waiter);
		return reply;
	}
	*waiter = (struct waiter){ .next = waiters, .reply = (uint32_t)reply,
				   .badge = badge };
	memcpy(waiter->text, text, WORDS_TEXT_MAX);
	waiters = waiter;
	return 0;
}

/* ---- requests --------------------------------------------------------- */

/*
 * Returns: 0 and a new name that is in no list yet, or an owned name whose
 * server is dead; an error.
 */
static long place_for(const char *text, uint32_t badge, struct name **namep)
{
	bool owner = badge == NAMES_OWNER;
	struct name *name = find(text);

	*namep = name;
	if (name)
		return owner && name->owned && !name->handle ? 0 : -EEXIST;
	if (!owner && names_of(badge) >= NAMES_EACH)
		return -ENOSPC;
	name = calloc(1, sizeof(*name));
	if (!name)
		return -ENOMEM;
	memcpy(name->text, text, WORDS_TEXT_MAX);
	name->badge = badge;
	*namep = name;
	return 0;
}

static long do_register(const char *text, long received)
{
	uint32_t badge = (uint32_t)received & BADGE_MAX;
	struct name *name;
	long err;

	if (!text[0])
		return -EINVAL;
	err = place_for(text, badge, &name);
	if (err)
		return err;
	name->handle = take_endpoint(received);
	if (!name->handle && !name->owned)
		free(name);
	if (!name->handle)
		return -EINVAL;
	if (!find(text)) {
		name->owned = badge == NAMES_OWNER;
		add(name);
	}
	answer_waiters(name);
	return 0;
}

static long do_lookup(const char *text)
{
	const struct name *name = find_alive(text);

	if (!name)
		return -ENOENT;
	attach(name);
	return 0;
}

static long do_list(struct words *words)
{
	uint32_t left = words->w[1];

	for (const struct name *name = names; name; name = name->next) {
		if (!name->handle || left--)
			continue;
		memcpy(words_text(words), name->text, WORDS_TEXT_MAX);
		return 0;
	}
	return -ENOENT;
}

/* Returns: true: the client gets its answer now; false: later, or none. */
static bool serve(long received, struct words *words)
{
	const char *text = words_text(words);
	long result = -ENOSYS;

	forget_dead();
	switch (words->w[0]) {
	case NAMES_REGISTER:
		result = do_register(text, received);
		break;
	case NAMES_LOOKUP:
		result = find_alive(text) ? do_lookup(text) :
			wait_for(text, (uint32_t)received & BADGE_MAX);
		if (!result && !find_alive(text))
			return false;
		break;
	case NAMES_TRY:
		result = do_lookup(text);
		break;
	case NAMES_LIST:
		result = do_list(words);
		break;
	}
	words->w[0] = (uint32_t)result;
	return true;
}

int main(int argc, char **argv, char **envp)
{
	struct words words;
	long received;

	ipc_init();
	received = ipc_receive(ENDPOINT, &words);
	while (received >= 0) {
		bool answer = serve(received, &words);

		ipc_drop(received);
		if (answer)
			received = ipc_serve(ENDPOINT, &words);
		else
			received = ipc_receive(ENDPOINT, &words);
	}
	return 1;
}
