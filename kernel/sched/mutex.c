// SPDX-License-Identifier: MIT
/*
 * mutex.c - one thread at a time, and the others sleep
 *
 * WHAT     The locks of lib/wait.h.
 *
 * TERMS    hand over   the owner gives a mutex directly to the first waiter, so
 *                      the mutex is not free in between
 *
 * RULES of mutex
 *          M1  `locked` is false only while no thread waits
 *          M2  `owner` is the thread that holds the mutex. It is NULL while the
 *              mutex is free, or was taken before there were threads
 *
 * ALGORITHM  The waiters get the mutex in the order in which they came, because
 *          it is handed over. If it were free for a moment, the running thread
 *          would often take it again, and the first waiter would wait for ever.
 *          (The price is a switch for each unlock while threads wait.)
 *          One exchange takes a free mutex. mutex_unlock() turns preemption off
 *          between the look at the queue and the store: so no waiter can come
 *          in between (M1).
 *
 * LOCKING  Preemption off; interrupts off where the queue is changed.
 * COST     A few instructions to lock and to unlock, when no thread waits.
 * NOT HERE priority inheritance.
 * SEE      Linux kernel/locking/mutex.c.
 */
#include "kernel/sched/sched_impl.h"
#include "lib/wait.h"

bool mutex_trylock(struct mutex *mutex)
{
	if (__atomic_exchange_n(&mutex->locked, true, __ATOMIC_ACQUIRE))
		return false;
	mutex->owner = current_thread();
	held_add(1);
	return true;
}

/* mutex_hand_over() makes us the owner, or the mutex is free by now. */
static noinline void mutex_lock_slow(struct mutex *mutex) NO_LOCK_CHECK
{
	struct thread *thread = current_thread();

	if (mutex->owner == thread)
		panic("thread %s takes a mutex that it holds",
		      thread ? thread->name : "none");
	wait_prepare(&mutex->queue);
	if (mutex_trylock(mutex)) {
		wait_finish(&mutex->queue);
		return;
	}
	(void)wait_sleep(WAIT_FOREVER);
	assert(mutex->owner == thread);
	held_add(1);
}

void mutex_lock(struct mutex *mutex)
{
	debug_caller_must(may_sleep(),
			  "be able to sleep, not with preemption off");
	if (unlikely(!mutex_trylock(mutex)))
		mutex_lock_slow(mutex);
}

bool mutex_is_mine(const struct mutex *mutex)
{
	return mutex->locked && mutex->owner == current_thread();
}

static noinline void __noreturn __cold refuse_unlock(const struct mutex *mutex)
{
	if (!mutex->locked)
		panic("a mutex is released that nobody holds");
	panic("thread %s releases a mutex that %s holds",
	      current_thread() ? current_thread()->name : "none",
	      mutex->owner ? mutex->owner->name : "none");
}

static noinline void mutex_hand_over(struct mutex *mutex)
{
	irqflags_t flags = irq_save();

	mutex->owner = list_first_entry(&mutex->queue.waiters, struct thread,
					wait);
	irq_restore(flags);
	wake_up_one(&mutex->queue);
}

void mutex_unlock(struct mutex *mutex)
{
	if (unlikely(!mutex->locked || mutex->owner != current_thread()))
		refuse_unlock(mutex);
	held_add(-1);
	preempt_disable();
	if (likely(list_empty(&mutex->queue.waiters))) {
		mutex->owner = NULL;
		__atomic_store_n(&mutex->locked, false, __ATOMIC_RELEASE);
	} else {
		mutex_hand_over(mutex);
	}
	preempt_enable();
}
