// SPDX-License-Identifier: MIT
/*
 * wait.c (host) - waiting where no other thread runs
 *
 * WHAT     lib/wait.h and lib/preempt.h for a single thread. The condition of a
 *          wait must be true already. A real sleep would last for ever, so it
 *          panics. But a test can say what other threads do during the next
 *          sleep: if they wake the sleeper, the sleep ends. A mutex only notes
 *          that it is held: to take it twice is found, or to release it unheld.
 */
#include "lib/preempt.h"
#include "lib/wait.h"
#include "tests/host/host.h"

uint32_t preempt_word[NR_CPUS] = { PREEMPT_NOT_DUE };

void preempt_schedule(void)
{
	panic("a switch is due, but there is only one thread");
}

static struct list_head sleeper = LIST_HEAD_INIT(sleeper);
static void (*while_asleep)(void);
static unsigned nr_wakes;   /* since the sleep began; wakes of nobody too */

void host_while_asleep(void (*others)(void))
{
	while_asleep = others;
	nr_wakes = 0;
}

unsigned host_wakes(void)
{
	return nr_wakes;
}

void wait_prepare(struct wait_queue *queue)
{
	list_add_tail(&sleeper, &queue->waiters);
}

bool wait_sleep(uint64_t deadline)
{
	void (*others)(void) = while_asleep;

	while_asleep = NULL;
	nr_wakes = 0;
	if (others)
		others();
	if (!nr_wakes)
		panic("a wait that nobody would end");
	return true;
}

void wait_finish(struct wait_queue *queue)
{
	list_del_init(&sleeper);
}

/* ---- a kill ------------------------------------------------------------- */

static unsigned kill_look = HOST_NEVER, nr_looks;

void host_kill_at(unsigned look)
{
	kill_look = look;
	nr_looks = 0;
}

unsigned host_kill_looks(void)
{
	return nr_looks;
}

bool wait_killed(void)
{
	return nr_looks++ >= kill_look;
}

/* ---- mutexes ------------------------------------------------------------ */

static int held;

void held_count(int change)
{
	held += change;
}

void must_hold_nothing(const char *what)
{
	if (held)
		panic("%s with a mutex in hand", what);
}

unsigned wake_up_one(struct wait_queue *queue)
{
	bool woken = !list_empty(&queue->waiters);

	nr_wakes++;
	if (woken)
		list_del_init(&sleeper);
	return woken;
}

bool mutex_is_mine(const struct mutex *mutex)
{
	return mutex->locked;
}

bool mutex_trylock(struct mutex *mutex)
{
	bool was_free = !mutex->locked;

	mutex->locked = true;
	held += was_free;
	return was_free;
}

void mutex_lock(struct mutex *mutex)
{
	debug_caller_must(may_sleep(), "be able to sleep, not with preemption off");
	if (!mutex_trylock(mutex))
		panic("mutex taken twice");
}

void mutex_unlock(struct mutex *mutex)
{
	if (!mutex->locked)
		panic("mutex released that nobody holds");
	mutex->locked = false;
	held--;
}
