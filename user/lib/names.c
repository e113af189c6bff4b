// SPDX-License-Identifier: MIT
/*
 * names.c - calls to the name server
 */
#include "user/lib/names.h"

#include "lib/errno.h"
#include "lib/string.h"

uint32_t names_server = HANDLE_NAMES;

static long ask(enum names_op op, const char *name)
{
	struct words words = { { op } };
	size_t length = strnlen(name, WORDS_TEXT_MAX + 1);
	long received;

	if (length > WORDS_TEXT_MAX)
		return -EINVAL;
	memcpy(words_text(&words), name, length);
	received = ipc_call_msg(names_server, &words);
	if (received < 0)
		return received;
	if ((int32_t)words.w[0] < 0)
		return (int32_t)words.w[0];
	return (long)ipc_take_handle(received);
}

long names_register(const char *name, uint32_t endpoint)
{
	ipc_attach_handle(endpoint, RIGHT_SEND | RIGHT_DUP | RIGHT_TRANSFER);
	return ask(NAMES_REGISTER, name);
}

long names_lookup(const char *name)
{
	return ask(NAMES_LOOKUP, name);
}

long names_try(const char *name)
{
	return ask(NAMES_TRY, name);
}

long names_list(uint32_t i, char name[WORDS_TEXT_MAX + 1])
{
	struct words words = { { NAMES_LIST, i } };
	long err = ipc_call(names_server, &words);

	if (err < 0)
		return err;
	memcpy(name, words_text(&words), WORDS_TEXT_MAX);
	name[WORDS_TEXT_MAX] = '\0';
	return (int32_t)words.w[0];
}
