// SPDX-License-Identifier: MIT
/*
 * task.h - a task: address space + handle table + threads
 *
 * WHAT     What protects programs from each other. A task is also a process in
 *          Linux's sense: it has a parent that may wait for its end.
 *
 * TERMS    pid      number of the task for Linux's calls; nothing else names a
 *                   task but a handle
 *          zombie   its threads are gone and its memory too; the status waits
 *                   for the parent
 * LOCKING  task_lock (kernel/task/task.c), interrupts off, for the tree and
 *          the lists of threads.
 * SEE      Linux struct task_struct; docs/locking.md.
 */
#pragma once

#include "kernel/handle.h"
#include "kernel/object.h"
#include "kernel/sched/thread.h"
#include "lib/wait.h"
#include "mm/vm/mm.h"

#define TASK_NAME_MAX  32

struct endpoint;

/* Protection: I set at creation; t task_lock; o only the task's own threads. */
struct task {
	struct object       object;       /* OBJECT_TASK                       */
	struct mm          *mm;           /* o  NULL once it has ended         */
	struct handle_table handles;      /* its own lock                      */
	uint32_t            pid;          /* I                                 */
	struct task        *parent;       /* t                                 */
	struct list_head    children;     /* t                                 */
	struct list_head    sibling;      /* t                                 */
	struct list_head    threads;      /* t                                 */
	struct list_head    all;          /* t                                 */
	struct wait_queue   child_ended;  /* waitpid sleeps here               */
	bool                zombie;       /* t                                 */
	uint32_t            wait_status;  /* t  as wait4() gives it            */
	struct endpoint    *exceptions;   /* t  referenced; faults nobody else
					       resolves; NULL: killed          */
	struct endpoint    *personality;  /* t  referenced; unknown calls;
					       NULL: -ENOSYS                   */
	uint8_t            *io_ports;     /* t  bitmap of allowed ports or NULL */
	char                name[TASK_NAME_MAX]; /* o                          */
};

/* A task without threads and with an empty address space. 0 or -ENOMEM. */
int task_create(const char *name, struct task *parent, struct task **taskp)
	__must_check;

/*
 * Load a static ELF32 image from kernel memory into an empty task, put the
 * arguments on its stack and make its first thread, which is not started.
 * Returns: 0; -ENOEXEC with the reason logged; -ENOMEM; nothing leaks.
 */
int task_load(struct task *task, const void *image, size_t size,
	      const char *const argv[], struct thread **threadp) __must_check;

/* fork(2): a child with a copy of everything; its thread is started.
 * Returns: its pid, -ENOMEM, -EAGAIN. */
long task_fork(const struct trap_regs *regs);

/* End the running thread's task with a wait status (exit code << 8, signal). */
void task_exit(uint32_t wait_status) __noreturn;

/* Make another task end. */
void task_kill(struct task *task, uint32_t wait_status);

/* waitpid's work: pid > 0 that child, -1 any. Returns: pid, 0 (WNOHANG and
 * none has ended), -ECHILD. */
long task_wait(int pid, uint32_t *wait_status, bool nohang);

/* By pid, referenced; NULL: none. */
struct task *task_find(uint32_t pid);

/* For ps: fn runs with task_lock held. */
void task_for_each(void (*fn)(struct task *task, void *arg), void *arg);

/* Out of memory: kill the task with the largest rss. Returns: false: none. */
bool task_kill_largest(void);

void task_init(void);
const char *task_check(void);
