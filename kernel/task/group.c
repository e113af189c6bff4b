// SPDX-License-Identifier: MIT
/*
 * group.c - process groups and sessions
 *
 * WHAT     Two numbers of each task, which a child has from its parent. Waiting
 *          for "any child of that group" looks at the first.
 *
 * PICTURE    session 5   +- group 5   [5]          the leader
 *                        +- group 7   [7] [8]
 *
 * LOCKING  task_lock.
 * COST     O(n) in all tasks.
 * NOT HERE signals to a group, terminals: there are none. A group keeps its
 *          number when its leader is gone, but not the number from being given
 *          to a new task.
 * SEE      setpgid(2), setsid(2); Linux kernel/sys.c, whose order of checks
 *          this is.
 */
#include "kernel/task/task_impl.h"
#include "lib/errno.h"

static struct task *find_locked(uint32_t pid)
{
	struct task *task;

	assert_held(&task_lock);
	list_for_each_entry(task, &all_tasks, all)
		if (task->pid == pid)
			return task;
	return NULL;
}

/* Is there such a group; `session` 0: in any session? */
static bool exists_locked(uint32_t group, uint32_t session)
{
	const struct task *task;

	assert_held(&task_lock);
	list_for_each_entry(task, &all_tasks, all)
		if (task->group == group &&
		    (!session || task->session == session))
			return true;
	return false;
}

static long set_locked(uint32_t pid, uint32_t group)
{
	const struct task *self = current_task();
	struct task *task = find_locked(pid);

	if (!task || (task != self && task->parent != self))
		return -ESRCH;
	if (task->session != self->session || task->session == task->pid)
		return -EPERM;
	if (group != pid && !exists_locked(group, self->session))
		return -EPERM;
	task->group = group;
	return 0;
}

long task_set_group(uint32_t pid, uint32_t group)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	long result = set_locked(pid, group);

	spin_unlock_irqrestore(&task_lock, flags);
	return result;
}

long task_get_group(uint32_t pid)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	const struct task *task = find_locked(pid);
	long result = task ? (long)task->group : -ESRCH;

	spin_unlock_irqrestore(&task_lock, flags);
	return result;
}

long task_get_session(uint32_t pid)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	const struct task *task = find_locked(pid);
	long result = task ? (long)task->session : -ESRCH;

	spin_unlock_irqrestore(&task_lock, flags);
	return result;
}

long task_new_session(void)
{
	struct task *self = current_task();
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	long result = -EPERM;

	if (!exists_locked(self->pid, 0)) {
		self->group = self->session = self->pid;
		result = (long)self->pid;
	}
	spin_unlock_irqrestore(&task_lock, flags);
	return result;
}
