// SPDX-License-Identifier: MIT
/*
 * group.c - process groups and sessions
 *
 * WHAT     A task has the numbers of its group and of its session from its
 *          parent. A wait for "any child of that group" looks at the first.
 *
 * PICTURE    session 5   +- group 5   [5]          the leader
 *                        +- group 7   [7] [8]
 *
 * TERMS    leads   a group or a session began with this task's pid
 *
 * ALGORITHM  A number is a group's or a session's as long as one task of it is
 *          in the tree. If the leader goes first, its number stays in use, and
 *          the last member gives the number back.
 *
 * LOCKING  task_lock.
 * COST     O(n) in all tasks; leaving a group whose leader is there: O(1).
 * NOT HERE signals to a group, terminals: there are none.
 * SEE      setpgid(2), setsid(2); Linux kernel/sys.c, which checks in the same
 *          order.
 */
#include "kernel/task/task_impl.h"
#include "lib/errno.h"

/* Is there such a group in this session? `session` 0: in any session. */
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

/* A task has left this group or session. 0: it was in none yet. */
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
	struct task *task = task_find_in_tree_locked(pid);
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

long task_get_group(uint32_t pid, bool session)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	const struct task *task = task_find_in_tree_locked(pid);
	long result = -ESRCH;

	if (task)
		result = (long)(session ? task->session : task->group);
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
