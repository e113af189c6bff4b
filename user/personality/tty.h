// SPDX-License-Identifier: MIT
/*
 * tty.h - reading the console for clients, some of whom wait
 */
#pragma once

#include "user/personality/process.h"

/* A piece of a client's memory, as in an iovec. */
struct part {
	uint32_t addr, length;
};

/* Input is told to this endpoint, as KMSG_NOTIFICATION. 0 or an error. */
long tty_init(uint32_t endpoint);

/*
 * A line, or as much of it as fits. Returns: how much; 0: end of input;
 * NO_ANSWER: there is none yet, the client was put aside; -EAGAIN (`nonblock`),
 * -EFAULT, -ENOMEM, -EIO.
 */
long tty_read(uint32_t pid, const struct part *parts, uint32_t nr,
	      bool nonblock);

/* There may be input: answer those who wait. */
void tty_input(void);

/* A client has ended: what is typed next is for another one. */
void tty_forget(uint32_t pid);
