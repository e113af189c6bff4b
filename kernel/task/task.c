// SPDX-License-Identifier: MIT
/*
 * task.c - the tree of tasks
 *
 * WHAT     Making tasks and finding them.
 *
 * PICTURE    init_task [1] ---- children --> [2] <--sibling--> [5]
 *                                             |
 *                                             +-- children --> [3]
 *            all_tasks: [1] [2] [3] [5]       in order of their start
 *            by pid:    pid_table[pid % 64] --> ...
 *
 * TERMS    life    the reference that a started task has to itself, until it
 *                  has been reaped
 *
 * LOCKING  task_lock for everything above. Only threads take it, yet it keeps
 *          interrupts out, so that ps sees one moment. Objects are put outside
 *          of it: their destroy functions sleep.
 * COST     create O(1), without the address space; find O(1).
 * NOT HERE the laws of the tree (task_check.c), numbers (number.c), the end
 *          (exit.c), fork (fork.c), images (load.c), exceptions (exception.c).
 * SEE      Linux kernel/fork.c, kernel/pid.c.
 */
#include "kernel/ipc/tenure.h"
#include "kernel/sched/sched.h"
#include "kernel/task/task_impl.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/account/account.h"
#include "mm/slab/slab.h"

#define PID_TABLE_SIZE  64   /* a power of two */

struct spinlock task_lock = SPINLOCK_INIT;
struct list_head all_tasks = LIST_HEAD_INIT(all_tasks);
struct task *init_task;

static struct kmem_cache *task_cache;
static struct list_head pid_table[PID_TABLE_SIZE];   /* task_lock */
static uint64_t last_serial;                         /* task_lock */

/* ---- pids ---------------------------------------------------------------- */

static struct list_head *pid_chain(uint32_t pid)
{
	return &pid_table[pid % PID_TABLE_SIZE];
}

struct task *task_find_locked(uint32_t pid)
{
	struct task *task;

	assert_held(&task_lock);
	list_for_each_entry(task, pid_chain(pid), by_pid)
		if (task->pid == pid)
			return task;
	return NULL;
}

struct task *task_find_in_tree_locked(uint32_t pid)
{
	struct task *task = task_find_locked(pid);

	assert_held(&task_lock);
	return task && !list_empty(&task->all) ? task : NULL;
}

/* ---- objects ------------------------------------------------------------- */

static void task_fill(struct task *task, const char *name,
		      struct task *parent, struct account *account)
{
	memset(task, 0, sizeof(*task));
	object_init(&task->object, OBJECT_TASK);
	task->account = account;
	handle_table_init(&task->handles, account);
	list_init(&task->children);
	list_init(&task->sibling);
	list_init(&task->threads);
	list_init(&task->all);
	list_init(&task->by_pid);
	wait_queue_init(&task->child_ended);
	wait_queue_init(&task->ended);
	task->exit_signal = SIGCHLD;
	task->parent = parent;
	if (parent)
		object_get(&parent->object);
	name_copy(task->name, name, sizeof(task->name));
}

/* The last reference is gone: the task never started, or was reaped. */
static void task_destroy(struct object *object)
{
	struct task *task = object_to_task(object);
	irqflags_t flags;

	assert(list_empty(&task->threads) && list_empty(&task->all));
	flags = spin_lock_irqsave(&task_lock);
	list_del(&task->by_pid);
	if (task->pid)
		group_leader_gone_locked(task);
	spin_unlock_irqrestore(&task_lock, flags);
	if (!task->started && task->parent)
		object_put(&task->parent->object);
	task_release(task);
	account_uncharge(task->account, ACCOUNT_TASKS, 1);
	account_put(task->account);
	kmem_cache_free(task_cache, task);
}

int task_alloc(const char *name, struct task *parent, struct task **taskp)
{
	struct account *account = account_create(parent ? parent->account :
							  NULL);
	struct task *task;
	irqflags_t flags;
	int err = -ENOMEM;

	if (!account)
		return -ENOMEM;
	if (!account_charge(account, ACCOUNT_TASKS, 1)) {
		err = -EAGAIN;
		goto put_account;
	}
	task = kmem_cache_alloc(task_cache, GFP_KERNEL);
	if (!task)
		goto uncharge;
	task_fill(task, name, parent, account);
	flags = spin_lock_irqsave(&task_lock);
	task->pid = number_take_locked();
	if (task->pid) {
		task->serial = ++last_serial;
		list_add(&task->by_pid, pid_chain(task->pid));
	}
	spin_unlock_irqrestore(&task_lock, flags);
	if (!task->pid) {
		object_put(&task->object);
		return -EAGAIN;
	}
	*taskp = task;
	return 0;
uncharge:
	account_uncharge(account, ACCOUNT_TASKS, 1);
put_account:
	account_put(account);
	return err;
}

/* ---- the tree ------------------------------------------------------------ */

/* Returns: the parent, whose reference the caller puts; or NULL. */
static struct task *enter_tree_locked(struct task *task) MUST_HOLD(&task_lock)
{
	struct task *parent = task->parent;
	/* A parent that has left the tree has no group any more. */
	const struct task *from = parent && !list_empty(&parent->all) ?
				  parent : NULL;

	assert_held(&task_lock);
	task->started = true;
	object_get(&task->object);
	task->group = from ? from->group : task->pid;
	task->session = from ? from->session : task->pid;
	task->leads = !from;
	list_add_tail(&task->all, &all_tasks);
	if (parent && !parent->zombie)
		list_add_tail(&task->sibling, &parent->children);
	else
		task->parent = NULL;
	return parent;
}

void task_leave_tree_locked(struct task *task)
{
	assert_held(&task_lock);
	assert(task->zombie);
	list_del_init(&task->all);
	list_del_init(&task->sibling);
	task->parent = NULL;
	group_leave_locked(task->group, task->session);
}

/* ---- public -------------------------------------------------------------- */

int task_make_mm(struct task *task)
{
	int err = mm_create(&task->mm);

	if (!err)
		mm_set_account(task->mm, task->account);
	return err;
}

int task_create(const char *name, struct task *parent, struct task **taskp)
{
	struct task *task;
	int err = task_alloc(name, parent, &task);

	if (err)
		return err;
	err = task_make_mm(task);
	if (err) {
		object_put(&task->object);
		return err;
	}
	if (parent && parent->mm)
		mm_copy_limits(task->mm, parent->mm);
	*taskp = task;
	return 0;
}

/* 0: all numbers are in use. The first thread has its task's number. */
static uint32_t tid_take(const struct task *task)
{
	irqflags_t flags;
	uint32_t tid;

	if (!task->started)
		return task->pid;
	flags = spin_lock_irqsave(&task_lock);
	tid = number_take_locked();
	spin_unlock_irqrestore(&task_lock, flags);
	return tid;
}

void tid_put_locked(const struct task *task, uint32_t tid)
{
	assert_held(&task_lock);
	account_uncharge(task->account, ACCOUNT_THREADS, 1);
	if (tid != task->pid)
		number_put_locked(tid);
}

static void tid_put(const struct task *task, uint32_t tid)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);

	tid_put_locked(task, tid);
	spin_unlock_irqrestore(&task_lock, flags);
}

int task_thread_create(struct task *task, const struct trap_regs *regs,
		       struct thread **threadp)
{
	struct thread *thread;
	uint32_t tid;

	if (!account_charge(task->account, ACCOUNT_THREADS, 1))
		return -EAGAIN;
	tid = tid_take(task);
	if (!tid) {
		account_uncharge(task->account, ACCOUNT_THREADS, 1);
		return -EAGAIN;
	}
	thread = thread_create_user(task, &task->mm->tables, task->name,
				    PRIORITY_USER, regs);
	if (!thread) {
		tid_put(task, tid);
		return -ENOMEM;
	}
	thread->tid = tid;
	*threadp = thread;
	return 0;
}

void task_thread_destroy(struct thread *thread)
{
	tid_put(thread->task, thread->tid);
	thread_destroy(thread);
}

/* A personality knows a task before the task's first call. */
static void tell_personality_locked(const struct task *task)
	MUST_HOLD(&task_lock)
{
	assert_held(&task_lock);
	if (task->personality)
		tenure_begin(task->personality,
			     task->parent ? task->parent->pid : 0);
}

void task_set_personality(struct task *task, struct tenure *tenure)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	struct tenure *old = task->personality;

	if (!task->mm ||
	    (old && tenure && old->endpoint == tenure->endpoint)) {
		old = tenure;
	} else {
		task->personality = tenure;
		if (task->started)
			tell_personality_locked(task);
	}
	spin_unlock_irqrestore(&task_lock, flags);
	tenure_end(old, &task->object);
}

int task_start(struct task *task, struct thread *thread)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	struct task *parent = NULL;

	if (task->exiting) {
		spin_unlock_irqrestore(&task_lock, flags);
		task_thread_destroy(thread);
		return -ESRCH;
	}
	if (!task->started) {
		parent = enter_tree_locked(task);
		tell_personality_locked(task);
	}
	list_add_tail(&thread->in_task, &task->threads);
	thread_start(thread);
	spin_unlock_irqrestore(&task_lock, flags);
	if (parent)
		object_put(&parent->object);
	return 0;
}

struct task *task_find(uint32_t pid)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	struct task *task = task_find_in_tree_locked(pid);

	if (task)
		object_get(&task->object);
	spin_unlock_irqrestore(&task_lock, flags);
	return task;
}

struct task *task_find_next(uint32_t pid)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	struct task *task, *best = NULL;

	for (unsigned i = 0; i < PID_TABLE_SIZE; i++)
		list_for_each_entry(task, &pid_table[i], by_pid)
			if (task->pid >= pid &&
			    (!best || task->pid < best->pid) &&
			    (!task->started || !list_empty(&task->all)))
				best = task;
	if (best)
		object_get(&best->object);
	spin_unlock_irqrestore(&task_lock, flags);
	return best;
}

void task_for_each(void (*fn)(struct task *task, void *arg), void *arg)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	struct task *task;

	list_for_each_entry(task, &all_tasks, all)
		fn(task, arg);
	spin_unlock_irqrestore(&task_lock, flags);
}

void task_each_locked(void (*fn)(struct task *task, void *arg), void *arg)
{
	struct task *task;

	assert_held(&task_lock);
	for (unsigned i = 0; i < PID_TABLE_SIZE; i++)
		list_for_each_entry(task, &pid_table[i], by_pid)
			fn(task, arg);
}

void task_get_stats(struct task *task, struct pg_task *stats)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	const struct thread *thread;

	*stats = (struct pg_task){
		.pid = task->pid,
		.serial = task->serial,
		.parent = task->parent ? task->parent->pid : 0,
		.nr_handles = READ_ONCE(task->handles.used),
		.zombie = task->zombie,
		.state = !task->started ? 'N' : task->zombie ? 'Z' : 'S',
		.kernel_kib = account_own_bytes(task->account) / 1024,
		.ran_ns = task->ran_ns,
	};
	if (task->mm) {
		stats->rss_pages = task->mm->rss;
		stats->total_pages = task->mm->total_vm;
	}
	strscpy(stats->name, task->name, sizeof(stats->name));
	list_for_each_entry(thread, &task->threads, in_task) {
		stats->nr_threads++;
		stats->ran_ns += thread->ran_ns;
		if (thread->state == THREAD_RUNNING ||
		    thread->state == THREAD_READY)
			stats->state = 'R';
	}
	spin_unlock_irqrestore(&task_lock, flags);
}

struct task *task_set_init(struct task *task)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	struct task *before = init_task;

	init_task = task;
	spin_unlock_irqrestore(&task_lock, flags);
	return before;
}

/* ---- init ---------------------------------------------------------------- */

static void switch_io_ports(struct task *task)
{
	arch_set_io_ports(task ? task->io_ports : NULL);
}

void task_init(void)
{
	static const struct object_ops ops = { .destroy = task_destroy };

	for (unsigned i = 0; i < PID_TABLE_SIZE; i++)
		list_init(&pid_table[i]);
	object_type_init(OBJECT_TASK, &ops);
	task_cache = kmem_cache_create("task", sizeof(struct task), 0,
				       SLAB_PANIC, NULL);
	sched_set_task_hook(switch_io_ports);
	thread_set_exit_hook(task_thread_ends);
}
