// SPDX-License-Identifier: MIT
/*
 * tty.h - reading the console for clients, some of which wait
 */
#pragma once

#include "user/personality/process.h"

/* A piece of a client's memory, as in an iovec. */
struct part {
	uint32_t addr, length;
};

/* A KMSG_NOTIFICATION to this endpoint tells of input. 0 or an error. */
long tty_init(uint32_t endpoint);

/*
 * Read a line, or as much of it as fits. Returns: how much; 0: end of input;
 * NO_ANSWER: there is no line yet, and the client is put aside; -EAGAIN
 * (`nonblock`), -EFAULT, -ENOMEM, -EIO.
 */
long tty_read(uint32_t pid, const struct part *parts, uint32_t nr,
	      bool nonblock);

/* There may be input: answer the clients that wait. */
void tty_input(void);

/* A client has ended: forget its reads that wait. */
void tty_forget(uint32_t pid);
