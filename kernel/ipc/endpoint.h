// SPDX-License-Identifier: MIT
/*
 * endpoint.h - messages between threads, for the kernel's own use
 *
 * WHAT     What the calls SEND ... REPLY_RECEIVE do, for any thread. The words
 *          of a task's thread are its registers of user mode, the words of a
 *          kernel thread are a structure:
 *
 *            struct ipc_regs words = { .ebx = 7 };
 *            struct ipc_op op = { .regs = &words, .deadline = WAIT_FOREVER };
 *            long result = endpoint_send(endpoint, &op);
 *
 * SEE      kernel/ipc/endpoint.c; kernel/uapi/pagoda.h for the meaning.
 */
#pragma once

#include "kernel/ipc/ipc_thread.h"
#include "kernel/object/object.h"
#include "lib/list.h"

struct notification;

/* Protection: all fields with interrupts off. */
struct endpoint {
	struct object        object;
	struct list_head     senders;      /* SENDING threads, by ->run       */
	struct list_head     receivers;    /* RECEIVING threads, by ->run     */
	struct list_head     news;         /* of tasks: kernel/ipc/tenure.c   */
	struct list_head     all;          /* in the list of ipc_check()      */
	struct notification *bound;        /* whose bits come as messages     */
	unsigned             nr_receive;   /* handles with RIGHT_RECEIVE      */
	bool                 dead;         /* no thread will receive again    */
};

/*
 * A debt that has a handle. REPLY_SAVE makes it, so that a server can receive
 * the next message before it has answered the last, and can give the duty to
 * another task. It is for one answer. If it ends unused, the caller's call
 * fails. Like seL4's reply objects.
 */
struct reply {
	struct object     object;
	struct reply_slot slot;
};

static inline struct endpoint *object_to_endpoint(struct object *object)
{
	return container_of(object, struct endpoint, object);
}

static inline struct reply_slot *object_to_slot(struct object *object)
{
	return &container_of(object, struct reply, object)->slot;
}

/* NULL: no memory. The caller has the one reference, and no handle yet. */
struct endpoint *endpoint_create(void) __must_check;

/* References to endpoints, for fields of tasks and VMAs. NULL is allowed. */
void endpoint_get(struct endpoint *endpoint);
void endpoint_put(struct endpoint *endpoint);

/* No thread will receive again: all threads that wait here get -EPIPE. */
void endpoint_shutdown(struct endpoint *endpoint);

/* One operation. */
struct ipc_op {
	struct ipc_regs   *regs;       /* words, both ways                    */
	uint32_t           label;      /* sending: for the receiver's EAX     */
	struct ipc_parcel *parcel;     /* sending: extras. If the message is
					  taken, they are the receiver's; if
					  not, they stay here. Afterwards:
					  extras that came, the caller's      */
	uint64_t           deadline;   /* clock_ns() time, or WAIT_FOREVER    */
	bool               calls;      /* sending: wait for a reply, too      */
	bool               nonblock;
	bool               taken;      /* afterwards: a thread received it    */
	struct tenure     *spent;      /* receiving: endpoint.c's             */
};

/*
 * Context: threads, interrupts on.
 * Returns: the value for EAX, >= 0; or -EAGAIN (nonblock), -ETIMEDOUT, -EINTR
 *          (killed), -EPIPE (the endpoint is dead, or the server dropped the
 *          debt), -ESRCH (reply: no thread waits for it).
 */
long endpoint_send(struct endpoint *endpoint, struct ipc_op *op);
long endpoint_receive(struct endpoint *endpoint, struct ipc_op *op);
long endpoint_reply(struct reply_slot *slot, struct ipc_op *op);

/*
 * A message of the kernel's, without a reply, for a receiver that waits.
 * Context: interrupts off. Returns: false: no receiver waits.
 */
bool endpoint_notify(struct endpoint *endpoint, uint32_t label,
		     const struct ipc_regs *words);

/* If a thread waits for this reply, its call ends with this result. */
void reply_slot_fail(struct reply_slot *slot, int result);

/* Move the debt of a slot into a new object. NULL: no memory; still owed. */
struct object *reply_create(struct reply_slot *from) __must_check;

/*
 * The laws of all endpoints, of what is bound to them, and of the debts of all
 * threads. Returns: NULL, or the first law that is broken.
 */
const char *ipc_check(void);

/* An endpoint begins and ends: for ipc_check(). */
void ipc_check_add(struct endpoint *endpoint);
void ipc_check_remove(struct endpoint *endpoint);

/* Once at boot, after slab_init(): all types of objects of kernel/ipc/. */
void ipc_init(void);
