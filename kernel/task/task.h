// SPDX-License-Identifier: MIT
/*
 * task.h - a task: address space + handle table + threads
 *
 * WHAT     Protects programs from each other. A task is also a process in
 *          Linux's sense: it has a parent that may wait for its end.
 *
 * PICTURE    task_create --> (empty) -- task_start --> running
 *                               |                         | last thread ends
 *                          object_put                     v
 *                               |                      zombie
 *                               v                         | reaped, or it has
 *                             freed  <------ last put ----+ no parent
 *
 * TERMS    pid      number of the task for Linux's calls; our own calls name a
 *                   task by a handle
 *          serial   numbers the tasks since boot, never twice: two tasks that
 *                   had the same pid have different serials
 *          zombie   its threads and its memory are gone; the status waits for
 *                   the parent
 *          orphan   a task without a parent: it is not reaped and leaves no
 *                   zombie. The holder of a reference still learns its status
 *          exiting  its threads have been told to end; the status is settled
 *
 * LOCKING  task_lock (kernel/task/task_check.c), interrupts off, for the tree
 *          and the lists of threads.
 * SEE      Linux struct task_struct; docs/locking.md.
 */
#pragma once

#include "kernel/object/handle.h"
#include "kernel/object/object.h"
#include "kernel/sched/thread.h"
#include "kernel/uapi/pagoda.h"
#include "lib/wait.h"
#include "mm/vm/mm.h"

#define TASK_NAME_MAX  32
#define PID_MAX        32768   /* exclusive, as Linux's default              */

/* The status of wait4(): an exit code, or the signal that ended the task. */
#define WAIT_EXITED(code)    (((uint32_t)(code) & 0xff) << 8)
#define WAIT_SIGNALED(sig)   ((uint32_t)(sig) & 0x7f)

/*      name      nr   what it says in a message                              */
#define TASK_SIGNALS(S)                                                       \
	S(SIGILL,   4, "illegal instruction")                                 \
	S(SIGTRAP,  5, "trap")                                                \
	S(SIGBUS,   7, "bus error")                                           \
	S(SIGFPE,   8, "arithmetic error")                                    \
	S(SIGKILL,  9, "killed")                                              \
	S(SIGSEGV, 11, "segmentation fault")                                  \
	S(SIGCHLD, 17, "a child has ended")

enum task_signal {
#define S(name, nr, what) name = nr,
	TASK_SIGNALS(S)
#undef S
};

struct endpoint;
struct tenure;

/* Protection: I set at creation; t task_lock; o only the task's own threads. */
struct task {
	struct object       object;       /* OBJECT_TASK                      */
	struct mm          *mm;           /* t  NULL once it has ended; its own
					      threads need no lock to read it */
	struct handle_table handles;      /* its own lock                     */
	uint32_t            pid;          /* I                                */
	uint64_t            serial;       /* I                                */
	struct account     *account;      /* I  referenced                    */
	uint32_t            group;        /* t  process group, and session:   */
	uint32_t            session;      /* t  the pid that each began with  */
	bool                leads;        /* t  one of them began with ours   */
	uint8_t             exit_signal;  /* t  SIGCHLD, unless clone() said
					      another; 0: none                */
	struct task        *parent;       /* t  NULL: an orphan               */
	struct list_head    children;     /* t                                */
	struct list_head    sibling;      /* t                                */
	struct list_head    threads;      /* t  those that have been started  */
	struct list_head    all;          /* t                                */
	struct list_head    by_pid;       /* t  chain of the table of pids    */
	struct wait_queue   child_ended;  /* task_wait() sleeps here          */
	struct wait_queue   ended;        /* task_wait_for() here             */
	bool                starting;     /* t  TASK_START loads its image    */
	bool                started;      /* t                                */
	bool                exiting;      /* t                                */
	bool                zombie;       /* t  only the status is left; an
					      orphan is no longer in the tree */
	bool                oom_victim;   /* t                                */
	unsigned long       oom_pages;    /* t  oom.c's                       */
	uint32_t            wait_status;  /* t  as wait4() gives it           */
	uint64_t            ran_ns;       /* t  of threads that have ended    */
	uint64_t            told_ns;      /* t  task_cpu_ns()'s last answer   */
	struct endpoint    *exceptions;   /* t  referenced, for exceptions that
					       would kill; NULL: they do      */
	struct tenure      *personality;  /* t  its own, for unknown calls;
					       NULL: -ENOSYS                  */
	uint8_t            *io_ports;     /* t  bitmap of allowed ports or NULL,
					       kmalloc()ed                    */
	char                name[TASK_NAME_MAX]; /* o                         */
};

static inline struct task *object_to_task(struct object *object)
{
	return container_of(object, struct task, object);
}

/* ---- beginning ----------------------------------------------------------- */

/*
 * A task without threads and with an empty address space. The caller has the
 * only reference; putting it before task_start() undoes everything. `parent`
 * NULL: an orphan.
 * Returns: 0; -ENOMEM; -EAGAIN (no pid is free, or a limit).
 */
int task_create(const char *name, struct task *parent, struct task **taskp)
	__must_check;

/*
 * Load an ELF32 image from kernel memory into an empty task, and from the boot
 * archive the interpreter that it may name; put the arguments on its stack and
 * make its first thread, which is not started.
 * Returns: 0; -ENOEXEC with the reason logged; -E2BIG (arguments); -ENOMEM;
 *          nothing leaks, but the address space may be half filled.
 */
int task_load(struct task *task, const void *image, size_t size,
	      const char *const argv[], struct thread **threadp) __must_check;

/*
 * A thread of the task that begins in user mode with these registers; not
 * started. The first one's tid is the pid.
 * Returns: 0; -ENOMEM; -EAGAIN (no number is free, or a limit).
 */
int task_thread_create(struct task *task, const struct trap_regs *regs,
		       struct thread **threadp) __must_check;

/*
 * The same, as a copy of the running thread: FPU, TLS, signal mask and priority
 * too. It returns from the call with `regs` and EAX 0.
 */
int task_thread_copy(struct task *task, const struct trap_regs *regs,
		     struct thread **threadp) __must_check;

/* Take back a thread made by one of these, which has not been started. */
void task_thread_destroy(struct thread *thread);

/*
 * Start a thread made by one of these functions. The first one starts the task:
 * from now on it is in the tree, has a parent and lives by itself.
 * Returns: 0; -ESRCH: the task is ending; the thread has been destroyed.
 */
int task_start(struct task *task, struct thread *thread) __must_check;

/*
 * fork(2), first half: a child of the running task with a copy of everything
 * (`share_mm`: the same address space), and its thread, which returns from the
 * call with `regs` and EAX 0. The caller may change both. Then it calls
 * task_start() and puts its reference.
 * Returns: 0; -ENOMEM, -EAGAIN.
 */
int task_copy(const struct trap_regs *regs, bool share_mm,
	      struct task **childp, struct thread **threadp) __must_check;

/* ---- end ----------------------------------------------------------------- */

/* End the running thread's task with a wait status. */
void task_exit(uint32_t wait_status) __noreturn;

/* End the running thread. The last one's status becomes the task's. */
void task_thread_exit(uint32_t wait_status) __noreturn;

/* Make another task end; the first status given counts. */
void task_kill(struct task *task, uint32_t wait_status);

/* Make every task end. Returns: false: there was none. */
bool task_kill_all(uint32_t wait_status);

/* The children that a wait means. */
struct child_choice {
	uint32_t pid;            /* this one; 0: any                         */
	uint32_t group;          /* of this process group; 0: of any         */
	bool     plain, clones;  /* those with SIGCHLD; those without         */
};

/*
 * Like waitpid(2). Returns: the child's pid; 0 (`nohang`, and none has ended);
 * -ECHILD; -EINTR (this task is being killed).
 */
long task_wait(const struct child_choice *choice, uint32_t *wait_status,
	       bool nohang);

/*
 * Wait for the end of a task to which the caller has a reference, until
 * `deadline` (clock_ns() time, or WAIT_FOREVER).
 * Returns: 0 and the status; -ETIMEDOUT; -EINTR (the caller is being killed).
 */
int task_wait_for(struct task *task, uint64_t deadline, uint32_t *wait_status);

/*
 * Out of memory: kill the task that gives back the most, pid 1 last of all; or
 * give the last victim time to end.
 * Returns: false: there is none.
 */
bool task_kill_largest(void);

/*
 * Another personality, or none (NULL). The old one is told. The tenure, which
 * names this task, is the task's from now on. If the task has ended, or has
 * this personality already, nothing changes.
 */
void task_set_personality(struct task *task, struct tenure *tenure);

/* ---- finding ------------------------------------------------------------- */

/* By pid, referenced; NULL: none. Zombies are found too. */
struct task *task_find(uint32_t pid);

/*
 * The task with the lowest pid >= this one, referenced; NULL: none. Tasks that
 * have not started yet are found, too.
 */
struct task *task_find_next(uint32_t pid);

/*
 * Process groups and sessions, as in setpgid(2), setsid(2). The last two return
 * a number, or -ESRCH, -EPERM.
 */
long task_set_group(uint32_t pid, uint32_t group);
long task_get_group(uint32_t pid, bool session);
long task_new_session(void);

/* For ps: fn runs with task_lock held. */
void task_for_each(void (*fn)(struct task *task, void *arg), void *arg);

/* What ps shows of a task. Before its start its state is 'N'. */
void task_get_stats(struct task *task, struct pg_task *stats);

/*
 * CPU time of all threads that a task has or had, and of one of its threads
 * (false: there is no such thread), with the passed part of the running tick.
 * Never goes back.
 */
uint64_t task_cpu_ns(struct task *task);
bool task_thread_cpu_ns(struct task *task, uint32_t tid, uint64_t *ns);

/*
 * This task gets the children that lose their parent. NULL: they are orphans.
 * Returns: the task that got them before: a test sets it again.
 */
struct task *task_set_init(struct task *task);

/* Once at boot, after sched_init() and mm_init(). */
void task_init(void);

/* For account_check(): tasks, threads and places for handles. */
void task_count_charges(void);

/* NULL, or the first of T1 to T7 that is broken (kernel/task/task_check.c). */
const char *task_check(void);
