// SPDX-License-Identifier: MIT
/*
 * console.h - the console server's clients
 */
#pragma once

#include "user/lib/protocol.h"

/* Find the console server; from then on printf() goes there. 0 or an error. */
long console_connect(void);

/* The same with a handle that one has already. */
void console_use(uint32_t handle);

void console_write(const char *text, size_t length);

/*
 * A line as it was typed, without its newline, cut to size - 1 characters.
 * Returns: its length; -1 at the end of input.
 */
int console_read_line(char *buf, size_t size);

/* Some of the next line, newline included; 0: end of input. */
long console_read(char *buf, size_t size);

/*
 * The same without waiting: -EAGAIN when there is nothing yet, and bit 0 of the
 * notification is signalled when it is worth another try. -EIO: no console.
 */
long console_try(char *buf, size_t size, uint32_t notification);

/* From now on ^C kills this task; 0: nobody. 0; -EPERM: not ours to say. */
long console_foreground(uint32_t task);

/* Returns when everything has left the machine. */
void console_drain(void);
