// SPDX-License-Identifier: MIT
/*
 * cpu_time.c - how long tasks and threads have had the CPU
 *
 * WHAT     sched_tick() counts ticks, for each thread. This file adds them up.
 *          A task or thread that runs now also gets the part of a tick that has
 *          passed.
 *
 * RULES
 *          no answer is smaller than an earlier answer for the same task or
 *          thread: a thread that stops in the middle of a tick was told a part
 *          that the tick will not count
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

bool task_thread_cpu_ns(struct task *task, uint32_t tid, uint64_t *ns)
{
	irqflags_t flags = spin_lock_irqsave(&task_lock);
	struct thread *self = current_thread(), *thread, *found = NULL;

	list_for_each_entry(thread, &task->threads, in_task)
		if (thread->tid == tid)
			found = thread;
	if (self->task == task && self->tid == tid)
		found = self;
	if (found)
		*ns = tell(&found->told_ns, found->ran_ns +
			   (found == self ? clock_in_tick_ns() : 0));
	spin_unlock_irqrestore(&task_lock, flags);
	return found;
}
