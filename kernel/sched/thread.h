// SPDX-License-Identifier: MIT
/*
 * thread.h - a thread: something that runs, sleeps and ends
 *
 * WHAT     Kernel threads, and the kernel's side of user threads. Priorities
 *          are fixed. Threads of one priority take turns, at the timer tick.
 *
 * PICTURE    thread_create --> READY <--> RUNNING --> DEAD --> reaped
 *                                ^          |
 *                                +- BLOCKED <+
 *
 * TERMS    killed    asked to end. The thread ends on its way to user mode;
 *                    before, it may own a mutex or memory
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
#define WORK_KILLED  0x2u   /* the thread shall end                          */

struct task;
struct upgtable;

/* Protection: I set at creation; r the run queues (interrupts off); o own. */
struct thread {
	struct arch_thread  arch;            /* r  saved registers, FPU, TLS  */
	struct list_head    run;             /* r  READY: in a run queue.
					      *    BLOCKED: in a list of what
					      *    the thread waits for; a wake
					      *    takes it out               */
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
					      *    it needs none              */
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
 * Create a kernel thread that runs fn(arg) and ends when fn returns. It is
 * READY at once.
 * Returns: NULL when there is no memory, or no address space for a stack. Then
 *          the log says how to get more address space.
 */
struct thread *thread_create(const char *name, unsigned priority,
			     void (*fn)(void *arg), void *arg) __must_check;

/*
 * Create a thread of a task. It begins in user mode with these registers, and
 * these page tables are loaded when it runs. It is not READY before
 * thread_start().
 * Returns: NULL as thread_create().
 */
struct thread *thread_create_user(struct task *task, struct upgtable *tables,
				  const char *name, unsigned priority,
				  const struct trap_regs *regs) __must_check;
void thread_start(struct thread *thread);

/* Free a thread that was never started. */
void thread_destroy(struct thread *thread);

/*
 * Give the running thread other page tables, for exec and at the end of an
 * address space. NULL loads the kernel's own tables: then the tables that were
 * loaded may be freed. (A kernel thread keeps the tables of the thread before,
 * until sched_forget_tables().)
 */
void thread_set_tables(struct upgtable *tables);

/*
 * End the running thread. If it belongs to a task, the exit hook runs first, in
 * the thread. The thread that runs next frees the stack.
 */
void thread_exit(void) __noreturn;

/* `hook` runs in each thread of a task that ends; it may sleep. */
void thread_set_exit_hook(void (*hook)(struct thread *thread));

/*
 * Ask a thread to end. The thread ends on its way to user mode, and a killable
 * wait ends at once. A kernel thread must look at wait_killed() (lib/wait.h).
 *
 * Context: any; the caller knows that the thread has not ended yet.
 */
void thread_kill(struct thread *thread);

/* Let another READY thread of this priority run, if there is one. */
void thread_yield(void);

/*
 * Sleep for a time, or until a time of clock_ns(). A kill ends the sleep. Where
 * timers run only in the tick, the first function sleeps until a tick. The
 * second is exact for a time that is less than a tick away, if no other thread
 * wants the CPU: user programs ask for short sleeps.
 */
void thread_sleep_ns(uint64_t ns);
void thread_sleep_until(uint64_t deadline);

/* Change the priority of any thread, also of the running thread. */
void thread_set_priority(struct thread *thread, unsigned priority);

/* The registers of user mode, while the thread is in the kernel. */
static inline struct trap_regs *thread_user_regs(const struct thread *thread)
{
	return (struct trap_regs *)(uintptr_t)(thread->stack.top -
					       sizeof(struct trap_regs));
}
