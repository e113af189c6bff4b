// SPDX-License-Identifier: MIT
/*
 * endpoint.h - messages between threads, for the kernel's own use
 *
 * WHAT     What the calls SEND ... REPLY_RECEIVE do, for any thread: those of
 *          tasks, for which the words are registers of user mode, and kernel
 *          threads, for which they are a structure.
 *
 *            struct ipc_regs words = { .ebx = 7 };
 *            struct ipc_op op = { .regs = &words, .deadline = WAIT_FOREVER };
 *            long result = endpoint_call(endpoint, &op);
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
	struct list_head     all;          /* all of them: ipc_check()        */
	struct notification *bound;        /* whose bits come as messages     */
	unsigned             nr_receive;   /* handles with RIGHT_RECEIVE      */
	bool                 dead;         /* nobody will ever receive        */
};

static inline struct endpoint *object_to_endpoint(struct object *object)
{
	return container_of(object, struct endpoint, object);
}

/* NULL: no memory. The caller has the one reference, and no handle yet. */
struct endpoint *endpoint_create(void) __must_check;

/* References to endpoints that fields of tasks and VMAs hold. NULL allowed. */
void endpoint_get(struct endpoint *endpoint);
void endpoint_put(struct endpoint *endpoint);

/* Nobody receives from it any more: whoever waits at it gets -EPIPE. */
void endpoint_shutdown(struct endpoint *endpoint);

/* One operation. */
struct ipc_op {
	struct ipc_regs   *regs;       /* words, both ways                    */
	uint32_t           label;      /* sending: for the receiver's EAX     */
	struct ipc_parcel *parcel;     /* sending: extras, whose owner becomes
					  the message if it is taken; else they
					  stay here. Afterwards: extras that
					  came, the caller's                  */
	uint64_t           deadline;   /* clock_ns() time, or WAIT_FOREVER    */
	bool               nonblock;
	bool               taken;      /* afterwards: somebody received it    */
	struct tenure     *spent;      /* receiving: endpoint.c's             */
};

/*
 * Context: threads, interrupts on.
 * Returns: what EAX shall be: >= 0, or -EAGAIN (nonblock), -ETIMEDOUT, -EINTR
 *          (killed), -EPIPE (nobody is there), -ESRCH (reply: nobody waits for
 *          one).
 */
long endpoint_send(struct endpoint *endpoint, struct ipc_op *op);
long endpoint_call(struct endpoint *endpoint, struct ipc_op *op);
long endpoint_receive(struct endpoint *endpoint, struct ipc_op *op);
long endpoint_reply(struct reply_slot *slot, struct ipc_op *op);

/* Can nobody ever receive from it again? */
bool endpoint_is_dead(const struct endpoint *endpoint);

/*
 * A message of the kernel's that nobody replies to, for a receiver that waits.
 * Returns: false: none does.
 */
bool endpoint_notify(struct endpoint *endpoint, uint32_t label,
		     const struct ipc_regs *words);

/* Whoever waits for this reply gets an error instead. */
void reply_slot_fail(struct reply_slot *slot, int err);

/* Move a debt to another slot, which is empty. */
void reply_slot_move(struct reply_slot *to, struct reply_slot *from);

/*
 * The laws of all endpoints, of what is bound to them, and of the debts of all
 * threads. Returns: NULL, or the first that is broken.
 */
const char *ipc_check(void);

/* An endpoint begins and ends: for ipc_check(). */
void ipc_check_add(struct endpoint *endpoint);
void ipc_check_remove(struct endpoint *endpoint);

void endpoint_init(void);
