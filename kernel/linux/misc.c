// SPDX-License-Identifier: MIT
/*
 * misc.c - uname, and the signal mask that C libraries set at their start
 */
#include <arch/uaccess.h>

#include "kernel/linux/linux_impl.h"
#include "kernel/sched/thread.h"
#include "lib/errno.h"

#define UTS_LENGTH    65u
#define SIGSET_BYTES  8u

#define SIG_BLOCK    0u
#define SIG_UNBLOCK  1u
#define SIG_SETMASK  2u

/* SIGKILL and SIGSTOP cannot be blocked. */
#define UNBLOCKABLE  (1ull << (9 - 1) | 1ull << (19 - 1))

struct utsname {
	char sysname[UTS_LENGTH], nodename[UTS_LENGTH], release[UTS_LENGTH];
	char version[UTS_LENGTH], machine[UTS_LENGTH], domain[UTS_LENGTH];
};

/* C libraries compare the release: it is the Linux that has these calls. */
long linux_uname(struct trap_regs *regs)
{
	static const struct utsname uts = {
		.sysname = "Pagoda", .nodename = "pagoda",
		.release = "6.1.0-pagoda", .version = "#1", .machine = "i686",
		.domain = "(none)",
	};

	return copy_to_user(UADDR(regs->ebx), &uts, sizeof(uts));
}

/* There are no signals yet. The mask is kept and given back. */
long linux_rt_sigprocmask(struct trap_regs *regs)
{
	struct thread *self = current_thread();
	uint64_t old = self->sigmask, set;

	if (regs->esi != SIGSET_BYTES)
		return -EINVAL;
	if (regs->ecx) {
		if (copy_from_user(&set, UADDR(regs->ecx), sizeof(set)))
			return -EFAULT;
		if (regs->ebx > SIG_SETMASK)
			return -EINVAL;
		if (regs->ebx == SIG_BLOCK)
			set |= old;
		else if (regs->ebx == SIG_UNBLOCK)
			set = old & ~set;
		self->sigmask = set & ~UNBLOCKABLE;
	}
	if (regs->edx)
		return copy_to_user(UADDR(regs->edx), &old, sizeof(old));
	return 0;
}
