// SPDX-License-Identifier: MIT
/*
 * notification.h - a word of bits, for interrupts and other events
 *
 * WHAT     signal() sets bits and never waits. wait() sleeps until one of the
 *          wanted bits is set, and takes these bits. A signal whose bit is set
 *          already changes nothing: a bit says that something happened, not how
 *          often. If the notification is bound to an endpoint, the bits arrive
 *          there as a message of the kernel's: a server waits in one place.
 * SEE      kernel/ipc/notification.c; seL4's notifications.
 */
#pragma once

#include "kernel/object/object.h"
#include "lib/wait.h"

struct endpoint;

/* Protection: all fields with interrupts off. */
struct notification {
	struct object     object;
	uint32_t          bits;
	struct wait_queue waiters;
	struct endpoint  *endpoint;    /* it is bound to this one, referenced;
					  or NULL                             */
};

static inline struct notification *object_to_notification(struct object *object)
{
	return container_of(object, struct notification, object);
}

/* NULL: no memory. The caller has the one reference. */
struct notification *notification_create(void) __must_check;

/* Context: any. */
void notification_signal(struct notification *notification, uint32_t bits);

/*
 * Take those bits of `mask` that are set; _wait waits until there is one.
 * Returns: 0 and the bits (poll: perhaps 0); -ETIMEDOUT; -EINTR (killed).
 */
int notification_wait(struct notification *notification, uint32_t mask,
		      uint64_t deadline, uint32_t *bits) __must_check;
uint32_t notification_poll(struct notification *notification, uint32_t mask);

/* The same as poll, interrupts off. */
static inline uint32_t notification_take_irqoff(struct notification *n,
						uint32_t mask)
{
	uint32_t bits = n->bits & mask;

	n->bits &= ~bits;
	return bits;
}

/*
 * From now on the bits arrive at this endpoint. NULL: at none. Bits that are
 * set arrive at once. Returns: 0; -EBUSY (the endpoint has another one).
 */
int notification_bind(struct notification *notification,
		      struct endpoint *endpoint) __must_check;

void notification_init(void);
