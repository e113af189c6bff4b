// SPDX-License-Identifier: MIT
/*
 * spinlock.h - mutual exclusion between CPUs, and with interrupt handlers
 *
 * WHAT     A word that one CPU at a time owns. The kernel runs on one CPU: if a
 *          lock is already taken, this is a deadlock, and the lock panics at
 *          once.
 * TERMS    irqsave   the lock is also taken in interrupt handlers, therefore
 *                    interrupts stay off while it is held
 *          irqoff    the same, but the caller has turned interrupts off before
 *          plain     interrupts come, but no other thread: preemption is off.
 *                    Otherwise another thread could find the lock taken
 * LOCKING  The order of all locks is in docs/locking.md.
 * SEE      Linux include/linux/spinlock.h.
 */
#pragma once

#include <arch/irqflags.h>

#include "lib/panic.h"
#include "lib/preempt.h"

struct LOCK_TYPE spinlock {
	uint32_t held;   /* 0 or 1 */
};

#define SPINLOCK_INIT  { 0 }

static inline void spin_lock_init(struct spinlock *lock)
{
	lock->held = 0;
}

static inline bool spin_is_held(const struct spinlock *lock)
{
	return READ_ONCE(lock->held) != 0;
}

/* What clang learns from assert_held(). */
static inline void spin_known_held(const struct spinlock *lock) IS_HELD(lock)
{
}

/*
 * Every function that MUST_HOLD a lock begins with assert_held(), or with
 * debug_assert_held(), which checks only in a debug kernel.
 * tools/check_style.py finds a function that does not.
 */
#define assert_held(lock)                                       \
	do {                                                    \
		caller_must(spin_is_held(lock), "hold " #lock); \
		spin_known_held(lock);                          \
	} while (0)

#define debug_assert_held(lock)                                       \
	do {                                                          \
		debug_caller_must(spin_is_held(lock), "hold " #lock); \
		spin_known_held(lock);                                \
	} while (0)

/* Take the lock. Interrupts are off, and stay off while it is held. */
static inline void spin_lock_irqoff(struct spinlock *lock) ACQUIRES(lock)
	NO_LOCK_CHECK
{
	bool was_held = __atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE);

	assert(!was_held);
}

static inline void spin_unlock_irqoff(struct spinlock *lock) RELEASES(lock)
	NO_LOCK_CHECK
{
	__atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

/* Take the lock; interrupts stay as they are, preemption goes off. */
static inline void spin_lock(struct spinlock *lock) ACQUIRES(lock)
	NO_LOCK_CHECK
{
	preempt_disable();
	spin_lock_irqoff(lock);
}

static inline void spin_unlock(struct spinlock *lock) RELEASES(lock)
	NO_LOCK_CHECK
{
	spin_unlock_irqoff(lock);
	preempt_enable();
}

/* Take the lock with interrupts off; give the result to the unlock. */
static inline irqflags_t spin_lock_irqsave(struct spinlock *lock)
	ACQUIRES(lock) NO_LOCK_CHECK
{
	irqflags_t flags = irq_save();

	spin_lock_irqoff(lock);
	return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *lock,
					  irqflags_t flags)
	RELEASES(lock) NO_LOCK_CHECK
{
	spin_unlock_irqoff(lock);
	irq_restore(flags);
}
