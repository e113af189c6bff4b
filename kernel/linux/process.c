// SPDX-License-Identifier: MIT
/*
 * process.c - processes and threads: numbers, fork, clone, wait, exit
 *
 * WHAT     Linux's view of tasks. A process is a task; a thread group is the
 *          task's threads; the first thread's number is the process's.
 *
 * ALGORITHM  clone() with CLONE_THREAD makes a thread, else a task. What the
 *          flags add is done to the child before it starts: stack, TLS, where
 *          its number is stored, which word is cleared at its end. Flags about
 *          things that the kernel does not have (files, signal handlers) are
 *          accepted when they ask for what a fork or a thread would get.
 *
 *          vfork() is fork() in which the parent waits: with CLONE_VM the two
 *          share memory, and the child uses the parent's stack.
 * SEE      clone(2), wait4(2); Linux kernel/fork.c, kernel/exit.c.
 */
#include <arch/uaccess.h>

#include "kernel/linux/linux_impl.h"
#include "kernel/task/task.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/string.h"

#define CLONE_SIGNAL          0x000000ffu   /* sent to the parent: SIGCHLD    */
#define CLONE_VM              0x00000100u
#define CLONE_FS              0x00000200u
#define CLONE_FILES           0x00000400u
#define CLONE_SIGHAND         0x00000800u
#define CLONE_VFORK           0x00004000u
#define CLONE_THREAD          0x00010000u
#define CLONE_SYSVSEM         0x00040000u
#define CLONE_SETTLS          0x00080000u
#define CLONE_PARENT_SETTID   0x00100000u
#define CLONE_CHILD_CLEARTID  0x00200000u
#define CLONE_DETACHED        0x00400000u
#define CLONE_CHILD_SETTID    0x01000000u

#define CLONE_KNOWN (CLONE_SIGNAL | CLONE_VM | CLONE_FS | CLONE_FILES |       \
		     CLONE_SIGHAND | CLONE_VFORK | CLONE_THREAD |             \
		     CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |     \
		     CLONE_CHILD_CLEARTID | CLONE_DETACHED |                  \
		     CLONE_CHILD_SETTID)

#define WNOHANG      0x00000001u
#define WUNTRACED    0x00000002u
#define WCONTINUED   0x00000008u
#define WNOTHREAD    0x20000000u
#define WALL         0x40000000u
#define WCLONE       0x80000000u
#define WAIT_KNOWN   (WNOHANG | WUNTRACED | WCONTINUED | WNOTHREAD | WALL | \
		      WCLONE)

#define RUSAGE_SIZE  72u

/* set_thread_area()'s argument, and clone()'s fourth. */
struct user_desc {
	int32_t  entry_number;
	uint32_t base, limit, flags;
};

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
	struct task_stats stats;

	task_get_stats(current_task(), &stats);
	return (long)stats.parent;
}

long linux_set_tid_address(struct trap_regs *regs)
{
	current_thread()->clear_child_tid = regs->ebx;
	return (long)current_thread()->tid;
}

/* Only futexes would look at the list. The size is the kernel's to check. */
long linux_set_robust_list(struct trap_regs *regs)
{
	return regs->ecx == 12 ? 0 : -EINVAL;
}

/* ---- TLS ----------------------------------------------------------------- */

static long set_tls(struct thread *thread, const struct user_desc *desc)
{
	return arch_set_tls(&thread->arch, desc->entry_number, desc->base,
			    desc->limit, desc->flags);
}

/* entry_number -1 asks for a free one, and is told which. */
long linux_set_thread_area(struct trap_regs *regs)
{
	struct user_desc desc;
	long entry;

	if (copy_from_user(&desc, UADDR(regs->ebx), sizeof(desc)))
		return -EFAULT;
	entry = set_tls(current_thread(), &desc);
	if (entry < 0)
		return entry;
	if (desc.entry_number == -1)
		return put_user32(UADDR(regs->ebx), (uint32_t)entry);
	return 0;
}

/* clone()'s: the caller has picked the entry. */
static long clone_set_tls(struct thread *thread, uint32_t addr)
{
	struct user_desc desc;
	long entry;

	if (copy_from_user(&desc, UADDR(addr), sizeof(desc)))
		return -EFAULT;
	if (desc.entry_number == -1)
		return -EINVAL;
	entry = set_tls(thread, &desc);
	return entry < 0 ? entry : 0;
}

/* ---- clone --------------------------------------------------------------- */

static long clone_flags_check(uint32_t flags)
{
	if (flags & ~CLONE_KNOWN) {
		pr_info("%s[%u]: clone: flags 0x%x are not supported\n",
			current_task()->name, current_task()->pid,
			flags & ~CLONE_KNOWN);
		return -ENOSYS;
	}
	if (flags & CLONE_THREAD && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if (flags & CLONE_SIGHAND && !(flags & CLONE_VM))
		return -EINVAL;
	return 0;
}

/*
 * Store the number where the flags say. As on Linux a bad address is not the
 * caller's to hear of. The child's word may be in a copy of our memory.
 */
static void clone_store_tid(const struct trap_regs *regs,
			    const struct task *task,
			    const struct thread *thread)
{
	uint32_t flags = regs->ebx, tid = thread->tid;
	int err = 0;

	if (flags & CLONE_PARENT_SETTID)
		err = put_user32(UADDR(regs->edx), tid);
	if (flags & CLONE_CHILD_SETTID)
		err |= mm_write(task->mm, regs->edi, &tid, sizeof(tid), false);
	if (err)
		pr_debug("clone: a bad address for the thread's number\n");
}

/* What the flags ask for, done to a child that does not run yet. */
static long clone_apply(const struct trap_regs *regs, struct task *task,
			struct thread *thread)
{
	uint32_t flags = regs->ebx;
	long err = 0;

	if (regs->ecx)
		thread_user_regs(thread)->user_esp = regs->ecx;
	if (flags & CLONE_SETTLS)
		err = clone_set_tls(thread, regs->esi);
	if (err)
		return err;
	if (flags & CLONE_CHILD_CLEARTID)
		thread->clear_child_tid = regs->edi;
	thread->sigmask = current_thread()->sigmask;
	clone_store_tid(regs, task, thread);
	return 0;
}

static long clone_thread(const struct trap_regs *regs)
{
	struct task *task = current_task();
	struct thread *thread;
	long tid, err = task_thread_copy(task, regs, &thread);

	if (err)
		return err;
	err = clone_apply(regs, task, thread);
	if (err) {
		task_thread_destroy(thread);
		return err;
	}
	tid = (long)thread->tid;
	return task_start(task, thread) ? -EAGAIN : tid;
}

/* The child is referenced here: it may have ended and been reaped meanwhile. */
static void vfork_wait(struct task *child)
{
	uint32_t wait_status;
	int err = task_wait_for(child, WAIT_FOREVER, &wait_status);

	assert(!err || err == -EINTR);   /* killed: ends on its way back */
}

static long clone_task(const struct trap_regs *regs)
{
	struct task *child;
	struct thread *thread;
	long pid, err = task_copy(regs, regs->ebx & CLONE_VM, &child, &thread);

	if (err)
		return err;
	pid = (long)child->pid;
	err = clone_apply(regs, child, thread);
	if (err)
		task_thread_destroy(thread);
	else
		err = task_start(child, thread) ? -EAGAIN : 0;
	if (!err && regs->ebx & CLONE_VFORK)
		vfork_wait(child);
	object_put(&child->object);
	return err ? err : pid;
}

long linux_clone(struct trap_regs *regs)
{
	long err = clone_flags_check(regs->ebx);

	if (err)
		return err;
	if (regs->ebx & CLONE_THREAD)
		return clone_thread(regs);
	return clone_task(regs);
}

long linux_fork(struct trap_regs *regs)
{
	return task_fork(regs);
}

long linux_vfork(struct trap_regs *regs)
{
	struct trap_regs clone_regs = *regs;

	clone_regs.ebx = CLONE_VM | CLONE_VFORK | SIGCHLD;
	clone_regs.ecx = 0;
	return clone_task(&clone_regs);
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

/* There are no process groups: all children are in the caller's own. */
static long wait_for(int pid, uint32_t status_addr, uint32_t options)
{
	uint32_t wait_status;
	long result;

	if (options & ~WAIT_KNOWN)
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid < -1)
		return -ECHILD;
	result = task_wait(pid ? pid : -1, &wait_status, options & WNOHANG);
	if (result > 0 && status_addr &&
	    put_user32(UADDR(status_addr), wait_status))
		return -EFAULT;
	return result;
}

long linux_waitpid(struct trap_regs *regs)
{
	return wait_for((int)regs->ebx, regs->ecx, regs->edx);
}

/* What a child has used is not counted: all 0. */
long linux_wait4(struct trap_regs *regs)
{
	long result = wait_for((int)regs->ebx, regs->ecx, regs->edx);

	if (result > 0 && regs->esi &&
	    clear_user(UADDR(regs->esi), RUSAGE_SIZE))
		return -EFAULT;
	return result;
}
