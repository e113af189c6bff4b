// SPDX-License-Identifier: MIT
/*
 * calls_task.c - the calls that make, watch and end tasks and threads
 *
 * WHAT     A parent makes an empty task. Through the handle it gives the task
 *          memory and endpoints. Then it starts the task with an image,
 *          arguments and handles.
 *
 * PICTURE    TASK_CREATE --> handle to an empty task
 *            VM_MAP, TASK_SET_PERSONALITY, ...
 *            TASK_START --> image loaded, handles 1..n, first thread runs
 *            TASK_WAIT  --> its wait status
 *
 * LOCKING  task->starting: of two starts of one task the second fails at once.
 * NOT HERE tasks themselves (kernel/task/), memory (calls_vm.c).
 */
#include <arch/irqflags.h>

#include "kernel/calls/calls.h"
#include "kernel/calls/memory_object.h"
#include "kernel/ipc/tenure.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab/kmalloc.h"

#define TASK_START_ARGV  64

/* TASK_START reads all of this before it touches the new task. */
struct start {
	struct task_start how;
	uint32_t          handles[TASK_START_HANDLES];
	const char       *argv[TASK_START_ARGV + 1];
	char              args[TASK_START_ARGS];
};

long pg_task_create(struct trap_regs *regs)
{
	char name[TASK_NAME_MAX];
	struct task *task;
	long result = strncpy_from_user(name, UADDR(regs->ebx), sizeof(name));

	/* A name that is too long is cut. */
	if (result < 0 && result != -E2BIG)
		return result;
	name[sizeof(name) - 1] = '\0';
	result = task_create(name, current_task(), &task);
	if (result)
		return result;
	return give_handle(&task->object, RIGHTS_ALL & ~RIGHT_MINT);
}

/* ---- start -------------------------------------------------------------- */

/* args[] has texts, one behind the other, each with its 0. */
static int split_args(struct start *start)
{
	uint32_t length = start->how.args_length, at = 0;
	unsigned argc = 0;

	if (length && start->args[length - 1])
		return -EINVAL;
	while (at < length) {
		if (argc == TASK_START_ARGV)
			return -E2BIG;
		start->argv[argc++] = start->args + at;
		at += (uint32_t)strlen(start->args + at) + 1;
	}
	start->argv[argc] = NULL;
	return 0;
}

static int read_start(struct start *start, uaddr_t addr)
{
	struct task_start *how = &start->how;

	if (copy_from_user(how, addr, sizeof(*how)))
		return -EFAULT;
	if (how->nr_handles > TASK_START_HANDLES ||
	    how->args_length > TASK_START_ARGS)
		return -E2BIG;
	if (copy_from_user(start->handles, UADDR(how->handles),
			   how->nr_handles * sizeof(uint32_t)) ||
	    copy_from_user(start->args, UADDR(how->args), how->args_length))
		return -EFAULT;
	return split_args(start);
}

/* A higher priority than the caller's own needs the system handle. */
static int check_priority(const struct task_start *how)
{
	struct object *object;

	if (how->priority > PRIORITY_SERVER)
		return -EINVAL;
	if (how->priority <= current_thread()->priority)
		return 0;
	if (find_object(how->system, OBJECT_SYSTEM, RIGHT_MANAGE, &object))
		return -EPERM;
	object_put(object);
	return 0;
}

/* Handle number `place` of the new task. 0 keeps the place with nothing. */
static int give_one(struct task *task, uint32_t handle, uint32_t place)
{
	struct handle_entry entry = { NULL, 0, 0 };
	int err = 0, new = -EPERM;

	if (handle)
		err = handle_lookup_entry(&current_task()->handles, handle,
					  OBJECT_ANY, 0, &entry);
	else
		entry.object = system_object();
	if (err)
		return err;
	/* A parent may give what it may copy or send. */
	if (!handle || entry.rights & (RIGHT_TRANSFER | RIGHT_DUP))
		new = handle_add_badged(&task->handles, entry.object,
					entry.rights, entry.badge);
	object_put(entry.object);
	if (new < 0)
		return new;
	return (uint32_t)new == place ? 0 : -EBUSY;
}

static int give_handles(struct task *task, const struct start *start)
{
	int err = 0;

	for (uint32_t i = 0; i < start->how.nr_handles && !err; i++)
		err = give_one(task, start->handles[i], i + 1);
	for (uint32_t i = 0; i < start->how.nr_handles && !err; i++)
		if (!start->handles[i])
			handle_remove(&task->handles, i + 1);
	return err;
}

static int start_claimed(struct task *task, struct start *start,
			 const struct memory_object *memory)
{
	const struct task_start *how = &start->how;
	struct thread *thread;
	int err;

	if (how->offset > memory->size ||
	    how->length > memory->size - how->offset)
		return -EINVAL;
	err = give_handles(task, start);
	if (!err)
		err = task_load(task, memory->data + how->offset, how->length,
				start->argv, &thread);
	if (!err) {
		if (how->priority)
			thread_set_priority(thread, how->priority);
		err = task_start(task, thread);
	}
	/* A task that never ends must not hold a handle to itself. */
	if (err)
		handle_table_destroy(&task->handles);
	return err;
}

static long start_task(struct task *task, struct start *start, uaddr_t addr)
{
	struct object *memory;
	long result = read_start(start, addr);
	irqflags_t flags;
	bool claimed;

	if (!result)
		result = check_priority(&start->how);
	if (!result)
		result = find_object(start->how.memory, OBJECT_MEMORY,
				     RIGHT_READ, &memory);
	if (result)
		return result;
	flags = irq_save();
	claimed = !task->starting && !task->started && task->mm;
	if (claimed)
		task->starting = true;
	irq_restore(flags);
	result = -EBUSY;
	if (claimed) {
		result = start_claimed(task, start, object_to_memory(memory));
		WRITE_ONCE(task->starting, false);
	}
	object_put(memory);
	return result;
}

long pg_task_start(struct trap_regs *regs, struct task *task)
{
	struct start *start = kmalloc(sizeof(*start), GFP_KERNEL);
	long result = -ENOMEM;

	if (start)
		result = start_task(task, start, UADDR(regs->ebx));
	kfree(start);
	return result;
}

/* ---- end ---------------------------------------------------------------- */

long pg_task_kill(struct trap_regs *regs, struct task *task)
{
	task_kill(task, regs->ebx & 0xffff);
	return 0;
}

long pg_task_wait(struct trap_regs *regs, struct task *task)
{
	struct child_choice own = {
		.plain = true, .clones = true, .pid = task->pid,
	};
	uint32_t status = 0;
	int err = -EINVAL;

	if (task != current_task())
		err = task_wait_for(task, call_deadline(regs->ebx, regs->ecx),
				    &status);
	/* A parent that has waited for its child has reaped the child. */
	if (!err && task->parent == current_task())
		(void)task_wait(&own, &status, true);
	if (!err)
		regs->ebx = status;
	return err;
}

/* ---- endpoints of a task ------------------------------------------------ */

long pg_task_set_exceptions(struct trap_regs *regs, struct task *task)
{
	struct endpoint *endpoint;
	long result = find_endpoint_or_none(regs->ebx, RIGHT_SEND, &endpoint);
	irqflags_t flags;

	if (result)
		return result;
	flags = irq_save();
	/* A task that has ended puts no endpoint any more. */
	if (task->mm) {
		struct endpoint *old = task->exceptions;

		task->exceptions = endpoint;
		endpoint = old;
	}
	irq_restore(flags);
	endpoint_put(endpoint);
	return 0;
}

long pg_task_set_personality(struct trap_regs *regs, struct task *task)
{
	struct endpoint *endpoint;
	struct tenure *tenure = NULL;
	long result = find_endpoint_or_none(regs->ebx, RIGHT_SEND, &endpoint);

	if (!result && endpoint) {
		tenure = tenure_create(endpoint, task->pid);
		result = tenure ? 0 : -ENOMEM;
		endpoint_put(endpoint);
	}
	if (!result)
		task_set_personality(task, tenure);
	return result;
}

/* ---- threads ------------------------------------------------------------ */

long pg_thread_create(struct trap_regs *regs)
{
	struct task *task = current_task();
	struct trap_regs first;
	struct thread *thread;
	uint32_t tid;
	int err;

	if (call_handle(regs))
		return -EINVAL;
	arch_user_regs_init(&first, UADDR(regs->ebx), UADDR(regs->ecx));
	first.ebx = regs->edx;
	err = task_thread_create(task, &first, &thread);
	if (err)
		return err;
	thread_set_priority(thread, current_thread()->priority);
	tid = thread->tid;
	err = task_start(task, thread);
	return err ? err : (long)tid;
}

long pg_thread_exit(struct trap_regs *regs)
{
	task_thread_exit(WAIT_EXITED(0));
}

long pg_yield(struct trap_regs *regs)
{
	thread_yield();
	return 0;
}
