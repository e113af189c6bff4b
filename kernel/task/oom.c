// SPDX-License-Identifier: MIT
/*
 * oom.c - which task has to end when there is no memory
 *
 * WHAT     Adds up the memory that would come back with each task, and kills
 *          the task with the most.
 *
 * PICTURE    task 7   rss 300   page tables, areas, ... 40             340
 *            task 9   rss  20   made task 12, not started: 2000       2020  <--
 *            task 12  not started: counts for 9, which has its handle
 *
 * ALGORITHM  If only lowmem is short, pages of highmem would not help: then
 *          only the kernel's memory counts, most of which is lowmem.
 *
 *          One shortage, one victim. The victim needs CPU time to end, and
 *          maybe a lock: no other task is killed before its end, or before
 *          OOM_PATIENCE is over. After its end, the threads that got no page
 *          try again first: OOM_SETTLE.
 * LOCKING  task_lock.
 * COST     O(tasks).
 * SEE      Linux mm/oom_kill.c oom_badness().
 */
#include "kernel/sched/clock.h"
#include "kernel/task/task_impl.h"
#include "lib/log.h"
#include "mm/account/account.h"
#include "mm/page/zone.h"

#define OOM_PATIENCE  (20 * NS_PER_SEC)
#define OOM_SETTLE    (3 * NS_PER_TICK)

static uint64_t oom_until;   /* task_lock: no task is killed before */

/* ---- how much ----------------------------------------------------------- */

static bool has_pages(const struct zone *zone)
{
	return READ_ONCE(zone->nr_free) > zone->low;
}

/* Pages that would come back with the task itself. */
static void weigh_self(struct task *task, void *arg)
{
	const bool *lowmem = arg;

	task->oom_pages = account_own_bytes(task->account) / PAGE_SIZE;
	if (task->mm && !*lowmem)
		task->oom_pages += task->mm->rss;
}

static void weigh_unstarted(struct task *task, void *arg)
{
	if (!task->started && task->parent)
		task->parent->oom_pages += task->oom_pages;
}

/* ---- which task --------------------------------------------------------- */

static bool is_better_victim(const struct task *task, const struct task *best)
{
	if (!task->mm || task->exiting)
		return false;
	if (!best)
		return true;
	if ((task == init_task) != (best == init_task))
		return best == init_task;
	return task->oom_pages > best->oom_pages;
}

static bool kill_victim_locked(void)
	MUST_HOLD(&task_lock)
{
	bool lowmem = has_pages(&zones[ZONE_HIGHMEM]) &&
		      !has_pages(&zones[ZONE_NORMAL]);
	struct task *task, *victim = NULL;

	assert_held(&task_lock);
	task_each_locked(weigh_self, &lowmem);
	task_each_locked(weigh_unstarted, NULL);
	list_for_each_entry(task, &all_tasks, all)
		if (is_better_victim(task, victim))
			victim = task;
	if (!victim)
		return false;
	pr_err_limited("Out of memory: killed process %u (%s): %lu KiB, of which rss %u KiB, kernel %lu KiB; total-vm %u KiB\n",
	       victim->pid, victim->name, victim->oom_pages * 4,
	       victim->mm->rss * 4,
	       account_own_bytes(victim->account) / 1024,
	       victim->mm->total_vm * 4);
	victim->oom_victim = true;
	oom_until = clock_ns() + OOM_PATIENCE;
	/* Tasks that share its memory end too, or no memory would come back. */
	list_for_each_entry(task, &all_tasks, all)
		if (task->mm == victim->mm)
			task_end_locked(task, WAIT_SIGNALED(SIGKILL), false);
	return true;
}

bool task_kill_largest(void)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	bool some = clock_ns() < oom_until || kill_victim_locked();

	spin_unlock_irqrestore(&task_lock, flags);
	return some;
}

void oom_victim_ended_locked(void)
{
	assert_held(&task_lock);
	oom_until = clock_ns() + OOM_SETTLE;
}
