// SPDX-License-Identifier: MIT
/*
 * exit.c - how tasks end, and how others learn of it
 *
 * WHAT     Ends threads and tasks, keeps the status for the parent, gives
 *          children to init.
 *
 * PICTURE    task_exit, task_kill           settle the status, tell the threads
 *                 |
 *            each thread, before it next enters user mode:
 *            thread_exit --> task_thread_ends --> the last one: task_release,
 *                                     memory and handles
 *                                          |
 *                                     become_zombie, wake the threads that wait
 *
 * ALGORITHM  The last thread does the work, in its own context, where it may
 *          sleep. As soon as the task is a zombie, any other thread may free
 *          it: the last thread has left the task before.
 *
 * LOCKING  task_lock. It is held while threads are woken: a woken task may free
 *          the queue, and must not run yet.
 * NOT HERE which task has to end if memory is used up (oom.c).
 * SEE      Linux kernel/exit.c.
 */
#include <arch/uaccess.h>

#include "kernel/ipc/endpoint.h"
#include "kernel/ipc/tenure.h"
#include "kernel/sched/sched.h"
#include "kernel/task/task_impl.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "mm/slab/kmalloc.h"

/* ---- the last thread ----------------------------------------------------- */

void task_release(struct task *task)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	struct mm *mm = task->mm;
	struct endpoint *exceptions = task->exceptions;
	struct tenure *personality = task->personality;
	uint8_t *io_ports;

	task->mm = NULL;
	task->exceptions = NULL;
	task->personality = NULL;
	spin_unlock_irqrestore(&task_lock, flags);
	/* Handles first: a device is stopped before its memory goes. */
	handle_table_destroy(&task->handles);
	if (mm)
		mm_put(mm);
	endpoint_put(exceptions);
	tenure_end(personality, &task->object);
	io_ports = task->io_ports;
	if (io_ports) {
		task->io_ports = NULL;
		arch_set_io_ports(NULL);
		arch_io_ports_changed(io_ports);
		kfree(io_ports);
	}
}

/* No parent waits for this task. Its life reference goes to `gone`. */
static void reap_locked(struct task *task, struct list_head *gone)
	MUST_HOLD(&task_lock)
{
	assert_held(&task_lock);
	task_leave_tree_locked(task);
	list_add(&task->sibling, gone);
}

static void reparent_locked(struct task *task, struct list_head *gone)
	MUST_HOLD(&task_lock)
{
	struct task *heir = task == init_task ? NULL : init_task;
	struct task *child, *next;

	assert_held(&task_lock);
	if (list_empty(&task->children))
		return;
	if (heir && heir->zombie)
		heir = NULL;
	list_for_each_entry_safe(child, next, &task->children, sibling) {
		child->parent = heir;
		child->exit_signal = SIGCHLD;
		list_del_init(&child->sibling);
		if (heir)
			list_add_tail(&child->sibling, &heir->children);
		else if (child->zombie)
			reap_locked(child, gone);
	}
	if (heir)
		wake_up_all(&heir->child_ended);
}

/* Afterwards any other thread may free the task. */
static void become_zombie(struct task *task, struct thread *last)
{
	LIST_HEAD(gone);
	struct task *child, *next;
	irqflags_t flags = spin_lock_irqsave(&task_lock);

	reparent_locked(task, &gone);
	list_del_init(&last->in_task);
	tid_put_locked(task, last->tid);
	task->ran_ns += last->ran_ns;
	last->task = NULL;
	task->zombie = true;
	if (task->oom_victim)
		oom_victim_ended_locked();
	wake_up_all(&task->ended);
	if (task->parent)
		wake_up_all(&task->parent->child_ended);
	else
		reap_locked(task, &gone);
	spin_unlock_irqrestore(&task_lock, flags);
	list_for_each_entry_safe(child, next, &gone, sibling) {
		list_init(&child->sibling);
		object_put(&child->object);
	}
}

/* Leave the task if other threads go on. Returns: false: it is the last one. */
static bool leave_others(struct task *task, struct thread *thread)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	bool last = task->threads.next == task->threads.prev;

	if (!last) {
		list_del_init(&thread->in_task);
		tid_put_locked(task, thread->tid);
		task->ran_ns += thread->ran_ns;
		thread->task = NULL;
	} else {
		task->exiting = true;
	}
	spin_unlock_irqrestore(&task_lock, flags);
	return !last;
}

/*
 * CLONE_CHILD_CLEARTID: a thread that joins this one reads that word. If the
 * address space ends too, no thread can read it. No pager is asked for the page
 * of the word: a thread that ends waits for nothing (mm/vm/pager.c, A1).
 */
static void clear_child_tid(struct task *task, struct thread *thread)
{
	bool alone = task->threads.next == task->threads.prev;
	const uint32_t zero = 0;

	if (!thread->clear_child_tid.v || (alone && task->mm->refs == 1))
		return;
	if (mm_write(task->mm, thread->clear_child_tid, &zero, sizeof(zero),
		     false))
		pr_debug_limited("%s[%u]: no word to clear at 0x%x\n",
				 task->name, thread->tid,
				 thread->clear_child_tid.v);
}

/* The tables first: they may be gone once this thread has left the list. */
void task_thread_ends(struct thread *thread)
{
	struct task *task = thread->task;

	reply_slot_fail(&thread->ipc.owes, -EPIPE);
	clear_child_tid(task, thread);
	thread_set_tables(NULL);
	if (leave_others(task, thread))
		return;
	task_release(task);
	become_zombie(task, thread);
}

/* ---- exit and kill ------------------------------------------------------- */

void task_end_locked(struct task *task, uint32_t wait_status, bool spare_self)
{
	const struct thread *except = current_thread();
	struct thread *thread;

	assert_held(&task_lock);
	if (task->exiting)
		return;
	task->exiting = true;
	task->wait_status = wait_status;
	list_for_each_entry(thread, &task->threads, in_task)
		if (!spare_self || thread != except)
			thread_kill(thread);
	if (!task->started) {
		task->zombie = true;
		wake_up_all(&task->ended);
	}
}

void task_kill(struct task *task, uint32_t wait_status)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);

	task_end_locked(task, wait_status, false);
	spin_unlock_irqrestore(&task_lock, flags);
}

bool task_kill_all(uint32_t wait_status)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	struct task *task;

	list_for_each_entry(task, &all_tasks, all)
		task_end_locked(task, wait_status, false);
	spin_unlock_irqrestore(&task_lock, flags);
	return !list_empty(&all_tasks);
}

void task_exit(uint32_t wait_status)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);

	task_end_locked(current_task(), wait_status, true);
	spin_unlock_irqrestore(&task_lock, flags);
	thread_exit();
}

/* As on Linux: the status of the first thread counts. */
void task_thread_exit(uint32_t wait_status)
{
	struct thread *thread = current_thread();
	struct task *task = thread->task;
	irqflags_t flags = spin_lock_irqsave(&task_lock);

	if (!task->exiting && thread->tid == task->pid)
		task->wait_status = wait_status;
	spin_unlock_irqrestore(&task_lock, flags);
	thread_exit();
}

/* ---- waiting ------------------------------------------------------------- */

static bool is_chosen(const struct task *child,
		      const struct child_choice *choice)
{
	if ((choice->pid && child->pid != choice->pid) ||
	    (choice->group && child->group != choice->group))
		return false;
	return child->exit_signal == SIGCHLD ? choice->plain : choice->clones;
}

/*
 * Find a child that has ended. Returns: its pid, and *childp: the caller puts
 * its life reference; 0: no such child has ended yet; -ECHILD.
 */
static long reap_child(struct task *self, const struct child_choice *choice,
		       struct task **childp)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	long result = -ECHILD;
	struct task *child;

	list_for_each_entry(child, &self->children, sibling) {
		if (!is_chosen(child, choice))
			continue;
		result = 0;
		if (!child->zombie)
			continue;
		task_leave_tree_locked(child);
		*childp = child;
		result = (long)child->pid;
		break;
	}
	spin_unlock_irqrestore(&task_lock, flags);
	return result;
}

long task_wait(const struct child_choice *choice, uint32_t *wait_status,
	       bool nohang)
{
	struct task *self = current_task();
	struct task *child = NULL;
	long result = reap_child(self, choice, &child);

	if (!result && !nohang &&
	    !wait_event_killable(&self->child_ended,
				 (result = reap_child(self, choice, &child))))
		return -EINTR;
	if (result > 0) {
		*wait_status = child->wait_status;
		object_put(&child->object);
	}
	return result;
}

int task_wait_for(struct task *task, uint64_t deadline, uint32_t *wait_status)
{
	if (!wait_event_deadline(&task->ended, READ_ONCE(task->zombie),
				 deadline))
		return wait_killed() ? -EINTR : -ETIMEDOUT;
	*wait_status = task->wait_status;
	return 0;
}
