// SPDX-License-Identifier: MIT
/*
 * task_check.c - the laws of the tree of tasks, of their threads and numbers
 *
 * INVARIANTS of task (task_check() restates them)
 *          T1  a task in the tree has been started, and its pid is its own
 *          T2  parent and children agree
 *          T3  a zombie has no threads, no memory and no children; a task that
 *              is no zombie has threads
 *          T4  an orphan is never a zombie: it has left the tree
 *          T5  threads name the task that lists them
 *          T6  a zombie's status is settled
 *          T7  a task's or thread's number is in use, and no other has it
 *          T8  the numbers of a task's group and session are in use
 *
 * LOCKING  task_lock.
 * NOT HERE making and finding tasks (task.c), accounts (mm/account/).
 */
#include "kernel/task/task_impl.h"
#include "mm/account/account.h"

static const char *threads_check(const struct task *task)
	MUST_HOLD(&task_lock)
{
	const struct thread *thread;

	assert_held(&task_lock);
	list_for_each_entry(thread, &task->threads, in_task) {
		HOLDS(thread->task == task,
		      "task T5: threads name the task that lists them");
		HOLDS(number_is_used_locked(thread->tid) &&
		      (thread->tid == task->pid ||
		       !task_find_locked(thread->tid)),
		      "task T7: a thread's number is in use, and no other has it");
	}
	return NULL;
}

static const char *one_check(const struct task *task)
	MUST_HOLD(&task_lock)
{
	const struct task *child;

	assert_held(&task_lock);
	HOLDS(task->started && task_find_locked(task->pid) == task,
	      "task T1: a task in the tree has started; its pid is its own");
	HOLDS(number_is_used_locked(task->pid),
	      "task T7: the number of a task is in use");
	HOLDS(number_is_used_locked(task->group) &&
	      number_is_used_locked(task->session),
	      "task T8: the number of a group is in use");
	list_for_each_entry(child, &task->children, sibling)
		HOLDS(child->parent == task, "task T2: parent and children agree");
	HOLDS(!task->parent == list_empty(&task->sibling),
	      "task T2: a task with a parent is in the parent's list");
	HOLDS(task->zombie == list_empty(&task->threads),
	      "task T3: a zombie, and only a zombie, has no threads");
	HOLDS(!task->zombie || (!task->mm && list_empty(&task->children)),
	      "task T3: a zombie has neither memory nor children");
	HOLDS(!task->zombie || task->parent, "task T4: an orphan is never a zombie");
	HOLDS(!task->zombie || task->exiting,
	      "task T6: a zombie's status is settled");
	return threads_check(task);
}

static void count_charges(struct task *task, void *arg)
{
	const struct thread *thread;

	account_seen(task->account, ACCOUNT_TASKS, 1);
	account_seen(task->account, ACCOUNT_HANDLES, task->handles.size);
	list_for_each_entry(thread, &task->threads, in_task)
		account_seen(task->account, ACCOUNT_THREADS, 1);
}

void task_count_charges(void)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);

	task_each_locked(count_charges, NULL);
	spin_unlock_irqrestore(&task_lock, flags);
}

const char *task_check(void)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	const char *law = NULL;
	struct task *task;

	list_for_each_entry(task, &all_tasks, all) {
		law = one_check(task);
		if (!law)
			law = handle_table_check(&task->handles);
		if (law)
			break;
	}
	spin_unlock_irqrestore(&task_lock, flags);
	return law;
}
