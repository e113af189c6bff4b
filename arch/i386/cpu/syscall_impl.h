// SPDX-License-Identifier: MIT
/*
 * syscall_impl.h - what syscall.c, thread.c and syscall_entry.S share
 */
#pragma once

#include <arch/syscall.h>

extern syscall_fn syscall_handler;

/* Has the CPU SYSENTER, and so an MSR for the top of the stack? */
extern bool sysenter_on;

/* Called by syscall_entry.S. */
void sysenter_no_words(struct trap_regs *regs);
