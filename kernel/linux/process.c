// SPDX-License-Identifier: MIT
/*
 * process.c - processes and threads: numbers, groups, TLS, wait, exit
 *
 * WHAT     Linux's view of tasks. A process is a task; a thread group is the
 *          task's threads; the first thread's number is the process's.
 *
 * NOT HERE fork, clone, vfork (clone.c).
 * SEE      wait4(2), setpgid(2), set_thread_area(2); Linux kernel/exit.c.
 */
#include <arch/uaccess.h>

#include "kernel/linux/linux_impl.h"
#include "kernel/task/task.h"
#include "lib/errno.h"

#define WNOHANG      0x00000001u
#define WUNTRACED    0x00000002u
#define WCONTINUED   0x00000008u
#define WNOTHREAD    0x20000000u
#define WALL         0x40000000u
#define WCLONE       0x80000000u
#define WAIT_KNOWN   (WNOHANG | WUNTRACED | WCONTINUED | WNOTHREAD | WALL | \
		      WCLONE)

#define RUSAGE_SIZE  72u

/* ---- numbers ------------------------------------------------------------- */

long linux_getpid(struct trap_regs *regs)
{
	return (long)current_task()->pid;
}

long linux_gettid(struct trap_regs *regs)
{
	return (long)current_thread()->tid;
}

long linux_getppid(struct trap_regs *regs)
{
	struct pg_task stats;

	task_get_stats(current_task(), &stats);
	return (long)stats.parent;
}

long linux_set_tid_address(struct trap_regs *regs)
{
	current_thread()->clear_child_tid = UADDR(regs->ebx);
	return (long)current_thread()->tid;
}

/* There are no futexes: nothing reads the list. Only its size is checked. */
long linux_set_robust_list(struct trap_regs *regs)
{
	return regs->ecx == 12 ? 0 : -EINVAL;
}

/* ---- groups -------------------------------------------------------------- */

long linux_setpgid(struct trap_regs *regs)
{
	uint32_t pid = regs->ebx ? regs->ebx : current_task()->pid;
	uint32_t group = regs->ecx ? regs->ecx : pid;

	if ((int32_t)group < 0)
		return -EINVAL;
	return task_set_group(pid, group);
}

long linux_getpgid(struct trap_regs *regs)
{
	return task_get_group(regs->ebx ? regs->ebx : current_task()->pid,
			      false);
}

long linux_getpgrp(struct trap_regs *regs)
{
	return (long)READ_ONCE(current_task()->group);
}

long linux_setsid(struct trap_regs *regs)
{
	return task_new_session();
}

long linux_getsid(struct trap_regs *regs)
{
	return task_get_group(regs->ebx ? regs->ebx : current_task()->pid,
			      true);
}

/* ---- TLS ----------------------------------------------------------------- */

long linux_set_tls(struct thread *thread, const struct user_desc *desc)
{
	return arch_set_tls(&thread->arch, desc->entry_number, desc->base,
			    desc->limit, desc->flags);
}

/* entry_number -1 asks for a free entry; its number is written back. */
long linux_set_thread_area(struct trap_regs *regs)
{
	struct user_desc desc;
	long entry;

	if (copy_from_user(&desc, UADDR(regs->ebx), sizeof(desc)))
		return -EFAULT;
	entry = linux_set_tls(current_thread(), &desc);
	if (entry < 0)
		return entry;
	if (desc.entry_number == -1)
		return put_user32(UADDR(regs->ebx), (uint32_t)entry);
	return 0;
}

/* ---- the end ------------------------------------------------------------- */

long linux_exit(struct trap_regs *regs)
{
	task_thread_exit(WAIT_EXITED(regs->ebx));
}

long linux_exit_group(struct trap_regs *regs)
{
	task_exit(WAIT_EXITED(regs->ebx));
}

static long wait_for(int pid, uaddr_t status_addr, uint32_t options)
{
	bool clones = options & (WALL | WCLONE);
	struct child_choice choice = {
		.plain = options & WALL || !clones, .clones = clones,
	};
	uint32_t wait_status;
	long result;

	if (options & ~WAIT_KNOWN)
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid > 0)
		choice.pid = (uint32_t)pid;
	else if (pid < -1)
		choice.group = (uint32_t)-pid;
	else if (!pid)
		choice.group = READ_ONCE(current_task()->group);
	result = task_wait(&choice, &wait_status, options & WNOHANG);
	if (result > 0 && status_addr.v && put_user32(status_addr, wait_status))
		return -EFAULT;
	return result;
}

long linux_waitpid(struct trap_regs *regs)
{
	return wait_for((int)regs->ebx, UADDR(regs->ecx), regs->edx);
}

/* What a child has used is not counted: struct rusage is all 0. */
long linux_wait4(struct trap_regs *regs)
{
	long result = linux_waitpid(regs);

	if (result > 0 && regs->esi &&
	    clear_user(UADDR(regs->esi), RUSAGE_SIZE))
		return -EFAULT;
	return result;
}
