// SPDX-License-Identifier: MIT
/*
 * syscall.h - how user mode calls the kernel
 *
 * WHAT     There are two ways into the kernel: `int $0x80`, and SYSENTER if the
 *          CPU has it. Both use the same registers. Both leave a struct
 *          trap_regs at the top of the thread's stack. regs->eax is the number
 *          of the call, and afterwards its result.
 *
 * SEE      kernel/uapi/abi.h for user mode's side; arch/i386/cpu/
 *          syscall_entry.S.
 */
#pragma once

#include <arch/trap.h>

#define VECTOR_SYSCALL   0x80   /* regs->vector of a call by `int $0x80`     */
#define VECTOR_SYSENTER  0x81   /* ... and by SYSENTER: no vector of the CPU */

/*
 * DEFINED ABOVE, in kernel/: do the call regs->eax. It writes the result to
 * regs->eax and may change any other register. regs->error still holds the
 * number of the call: a call that must start again needs the number.
 *
 * Context: the thread that called; interrupts on at entry and at return.
 */
void syscall_dispatch(struct trap_regs *regs);

/* For tests: fn gets all calls, not syscall_dispatch(). NULL ends this. */
typedef void (*syscall_fn)(struct trap_regs *regs);
void syscall_set_hook(syscall_fn fn);

/* Set SYSENTER up, if the CPU has it. Called once, at boot. */
void syscall_init(void);
