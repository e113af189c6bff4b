// SPDX-License-Identifier: MIT
/*
 * fastpath.c - CALL and REPLY_RECEIVE where nothing is in the way
 *
 * WHAT     The two halves of a remote procedure call, for the case that the
 *          partner waits already: six words, no extras, no deadline, no
 *          reference taken, no run queue. All other cases go to the general
 *          functions. These would do the same in more steps.
 *
 * PICTURE    CALL             find entry, first receiver; words; debt; switch
 *            REPLY_RECEIVE    find entry, my caller; words; wait; switch
 *
 * RULES
 *          the general function repeats each test of this file: a test may be
 *          dropped only if the general function does not need it
 *
 * LOCKING  Interrupts off from the look at the handle to the switch: the
 *          endpoint cannot end in between, and needs no reference. A server
 *          that waits here without a reference is woken by shutdown before the
 *          endpoint ends (endpoint.c).
 * COST     ipc_call_reply in tests/bench/bounds.tsv: both calls together, with
 *          entries and switches of address space.
 * SEE      kernel/ipc/endpoint.c; seL4's fastpath.c.
 */
#include <arch/irqflags.h>

#include "kernel/calls/calls.h"
#include "kernel/ipc/parcel.h"
#include "kernel/ipc/rendezvous.h"

/* The endpoint of a call, without a reference. NULL: not the usual case. */
static inline struct endpoint *peek_endpoint(const struct trap_regs *regs,
					     struct thread *self,
					     unsigned rights, uint32_t *badge)
{
	const struct handle_table *table = &self->task->handles;
	uint32_t handle = call_handle(regs);
	const struct handle_entry *entry;
	struct object *object;

	if (unlikely(self->killed || handle >= table->size))
		return NULL;
	entry = &table->entries[handle];
	object = entry->object;
	if (unlikely(!object || object->type != OBJECT_ENDPOINT ||
		     !(entry->rights & rights)))
		return NULL;
	*badge = entry->badge;
	return object_to_endpoint(object);
}

/* Out of line: its registers would be saved in the usual case, too. */
static noinline long unpack(struct thread *self, long result)
{
	struct ipc_parcel *parcel = self->ipc.parcel;

	self->ipc.parcel = NULL;
	return parcel_unpack(parcel, result);
}

static inline long finish(struct thread *self)
{
	long result = outcome(self);

	irq_enable();
	if (unlikely(result > 0 && result & IPC_EXTRAS))
		return unpack(self, result);
	return result;
}

long pg_call(struct trap_regs *regs)
{
	struct thread *self = current_thread(), *receiver;
	struct endpoint *endpoint;
	uint32_t badge;

	irq_disable();
	endpoint = peek_endpoint(regs, self, RIGHT_SEND, &badge);
	if (unlikely(!endpoint || list_empty(&endpoint->receivers))) {
		irq_enable();
		return pg_call_slowly(regs);
	}
	receiver = first_waiting(&endpoint->receivers);
	self->ipc.regs = message_regs(regs);
	self->ipc.label = badge;
	deliver(receiver, message_regs(regs), badge);
	owe(&receiver->ipc.owes, self);
	block_for(self, receiver);
	return finish(self);
}

long pg_reply_receive(struct trap_regs *regs)
{
	struct thread *self = current_thread(), *caller;
	struct endpoint *endpoint;
	uint32_t badge;

	irq_disable();
	endpoint = peek_endpoint(regs, self, RIGHT_RECEIVE, &badge);
	caller = self->ipc.owes.caller;
	if (unlikely(!endpoint || !caller || endpoint->dead ||
		     endpoint->bound || !list_empty(&endpoint->news) ||
		     !list_empty(&endpoint->senders) ||
		     caller->state != THREAD_BLOCKED)) {
		irq_enable();
		return pg_reply_receive_slowly(regs);
	}
	deliver(settle(&self->ipc.owes), message_regs(regs), 0);
	self->ipc.regs = message_regs(regs);
	self->ipc.wait = IPC_RECEIVING;
	list_add_tail(&self->run, &endpoint->receivers);
	block_for(self, caller);
	return finish(self);
}
