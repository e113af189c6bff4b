// SPDX-License-Identifier: MIT
/*
 * task_impl.h - what the files of kernel/task/ share
 */
#pragma once

#include "kernel/task/task.h"
#include "lib/spinlock.h"

extern struct spinlock task_lock;
extern struct list_head all_tasks;      /* task_lock */
extern struct task *init_task;          /* task_lock */

/*
 * A number for a task or a thread, in use from now on, and the caller's. 0: all
 * are in use.
 */
uint32_t number_take_locked(void) MUST_HOLD(&task_lock) __must_check;
void number_put_locked(uint32_t number) MUST_HOLD(&task_lock);
bool number_is_used_locked(uint32_t number) MUST_HOLD(&task_lock);

/* A task with a pid and one reference, and without an address space. */
int task_alloc(const char *name, struct task *parent, struct task **taskp)
	__must_check;

/* An empty address space, which the task pays for. Returns: 0 or -ENOMEM. */
int task_make_mm(struct task *task) __must_check;

/* A thread of the task ends: nothing is charged for it, its number is free. */
void tid_put_locked(const struct task *task, uint32_t tid)
	MUST_HOLD(&task_lock);

/* Drop memory, handles, endpoints and ports of a task. May be repeated. */
void task_release(struct task *task);

/* A zombie leaves the tree. The caller puts its life reference. */
void task_leave_tree_locked(struct task *task) MUST_HOLD(&task_lock);

/*
 * Settle the status, and tell every thread to end. `spare_self`: the running
 * thread ends by itself.
 */
void task_end_locked(struct task *task, uint32_t wait_status, bool spare_self)
	MUST_HOLD(&task_lock);

/* By pid, not referenced. NULL: none. The first also finds
 * tasks that are not in the tree: not started, or reaped. */
struct task *task_find_locked(uint32_t pid) MUST_HOLD(&task_lock);
struct task *task_find_in_tree_locked(uint32_t pid) MUST_HOLD(&task_lock);

/* A task is freed. Its number is free too, unless a group still has it. */
void group_leader_gone_locked(const struct task *task) MUST_HOLD(&task_lock);

/* A task has left these. A number that no task has any more is free. */
void group_leave_locked(uint32_t group, uint32_t session)
	MUST_HOLD(&task_lock);

/* fn is called for each task, also for those that are not in the tree. */
void task_each_locked(void (*fn)(struct task *task, void *arg), void *arg)
	MUST_HOLD(&task_lock);

/* The memory of the last victim is free again. */
void oom_victim_ended_locked(void) MUST_HOLD(&task_lock);

/* The exit hook of threads. */
void task_thread_ends(struct thread *thread);
