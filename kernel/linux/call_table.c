// SPDX-License-Identifier: MIT
/*
 * call_table.c - Linux's calls by number
 */
#include "kernel/linux/linux_impl.h"
#include "kernel/task/task.h"
#include "kernel/task/upcall.h"

const syscall_entry_fn linux_calls[LINUX_CALLS_END] = {
#define C(number, name) [number] = linux_##name,
	LINUX_CALLS(C)
#undef C
};

static const char *const names[LINUX_CALLS_END] = {
#define C(number, name) [number] = #name,
	LINUX_CALLS(C)
#undef C
};

const char *linux_call_name(unsigned number)
{
	return number < LINUX_CALLS_END ? names[number] : NULL;
}

long linux_ask_personality(unsigned number, struct trap_regs *regs,
			   long otherwise)
{
	if (!READ_ONCE(current_task()->personality))
		return otherwise;
	return personality_call(number, regs);
}

void linux_init(void)
{
	syscall_set_linux_calls(linux_calls, LINUX_CALLS_END);
}
