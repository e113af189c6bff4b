// SPDX-License-Identifier: MIT
/*
 * rlimit.c - setrlimit, getrlimit, prlimit64
 *
 * WHAT     The four limits that the kernel enforces. The personality knows all
 *          others.
 *
 *            RLIMIT_STACK    how far a stack grows         mm/vm/limits.c
 *            RLIMIT_MEMLOCK  pages that are locked         mm/vm/limits.c
 *            RLIMIT_AS       pages in areas                mm/vm/limits.c
 *            RLIMIT_NPROC    tasks of the account: of the  mm/account/
 *                            caller and its descendants,
 *                            not of a user
 *
 * ALGORITHM  No task has a privilege here: a hard limit that was lowered stays
 *          low. All ones is "no limit", in 32 bits and in 64.
 * SEE      getrlimit(2); Linux kernel/sys.c do_prlimit().
 */
#include <arch/uaccess.h>

#include "kernel/linux/linux_impl.h"
#include "kernel/task/task.h"
#include "lib/errno.h"
#include "mm/account/account.h"

#define RLIMIT_STACK    3u
#define RLIMIT_NPROC    6u
#define RLIMIT_MEMLOCK  8u
#define RLIMIT_AS       9u
#define RLIM_NLIMITS    16u

_Static_assert(ACCOUNT_UNLIMITED == VM_UNLIMITED, "both are RLIM_INFINITY");

struct rlimit64 {
	uint64_t cur, max;
};

static const struct {
	bool               here;
	enum vm_limit_kind kind;
} of_memory[RLIM_NLIMITS] = {
	[RLIMIT_STACK]   = { true, VM_LIMIT_STACK },
	[RLIMIT_MEMLOCK] = { true, VM_LIMIT_MEMLOCK },
	[RLIMIT_AS]      = { true, VM_LIMIT_AS },
};

static bool is_ours(uint32_t resource)
{
	return resource >= RLIM_NLIMITS || resource == RLIMIT_NPROC ||
	       of_memory[resource].here;
}

/* Sets (`new` not NULL), and says what it was. Linux: do_prlimit(). */
static int change(uint32_t resource, const struct vm_limit *new,
		  struct vm_limit *old)
{
	struct account *account = current_task()->account;
	int err = 0;

	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	if (resource != RLIMIT_NPROC)
		return mm_change_limit(current_task()->mm,
				       of_memory[resource].kind, new, old);
	old->soft = READ_ONCE(account->limit[ACCOUNT_TASKS]);
	old->hard = READ_ONCE(account->hard[ACCOUNT_TASKS]);
	if (new)
		err = account_change_limit(account, ACCOUNT_TASKS, new->soft,
					   new->hard);
	return err;
}

/* ---- the calls ----------------------------------------------------------- */

long linux_setrlimit(struct trap_regs *regs)
{
	struct vm_limit new, old;

	if (!is_ours(regs->ebx))
		return linux_ask_personality(regs, -ENOSYS);
	if (copy_from_user(&new, UADDR(regs->ecx), sizeof(new)))
		return -EFAULT;
	return change(regs->ebx, &new, &old);
}

long linux_ugetrlimit(struct trap_regs *regs)
{
	struct vm_limit old;
	int err;

	if (!is_ours(regs->ebx))
		return linux_ask_personality(regs, -ENOSYS);
	err = change(regs->ebx, NULL, &old);
	return err ? err : copy_to_user(UADDR(regs->ecx), &old, sizeof(old));
}

static uint32_t narrow(uint64_t limit)
{
	return limit < VM_UNLIMITED ? (uint32_t)limit : VM_UNLIMITED;
}

static uint64_t widen(uint32_t limit)
{
	return limit < VM_UNLIMITED ? limit : UINT64_MAX;
}

long linux_prlimit64(struct trap_regs *regs)
{
	uint32_t pid = regs->ebx ? regs->ebx : current_task()->pid;
	uaddr_t new_addr = UADDR(regs->edx), old_addr = UADDR(regs->esi);
	struct rlimit64 wide;
	struct vm_limit new, old;
	int err;

	if (!is_ours(regs->ecx))
		return linux_ask_personality(regs, -ENOSYS);
	if (new_addr.v) {
		if (copy_from_user(&wide, new_addr, sizeof(wide)))
			return -EFAULT;
		new = (struct vm_limit){ narrow(wide.cur), narrow(wide.max) };
	}
	/* The limits of other tasks cannot be read or changed. */
	if (pid != current_task()->pid)
		return task_get_group(pid, false) < 0 ? -ESRCH : -EPERM;
	err = change(regs->ecx, new_addr.v ? &new : NULL, &old);
	if (err || !old_addr.v)
		return err;
	wide = (struct rlimit64){ widen(old.soft), widen(old.hard) };
	return copy_to_user(old_addr, &wide, sizeof(wide));
}
