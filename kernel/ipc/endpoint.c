// SPDX-License-Identifier: MIT
/*
 * endpoint.c - where a message passes from one thread to another
 *
 * WHAT     A rendezvous: nothing is buffered, the thread that comes first
 *          waits. Words go straight from the sender's saved registers to the
 *          receiver's.
 *
 * PICTURE  A call, and the server's loop:
 *
 *            client                        server
 *                                          receive: waits in `receivers`
 *            call ---- words, label ---->  runs; its slot `owes` names client
 *            CALLING                       ...
 *            runs  <------- words -------  reply_receive: waits again
 *
 *          When no receiver waits, the client waits in `senders` instead. Its
 *          words stay in its own registers until a thread receives.
 *
 * TERMS    label   what a receiver gets in EAX: a badge, or IPC_KERNEL with the
 *                  kind of the kernel's message
 *          slot    names one caller that is owed a reply. There is a slot in
 *                  each thread, in each reply object, in each parcel of pages
 *          parcel  extras on their way (parcel.c)
 *          dead    the last handle with RIGHT_RECEIVE is closed: no thread will
 *                  receive here again
 *
 * INVARIANTS of endpoint (ipc_check() restates them)
 *          E1  senders and receivers do not wait at the same time
 *          E2  a thread in `senders` is SENDING, one in `receivers` RECEIVING,
 *              and both are BLOCKED
 *          E3  at a dead endpoint no thread waits, and no news of tasks wait
 *          E4  slot and caller name each other: slot->caller->ipc.slot == slot.
 *              A thread has a slot exactly while it is CALLING
 *          E5  while a receiver waits there are no news
 *
 * ALGORITHM  Both queues use thread->run, and waking takes a thread out of any
 *          list: a deadline or a kill needs no bookkeeping here. The woken
 *          thread looks at its own ipc.wait. IDLE means that it was served. Any
 *          other value means that it has to cancel. Between such a wake and the
 *          cancel the thread is in no queue, but a CALLING thread can still be
 *          answered. Then it was served.
 *
 * LOCKING  Interrupts off, for the whole of a rendezvous. A thread that waits
 *          in a queue holds a reference to the endpoint. A receiver of
 *          fastpath.c holds none: shutdown wakes it before the endpoint ends.
 * COST     O(1).
 * NOT HERE the fast path (fastpath.c), which does the same for the usual case;
 *          handles and user memory (calls_ipc.c, parcel.c); the checks
 *          (ipc_check.c); what a server may do to a caller (calls_caller.c).
 * SEE      Liedtke, "Improving IPC by Kernel Design", 1993; seL4's endpoints.
 */
#include "kernel/ipc/endpoint.h"

#include <arch/irqflags.h>

#include "kernel/ipc/notification.h"
#include "kernel/ipc/parcel.h"
#include "kernel/ipc/rendezvous.h"
#include "kernel/ipc/tenure.h"
#include "lib/errno.h"
#include "mm/slab/kmalloc.h"

static struct kmem_cache *endpoint_cache;
static struct kmem_cache *reply_cache;

/* Interrupts as before. A thread that was woken may have to run at once. */
static void leave(irqflags_t flags)
{
	irq_restore(flags);
	if (unlikely(preempt_is_due()))
		preempt_schedule();
}

/* Wake a thread that was served. Its deadline may have woken it already. */
static void wake(struct thread *thread)
{
	if (thread->state == THREAD_BLOCKED)
		sched_wake(thread, true);
}

/* deliver(), and the extras: the receiver owns the parcel from now on. */
static void deliver_all(struct thread *to, const struct ipc_regs *words,
			uint32_t eax, struct ipc_parcel *parcel)
{
	deliver(to, words, eax | (parcel ? IPC_EXTRAS : 0));
	to->ipc.parcel = parcel;
}

/* The thread's operation is over, without words: its EAX is `result`. */
static void end_wait(struct thread *thread, int result)
{
	thread->ipc.regs->eax = (uint32_t)result;
	thread->ipc.wait = IPC_IDLE;
	wake(thread);
}

/* The slot in which a message leaves a debt. NULL: the message leaves none. */
static struct reply_slot *slot_for(struct thread *receiver, bool calls,
				   struct ipc_parcel *parcel)
{
	if (calls)
		return &receiver->ipc.owes;
	return parcel && parcel->mm ? &parcel->slot : NULL;
}

/* ---- sending ------------------------------------------------------------ */

long rendezvous_cancel(struct thread *self)
{
	struct ipc_thread *ipc = &self->ipc;

	if (ipc->wait == IPC_CALLING)
		settle(ipc->slot);
	ipc->wait = IPC_IDLE;
	return self->killed ? -EINTR : -ETIMEDOUT;
}

/*
 * Wait for the partner, and leave what the partner gave in *op. A parcel that
 * no thread took is still in ipc->parcel, and goes back the same way.
 */
static long wait_for_partner(struct thread *self, struct thread *next,
			     struct ipc_op *op)
{
	const struct ipc_parcel *mine = self->ipc.parcel;
	long result;

	sched_block(next, op->deadline, BLOCK_KILLABLE);
	result = outcome(self);
	op->taken = result >= 0 || !mine || self->ipc.parcel != mine;
	op->parcel = self->ipc.parcel;
	self->ipc.parcel = NULL;
	return result;
}

static long send_to(struct thread *self, struct thread *receiver,
		    struct ipc_op *op)
{
	struct ipc_parcel *parcel = op->parcel;
	struct reply_slot *slot = slot_for(receiver, op->calls, parcel);

	op->parcel = NULL;
	op->taken = true;
	deliver_all(receiver, op->regs, op->label, parcel);
	if (!slot) {
		wake(receiver);
		return 0;
	}
	owe(slot, self);
	return wait_for_partner(self, receiver, op);
}

static long send_or_queue(struct thread *self, struct endpoint *endpoint,
			  struct ipc_op *op)
{
	struct thread *receiver = first_waiting(&endpoint->receivers);

	op->taken = false;
	if (endpoint->dead)
		return -EPIPE;
	if (self->killed)
		return -EINTR;
	self->ipc.regs = op->regs;
	self->ipc.label = op->label;
	if (receiver)
		return send_to(self, receiver, op);
	if (op->nonblock)
		return -EAGAIN;
	self->ipc.wait = IPC_SENDING;
	self->ipc.calls = op->calls;
	self->ipc.parcel = op->parcel;
	op->parcel = NULL;
	list_add_tail(&self->run, &endpoint->senders);
	return wait_for_partner(self, NULL, op);
}

long endpoint_send(struct endpoint *endpoint, struct ipc_op *op)
{
	irqflags_t flags = irq_save();
	long result = send_or_queue(current_thread(), endpoint, op);

	leave(flags);
	return result;
}

/* ---- receiving ---------------------------------------------------------- */

/* Take the message of a thread in `senders`. */
static long take_from(struct thread *self, struct thread *sender,
		      struct ipc_op *op)
{
	struct ipc_parcel *parcel = sender->ipc.parcel;
	struct reply_slot *slot = slot_for(self, sender->ipc.calls, parcel);

	copy_words(op->regs, sender->ipc.regs);
	op->parcel = parcel;
	sender->ipc.parcel = NULL;
	if (slot) {
		list_del_init(&sender->run);
		owe(slot, sender);
	} else {
		end_wait(sender, 0);
	}
	return (long)(sender->ipc.label | (parcel ? IPC_EXTRAS : 0));
}

static long receive_or_queue(struct thread *self, struct endpoint *endpoint,
			     struct ipc_op *op)
{
	struct thread *sender = first_waiting(&endpoint->senders);
	struct notification *bound;

	reply_slot_fail(&self->ipc.owes, -EPIPE);
	op->parcel = NULL;
	if (endpoint->dead)
		return -EPIPE;
	if (self->killed)
		return -EINTR;
	if (unlikely(!list_empty(&endpoint->news)))
		return tenure_take_irqoff(endpoint, op->regs, &op->spent);
	bound = endpoint->bound;
	if (bound && bound->bits) {
		*op->regs = (struct ipc_regs){
			.ebx = notification_take_irqoff(bound, UINT32_MAX),
		};
		return (long)KMSG_LABEL(KMSG_NOTIFICATION, 0, 0);
	}
	if (sender)
		return take_from(self, sender, op);
	if (op->nonblock)
		return -EAGAIN;
	self->ipc.regs = op->regs;
	self->ipc.wait = IPC_RECEIVING;
	list_add_tail(&self->run, &endpoint->receivers);
	return wait_for_partner(self, NULL, op);
}

long endpoint_receive(struct endpoint *endpoint, struct ipc_op *op)
{
	irqflags_t flags = irq_save();
	long result;

	op->spent = NULL;
	result = receive_or_queue(current_thread(), endpoint, op);
	leave(flags);
	tenure_free(op->spent);
	return result;
}

bool endpoint_notify(struct endpoint *endpoint, uint32_t label,
		     const struct ipc_regs *words)
{
	struct thread *receiver = first_waiting(&endpoint->receivers);

	if (!receiver)
		return false;
	deliver_all(receiver, words, label, NULL);
	wake(receiver);
	return true;
}

/* ---- replying ----------------------------------------------------------- */

long endpoint_reply(struct reply_slot *slot, struct ipc_op *op)
{
	irqflags_t flags = irq_save();
	struct thread *caller;

	op->taken = slot->caller != NULL;
	if (op->taken) {
		caller = settle(slot);
		deliver_all(caller, op->regs, 0, op->parcel);
		op->parcel = NULL;
		wake(caller);
	}
	leave(flags);
	return op->taken ? 0 : -ESRCH;
}

void reply_slot_fail(struct reply_slot *slot, int result)
{
	irqflags_t flags = irq_save();

	if (unlikely(slot->caller))
		end_wait(settle(slot), result);
	leave(flags);
}

struct object *reply_create(struct reply_slot *from)
{
	struct reply *reply = kmem_cache_alloc(reply_cache,
					       GFP_KERNEL | GFP_ZERO);
	irqflags_t flags;

	if (!reply)
		return NULL;
	object_init(&reply->object, OBJECT_REPLY);
	flags = irq_save();
	if (from->caller)
		owe(&reply->slot, settle(from));
	irq_restore(flags);
	return &reply->object;
}

static void reply_destroy(struct object *object)
{
	struct reply *reply = container_of(object, struct reply, object);

	reply_slot_fail(&reply->slot, -EPIPE);
	kmem_cache_free(reply_cache, reply);
}

/* ---- beginning and end -------------------------------------------------- */

struct endpoint *endpoint_create(void)
{
	struct endpoint *endpoint;

	endpoint = kmem_cache_alloc(endpoint_cache, GFP_KERNEL | GFP_ZERO);
	if (!endpoint)
		return NULL;
	object_init(&endpoint->object, OBJECT_ENDPOINT);
	list_init(&endpoint->senders);
	list_init(&endpoint->receivers);
	list_init(&endpoint->news);
	ipc_check_add(endpoint);
	return endpoint;
}

void endpoint_shutdown(struct endpoint *endpoint)
{
	irqflags_t flags = irq_save();
	struct thread *thread;

	endpoint->dead = true;
	while ((thread = first_waiting(&endpoint->senders)))
		end_wait(thread, -EPIPE);
	while ((thread = first_waiting(&endpoint->receivers)))
		end_wait(thread, -EPIPE);
	leave(flags);
	tenure_drop_news(endpoint);
}

static void endpoint_opened(struct object *object, unsigned rights)
{
	irqflags_t flags = irq_save();

	if (rights & RIGHT_RECEIVE)
		object_to_endpoint(object)->nr_receive++;
	irq_restore(flags);
}

static void endpoint_closed(struct object *object, unsigned rights)
{
	struct endpoint *endpoint = object_to_endpoint(object);
	irqflags_t flags = irq_save();
	bool last;

	last = (rights & RIGHT_RECEIVE) && --endpoint->nr_receive == 0;
	irq_restore(flags);
	if (last)
		endpoint_shutdown(endpoint);
}

static void endpoint_destroy(struct object *object)
{
	struct endpoint *endpoint = object_to_endpoint(object);

	assert(list_empty(&endpoint->senders));
	assert(list_empty(&endpoint->receivers));
	assert(!endpoint->bound);
	tenure_drop_news(endpoint);
	ipc_check_remove(endpoint);
	kmem_cache_free(endpoint_cache, endpoint);
}

void endpoint_get(struct endpoint *endpoint)
{
	if (endpoint)
		object_get(&endpoint->object);
}

void endpoint_put(struct endpoint *endpoint)
{
	if (endpoint)
		object_put(&endpoint->object);
}

void ipc_init(void)
{
	static const struct object_ops endpoint_ops = {
		endpoint_destroy, endpoint_opened, endpoint_closed,
	};
	static const struct object_ops reply_ops = {
		reply_destroy, NULL, NULL,
	};

	endpoint_cache = kmem_cache_create("endpoint", sizeof(struct endpoint),
					   0, SLAB_PANIC, NULL);
	object_type_init(OBJECT_ENDPOINT, &endpoint_ops);
	reply_cache = kmem_cache_create("reply", sizeof(struct reply), 0,
					SLAB_PANIC, NULL);
	object_type_init(OBJECT_REPLY, &reply_ops);
	notification_init();
	tenure_init();
	parcel_init();
}
