// SPDX-License-Identifier: MIT
/*
 * thread.c - how threads begin and end
 *
 * WHAT     Makes the structure and the stack of a thread, runs the thread's
 *          function, and frees structure and stack when the thread has ended.
 *
 * PICTURE  The stack of a thread that has not run yet:
 *
 *            top   +--------------------+
 *                  | struct trap_regs   |  of user mode
 *                  +--------------------+
 *                  | frame for the      |  <- arch.esp
 *                  | first switch       |
 *                  |                    |
 *            base  +--------------------+
 *            guard | never mapped       |
 *                  +--------------------+
 *
 * TERMS    reap    free a thread that has ended, while another thread runs
 *          killed  asked to end; see thread.h
 *
 * INVARIANTS of thread (sched_check() restates it)
 *          N1  from before it first runs until it is reaped, a thread is in
 *              all_threads, and its stack is registered
 * RULES of thread
 *          N2  a thread ends with no lock held and in no wait queue
 *          N3  a kill never ends a thread in the middle of the kernel, where it
 *              may own a mutex. The thread ends on the way to user mode, or
 *              where its code looks at wait_killed()
 *
 * LOCKING  Interrupts off for the lists.
 * COST     thread_create_exit in tests/bench/bounds.tsv.
 * NOT HERE stacks (stack_cache.c), which thread runs (sched.c), what a task
 *          loses with its last thread (kernel/task/, by the exit hook).
 * SEE      Linux kernel/fork.c, kernel/exit.c.
 */
#include "kernel/sched/thread.h"

#include <arch/kva.h>

#include "kernel/sched/sched_impl.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "lib/wait.h"
#include "mm/slab/slab.h"

static struct kmem_cache *thread_cache;
static struct thread boot_thread;
static uint32_t last_tid;                                    /* r */
static void (*exit_hook)(struct thread *thread);

/* ---- making ------------------------------------------------------------- */

static void thread_init_common(struct thread *thread, const char *name,
			       unsigned priority)
{
	strscpy(thread->name, name, sizeof(thread->name));
	snprintf(thread->stack_name, sizeof(thread->stack_name),
		 "stack of thread %s", thread->name);
	thread->priority = priority;
	thread->ticks_left = TIME_SLICE_TICKS;
	list_init(&thread->run);
	list_init(&thread->wait);
	list_init(&thread->in_task);
}

/* Make a BLOCKED thread with a stack. It has no function yet. */
static struct thread *thread_make(const char *name, unsigned priority)
{
	struct thread *thread;

	assert(priority < THREAD_PRIORITIES);
	thread = kmem_cache_alloc(thread_cache, GFP_KERNEL | GFP_ZERO);
	if (!thread)
		return NULL;
	thread->stack_mem = stack_alloc();
	if (!thread->stack_mem) {
		kmem_cache_free(thread_cache, thread);
		return NULL;
	}
	thread_init_common(thread, name, priority);
	thread->state = THREAD_BLOCKED;
	return thread;
}

/* The first function of every thread, on its own stack. */
static void thread_main(void *arg)
{
	struct thread *thread = arg;

	sched_finish_switch();
	irq_enable();
	if (!thread->fn)
		arch_enter_user(thread_user_regs(thread));
	thread->fn(thread->arg);
	thread_exit();
}

/* Everything can find the thread from now on (N1). */
static void thread_publish(struct thread *thread)
{
	kva_t base = ptr_to_kva(thread->stack_mem);
	kva_t top = base + KERNEL_STACK_SIZE;
	irqflags_t flags;

	arch_thread_init(&thread->arch, top, thread_main, thread);
	flags = irq_save();
	thread->tid = ++last_tid;
	stack_add(&thread->stack, thread->stack_name, base - PAGE_SIZE, top);
	sched_add(thread);
	irq_restore(flags);
}

struct thread *thread_create(const char *name, unsigned priority,
			     void (*fn)(void *arg), void *arg)
{
	struct thread *thread;

	assert(fn);   /* NULL means a thread of user mode */
	thread = thread_make(name, priority);
	if (!thread)
		return NULL;
	thread->fn = fn;
	thread->arg = arg;
	thread_publish(thread);
	thread_start(thread);
	return thread;
}

struct thread *thread_create_user(struct task *task, struct upgtable *tables,
				  const char *name, unsigned priority,
				  const struct trap_regs *regs)
{
	struct thread *thread = thread_make(name, priority);

	if (!thread)
		return NULL;
	thread->task = task;
	thread->tables = tables;
	thread_publish(thread);
	*thread_user_regs(thread) = *regs;
	return thread;
}

void thread_start(struct thread *thread)
{
	sched_wake(thread, false);
}

/* ---- ending ------------------------------------------------------------- */

void thread_reap(struct thread *thread)
{
	sched_remove(thread);
	arch_thread_release(&thread->arch);
	if (!thread->stack_mem)
		return;   /* the first thread is part of the kernel's image */
	stack_remove(&thread->stack);
	stack_free(thread->stack_mem);
	kmem_cache_free(thread_cache, thread);
}

void thread_destroy(struct thread *thread)
{
	irqflags_t flags = irq_save();

	assert(thread->state == THREAD_BLOCKED && list_empty(&thread->wait));
	list_del(&thread->run);
	thread_reap(thread);
	irq_restore(flags);
}

void thread_exit(void)
{
	struct thread *thread = current_thread();

	must_be_able_to_sleep("thread_exit()");
	thread->ending = true;
	if (thread->task && exit_hook)
		exit_hook(thread);
	irq_disable();
	assert(list_empty(&thread->wait));
	sched_end();
}

void thread_set_exit_hook(void (*hook)(struct thread *thread))
{
	exit_hook = hook;
}

void thread_kill(struct thread *thread)
{
	irqflags_t flags = irq_save();

	assert(thread->state != THREAD_DEAD);
	thread->killed = true;
	thread->work |= WORK_KILLED;
	if (thread == current_thread())
		return_work |= WORK_KILLED;
	if (thread->state == THREAD_BLOCKED && thread->killable)
		sched_wake_irqoff(thread, false);
	irq_restore_preempt(flags);
}

bool wait_killed(void)
{
	return current_thread()->killed;
}

/* ---- init --------------------------------------------------------------- */

struct thread *thread_init(void)
{
	const kva_t top = ptr_to_kva(&boot_stack + 1);

	thread_cache = kmem_cache_create("thread", sizeof(struct thread), 0,
					 SLAB_PANIC, NULL);
	stack_cache_init();
	thread_init_common(&boot_thread, "boot", PRIORITY_KERNEL);
	boot_thread.state = THREAD_RUNNING;
	boot_thread.tid = ++last_tid;
	/* A copy: traps_init() has registered the stack itself. */
	boot_thread.stack = *stack_find(top - 1);
	sched_add(&boot_thread);
	return &boot_thread;
}
