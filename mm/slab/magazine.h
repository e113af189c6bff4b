// SPDX-License-Identifier: MIT
/*
 * magazine.h - the fast path of kmalloc() and kfree()
 *
 * WHAT     Take an object out of this CPU's magazine, or put an object in. Only
 *          kmem_cache_alloc(), kmem_cache_free(), kmalloc_by_size() and kfree()
 *          use these functions. A tail call does all other cases (magazine
 *          empty or full, debug cache, GFP_ZERO, armed fail point). So the
 *          caller needs no stack frame.
 * LOCKING  Interrupts are off; there is no lock, because a magazine belongs to
 *          one CPU. The flags are saved in the magazine (<arch/irqflags.h>). So
 *          the magazine's address is computed while interrupts are still on.
 *          This is right on one CPU only: a thread cannot move to another CPU
 *          meanwhile.
 * SEE      mm/slab/magazine.c.
 */
#pragma once

#include <arch/irqflags.h>

#include "lib/failpoint.h"
#include "mm/slab/slab_impl.h"

/* Allocate in every case. A debug cache records `caller` as the owner. */
void *cache_alloc_slow(struct kmem_cache *cache, gfp_t gfp, const void *caller)
	__must_check;
void cache_free_slow(struct kmem_cache *cache, void *object,
		     const void *caller);

static always_inline void *cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	struct magazine *magazine = this_cpu(cache->magazine);
	unsigned n;
	void *object;

	if (unlikely((gfp & GFP_ZERO) | failpoint_countdown))
		goto slow;
	irq_save_to(&magazine->flags);
	if (unlikely(__builtin_sub_overflow(magazine->count, 1u, &n))) {
		irq_restore_from(&magazine->flags);
		goto slow;
	}
	object = magazine->objects[n];
	magazine->count = n;
	irq_restore_from(&magazine->flags);
	return object;
slow:
	return cache_alloc_slow(cache, gfp, __builtin_return_address(0));
}

static always_inline void cache_free(struct kmem_cache *cache, void *object)
{
	struct magazine *magazine = this_cpu(cache->magazine);
	unsigned n;

	irq_save_to(&magazine->flags);
	n = magazine->count;
	if (unlikely(n >= magazine->capacity)) {
		irq_restore_from(&magazine->flags);
		cache_free_slow(cache, object, __builtin_return_address(0));
		return;
	}
	magazine->objects[n] = object;
	magazine->count = n + 1;
	irq_restore_from(&magazine->flags);
}
