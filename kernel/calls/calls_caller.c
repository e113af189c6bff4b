// SPDX-License-Identifier: MIT
/*
 * calls_caller.c - what a server may do to a caller for whom the kernel asks
 *
 * WHAT     While the kernel asks on behalf of a thread (KMSG_SYSCALL,
 *          KMSG_EXCEPTION), the server that owes the reply can read and write
 *          the thread's registers and its task's memory. No other task can.
 *
 * RULES
 *          a caller can end at any time: its registers are read and written
 *          with interrupts off, while the slot names it; its address space is
 *          referenced before it is touched
 *
 * SEE      kernel/task/upcall.c, where the kernel asks.
 */
#include <arch/irqflags.h>

#include "kernel/calls/calls.h"
#include "lib/errno.h"

/*
 * The thread for which the kernel asks. NULL: none, or another kind of caller.
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

/* CALLER_READ and CALLER_WRITE; `in`: into the caller's memory. */
static long copy_caller(const struct trap_regs *regs,
			const struct reply_slot *slot, bool in)
{
	irqflags_t flags = irq_save();
	const struct thread *caller = asking_thread(slot);
	struct mm *mm = caller ? caller->task->mm : NULL;
	long result;

	if (mm)
		mm_get(mm);
	irq_restore(flags);
	if (!mm)
		return -ESRCH;
	result = mm_copy_user(mm, UADDR(regs->ebx), UADDR(regs->ecx),
			      regs->edx, in);
	mm_put(mm);
	return result;
}

long pg_caller_read(struct trap_regs *regs, struct reply_slot *slot)
{
	return copy_caller(regs, slot, false);
}

long pg_caller_write(struct trap_regs *regs, struct reply_slot *slot)
{
	return copy_caller(regs, slot, true);
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

long pg_caller_get_regs(struct trap_regs *regs, struct reply_slot *slot)
{
	struct pg_regs values;
	irqflags_t flags = irq_save();
	struct thread *caller = asking_thread(slot);

	if (caller)
		to_pg_regs(&values, thread_user_regs(caller));
	irq_restore(flags);
	if (!caller)
		return -ESRCH;
	return copy_to_user(UADDR(regs->ebx), &values, sizeof(values));
}

long pg_caller_set_regs(struct trap_regs *regs)
{
	struct thread *caller;
	struct subject subject;
	struct pg_regs values;
	irqflags_t flags;
	long result;

	if (copy_from_user(&values, UADDR(regs->ebx), sizeof(values)))
		return -EFAULT;
	result = find_subject(regs, &subject);
	if (result)
		return result;
	flags = irq_save();
	caller = asking_thread(subject_slot(&subject));
	if (!caller)
		result = -ESRCH;
	else if (KMSG_KIND(caller->ipc.label) != KMSG_EXCEPTION)
		result = -EPERM;
	else
		from_pg_regs(thread_user_regs(caller), &values);
	irq_restore(flags);
	put_subject(&subject);
	return result;
}
