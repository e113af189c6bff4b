// SPDX-License-Identifier: MIT
/*
 * linux_impl.h - what the files of kernel/linux/ share
 */
#pragma once

#include "kernel/linux/linux.h"

/*
 * Arguments 1 to 6 are EBX, ECX, EDX, ESI, EDI, EBP. Returns what the call
 * gives in EAX: a result, or -errno.
 */
#define C(number, name) long linux_##name(struct trap_regs *regs);
LINUX_CALLS(C)
#undef C

/*
 * The task has a personality, which then has the call: or none, and `otherwise`
 * is the answer.
 */
long linux_ask_personality(unsigned number, struct trap_regs *regs,
			   long otherwise);

/* set_thread_area()'s argument, and clone()'s fourth. */
struct user_desc {
	int32_t  entry_number;
	uint32_t base, limit, flags;
};

/* Returns: the entry; -EINVAL, -ESRCH. */
struct thread;
long linux_set_tls(struct thread *thread, const struct user_desc *desc);
