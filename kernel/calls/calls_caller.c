// SPDX-License-Identifier: MIT
/*
 * calls_caller.c - what a server may do to a caller for whom the kernel asks
 *
 * WHAT     While the kernel asks on behalf of a thread (KMSG_SYSCALL,
 *          KMSG_EXCEPTION), the thread's registers and its task's memory are
 *          open to whoever owes the reply, and to nobody else.
 *
 * RULES
 *          a caller can end at any time: its registers are read and written
 *          with interrupts off, as long as the slot names it; its address
 *          space is referenced before it is touched
 *
 * SEE      kernel/task/upcall.c, where the kernel asks.
 */
#include <arch/irqflags.h>

#include "kernel/calls/calls.h"
#include "kernel/ipc/reply.h"
#include "lib/errno.h"

/* The slot that a call means; the object, if any, is referenced. */
static int find_slot(uint32_t handle, struct reply_slot **slot,
		     struct object **object)
{
	int err = 0;

	*object = NULL;
	*slot = &current_thread()->ipc.owes;
	if (handle)
		err = find_object(handle, OBJECT_REPLY, 0, object);
	if (!err && *object)
		*slot = object_to_slot(*object);
	return err;
}

/*
 * The thread for which the kernel asks; NULL: none, or another kind of caller.
 * Interrupts off.
 */
static struct thread *asking_thread(const struct reply_slot *slot)
{
	struct thread *caller = slot->caller;
	uint32_t label = caller ? caller->ipc.label : 0;

	if (!(label & IPC_KERNEL))
		return NULL;
	if (KMSG_KIND(label) != KMSG_SYSCALL &&
	    KMSG_KIND(label) != KMSG_EXCEPTION)
		return NULL;
	return caller;
}

static int caller_mm(uint32_t handle, struct mm **mmp)
{
	struct reply_slot *slot;
	struct object *object;
	const struct thread *caller;
	irqflags_t flags;
	int err = find_slot(handle, &slot, &object);

	if (err)
		return err;
	flags = irq_save();
	caller = asking_thread(slot);
	*mmp = caller ? caller->task->mm : NULL;
	if (*mmp)
		mm_get(*mmp);
	irq_restore(flags);
	object_put(object);
	return *mmp ? 0 : -ESRCH;
}

long pg_caller_read(struct trap_regs *regs)
{
	struct mm *mm;
	long result = caller_mm(call_handle(regs), &mm);

	if (result)
		return result;
	result = mm_copy_out(mm, UADDR(regs->ebx), UADDR(regs->ecx), regs->edx);
	mm_put(mm);
	return result;
}

long pg_caller_write(struct trap_regs *regs)
{
	struct mm *mm;
	long result = caller_mm(call_handle(regs), &mm);

	if (result)
		return result;
	result = mm_copy_in(mm, UADDR(regs->ebx), UADDR(regs->ecx), regs->edx);
	mm_put(mm);
	return result;
}

static void to_pg_regs(struct pg_regs *to, const struct trap_regs *from)
{
	*to = (struct pg_regs){
		.ebx = from->ebx, .ecx = from->ecx, .edx = from->edx,
		.esi = from->esi, .edi = from->edi, .ebp = from->ebp,
		.eax = from->eax, .eip = from->eip, .eflags = from->eflags,
		.esp = from->user_esp, .vector = from->vector,
		.error = from->error,
		.address = from->vector == 14 ? from->cr2 : 0,
	};
}

static void from_pg_regs(struct trap_regs *to, const struct pg_regs *from)
{
	to->ebx = from->ebx;
	to->ecx = from->ecx;
	to->edx = from->edx;
	to->esi = from->esi;
	to->edi = from->edi;
	to->ebp = from->ebp;
	to->eax = from->eax;
	to->eip = from->eip;
	to->eflags = from->eflags;
	to->user_esp = from->esp;
	arch_user_regs_sanitize(to);
}

/* Read the caller's registers, or write them: only after an exception. */
static long access_regs(uint32_t handle, struct pg_regs *values, bool write)
{
	struct reply_slot *slot;
	struct object *object;
	struct thread *caller;
	irqflags_t flags;
	long result = find_slot(handle, &slot, &object);

	if (result)
		return result;
	flags = irq_save();
	caller = asking_thread(slot);
	if (!caller)
		result = -ESRCH;
	else if (!write)
		to_pg_regs(values, thread_user_regs(caller));
	else if (KMSG_KIND(caller->ipc.label) != KMSG_EXCEPTION)
		result = -EPERM;
	else
		from_pg_regs(thread_user_regs(caller), values);
	irq_restore(flags);
	object_put(object);
	return result;
}

long pg_caller_get_regs(struct trap_regs *regs)
{
	struct pg_regs values;
	long result = access_regs(call_handle(regs), &values, false);

	if (result)
		return result;
	return copy_to_user(UADDR(regs->ebx), &values, sizeof(values));
}

long pg_caller_set_regs(struct trap_regs *regs)
{
	struct pg_regs values;

	if (copy_from_user(&values, UADDR(regs->ebx), sizeof(values)))
		return -EFAULT;
	return access_regs(call_handle(regs), &values, true);
}
