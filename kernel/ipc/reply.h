// SPDX-License-Identifier: MIT
/*
 * reply.h - an answer that is owed, as an object
 *
 * WHAT     REPLY_SAVE makes one, so that a server can receive the next message
 *          before it has answered the last, and can pass the duty on. It is
 *          for one answer; whoever drops it unused fails the caller.
 * SEE      kernel/ipc/reply.c; seL4's reply objects.
 */
#pragma once

#include "kernel/ipc/ipc_thread.h"
#include "kernel/object/object.h"

struct reply {
	struct object     object;
	struct reply_slot slot;
};

static inline struct reply_slot *object_to_slot(struct object *object)
{
	return &container_of(object, struct reply, object)->slot;
}

/* Move the debt of a slot into a new object. NULL: no memory; still owed. */
struct object *reply_create(struct reply_slot *from) __must_check;

void reply_init(void);
