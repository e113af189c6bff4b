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
 * SEE      kernel/sched/sched.c; Linux struct task_struct.
 */
#pragma once

#include <arch/stack.h>
#include <arch/thread.h>

#include "lib/list.h"

#define THREAD_NAME_MAX   16
#define THREAD_PRIORITIES 32   /* 0 runs last (idle), 31 first               */
#define PRIORITY_IDLE     0
#define PRIORITY_USER     8
#define PRIORITY_SERVER   16
#define PRIORITY_KERNEL   24

enum thread_state { THREAD_READY, THREAD_RUNNING, THREAD_BLOCKED, THREAD_DEAD };

struct task;
struct wait_queue;

/* Protection: I set at creation; r the run queues (interrupts off); o own. */
struct thread {
	struct arch_thread  arch;            /* r  saved registers, FPU, TLS  */
	struct list_head    run;             /* r  in a run or wait queue     */
	enum thread_state   state;           /* r                             */
	unsigned            priority;        /* r                             */
	unsigned            ticks_left;      /* r  of its time slice          */
	bool                woken;           /* r  by a wake, not a time-out  */
	bool                killed;          /* r  to end when it next could
					          return to user mode         */
	uint32_t            tid;             /* I                             */
	struct task        *task;            /* I  NULL: a kernel thread      */
	struct list_head    in_task;         /*    the task's list            */
	struct kernel_stack stack;           /* I                             */
	void               *stack_mem;       /* I  vmalloc()ed                */
	uint64_t            ran_ns;          /* r  for ps                     */
	void               *ipc;             /* o  kernel/ipc/'s, while waiting */
	uint32_t            clear_child_tid; /* o  user address, kernel/linux/ */
	char                name[THREAD_NAME_MAX];
};

/* The running thread. NULL before sched_init(). */
struct thread *current_thread(void);

/* The task of the running thread; NULL in a kernel thread. */
struct task *current_task(void);

/*
 * A kernel thread that runs fn(arg) and ends when fn returns; READY at once.
 * Returns: NULL: no memory.
 */
struct thread *thread_create(const char *name, unsigned priority,
			     void (*fn)(void *arg), void *arg) __must_check;

/*
 * A thread of a task that begins in user mode with these registers. It is not
 * READY before thread_start(). The address space of the task is loaded
 * whenever it runs.
 */
struct thread *thread_create_user(struct task *task, const char *name,
				  unsigned priority,
				  const struct trap_regs *regs) __must_check;
void thread_start(struct thread *thread);

/* End the running thread. Its stack is freed by whoever runs next. */
void thread_exit(void) __noreturn;

/* Ask a thread to end: it does when it next waits or returns to user mode. */
void thread_kill(struct thread *thread);

/* Let another READY thread of this priority run, if there is one. */
void thread_yield(void);

/* Sleep for a time. */
void thread_sleep_ns(uint64_t ns);

/* Where its registers lie when it is in the kernel on behalf of user mode. */
struct trap_regs *thread_user_regs(const struct thread *thread);
