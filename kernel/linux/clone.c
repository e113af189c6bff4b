// SPDX-License-Identifier: MIT
/*
 * clone.c - fork, vfork, clone: a child that begins as a copy
 *
 * WHAT     clone() makes a thread (CLONE_THREAD) or a task; fork() and vfork()
 *          are clones with fixed flags.
 *
 * PICTURE    struct clone_args --> task_copy(), or task_thread_copy()
 *                                    |  all that can fail has been done
 *                                  clone_apply(): what the flags add
 *                                    |
 *                                  task_start()
 *
 * ALGORITHM  The child gets what the flags add before it starts: a stack, TLS,
 *          the place for its number, the word that is cleared at its end. Some
 *          flags are about things that the kernel does not have (signal
 *          handlers, tracing): they are accepted if they ask for what a fork or
 *          a thread gets in any case. Flags that ask for more (namespaces) are
 *          -EINVAL, as on a Linux without namespaces.
 *
 *          The child begins with the registers of the caller. fork() and
 *          vfork() have arguments of their own, which the child does not see.
 *
 *          vfork() is a fork() in which the parent waits: with CLONE_VM the two
 *          share memory, and the child uses the parent's stack.
 * SEE      clone(2); Linux kernel/fork.c copy_process().
 */
#include <arch/uaccess.h>

#include "kernel/linux/linux_impl.h"
#include "kernel/task/task.h"
#include "lib/errno.h"
#include "lib/log.h"

#define CLONE_SIGNAL          0x000000ffu   /* what the parent is sent        */
#define CLONE_VM              0x00000100u
#define CLONE_SIGHAND         0x00000800u
#define CLONE_PIDFD           0x00001000u
#define CLONE_VFORK           0x00004000u
#define CLONE_PARENT          0x00008000u
#define CLONE_THREAD          0x00010000u
#define CLONE_NEWNS           0x00020000u
#define CLONE_SETTLS          0x00080000u
#define CLONE_PARENT_SETTID   0x00100000u
#define CLONE_CHILD_CLEARTID  0x00200000u
#define CLONE_CHILD_SETTID    0x01000000u
#define CLONE_NEWCGROUP       0x02000000u
#define CLONE_NEWUTS          0x04000000u
#define CLONE_NEWIPC          0x08000000u
#define CLONE_NEWUSER         0x10000000u
#define CLONE_NEWPID          0x20000000u
#define CLONE_NEWNET          0x40000000u

#define CLONE_NOT_HERE (CLONE_PIDFD | CLONE_PARENT | CLONE_NEWNS |            \
			CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |       \
			CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

struct clone_args {
	uint32_t flags;
	uaddr_t  stack;       /* 0: the caller's */
	uaddr_t  parent_tid, child_tid, tls;
};

static long flags_check(uint32_t flags)
{
	if (flags & CLONE_THREAD && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if (flags & CLONE_SIGHAND && !(flags & CLONE_VM))
		return -EINVAL;
	if (flags & CLONE_NOT_HERE) {
		pr_debug_limited("%s[%u]: clone: flags 0x%x are not supported\n",
				 current_task()->name, current_task()->pid,
				 flags & CLONE_NOT_HERE);
		return -EINVAL;
	}
	return 0;
}

/* The caller says which entry. */
static long clone_set_tls(struct thread *thread, uaddr_t addr)
{
	struct user_desc desc;
	long entry;

	if (copy_from_user(&desc, addr, sizeof(desc)))
		return -EFAULT;
	if (desc.entry_number == -1)
		return -EINVAL;
	entry = linux_set_tls(thread, &desc);
	return entry < 0 ? entry : 0;
}

/*
 * Store the number where the flags say. As on Linux a bad address is no error
 * of the call. The child's word may be in a copy of the caller's memory.
 */
static void clone_store_tid(const struct clone_args *args,
			    const struct task *task,
			    const struct thread *thread)
{
	uint32_t tid = thread->tid;
	int err = 0;

	if (args->flags & CLONE_PARENT_SETTID)
		err = put_user32(args->parent_tid, tid);
	if (args->flags & CLONE_CHILD_SETTID)
		err |= mm_write(task->mm, args->child_tid, &tid, sizeof(tid),
				false);
	if (err)
		pr_debug_limited("clone: a bad address for the thread's number\n");
}

/* Give a child that does not run yet what the flags ask for. */
static long clone_apply(const struct clone_args *args, struct task *task,
			struct thread *thread)
{
	long err = 0;

	if (args->stack.v)
		thread_user_regs(thread)->user_esp = args->stack.v;
	if (args->flags & CLONE_SETTLS)
		err = clone_set_tls(thread, args->tls);
	if (err)
		return err;
	if (args->flags & CLONE_CHILD_CLEARTID)
		thread->clear_child_tid = args->child_tid;
	clone_store_tid(args, task, thread);
	return 0;
}

static long clone_thread(const struct clone_args *args,
			 const struct trap_regs *regs)
{
	struct task *task = current_task();
	struct thread *thread;
	long tid, err = task_thread_copy(task, regs, &thread);

	if (err)
		return err;
	err = clone_apply(args, task, thread);
	if (err) {
		task_thread_destroy(thread);
		return err;
	}
	tid = (long)thread->tid;
	return task_start(task, thread) ? -EAGAIN : tid;
}

static long clone_task(const struct clone_args *args,
		       const struct trap_regs *regs)
{
	struct task *child;
	struct thread *thread;
	uint32_t wait_status;
	long pid, err = task_copy(regs, args->flags & CLONE_VM, &child,
				  &thread);

	if (err)
		return err;
	pid = (long)child->pid;
	child->exit_signal = (uint8_t)(args->flags & CLONE_SIGNAL);
	err = clone_apply(args, child, thread);
	if (err)
		task_thread_destroy(thread);
	else
		err = task_start(child, thread) ? -EAGAIN : 0;
	/* A kill ends the wait: this thread ends on its way back. */
	if (!err && args->flags & CLONE_VFORK) {
		err = task_wait_for(child, WAIT_FOREVER, &wait_status);
		assert(!err || err == -EINTR);
		err = 0;
	}
	object_put(&child->object);
	return err ? err : pid;
}

long linux_clone(struct trap_regs *regs)
{
	const struct clone_args args = {
		.flags = regs->ebx,
		.stack = UADDR(regs->ecx),
		.parent_tid = UADDR(regs->edx),
		.tls = UADDR(regs->esi),
		.child_tid = UADDR(regs->edi),
	};
	long err = flags_check(args.flags);

	if (err)
		return err;
	if (args.flags & CLONE_THREAD)
		return clone_thread(&args, regs);
	return clone_task(&args, regs);
}

long linux_fork(struct trap_regs *regs)
{
	static const struct clone_args args = { .flags = SIGCHLD };

	return clone_task(&args, regs);
}

long linux_vfork(struct trap_regs *regs)
{
	static const struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK | SIGCHLD,
	};

	return clone_task(&args, regs);
}
