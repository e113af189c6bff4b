// SPDX-License-Identifier: MIT
/*
 * thread.h - a thread: something that runs, sleeps and ends
 *
 * WHAT     Kernel threads and the kernel's side of user threads. Fixed
 *          priorities, round robin within one; preempted at the timer tick.
 *
 * PICTURE    thread_create --> READY <--> RUNNING --> DEAD --> reaped
 *                                ^          |
 *                                +- BLOCKED <+
 *
 * TERMS    killed    asked to end: it does so on its way to user mode; until
 *                    then it goes on, because it may own a mutex or memory
 *          killable  a wait that ends at once when the thread is killed
 * SEE      kernel/sched/sched.c; Linux struct task_struct.
 */
#pragma once

#include <arch/percpu.h>
#include <arch/stack.h>
#include <arch/thread.h>

#include "kernel/ipc/ipc_thread.h"
#include "lib/list.h"

#define THREAD_NAME_MAX   16
#define THREAD_PRIORITIES 32   /* 0 runs last (idle), 31 first               */
#define PRIORITY_IDLE     0
#define PRIORITY_USER     8
#define PRIORITY_SERVER   16
#define PRIORITY_KERNEL   24

enum thread_state { THREAD_READY, THREAD_RUNNING, THREAD_BLOCKED, THREAD_DEAD };

/* Bits of thread->work, and of return_work while it runs. 3 to 31: signals. */
#define WORK_SWITCH  0x1u   /* another thread shall run (return_work only)   */
#define WORK_KILLED  0x2u   /* it shall end                                  */

struct task;
struct upgtable;

/* Protection: I set at creation; r the run queues (interrupts off); o own. */
struct thread {
	struct arch_thread  arch;            /* r  saved registers, FPU, TLS  */
	struct list_head    run;             /* r  READY: in a run queue.
					      *    BLOCKED: free for a list of
					      *    whoever it waits for, which
					      *    waking takes it out of     */
	struct list_head    wait;            /* r  in a wait queue            */
	enum thread_state   state;           /* r                             */
	unsigned            priority;        /* r                             */
	unsigned            ticks_left;      /* r  of its time slice          */
	bool                woken;           /* r  by a wake, not a time-out  */
	bool                killable;        /* r  BLOCKED, until killed      */
	bool                killed;          /* r                             */
	bool                ending;          /* o  in thread_exit()           */
	int                 held;            /* o  lib/wait.h held_add()      */
	uint32_t            work;            /* r  to do before user mode     */
	uint32_t            tid;             /* I                             */
	struct task        *task;            /* I  NULL: a kernel thread      */
	struct upgtable    *tables;          /* r  loaded when it runs; NULL:
					      *    whichever are              */
	struct list_head    in_task;         /*    the task's list            */
	struct list_head    all;             /* r                             */
	struct kernel_stack stack;           /* I                             */
	void               *stack_mem;       /* I  vmalloc()ed; NULL: boot's  */
	void              (*fn)(void *arg);  /* I  of a kernel thread         */
	void               *arg;             /* I                             */
	uint64_t            ran_ns;          /* r  for ps, counted in ticks   */
	uint64_t            told_ns;         /*    kernel/task/: CPU time     */
	struct ipc_thread   ipc;             /* r  kernel/ipc/'s              */
	uaddr_t clear_child_tid;             /* o  0: none                    */
	uint64_t            sigmask;         /* o  kernel/linux/: blocked     */
	unsigned            fault;           /* o  enum vm_fault, the last one
					      *    that was not resolved      */
	char                name[THREAD_NAME_MAX];
	char                stack_name[THREAD_NAME_MAX + 16];
};

extern struct thread *running_thread[NR_CPUS];

/* The running thread. NULL before sched_init(). */
static inline struct thread *current_thread(void)
{
	return *this_cpu(running_thread);
}

/* The task of the running thread; NULL in a kernel thread. */
static inline struct task *current_task(void)
{
	struct thread *thread = current_thread();

	return thread ? thread->task : NULL;
}

/*
 * A kernel thread that runs fn(arg) and ends when fn returns; READY at once.
 * Returns: NULL: no memory, or no address space for a stack (logged, with what
 *          gives more of it).
 */
struct thread *thread_create(const char *name, unsigned priority,
			     void (*fn)(void *arg), void *arg) __must_check;

/*
 * A thread of a task that begins in user mode with these registers, and with
 * these page tables whenever it runs. It is not READY before thread_start().
 * Returns: NULL: as thread_create().
 */
struct thread *thread_create_user(struct task *task, struct upgtable *tables,
				  const char *name, unsigned priority,
				  const struct trap_regs *regs) __must_check;
void thread_start(struct thread *thread);

/* Take back a thread that was never started. */
void thread_destroy(struct thread *thread);

/*
 * Other page tables for the running thread, from now on: exec, and the end of
 * an address space. NULL: the kernel's own, so that what was loaded may be
 * freed. (A kernel thread keeps what the thread before it had loaded, until
 * sched_forget_tables().)
 */
void thread_set_tables(struct upgtable *tables);

/*
 * End the running thread; for one of a task the exit hook runs first, in its
 * context. Its stack is freed by whoever runs next.
 */
void thread_exit(void) __noreturn;

/* `hook` runs in each thread of a task that ends; it may sleep. */
void thread_set_exit_hook(void (*hook)(struct thread *thread));

/*
 * Ask a thread to end: it does on its way to user mode, and a killable wait
 * ends at once. A kernel thread looks at wait_killed() (lib/wait.h) itself.
 *
 * Context: any; the caller knows that the thread has not ended yet.
 */
void thread_kill(struct thread *thread);

/* Let another READY thread of this priority run, if there is one. */
void thread_yield(void);

/*
 * Sleep for a time, in ticks rounded up, or until a time by clock_ns(); a kill
 * ends it. The second is exact when it is less than a tick away and nobody else
 * wants the CPU, or very near: for ring 3, which asks for short sleeps.
 */
void thread_sleep_ns(uint64_t ns);
void thread_sleep_until(uint64_t deadline);

/* Change a priority, of the running thread too. */
void thread_set_priority(struct thread *thread, unsigned priority);

/* Where its registers lie when it is in the kernel on behalf of user mode. */
static inline struct trap_regs *thread_user_regs(const struct thread *thread)
{
	return (struct trap_regs *)(uintptr_t)(thread->stack.top -
					       sizeof(struct trap_regs));
}
