// SPDX-License-Identifier: MIT
/*
 * dispatch.h - which function does a call from user mode
 *
 * WHAT     syscall_dispatch() of <arch/syscall.h>: the numbers from 1024 on are
 *          the kernel's own (kernel/uapi/pagoda.h), those below are Linux's.
 * SEE      kernel/calls/dispatch.c; kernel/calls/calls*.c; kernel/linux/.
 */
#pragma once

#include <arch/syscall.h>

#define NR_LINUX_CALLS  1024

/*
 * One call. The arguments are in *regs, the number in regs->eax. The function
 * returns what regs->eax shall be afterwards.
 */
typedef long (*syscall_entry_fn)(struct trap_regs *regs);

/*
 * The functions of Linux's calls 0 .. nr - 1, NULL where there is none; the
 * array stays the caller's. Once, at boot.
 */
void syscall_set_linux_calls(const syscall_entry_fn calls[], unsigned nr);
