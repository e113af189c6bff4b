// SPDX-License-Identifier: MIT
/*
 * upcall.h - the kernel asks a server for the running thread
 *
 * WHAT     The kernel as a client of user mode's servers: exceptions and
 *          personalities are asked from here, pagers through mm/vm/pager.c.
 * SEE      kernel/uapi/pagoda.h KMSG_*.
 */
#pragma once

#include "lib/compiler.h"

struct trap_regs;

/*
 * Ask the task's exception endpoint what to do about registers whose exception
 * nobody has resolved. Context: user_exception().
 *
 * Returns: true: go on with *regs, which may have changed; false: there is no
 *          such endpoint, it refused or it is gone: the task is to be killed.
 */
bool exception_ask(struct trap_regs *regs);

/*
 * Send an unknown call to the personality of the running task.
 * Returns: the call's result; -ENOSYS (no personality).
 */
long personality_call(unsigned number, struct trap_regs *regs);

/* Once at boot: from now on mm/ asks pagers. */
void upcall_init(void);
