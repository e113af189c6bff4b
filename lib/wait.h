// SPDX-License-Identifier: MIT
/*
 * wait.h - sleep until something is true, and mutual exclusion that sleeps
 *
 * WHAT     Wait queues and mutexes. Declared here for mm/, which must be able
 *          to wait for a kmap slot or an address space; defined above it, in
 *          kernel/sched/ (on the host, where nobody else runs, a wait that
 *          would really sleep is a failure of the test).
 *
 *            wait_event(&queue, slot_is_free());
 *
 * TERMS    waiter   a thread that sleeps in a queue; woken first come, first
 *                   served within a priority
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
 * The three steps of wait_event(). wait_prepare() enters the queue, so that a
 * wake between it and wait_sleep() is not lost; wait_sleep() returns when
 * woken (true) or at `deadline` (clock_ns() time; false); wait_finish() leaves.
 * wait_sleep_killable() also returns false when the thread has been killed.
 * One queue at a time: what is done between prepare and sleep does not wait.
 */
void wait_prepare(struct wait_queue *queue);
bool wait_sleep(uint64_t deadline);
bool wait_sleep_killable(uint64_t deadline);
void wait_finish(struct wait_queue *queue);

/* Has the running thread been asked to end? It then unwinds. */
bool wait_killed(void);

/* Wake the first waiter, or all. Returns: how many were woken. */
unsigned wake_up_one(struct wait_queue *queue);
unsigned wake_up_all(struct wait_queue *queue);

/*
 * Sleep until cond is true; it is looked at each time somebody wakes us. The
 * first is not ended by a kill, so cond must come true by itself. The others
 * may end before cond is true, and return it.
 */
#define wait_event(queue, cond) \
	((void)WAIT_EVENT(queue, cond, wait_sleep(WAIT_FOREVER)))
#define wait_event_killable(queue, cond) \
	WAIT_EVENT(queue, cond, wait_sleep_killable(WAIT_FOREVER))
#define wait_event_deadline(queue, cond, deadline) \
	WAIT_EVENT(queue, cond, wait_sleep_killable(deadline))

/* What the three above have in common; `sleep` is true when to look again. */
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
 * A lock for long work. The owner may sleep while it holds one. It goes to the
 * waiters in the order of their coming, the higher priority first. Taking one
 * twice, and unlocking one that another thread holds, panics.
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

/* Does somebody hold it? Only a debug kernel looks who. */
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
 * What the running thread holds: mutexes, slots of kmap(). Only a debug kernel
 * counts, for must_hold_nothing().
 */
void held_count(int change);

static inline void held_add(int change)
{
	if (CONFIG_DEBUG)
		held_count(change);
}

/*
 * Panics unless the running thread may wait for a program, which may never
 * answer: the thread holds nothing that others need, and is not ending.
 */
void must_hold_nothing(const char *what);
