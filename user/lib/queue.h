// SPDX-License-Identifier: MIT
/*
 * queue.h - clients that a server answers later
 *
 * WHAT     Each client in a queue is a thread that waits. Clients that have
 *          ended, or do not wait any more, are forgotten. The server needs a
 *          handle for each client, so a queue has at most QUEUE_MAX clients.
 *          This limit is not for a client that goes to the front: a crowd of
 *          programs cannot lock out the leader of the session.
 *
 * ALGORITHM  When a client comes, and the list has QUEUE_FEW clients or more,
 *          and twice as many as the last look left there, the queue looks which
 *          of them still wait.
 */
#pragma once

#include "user/lib/ipc.h"

#define QUEUE_FEW  64u
#define QUEUE_MAX  1000u    /* a quarter of the server's handles */

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
 * Returns: 0; -EAGAIN (QUEUE_MAX clients wait), -ENOMEM, -ESRCH, ...: the reply
 *          is still owed.
 */
long queue_add(struct queue *queue, const struct words *words, bool front);

/* Forget the client at *at; if it still waits, it gets -EPIPE. */
void queue_remove(struct queue *queue, struct client **at);
