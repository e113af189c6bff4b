// SPDX-License-Identifier: MIT
/*
 * magazine.h - the few instructions of the ordinary kmalloc() and kfree()
 *
 * WHAT     Take an object out of this CPU's magazine, or put one in. Inlined
 *          into kmem_cache_alloc(), kmem_cache_free(), kmalloc_by_size() and
 *          kfree(), and nowhere else. What is not ordinary (magazine empty or
 *          full, debug cache, GFP_ZERO, armed fail point) leaves by a tail
 *          call, so that the caller needs no frame of its own for it.
 * LOCKING  Interrupts off instead of a lock: a magazine belongs to one CPU.
 *          The flags are saved in it (<arch/irqflags.h>), which asks for its
 *          address first: right while a thread finds the same address wherever
 *          it moves. With a second CPU, irq_save() comes first.
 * SEE      mm/slab/magazine.c.
 */
#pragma once

#include <arch/irqflags.h>

#include "lib/failpoint.h"
#include "mm/slab/slab_impl.h"

/* Whatever is asked for; `caller` is remembered as the owner. */
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
