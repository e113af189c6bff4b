// SPDX-License-Identifier: MIT
/*
 * upcall.h - the kernel asks a server for the running thread
 *
 * WHAT     The kernel as a client of user mode's servers: exception endpoints
 *          and personalities are asked from here, pagers through mm/vm/pager.c.
 * SEE      kernel/uapi/pagoda.h KMSG_*.
 */
#pragma once

#include "lib/compiler.h"

struct trap_regs;

/*
 * Ask the task's exception endpoint about an exception that the kernel cannot
 * resolve. Context: user_exception().
 * Returns: true: go on with *regs, which may have changed; false: there is no
 *          endpoint, or it refused, or it is gone: the task is to be killed.
 */
bool exception_ask(struct trap_regs *regs);

/*
 * Send an unknown call, whose number in EAX is below 1024, to the personality
 * of the running task.
 * Returns: the call's result; -ENOSYS (no personality).
 */
long personality_call(struct trap_regs *regs);

/* Once at boot: from now on mm/ asks pagers. */
void upcall_init(void);
