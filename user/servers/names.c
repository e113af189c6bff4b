// SPDX-License-Identifier: MIT
/*
 * names.c - the name server: from a text to a handle
 *
 * WHAT     Servers register an endpoint under a name; whoever knows the name
 *          gets a handle to send to. It is the only server that a program
 *          knows from its start.
 *
 * PICTURE    console: REGISTER "console", endpoint -->  table
 *            shell:   LOOKUP "console"             -->  table --> handle
 *
 * TERMS    waiter   a LOOKUP for a name that nobody has registered yet: its
 *                   answer is kept as a reply handle
 *
 *          owned    registered by init: stands in the table for good, without
 *                   a handle when its server is dead
 *
 * RULES of names
 *          N1  each name stands in the table once
 *          N2  a waiter's name does not stand in the table with a handle
 *          N3  each handle in the table is of an endpoint, and can be passed on
 *
 * ALGORITHM  A name dies with its server. Nobody tells us when, so before each
 *          answer we look which endpoints are dead. Whoever looks such a name
 *          up waits for the next server of that name. An owned name waits for
 *          init to name that server: else whoever killed a server could be it.
 * COST     A call to the kernel for each name.
 * HANDLES  1: its endpoint, to receive.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/protocol.h"
#include "user/lib/start.h"

#define ENDPOINT     1
#define NAMES_MAX    64
#define WAITERS_MAX  64

struct name {
	char     text[WORDS_TEXT_MAX];
	uint32_t handle;
	bool     owned;
};

#define TO_PASS_ON  (RIGHT_SEND | RIGHT_DUP | RIGHT_TRANSFER)

static struct name names[NAMES_MAX];
static unsigned nr_names;
static struct name waiters[WAITERS_MAX];    /* handle: to reply; 0: unused */

static struct name *find(const char *text)
{
	for (unsigned i = 0; i < nr_names; i++) {
		if (!strncmp(names[i].text, text, WORDS_TEXT_MAX))
			return &names[i];
	}
	return NULL;
}

/* In the order of their coming: NAMES_LIST counts them. */
static void forget_dead(void)
{
	unsigned left = 0;

	for (unsigned i = 0; i < nr_names; i++) {
		struct name *name = &names[i];

		if (name->handle && endpoint_check(name->handle) == -EPIPE) {
			handle_close(name->handle);
			name->handle = 0;
		}
		if (name->handle || name->owned)
			names[left++] = *name;
	}
	nr_names = left;
}

/* The same, but only where there is a server. */
static struct name *find_alive(const char *text)
{
	struct name *name = find(text);

	return name && name->handle ? name : NULL;
}

static void attach(const struct name *name)
{
	ipc_attach_handle(name->handle, TO_PASS_ON);
}

static void answer_waiters(const struct name *name)
{
	for (unsigned i = 0; i < WAITERS_MAX; i++) {
		struct name *waiter = &waiters[i];
		struct words words = { { 0 } };

		if (!waiter->handle ||
		    strncmp(waiter->text, name->text, WORDS_TEXT_MAX))
			continue;
		attach(name);
		ipc_reply_msg(waiter->handle, &words);
		handle_close(waiter->handle);
		waiter->handle = 0;
	}
}

/* Returns: where the name is to stand; NULL and why not. */
static struct name *place_for(const char *text, bool owner, long *err)
{
	struct name *name = find(text);

	*err = -EEXIST;
	if (name)
		return owner && name->owned && !name->handle ? name : NULL;
	*err = -ENOSPC;
	return nr_names < NAMES_MAX ? &names[nr_names] : NULL;
}

/* N3: what is kept must be good for each answer that it goes into. */
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

static long do_register(const char *text, long received)
{
	bool owner = (received & BADGE_MAX) == NAMES_OWNER;
	struct name *name;
	long err;

	if (!text[0])
		return -EINVAL;
	name = place_for(text, owner, &err);
	if (!name)
		return err;
	name->handle = take_endpoint(received);
	if (!name->handle)
		return -EINVAL;
	memcpy(name->text, text, WORDS_TEXT_MAX);
	name->owned = owner;
	if (name == &names[nr_names])
		nr_names++;
	answer_waiters(name);
	return 0;
}

/* Returns: whether the answer is to come later. */
static bool wait_for(const char *text)
{
	for (unsigned i = 0; i < WAITERS_MAX; i++) {
		long reply;

		if (waiters[i].handle)
			continue;
		reply = ipc_reply_save();
		if (reply < 0)
			return false;
		waiters[i].handle = (uint32_t)reply;
		memcpy(waiters[i].text, text, WORDS_TEXT_MAX);
		return true;
	}
	return false;
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

	for (unsigned i = 0; i < nr_names; i++) {
		if (!names[i].handle || left--)
			continue;
		memcpy(words_text(words), names[i].text, WORDS_TEXT_MAX);
		return 0;
	}
	return -ENOENT;
}

/* Returns: whether there is to be an answer now. */
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
		if (!find_alive(text) && wait_for(text))
			return false;
		result = do_lookup(text);
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
