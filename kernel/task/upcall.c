// SPDX-License-Identifier: MIT
/*
 * upcall.c - the kernel asks a server
 *
 * WHAT     Page faults go to the pager of their area. Exceptions that the
 *          kernel cannot resolve go to the task's exception endpoint. Calls
 *          that the kernel does not know go to the task's personality. Each is
 *          one CALL by the thread that needs the answer, with a label that says
 *          that the kernel asks.
 *
 * PICTURE    thread           kernel                        server
 *            touches a page   vm_fault() -> pager_ask() ->  KMSG_FAULT
 *                             a page of its own       <-    REPLY_MSG
 *            goes on
 *
 * RULES
 *          no lock is held while a server is asked (mm/vm/pager.c, A2)
 *          only the thread that asks waits for the answer
 *          if the server is gone, the answer is: no page, killed, -ENOSYS
 *
 * SEE      kernel/uapi/pagoda.h KMSG_*; kernel/calls/calls_caller.c for what
 *          the server may do while it is asked.
 */
#include "kernel/task/upcall.h"

#include <arch/irqflags.h>
#include <arch/trap.h>

#include "kernel/ipc/endpoint.h"
#include "kernel/ipc/parcel.h"
#include "kernel/ipc/rendezvous.h"
#include "kernel/ipc/tenure.h"
#include "kernel/task/task.h"
#include "lib/errno.h"
#include "lib/wait.h"
#include "mm/vm/fault.h"

/*
 * Call a server for the running thread.
 * Returns: >= 0, and the server's words in *words; *pagep (NULL: not wanted): a
 * page that came.
 */
static long ask(struct endpoint *endpoint, uint32_t label,
		struct ipc_regs *words, struct page **pagep)
{
	struct ipc_op op = {
		.regs = words, .label = label, .deadline = WAIT_FOREVER,
		.calls = true,
	};
	long result = endpoint_send(endpoint, &op);

	if (op.parcel && pagep) {
		*pagep = op.parcel->page;
		op.parcel->page = NULL;
	}
	parcel_free(op.parcel);
	return result;
}

/* ---- pagers ------------------------------------------------------------- */

static struct page *pager_ask(struct endpoint *pager, struct mm *mm,
			      uaddr_t addr, unsigned access)
{
	struct ipc_regs words = { .ebx = addr.v & PAGE_MASK, .ecx = access };
	const struct task *task = current_task();
	struct page *page = NULL;

	/* mm/vm/pager.c, A1: a pager serves only the task that has named it. */
	if (!task || task->mm != mm)
		return NULL;
	if (ask(pager, KMSG_LABEL(KMSG_FAULT, 0, task->pid), &words,
		&page) < 0)
		return NULL;
	return page;
}

/* ---- exceptions --------------------------------------------------------- */

bool exception_ask(struct trap_regs *regs)
{
	struct task *task = current_task();
	irqflags_t flags = irq_save();
	struct endpoint *endpoint = task->exceptions;
	struct ipc_regs words = {
		.ebx = regs->vector, .ecx = regs->error,
		.edx = regs->vector == 14 ? regs->cr2 : 0,
		.esi = regs->eip, .edi = regs->user_esp, .ebp = regs->eflags,
	};
	long result;

	endpoint_get(endpoint);
	irq_restore(flags);
	if (!endpoint)
		return false;
	result = ask(endpoint, KMSG_LABEL(KMSG_EXCEPTION, 0, task->pid),
		     &words, NULL);
	endpoint_put(endpoint);
	return result >= 0 && words.ebx == 1;
}

/* ---- personality -------------------------------------------------------- */

long personality_call(struct trap_regs *regs)
{
	struct task *task = current_task();
	struct endpoint *endpoint = NULL;
	struct ipc_regs words;
	irqflags_t flags;
	long result;

	assert(regs->eax < 1024);
	flags = irq_save();
	if (task->personality)
		endpoint = task->personality->endpoint;
	endpoint_get(endpoint);
	irq_restore(flags);
	if (!endpoint)
		return -ENOSYS;
	copy_words(&words, message_regs(regs));
	result = ask(endpoint, KMSG_LABEL(KMSG_SYSCALL, regs->eax, task->pid),
		     &words, NULL);
	endpoint_put(endpoint);
	if (result == -EPIPE)
		return -ENOSYS;
	return result < 0 ? result : (long)(int32_t)words.ebx;
}

static const struct vm_pager_ops pager_ops = {
	.ask = pager_ask, .get = endpoint_get, .put = endpoint_put,
};

void upcall_init(void)
{
	vm_set_pager_ops(&pager_ops);
}
