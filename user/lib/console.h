// SPDX-License-Identifier: MIT
/*
 * console.h - calls to the console server
 */
#pragma once

#include "user/lib/protocol.h"

/* Find the console server; from then on printf() goes there. 0 or an error. */
long console_connect(void);

/* The same, with a handle that this program already has. */
void console_use(uint32_t handle);

void console_write(const char *text, size_t length);

/*
 * A line as it was typed, without its newline, cut to size - 1 characters.
 * Returns: its length; -1 at the end of input.
 */
int console_read_line(char *buf, size_t size);

/*
 * Read a part of the next line, its newline included.
 * Returns: how much; 0: end of input, or there is no console; -EAGAIN: too many
 *          programs wait for input; -ENOMEM.
 */
long console_read(char *buf, size_t size);

/*
 * The same, but do not wait. Returns also -EAGAIN: there is no input yet; bit 0
 * of the notification is signalled when the caller should try again. -EIO: no
 * console.
 */
long console_try(char *buf, size_t size, uint32_t notification);

/*
 * From now on ^C kills this task; 0: ^C kills no task.
 * Returns: 0; -EPERM: only the leader of the session chooses the task.
 */
long console_foreground(uint32_t task);

/* Wait until all text has left the machine, or until the server gives up. */
void console_drain(void);
