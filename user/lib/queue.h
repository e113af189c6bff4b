// SPDX-License-Identifier: MIT
/*
 * queue.h - clients that a server answers later
 *
 * WHAT     A queue has no room that one client could fill: who waits is a
 *          thread, and threads are limited where they are made. Those that have
 *          ended, or given up, are forgotten.
 *
 * ALGORITHM  Where more than QUEUE_FEW are in the list, and twice as many as at
 *          the last look, it is time to look who of them still waits.
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
	unsigned       look_at;     /* so many: look again */
};

/*
 * The caller that is owed a reply, at the end or the front of a queue.
 * Returns: 0; -ENOMEM, -ESRCH, ...: it is still owed.
 */
long queue_add(struct queue *queue, const struct words *words, bool front);

/* The client at *at is forgotten; if it still waits, it gets -EPIPE. */
void queue_remove(struct queue *queue, struct client **at);
