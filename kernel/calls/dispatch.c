// SPDX-License-Identifier: MIT
/*
 * dispatch.c - from the number in EAX to the function that does the call
 *
 * WHAT     The numbers below 1024 are Linux's: kernel/linux/ gives their table.
 *          The numbers from 1024 on are our own. Of these only the low half of
 *          EAX is the number. The high half is a handle: the dispatcher finds
 *          the object by the row of the call, lends it to the function, and
 *          puts it afterwards.
 *
 *          All other numbers of Linux's go to the task's personality. If the
 *          task has none, the result is -ENOSYS, and the log says which task
 *          wanted which number: C libraries can live with an -ENOSYS, but the
 *          person who ports a program wants to know.
 * COST     One comparison and one load for a call that the kernel knows.
 * SEE      kernel/linux/linux.h; kernel/uapi/pagoda.h.
 */
#include "kernel/calls/dispatch.h"

#include "kernel/calls/calls.h"
#include "kernel/task/task.h"
#include "kernel/task/upcall.h"
#include "lib/errno.h"
#include "lib/log.h"

static const syscall_entry_fn *linux_table;
static unsigned nr_linux;

void syscall_set_linux_calls(const syscall_entry_fn calls[], unsigned nr)
{
	assert(nr <= NR_LINUX_CALLS);
	linux_table = calls;
	nr_linux = nr;
}

/* No row of a table has this number. */
static long unknown_call(struct trap_regs *regs)
{
	const struct task *task = current_task();

	if (regs->eax < NR_LINUX_CALLS && READ_ONCE(task->personality))
		return personality_call(regs);
	pr_debug_limited("%s[%u]: call %u: no such call\n", task->name,
			 task->pid, regs->eax);
	return -ENOSYS;
}

static noinline long call_about(const struct call_row *row,
				struct trap_regs *regs)
{
	struct subject subject;
	long result = find_subject(regs, &subject);

	if (result)
		return result;
	result = row->function(regs, &subject);
	put_subject(&subject);
	return result;
}

static long other_call(struct trap_regs *regs)
{
	uint32_t i = PG_NUMBER(regs->eax) - PG_CALL_FIRST;
	const struct call_row *row;

	/* Not call_row(): its NULL would be tested once more. */
	if (unlikely(i >= NR_CALL_ROWS))
		return unknown_call(regs);
	row = &call_rows[i];
	if (likely(row->flags & (CALL_NO_HANDLE | CALL_LATE)))
		return row->function(regs, NULL);
	return call_about(row, regs);
}

void syscall_dispatch(struct trap_regs *regs)
{
	uint32_t number = regs->eax;

	if (number < nr_linux && likely(linux_table[number]))
		regs->eax = (uint32_t)linux_table[number](regs);
	else
		regs->eax = (uint32_t)other_call(regs);
}
