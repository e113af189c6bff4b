// SPDX-License-Identifier: MIT
/*
 * wait.c - sleep until another thread says that something has changed
 *
 * WHAT     The queues of lib/wait.h, and the one place where a thread blocks,
 *          with or without a deadline.
 *
 * PICTURE    waiter                              waker
 *            wait_prepare()  in the queue
 *            is it true?     no                  makes it true
 *                                                wake_up_one(): out of the
 *            wait_sleep()    returns at once       queue, woken = true
 *            wait_finish()
 *
 * TERMS    woken   a wake has taken the thread out of its queue since
 *                  wait_prepare()
 *
 * RULES of wait
 *          W1  no wake is lost: after wait_prepare() the thread is in the
 *              queue, and a wake finds the thread there, asleep or not
 *          W2  wait_sleep() returns false only if the thread has left the queue
 *              without a wake: so no wake goes to a thread that had given up
 *          W3  a thread waits in one queue at a time
 *
 * ALGORITHM  A thread has one link for wait queues and one for run queues. It
 *          needs both: it may be preempted between wait_prepare() and
 *          wait_sleep(), and is then in two queues.
 * LOCKING  Interrupts off.
 * COST     O(1). wait_prepare() also passes the waiters of lower priority.
 * SEE      Linux kernel/sched/wait.c.
 */
#include "lib/wait.h"

#include "kernel/sched/clock.h"
#include "kernel/sched/sched_impl.h"
#include "lib/panic.h"

struct sleeper {
	struct timer   timer;
	struct thread *thread;
	bool           first;
};

void must_be_able_to_sleep(const char *what)
{
	if (unlikely(!current_thread()))
		panic("%s before there are threads", what);
	if (unlikely(irqs_disabled()))
		panic("%s with interrupts off", what);
	if (unlikely(preempt_depth()))
		panic("%s with preemption off: a spinlock or a kmap_local() page is held",
		      what);
}

void held_count(int change)
{
	struct thread *thread = current_thread();

	if (thread)
		thread->held += change;
}

void must_hold_nothing(const char *what)
{
	must_be_able_to_sleep(what);
	if (unlikely(current_thread()->ending))
		panic("%s by a thread that ends", what);
	if (unlikely(current_thread()->held))
		panic("%s with a mutex or a kmap() slot in hand", what);
}

static void time_out(struct timer *timer)
{
	struct sleeper *sleeper = container_of(timer, struct sleeper, timer);

	if (sleeper->first)
		sched_wake_first_irqoff(sleeper->thread);
	else
		sched_wake_irqoff(sleeper->thread, false);
}

static void block(struct thread *thread, struct thread *next, unsigned how)
{
	thread->state = THREAD_BLOCKED;
	thread->killable = how & BLOCK_KILLABLE;
	if (next)
		sched_switch_to(next);
	else
		schedule();
	thread->killable = false;
}

void sched_block(struct thread *next, uint64_t deadline, unsigned how)
{
	struct thread *thread = current_thread();
	struct sleeper sleeper;

	if (deadline == WAIT_FOREVER) {
		block(thread, next, how);
		return;
	}
	sleeper = (struct sleeper){
		.thread = thread, .first = how & BLOCK_FIRST,
	};
	timer_arm(&sleeper.timer, deadline, time_out);
	block(thread, next, how);
	timer_cancel(&sleeper.timer);
}

/* The queue has the highest priority first, and equals as they came. */
void wait_prepare(struct wait_queue *queue)
{
	struct thread *thread = current_thread();
	struct list_head *pos;
	irqflags_t flags;

	must_be_able_to_sleep("a wait");
	if (unlikely(!list_empty(&thread->wait)))
		panic("thread %s waits already", thread->name);
	flags = irq_save();
	for (pos = queue->waiters.prev; pos != &queue->waiters;
	     pos = pos->prev)
		if (list_entry(pos, struct thread, wait)->priority >=
		    thread->priority)
			break;
	list_add(&thread->wait, pos);
	thread->woken = false;
	irq_restore(flags);
}

static bool wait_sleep_how(uint64_t deadline, bool killable)
{
	struct thread *thread = current_thread();
	irqflags_t flags;
	bool give_up, woken;

	must_be_able_to_sleep("wait_sleep()");
	flags = irq_save();
	give_up = (killable && thread->killed) ||
		  (deadline != WAIT_FOREVER && deadline <= clock_ns());
	if (!thread->woken && !give_up)
		sched_block(NULL, deadline, killable ? BLOCK_KILLABLE : 0);
	if (!thread->woken)
		list_del_init(&thread->wait);   /* W2 */
	woken = thread->woken;
	irq_restore(flags);
	return woken;
}

bool wait_sleep(uint64_t deadline)
{
	return wait_sleep_how(deadline, false);
}

bool wait_sleep_killable(uint64_t deadline)
{
	return wait_sleep_how(deadline, true);
}

void wait_finish(struct wait_queue *queue)
{
	irqflags_t flags = irq_save();

	list_del_init(&current_thread()->wait);
	irq_restore(flags);
}

/* Returns: false when no thread waits. */
static bool wake_first_irqoff(struct wait_queue *queue)
{
	struct thread *thread;

	if (list_empty(&queue->waiters))
		return false;
	thread = list_first_entry(&queue->waiters, struct thread, wait);
	list_del_init(&thread->wait);
	sched_wake_irqoff(thread, true);
	return true;
}

unsigned wake_up_one(struct wait_queue *queue)
{
	irqflags_t flags = irq_save();
	unsigned woken = wake_first_irqoff(queue);

	irq_restore_preempt(flags);
	return woken;
}

unsigned wake_up_all(struct wait_queue *queue)
{
	irqflags_t flags = irq_save();
	unsigned woken = 0;

	while (wake_first_irqoff(queue))
		woken++;
	irq_restore_preempt(flags);
	return woken;
}
