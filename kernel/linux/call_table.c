// SPDX-License-Identifier: MIT
/*
 * call_table.c - Linux's calls by number
 */
#include "kernel/linux/linux_impl.h"
#include "kernel/task/task.h"
#include "kernel/task/upcall.h"

const syscall_entry_fn linux_calls[LINUX_CALLS_END] = {
#define C(number, name, function) [number] = linux_##function,
	LINUX_CALLS(C)
#undef C
};

static const char *const names[LINUX_CALLS_END] = {
#define C(number, name, function) [number] = #name,
	LINUX_CALLS(C)
#undef C
};

const char *linux_call_name(unsigned number)
{
	return number < LINUX_CALLS_END ? names[number] : NULL;
}

long linux_ask_personality(struct trap_regs *regs, long none)
{
	return READ_ONCE(current_task()->personality) ? personality_call(regs)
						      : none;
}

void linux_init(void)
{
	syscall_set_linux_calls(linux_calls, LINUX_CALLS_END);
}
