// SPDX-License-Identifier: MIT
/*
 * notification.c - a word of bits that a thread can wait for
 *
 * WHAT     See notification.h.
 *
 * PICTURE    interrupt --signal(4)--> bits 0101 --wait(mask 4)--> driver: 4
 *                                     bits 0001
 *
 *          bound:      --signal(4)--> a receiver waits at the endpoint: it
 *                                     gets a message
 *                                     none waits: the bits stay, and the next
 *                                     receive takes them first
 *
 * INVARIANTS of notification (ipc_check() restates them)
 *          N1  a bound notification and its endpoint name each other
 *          N2  while a receiver waits at the endpoint, no bit is set
 *
 * LOCKING  Interrupts off: signal() is called by interrupt handlers.
 * COST     O(1), and the cost of waking.
 * SEE      kernel/ipc/endpoint.c receive_or_queue(), the receiver's side of N2.
 */
#include "kernel/ipc/notification.h"

#include <arch/irqflags.h>

#include "kernel/ipc/rendezvous.h"
#include "lib/errno.h"
#include "mm/slab/kmalloc.h"

static struct kmem_cache *notification_cache;

struct notification *notification_create(void)
{
	struct notification *notification;

	notification = kmem_cache_alloc(notification_cache,
					GFP_KERNEL | GFP_ZERO);
	if (!notification)
		return NULL;
	object_init(&notification->object, OBJECT_NOTIFICATION);
	wait_queue_init(&notification->waiters);
	return notification;
}

/* N2: give the bits to a receiver that waits already. */
static void tell_receiver(struct notification *notification)
{
	const struct ipc_regs words = { .ebx = notification->bits };

	if (notification->endpoint && notification->bits &&
	    endpoint_notify(notification->endpoint,
			    KMSG_LABEL(KMSG_NOTIFICATION, 0, 0), &words))
		notification->bits = 0;
}

void notification_signal(struct notification *notification, uint32_t bits)
{
	irqflags_t flags = irq_save();

	notification->bits |= bits;
	tell_receiver(notification);
	irq_restore(flags);
	if (READ_ONCE(notification->bits))
		wake_up_all(&notification->waiters);
}

uint32_t notification_poll(struct notification *notification, uint32_t mask)
{
	irqflags_t flags = irq_save();
	uint32_t bits = notification_take_irqoff(notification, mask);

	irq_restore(flags);
	return bits;
}

int notification_wait(struct notification *notification, uint32_t mask,
		      uint64_t deadline, uint32_t *bits)
{
	/* Another thread may take the bits between the wake and the poll. */
	do {
		*bits = notification_poll(notification, mask);
		if (*bits)
			return 0;
	} while (wait_event_deadline(&notification->waiters,
				     READ_ONCE(notification->bits) & mask,
				     deadline));
	return wait_killed() ? -EINTR : -ETIMEDOUT;
}

/* Returns: the endpoint that it was bound to: the caller puts it. Or NULL. */
static struct endpoint *unbind_irqoff(struct notification *notification)
{
	struct endpoint *endpoint = notification->endpoint;

	notification->endpoint = NULL;
	if (endpoint)
		endpoint->bound = NULL;
	return endpoint;
}

int notification_bind(struct notification *notification,
		      struct endpoint *endpoint)
{
	irqflags_t flags = irq_save();
	struct endpoint *old = NULL;
	int err = 0;

	if (endpoint && endpoint->bound && endpoint->bound != notification)
		err = -EBUSY;
	if (!err) {
		old = unbind_irqoff(notification);
		endpoint_get(endpoint);
		notification->endpoint = endpoint;
		if (endpoint)
			endpoint->bound = notification;
		tell_receiver(notification);
	}
	irq_restore(flags);
	endpoint_put(old);
	return err;
}

static void notification_destroy(struct object *object)
{
	struct notification *notification = object_to_notification(object);
	irqflags_t flags = irq_save();
	struct endpoint *endpoint = unbind_irqoff(notification);

	irq_restore(flags);
	endpoint_put(endpoint);
	kmem_cache_free(notification_cache, notification);
}

void notification_init(void)
{
	static const struct object_ops ops = {
		notification_destroy, NULL, NULL,
	};

	notification_cache = kmem_cache_create("notification",
					       sizeof(struct notification), 0,
					       SLAB_PANIC, NULL);
	object_type_init(OBJECT_NOTIFICATION, &ops);
}
