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
 * TERMS    leads   a group or a session began with this task's pid
 *
 * ALGORITHM  A number is a group's or a session's as long as one task of it is
 *          in the tree. When the leader is gone before, the leader's number
 *          stays in use, and the last member gives it back.
 *
 * LOCKING  task_lock.
 * COST     O(n) in all tasks; leaving a group whose leader is there: O(1).
 * NOT HERE signals to a group, terminals: there are none.
 * SEE      setpgid(2), setsid(2); Linux kernel/sys.c, whose order of checks
 *          this is.
 */
#include "kernel/task/number.h"
#include "kernel/task/task_impl.h"
#include "lib/errno.h"

static struct task *find_locked(uint32_t pid) MUST_HOLD(&task_lock)
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
	MUST_HOLD(&task_lock)
{
	const struct task *task;

	assert_held(&task_lock);
	list_for_each_entry(task, &all_tasks, all)
		if (task->group == group &&
		    (!session || task->session == session))
			return true;
	return false;
}

/* Does a task of the tree have this number for its group or session? */
static bool is_named_locked(uint32_t number) MUST_HOLD(&task_lock)
{
	const struct task *task;

	assert_held(&task_lock);
	list_for_each_entry(task, &all_tasks, all)
		if (task->group == number || task->session == number)
			return true;
	return false;
}

void group_leader_gone_locked(const struct task *task)
{
	assert_held(&task_lock);
	if (!task->leads || !is_named_locked(task->pid))
		number_put_locked(task->pid);
}

/* 0: of a task that has not begun, and is in none yet. */
static void left_locked(uint32_t number) MUST_HOLD(&task_lock)
{
	assert_held(&task_lock);
	if (number && !task_find_locked(number) && !is_named_locked(number))
		number_put_locked(number);
}

void group_leave_locked(uint32_t group, uint32_t session)
{
	assert_held(&task_lock);
	left_locked(group);
	if (session != group)
		left_locked(session);
}

static long set_locked(uint32_t pid, uint32_t group) MUST_HOLD(&task_lock)
{
	const struct task *self = current_task();
	struct task *task = find_locked(pid);
	uint32_t before;

	assert_held(&task_lock);
	if (!task || (task != self && task->parent != self))
		return -ESRCH;
	if (task->session != self->session || task->session == task->pid)
		return -EPERM;
	if (group != pid && !exists_locked(group, self->session))
		return -EPERM;
	before = task->group;
	task->group = group;
	task->leads |= group == pid;
	group_leave_locked(before, task->session);
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
		uint32_t group = self->group, session = self->session;

		self->group = self->session = self->pid;
		self->leads = true;
		group_leave_locked(group, session);
		result = (long)self->pid;
	}
	spin_unlock_irqrestore(&task_lock, flags);
	return result;
}
