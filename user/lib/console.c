// SPDX-License-Identifier: MIT
/*
 * console.c - text to and from the console server, twenty bytes a message
 */
#include "user/lib/console.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "user/lib/names.h"
#include "user/lib/stdio.h"

static uint32_t console;

/* Input that came with the last message and has not been read yet. */
static char pending[WORDS_TEXT_MAX];
static size_t pending_from, pending_to;

void console_use(uint32_t handle)
{
	console = handle;
	set_output(console_write);
}

long console_connect(void)
{
	long handle = names_lookup("console");

	if (handle < 0)
		return handle;
	console_use((uint32_t)handle);
	return 0;
}

void console_write(const char *text, size_t length)
{
	while (length) {
		size_t n = MIN(length, (size_t)WORDS_TEXT_MAX);
		struct words words = { { CONSOLE_OP(CONSOLE_WRITE, n) } };

		memcpy(words_text(&words), text, n);
		if (ipc_call(console, &words) < 0)
			return;
		text += n;
		length -= n;
	}
}

long console_read(char *buf, size_t size)
{
	struct words words = { { CONSOLE_READ } };
	size_t n;

	flush();
	if (pending_from == pending_to) {
		if (ipc_call(console, &words) < 0)
			return 0;
		if ((int32_t)words.w[0] < 0)
			return (int32_t)words.w[0];
		pending_from = 0;
		pending_to = MIN(words.w[0], (uint32_t)WORDS_TEXT_MAX);
		memcpy(pending, words_text(&words), pending_to);
	}
	n = MIN(size, pending_to - pending_from);
	memcpy(buf, pending + pending_from, n);
	pending_from += n;
	return (long)n;
}

long console_try(char *buf, size_t size, uint32_t notification)
{
	size_t want = MIN(size, (size_t)WORDS_TEXT_MAX);
	struct words words = { { CONSOLE_OP(CONSOLE_TRY, want) } };
	long n;

	ipc_attach_handle(notification, RIGHT_SEND);
	if (ipc_call_msg(console, &words) < 0)
		return -EIO;
	n = (int32_t)words.w[0];
	if (n > 0)
		memcpy(buf, words_text(&words), MIN((size_t)n, want));
	return n > (long)want ? -EIO : n;
}

int console_read_line(char *buf, size_t size)
{
	size_t length = 0;
	char c;

	for (;;) {
		if (console_read(&c, 1) <= 0)
			return -1;
		if (c == '\n')
			break;
		if (length + 1 < size)
			buf[length++] = c;
	}
	buf[length] = '\0';
	return (int)length;
}

long console_foreground(uint32_t task)
{
	struct words words = { { CONSOLE_FOREGROUND } };

	flush();
	if (task)
		ipc_attach_handle(task, RIGHT_MANAGE);
	if (ipc_call_msg(console, &words) < 0)
		return -EIO;
	return (int32_t)words.w[0];
}

void console_drain(void)
{
	struct words words = { { CONSOLE_DRAIN } };

	flush();
	ipc_call(console, &words);
}
