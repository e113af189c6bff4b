// SPDX-License-Identifier: MIT
/*
 * queue.c - clients that a server answers later
 *
 * COST     A look needs a call to the kernel for each client in the list. Looks
 *          are rare: they need about two calls for each client that comes. Only
 *          a full queue is looked through for each client.
 */
#include "user/lib/queue.h"

#include "lib/errno.h"
#include "user/lib/malloc.h"

void queue_remove(struct queue *queue, struct client **at)
{
	struct client *client = *at;

	*at = client->next;
	queue->nr--;
	handle_close(client->reply);
	free(client);
}

/* The server is not told when a client ends, so it must look. */
static void forget_gone(struct queue *queue)
{
	struct client **at = &queue->first;

	while (*at) {
		if (reply_check((*at)->reply))
			queue_remove(queue, at);
		else
			at = &(*at)->next;
	}
	queue->look_at = MIN(MAX(QUEUE_FEW, 2 * queue->nr), QUEUE_MAX);
}

long queue_add(struct queue *queue, const struct words *words, bool front)
{
	struct client **at = &queue->first, *client;
	long reply;

	if (queue->nr >= MAX(QUEUE_FEW, queue->look_at))
		forget_gone(queue);
	if (queue->nr >= QUEUE_MAX && !front)
		return -EAGAIN;
	client = malloc(sizeof(*client));
	reply = client ? ipc_reply_save() : -ENOMEM;
	if (reply < 0) {
		free(client);
		return reply;
	}
	while (*at && !front)
		at = &(*at)->next;
	*client = (struct client){ *at, (uint32_t)reply, *words };
	*at = client;
	queue->nr++;
	return 0;
}
