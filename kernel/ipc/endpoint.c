// SPDX-License-Identifier: MIT
/*
 * endpoint.c - where a message passes from one thread to another
 *
 * WHAT     A rendezvous: nothing is buffered, who comes first waits. Words go
 *          straight from the sender's saved registers to the receiver's.
 *
 * PICTURE  A call, and the server's loop:
 *
 *            client                        server
 *                                          receive: waits in `receivers`
 *            call ---- words, label ---->  runs; its slot `owes` names client
 *            CALLING                       ...
 *            runs  <------- words -------  reply_receive: waits again
 *
 *          When no receiver waits, the client waits in `senders` instead, its
 *          words in its own registers, until somebody receives.
 *
 * TERMS    label   what a receiver gets in EAX: badge, or IPC_KERNEL and why
 *          slot    remembers one caller that is owed a reply: in each thread,
 *                  in each reply object, in a parcel of pages
 *          parcel  extras on their way (parcel.c)
 *          dead    the last handle to receive is closed: nobody ever will
 *
 * INVARIANTS of endpoint (ipc_check() restates them)
 *          E1  senders and receivers do not wait at the same time
 *          E2  a thread in `senders` is SENDING, one in `receivers` RECEIVING,
 *              and both are BLOCKED
 *          E3  nobody waits at a dead endpoint, and no news of tasks do
 *          E4  slot and caller name each other: slot->caller->ipc.slot == slot.
 *              A thread has a slot exactly while it is CALLING
 *          E5  while a receiver waits there are no news
 *
 * ALGORITHM  Both queues use thread->run, which waking takes out of any list:
 *          a deadline or a kill therefore needs no bookkeeping here. The woken
 *          thread sees by its own ipc.wait whether it was served (IDLE) or has
 *          to cancel. Between such a wake and the cancel it is in no queue, but
 *          a CALLING thread can still be answered; it then has been.
 *
 * LOCKING  Interrupts off, for the whole of a rendezvous. A thread that waits
 *          in a queue holds a reference to the endpoint or (fastpath.c,
 *          receivers) relies on shutdown, which precedes the end of an endpoint
 *          that had handles, and wakes it.
 * COST     O(1).
 * NOT HERE the fast path (fastpath.c), which does the same for the usual case;
 *          handles and user memory (calls_ipc.c, parcel.c); the checks
 *          (ipc_check.c).
 * SEE      Liedtke, "Improving IPC by Kernel Design", 1993; seL4's endpoints.
 */
#include "kernel/ipc/endpoint.h"

#include <arch/irqflags.h>

#include "kernel/ipc/notification.h"
#include "kernel/ipc/parcel.h"
#include "kernel/ipc/rendezvous.h"
#include "kernel/ipc/tenure.h"
#include "kernel/sched/sched.h"
#include "lib/errno.h"
#include "mm/slab/kmalloc.h"

static struct kmem_cache *endpoint_cache;

static struct thread *find_receiver(const struct endpoint *endpoint)
{
	return list_empty(&endpoint->receivers) ? NULL :
	       first_waiting(&endpoint->receivers);
}

static struct thread *find_sender(const struct endpoint *endpoint)
{
	return list_empty(&endpoint->senders) ? NULL :
	       first_waiting(&endpoint->senders);
}

/* Interrupts as before; a thread that was woken may be due. */
static void leave(irqflags_t flags)
{
	irq_restore(flags);
	if (unlikely(preempt_is_due()))
		preempt_schedule();
}

/* Wake a thread that was served; it may run already, by its deadline. */
static void wake(struct thread *thread)
{
	if (thread->state == THREAD_BLOCKED)
		sched_wake(thread, true);
}

/* deliver(), and the extras; the parcel is the receiver's from now on. */
static void deliver_all(struct thread *to, const struct ipc_regs *words,
			uint32_t eax, struct ipc_parcel *parcel)
{
	deliver(to, words, eax | (parcel ? IPC_EXTRAS : 0));
	to->ipc.parcel = parcel;
}

static void fail(struct thread *thread, int err)
{
	thread->ipc.regs->eax = (uint32_t)err;
	thread->ipc.wait = IPC_IDLE;
	wake(thread);
}

/* The slot in which a message leaves a debt; NULL: it leaves none. */
static struct reply_slot *slot_for(struct thread *receiver, bool calls,
				   struct ipc_parcel *parcel)
{
	if (calls)
		return &receiver->ipc.owes;
	return parcel ? parcel_slot(parcel) : NULL;
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
 * Wait for the partner, then leave what it gave in *op. A parcel that nobody
 * took is still in ipc->parcel, and goes back the same way.
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

static long send_to(struct thread *self, struct thread *receiver, bool calls,
		    struct ipc_op *op)
{
	struct ipc_parcel *parcel = op->parcel;
	struct reply_slot *slot = slot_for(receiver, calls, parcel);

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
			  bool calls, struct ipc_op *op)
{
	struct thread *receiver = find_receiver(endpoint);

	op->taken = false;
	if (endpoint->dead)
		return -EPIPE;
	if (self->killed)
		return -EINTR;
	self->ipc.regs = op->regs;
	self->ipc.label = op->label;
	if (receiver)
		return send_to(self, receiver, calls, op);
	if (op->nonblock)
		return -EAGAIN;
	self->ipc.wait = IPC_SENDING;
	self->ipc.calls = calls;
	self->ipc.parcel = op->parcel;
	op->parcel = NULL;
	list_add_tail(&self->run, &endpoint->senders);
	return wait_for_partner(self, NULL, op);
}

long endpoint_send(struct endpoint *endpoint, struct ipc_op *op)
{
	irqflags_t flags = irq_save();
	long result = send_or_queue(current_thread(), endpoint, false, op);

	leave(flags);
	return result;
}

long endpoint_call(struct endpoint *endpoint, struct ipc_op *op)
{
	irqflags_t flags = irq_save();
	long result = send_or_queue(current_thread(), endpoint, true, op);

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
		fail(sender, 0);
	}
	return (long)(sender->ipc.label | (parcel ? IPC_EXTRAS : 0));
}

/* Bits of the bound notification are a message of the kernel's. */
static long take_bits(struct endpoint *endpoint, struct ipc_op *op)
{
	*op->regs = (struct ipc_regs){
		.ebx = notification_take_irqoff(endpoint->bound, UINT32_MAX),
	};
	return (long)KMSG_LABEL(KMSG_NOTIFICATION, 0, 0);
}

static long receive_or_queue(struct thread *self, struct endpoint *endpoint,
			     struct ipc_op *op)
{
	struct thread *sender = find_sender(endpoint);

	reply_slot_fail(&self->ipc.owes, -EPIPE);
	op->parcel = NULL;
	if (endpoint->dead)
		return -EPIPE;
	if (self->killed)
		return -EINTR;
	if (unlikely(!list_empty(&endpoint->news)))
		return tenure_take_irqoff(endpoint, op->regs, &op->spent);
	if (endpoint->bound && endpoint->bound->bits)
		return take_bits(endpoint, op);
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
	struct thread *receiver = find_receiver(endpoint);

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
	long result = -ESRCH;

	op->taken = slot->caller != NULL;
	if (op->taken) {
		caller = settle(slot);
		deliver_all(caller, op->regs, 0, op->parcel);
		op->parcel = NULL;
		wake(caller);
		result = 0;
	}
	leave(flags);
	return result;
}

void reply_slot_fail(struct reply_slot *slot, int err)
{
	irqflags_t flags = irq_save();

	if (unlikely(slot->caller))
		fail(settle(slot), err);
	leave(flags);
}

void reply_slot_move(struct reply_slot *to, struct reply_slot *from)
{
	irqflags_t flags = irq_save();

	assert(!to->caller);
	if (from->caller)
		owe(to, settle(from));
	irq_restore(flags);
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
	while ((thread = find_sender(endpoint)))
		fail(thread, -EPIPE);
	while ((thread = find_receiver(endpoint)))
		fail(thread, -EPIPE);
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

bool endpoint_is_dead(const struct endpoint *endpoint)
{
	return READ_ONCE(endpoint->dead);
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

void endpoint_init(void)
{
	static const struct object_ops ops = {
		endpoint_destroy, endpoint_opened, endpoint_closed,
	};

	endpoint_cache = kmem_cache_create("endpoint", sizeof(struct endpoint),
					   0, SLAB_PANIC, NULL);
	object_type_init(OBJECT_ENDPOINT, &ops);
}
