// SPDX-License-Identifier: MIT
/*
 * queue.h - clients that a server answers later
 *
 * WHAT     A queue has no fixed length, so one client cannot fill it. Each
 *          client in it is a thread that waits, and the kernel limits threads.
 *          Clients that have ended, or do not wait any more, are forgotten.
 *
 * ALGORITHM  When a client comes, and the list has QUEUE_FEW clients or more,
 *          and twice as many as the last look left there, the queue looks which
 *          of them still wait.
 */
#pragma once

#include "user/lib/ipc.h"

#define QUEUE_FEW  64u

struct client {
	struct client *next;
	uint32_t       reply;       /* handle */
	struct words   words;       /* what was asked */
};

/* All 0: empty. */
struct queue {
	struct client *first;
	unsigned       nr;          /* in the list */
	unsigned       look_at;     /* with so many, look again */
};

/*
 * Put the caller that is owed a reply at the end or the front of a queue.
 * Returns: 0; -ENOMEM, -ESRCH, ...: the reply is still owed.
 */
long queue_add(struct queue *queue, const struct words *words, bool front);

/* Forget the client at *at; if it still waits, it gets -EPIPE. */
void queue_remove(struct queue *queue, struct client **at);
