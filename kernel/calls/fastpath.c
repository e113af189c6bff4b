// SPDX-License-Identifier: MIT
/*
 * fastpath.c - CALL and REPLY_RECEIVE where nothing is in the way
 *
 * WHAT     The two halves of a remote procedure call, written out for the case
 *          that the partner waits already: six words, no extras, no deadline,
 *          no reference taken, no run queue. Everything else goes to the
 *          general functions, which would do the same in more steps.
 *
 * PICTURE    CALL             find entry, first receiver; words; debt; switch
 *            REPLY_RECEIVE    find entry, my caller; words; wait; switch
 *
 * RULES
 *          whatever is tested here is tested again by the general function: a
 *          test may be dropped only if the general function needs none
 *
 * LOCKING  Interrupts off from the look at the handle to the switch, so the
 *          endpoint cannot go away in between, and need not be referenced. A
 *          server that waits here without a reference is woken by shutdown
 *          before the endpoint ends (endpoint.c).
 * COST     Both together, entries and switches of address space included, see
 *          tests/bench; the budget is 700 instructions.
 * SEE      kernel/ipc/endpoint.c; seL4's fastpath.c.
 */
#include <arch/irqflags.h>

#include "kernel/calls/calls.h"
#include "kernel/calls/calls_ipc.h"
#include "kernel/ipc/rendezvous.h"

/* The endpoint of a call, without a reference; NULL: for the general case. */
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

static inline long finish(struct thread *self)
{
	long result = outcome(self);

	irq_enable();
	if (unlikely(result > 0 && result & IPC_EXTRAS))
		return receive_parcel(self, result);
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
		return call_slowly(regs);
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
		return reply_receive_slowly(regs);
	}
	deliver(settle(&self->ipc.owes), message_regs(regs), 0);
	self->ipc.regs = message_regs(regs);
	self->ipc.wait = IPC_RECEIVING;
	list_add_tail(&self->run, &endpoint->receivers);
	block_for(self, caller);
	return finish(self);
}
