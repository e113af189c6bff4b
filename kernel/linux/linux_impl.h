// SPDX-License-Identifier: MIT
/*
 * linux_impl.h - what the files of kernel/linux/ share
 */
#pragma once

#include "kernel/linux/linux.h"

/*
 * The number is EAX, arguments 1 to 6 are EBX, ECX, EDX, ESI, EDI, EBP.
 * Returns: the value for EAX: a result, or -errno.
 */
#define C(number, name, function) long linux_##function(struct trap_regs *regs);
LINUX_CALLS(C)
#undef C

/* The answer of the task's personality to this call. No personality: `none`. */
long linux_ask_personality(struct trap_regs *regs, long none);

/* set_thread_area()'s argument, and clone()'s fourth. */
struct user_desc {
	int32_t  entry_number;
	uint32_t base, limit, flags;
};

struct thread;

/* Returns: the entry; -EINVAL, -ESRCH. */
long linux_set_tls(struct thread *thread, const struct user_desc *desc);
