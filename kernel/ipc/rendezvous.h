// SPDX-License-Identifier: MIT
/*
 * rendezvous.h - the moment in which a message changes hands
 *
 * WHAT     The steps of endpoint.c (all cases) and of fastpath.c (the usual
 *          case). Interrupts are off, the partner is BLOCKED.
 */
#pragma once

#include <arch/trap.h>

#include "kernel/ipc/endpoint.h"
#include "kernel/sched/sched.h"
#include "kernel/uapi/pagoda.h"

/* The label of a message from the kernel. */
#define KMSG_LABEL(kind, number, pid) \
	(IPC_KERNEL | (uint32_t)(kind) << 26 | (uint32_t)(number) << 16 | \
	 (uint32_t)(pid))

#define LIES_AS_SAVED(reg)                                              \
	_Static_assert(offsetof(struct trap_regs, reg) -                \
		       offsetof(struct trap_regs, edi) ==               \
		       offsetof(struct ipc_regs, reg), "words lie as saved")
LIES_AS_SAVED(esi);
LIES_AS_SAVED(ebp);
LIES_AS_SAVED(ebx);
LIES_AS_SAVED(edx);
LIES_AS_SAVED(ecx);
LIES_AS_SAVED(eax);
#undef LIES_AS_SAVED

/* The words of a message among the registers that a trap has saved. */
static inline struct ipc_regs *message_regs(struct trap_regs *regs)
{
	return (struct ipc_regs *)&regs->edi;
}

/* NULL: no thread waits in this queue. */
static inline struct thread *first_waiting(const struct list_head *queue)
{
	return list_empty(queue) ? NULL :
	       list_first_entry(queue, struct thread, run);
}

static inline void copy_words(struct ipc_regs *to, const struct ipc_regs *from)
{
	to->ebx = from->ebx;
	to->ecx = from->ecx;
	to->edx = from->edx;
	to->esi = from->esi;
	to->edi = from->edi;
	to->ebp = from->ebp;
}

/* Give words and the result `eax` to a thread that waits. Its wait is over. */
static inline void deliver(struct thread *to, const struct ipc_regs *words,
			   uint32_t eax)
{
	struct ipc_regs *regs = to->ipc.regs;

	copy_words(regs, words);
	regs->eax = eax;
	to->ipc.wait = IPC_IDLE;
}

/* From now on the owner of the slot owes the caller a reply. */
static inline void owe(struct reply_slot *slot, struct thread *caller)
{
	slot->caller = caller;
	caller->ipc.slot = slot;
	caller->ipc.wait = IPC_CALLING;
}

/* The debt is settled. Returns: the caller, who is still to be told. */
static inline struct thread *settle(struct reply_slot *slot)
{
	struct thread *caller = slot->caller;

	slot->caller = NULL;
	caller->ipc.slot = NULL;
	return caller;
}

/* Block, and let `next` run at once. A kill ends the wait. */
static inline void block_for(struct thread *self, struct thread *next)
{
	self->state = THREAD_BLOCKED;
	self->killable = true;
	sched_switch_to(next);
	self->killable = false;
}

/* A kill or a deadline ended the wait. Returns: -EINTR or -ETIMEDOUT. */
long rendezvous_cancel(struct thread *self);

/* The result of the running thread's operation, after its wait. */
static inline long outcome(struct thread *self)
{
	if (unlikely(self->ipc.wait != IPC_IDLE))
		return rendezvous_cancel(self);
	return (long)(int32_t)self->ipc.regs->eax;
}
