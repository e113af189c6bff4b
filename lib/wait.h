// SPDX-License-Identifier: MIT
/*
 * wait.h - sleep until something is true, and mutual exclusion that sleeps
 *
 * WHAT     Wait queues and mutexes. Declared here for mm/, which must be able
 *          to wait for a kmap slot or an address space. Defined above mm/, in
 *          kernel/sched/. On the host no other thread runs: a wait that would
 *          really sleep is a failure of the test.
 *
 *            wait_event(&queue, slot_is_free());
 *
 * TERMS    waiter   a thread that sleeps in a queue. The highest priority is
 *                   woken first; within a priority, the first one that came
 * LOCKING  Never sleep with a spinlock held or interrupts off: panics.
 *          Waking is allowed in any context, interrupt handlers too.
 * SEE      Linux include/linux/wait.h, include/linux/mutex.h.
 */
#pragma once

#include "lib/list.h"
#include "lib/panic.h"

struct thread;

struct wait_queue {
	struct list_head waiters;
};

#define WAIT_QUEUE_INIT(q)  { LIST_HEAD_INIT((q).waiters) }

static inline void wait_queue_init(struct wait_queue *queue)
{
	list_init(&queue->waiters);
}

#define WAIT_FOREVER  UINT64_MAX

/*
 * The three steps of wait_event(). wait_prepare() enters the queue, so a wake
 * before wait_sleep() is not lost. wait_sleep() returns true when the thread is
 * woken, and false at `deadline` (in time of clock_ns()). wait_finish() leaves
 * the queue. wait_sleep_killable() also returns false when the thread has been
 * killed. A thread is in one queue at a time: between wait_prepare() and
 * wait_sleep() it must not wait for anything.
 */
void wait_prepare(struct wait_queue *queue);
bool wait_sleep(uint64_t deadline);
bool wait_sleep_killable(uint64_t deadline);
void wait_finish(struct wait_queue *queue);

/* Must the running thread end? Then its functions undo and return. */
bool wait_killed(void);

/* Wake the first waiter, or all. Returns: how many were woken. */
unsigned wake_up_one(struct wait_queue *queue);
unsigned wake_up_all(struct wait_queue *queue);

/*
 * Sleep until cond is true. cond is evaluated after each wake. A kill does not
 * end wait_event(), so cond must become true in any case. The other two may end
 * while cond is false; they return cond.
 */
#define wait_event(queue, cond) \
	((void)WAIT_EVENT(queue, cond, wait_sleep(WAIT_FOREVER)))
#define wait_event_killable(queue, cond) \
	WAIT_EVENT(queue, cond, wait_sleep_killable(WAIT_FOREVER))
#define wait_event_deadline(queue, cond, deadline) \
	WAIT_EVENT(queue, cond, wait_sleep_killable(deadline))

/* The common part of the three; `sleep` is false when the wait must end. */
#define WAIT_EVENT(queue, cond, sleep)                          \
	({                                                      \
		bool true_ = (cond), again_ = true;             \
		while (!true_ && again_) {                      \
			wait_prepare(queue);                    \
			true_ = (cond);                         \
			if (!true_)                             \
				again_ = (sleep);               \
			wait_finish(queue);                     \
			if (!true_)                             \
				true_ = (cond);                 \
		}                                               \
		true_;                                          \
	})

/*
 * A lock for long work. The owner may sleep while it holds the mutex. The next
 * owner is the waiter of the highest priority, and among equals the first that
 * came. A thread that takes a mutex twice, or unlocks a mutex that it does not
 * hold, panics.
 * Context: threads only, never interrupt handlers.
 */
struct LOCK_TYPE mutex {
	struct thread    *owner;     /* NULL: free */
	bool              locked;
	struct wait_queue queue;
};

#define MUTEX_INIT(m)  { NULL, false, WAIT_QUEUE_INIT((m).queue) }

static inline void mutex_init(struct mutex *mutex)
{
	mutex->owner = NULL;
	mutex->locked = false;
	wait_queue_init(&mutex->queue);
}

void mutex_lock(struct mutex *mutex) ACQUIRES(mutex) NO_LOCK_CHECK;
bool mutex_trylock(struct mutex *mutex) TRY_ACQUIRES(mutex) NO_LOCK_CHECK;
void mutex_unlock(struct mutex *mutex) RELEASES(mutex) NO_LOCK_CHECK;

/* Does the running thread hold it? */
bool mutex_is_mine(const struct mutex *mutex);

/* Is it held? Only a debug kernel checks that this thread holds it. */
static inline bool mutex_is_held(const struct mutex *mutex)
{
	return CONFIG_DEBUG ? mutex_is_mine(mutex) : READ_ONCE(mutex->locked);
}

/* What clang learns from assert_mutex_held(). */
static inline void mutex_known_held(const struct mutex *mutex) IS_HELD(mutex)
{
}

/* As assert_held() of lib/spinlock.h. */
#define assert_mutex_held(mutex)                                   \
	do {                                                       \
		caller_must(mutex_is_held(mutex), "hold " #mutex); \
		mutex_known_held(mutex);                           \
	} while (0)

#define debug_assert_mutex_held(mutex)                                   \
	do {                                                             \
		debug_caller_must(mutex_is_held(mutex), "hold " #mutex); \
		mutex_known_held(mutex);                                 \
	} while (0)

/*
 * Count what the running thread holds: mutexes, slots of kmap(). Only a debug
 * kernel counts. must_hold_nothing() uses the count.
 */
void held_count(int change);

static inline void held_add(int change)
{
	if (CONFIG_DEBUG)
		held_count(change);
}

/*
 * The running thread is about to wait for a program that may never answer.
 * Panics if the thread holds something that others need, or if it is ending.
 */
void must_hold_nothing(const char *what);
