// SPDX-License-Identifier: MIT
/*
 * cpu_time.c - how long tasks and threads have had the CPU
 *
 * WHAT     Ticks are counted where they are spent (sched_tick()); here they are
 *          summed up, and the part of a tick that has passed is added for who
 *          runs now.
 *
 * RULES
 *          what was told of a task or thread is never more than what is told
 *          later: a thread that stops in the middle of a tick has been told a
 *          part that the tick will not count
 *
 * LOCKING  task_lock, which also keeps the tick out.
 * SEE      clock_gettime(2), CLOCK_PROCESS_CPUTIME_ID.
 */
#include "kernel/sched/clock.h"
#include "kernel/task/task_impl.h"

static uint64_t tell(uint64_t *told, uint64_t ns)
{
	*told = MAX(*told, ns);
	return *told;
}

uint64_t task_cpu_ns(struct task *task)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	const struct thread *thread;
	uint64_t ns = task->ran_ns;

	list_for_each_entry(thread, &task->threads, in_task)
		ns += thread->ran_ns;
	if (task == current_task())
		ns += clock_in_tick_ns();
	ns = tell(&task->told_ns, ns);
	spin_unlock_irqrestore(&task_lock, flags);
	return ns;
}

static struct thread *find_locked(const struct task *task, uint32_t tid)
	MUST_HOLD(&task_lock)
{
	struct thread *thread;

	assert_held(&task_lock);
	list_for_each_entry(thread, &task->threads, in_task)
		if (thread->tid == tid)
			return thread;
	return NULL;
}

bool task_thread_cpu_ns(struct task *task, uint32_t tid, uint64_t *ns)
{
	struct thread *thread = current_thread();
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	bool own = thread->task == task && thread->tid == tid;

	if (!own)
		thread = find_locked(task, tid);
	if (thread)
		*ns = tell(&thread->told_ns, thread->ran_ns +
			   (own ? clock_in_tick_ns() : 0));
	spin_unlock_irqrestore(&task_lock, flags);
	return thread;
}
