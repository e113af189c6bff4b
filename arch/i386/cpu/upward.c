// SPDX-License-Identifier: MIT
/*
 * upward.c - what stands in for the kernel above where there is none
 *
 * WHAT     Weak definitions of what <arch/trap.h> and <arch/syscall.h> declare
 *          and kernel/ defines.
 */
#include <arch/syscall.h>

#include "arch/i386/cpu/traps_impl.h"
#include "lib/errno.h"
#include "lib/panic.h"

#define WEAK __attribute__((weak))

WEAK void syscall_dispatch(struct trap_regs *regs)
{
	regs->eax = (uint32_t)-ENOSYS;
}

WEAK void return_to_user_work(struct trap_regs *regs)
{
	return_work = 0;
}

WEAK void sched_preempt_if_due(void)
{
}

WEAK bool user_fault_handle(uint32_t addr, uint32_t error,
			    struct trap_regs *regs)
{
	return false;
}

WEAK void user_exception(struct trap_regs *regs)
{
	panic("exception %u of user mode", regs->vector);
}
