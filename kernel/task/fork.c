// SPDX-License-Identifier: MIT
/*
 * fork.c - a task that is a copy of another
 *
 * WHAT     fork(2) in two halves: task_copy() makes everything that can fail,
 *          task_start() lets it run. clone(2) changes the child in between
 *          (kernel/linux/clone.c).
 *
 * ALGORITHM  Memory is shared and write-protected (mm_copy_areas()). Handles
 *          that may be duplicated keep their numbers. Exceptions and unknown
 *          calls of the child go to the same endpoints as the parent's. The
 *          child has no I/O ports: a device has one driver.
 * SEE      Linux kernel/fork.c copy_process().
 */
#include "kernel/ipc/endpoint.h"
#include "kernel/ipc/tenure.h"
#include "kernel/task/task_impl.h"
#include "lib/errno.h"

static int copy_endpoints(struct task *child, const struct task *parent)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	struct endpoint *personality = NULL;
	int err = 0;

	child->exceptions = parent->exceptions;
	endpoint_get(child->exceptions);
	if (parent->personality)
		personality = parent->personality->endpoint;
	endpoint_get(personality);
	spin_unlock_irqrestore(&task_lock, flags);
	if (!personality)
		return 0;
	child->personality = tenure_create(personality, child->pid);
	if (!child->personality)
		err = -ENOMEM;
	endpoint_put(personality);
	return err;
}

static int copy_contents(struct task *child, struct task *parent,
			 bool share_mm)
{
	int err = 0;

	if (share_mm) {
		mm_get(parent->mm);
		child->mm = parent->mm;
	} else {
		err = task_make_mm(child);
		if (!err)
			err = mm_copy_areas(child->mm, parent->mm);
	}
	if (!err)
		err = handle_table_copy(&child->handles, &parent->handles);
	return err ? err : copy_endpoints(child, parent);
}

int task_thread_copy(struct task *task, const struct trap_regs *regs,
		     struct thread **threadp)
{
	struct trap_regs child_regs = *regs;
	struct thread *self = current_thread();
	struct thread *thread;
	int err;

	child_regs.eax = 0;
	err = task_thread_create(task, &child_regs, &thread);
	if (err)
		return err;
	thread->priority = self->priority;
	thread->sigmask = self->sigmask;
	/* The copy of the memory has a struct ipc_msg at the same place. */
	thread->ipc.buffer = self->ipc.buffer;
	thread->ipc.window = self->ipc.window;
	if (arch_thread_fork(&thread->arch, &self->arch)) {
		task_thread_destroy(thread);
		return -ENOMEM;
	}
	*threadp = thread;
	return 0;
}

int task_copy(const struct trap_regs *regs, bool share_mm,
	      struct task **childp, struct thread **threadp)
{
	struct task *self = current_task();
	struct task *child;
	int err = task_alloc(self->name, self, &child);

	if (err)
		return err;
	err = copy_contents(child, self, share_mm);
	if (!err)
		err = task_thread_copy(child, regs, threadp);
	if (err)
		object_put(&child->object);
	else
		*childp = child;
	return err;
}
