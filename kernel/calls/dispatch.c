// SPDX-License-Identifier: MIT
/*
 * dispatch.c - from the number in EAX to the function that does the call
 *
 * WHAT     One comparison and one load for a call that the kernel knows: below
 *          1024 Linux's, whose table is handed in, from there on our own, of
 *          whose numbers only the low half of EAX counts. The high half names
 *          an object: the dispatcher finds it by the row of the call, lends it
 *          to the function and puts it afterwards.
 *
 *          The rest is for the task's personality; where there is none,
 *          -ENOSYS, and the log says once which number was wanted by whom: C
 *          libraries live well with an honest -ENOSYS, and whoever ports a
 *          program wants to know.
 * COST     getpid: 10 instructions here.
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

/* Neither a number of Linux's nor, as far as we know, one of ours. */
static long unknown_call(struct trap_regs *regs)
{
	uint32_t number = regs->eax;

	if (number < NR_LINUX_CALLS && READ_ONCE(current_task()->personality))
		return personality_call(number, regs);
	pr_debug_limited("%s[%u]: call %u: no such call\n",
			 current_task()->name, current_task()->pid, number);
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
