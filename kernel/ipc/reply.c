// SPDX-License-Identifier: MIT
/*
 * reply.c - reply objects: a debt of a server's that has a handle
 *
 * NOT HERE what a server may do to the caller meanwhile
 *          (kernel/calls/calls_caller.c).
 */
#include "kernel/ipc/reply.h"

#include "kernel/ipc/endpoint.h"
#include "lib/errno.h"
#include "mm/slab/kmalloc.h"

static struct kmem_cache *reply_cache;

struct object *reply_create(struct reply_slot *from)
{
	struct reply *reply = kmem_cache_alloc(reply_cache,
					       GFP_KERNEL | GFP_ZERO);

	if (!reply)
		return NULL;
	object_init(&reply->object, OBJECT_REPLY);
	reply_slot_move(&reply->slot, from);
	return &reply->object;
}

static void reply_destroy(struct object *object)
{
	struct reply *reply = container_of(object, struct reply, object);

	reply_slot_fail(&reply->slot, -EPIPE);
	kmem_cache_free(reply_cache, reply);
}

void reply_init(void)
{
	static const struct object_ops ops = { reply_destroy, NULL, NULL };

	reply_cache = kmem_cache_create("reply", sizeof(struct reply), 0,
					SLAB_PANIC, NULL);
	object_type_init(OBJECT_REPLY, &ops);
}
