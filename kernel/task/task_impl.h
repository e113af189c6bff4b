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

/* A task with a pid and one reference, and without an address space. */
int task_alloc(const char *name, struct task *parent, struct task **taskp)
	__must_check;

/* An empty address space, paid for by the task. Returns: 0 or -ENOMEM. */
int task_make_mm(struct task *task) __must_check;

/* A thread of the task ends: uncharged, and its number free if it had one. */
void tid_put_locked(const struct task *task, uint32_t tid)
	MUST_HOLD(&task_lock);

/* Drop what it holds: memory, handles, endpoints, ports. May be repeated. */
void task_release(struct task *task);

/* A zombie leaves the tree; its life reference is the caller's to put. */
void task_leave_tree_locked(struct task *task) MUST_HOLD(&task_lock);

/*
 * Settle the status and tell every thread to end, but not the running one when
 * it does so by itself.
 */
void task_end_locked(struct task *task, uint32_t wait_status, bool spare_self)
	MUST_HOLD(&task_lock);

/* By pid, without a reference; NULL: none. Also those not in the tree. */
struct task *task_find_locked(uint32_t pid) MUST_HOLD(&task_lock);

/* A task is freed: its number too, unless a group still has that number. */
void group_leader_gone_locked(const struct task *task) MUST_HOLD(&task_lock);

/* A task is no longer in these: what nobody has any more is free. */
void group_leave_locked(uint32_t group, uint32_t session)
	MUST_HOLD(&task_lock);

/* fn is called for each task, also those that are not in the tree. */
void task_each_locked(void (*fn)(struct task *task, void *arg), void *arg)
	MUST_HOLD(&task_lock);

/* What the task chosen had is free again. */
void oom_victim_ended_locked(void) MUST_HOLD(&task_lock);

/* The exit hook of threads. */
void task_thread_ends(struct thread *thread);
