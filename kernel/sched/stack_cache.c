// SPDX-License-Identifier: MIT
/*
 * stack_cache.c - stacks for threads, and a few kept for the next
 *
 * WHAT     A stack is a vmalloc area. Those of threads that ended are kept, up
 *          to STACKS_KEPT of them, because the next thread is often not far.
 *
 * PICTURE  addresses, growing upwards; G is what vmalloc leaves unmapped:
 *
 *            ... area before | G |  stack of 16 KiB  | G | next area ...
 *                              ^                       ^
 *                  below us: the overflow faults       ours
 *
 * INVARIANTS of stack_cache (sched_check() restates it)
 *          K1  the page below a stack is never mapped. vmalloc promises a guard
 *              page behind each area, ours included. Below us is either the
 *              guard page of the area before; or addresses that nobody has,
 *              and the area that gets them will end in its own guard page; or
 *              the hole between the direct map and the vmalloc region.
 * RULES of stack_cache
 *          K2  a kept stack's first word links to the next
 *
 * LOCKING  Interrupts off: threads are freed in the middle of a switch.
 * SEE      mm/kva/area.c, V2, V4; Linux kernel/fork.c, cached_stacks.
 */
#include "kernel/sched/sched_impl.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/shrinker.h"

#define STACKS_KEPT  16

struct kept_stack {
	struct kept_stack *next;
};

static struct kept_stack *kept;
static unsigned nr_kept;

static void *take_kept(void)
{
	irqflags_t flags = irq_save();
	struct kept_stack *stack = kept;

	if (stack) {
		kept = stack->next;
		nr_kept--;
	}
	irq_restore(flags);
	return stack;
}

void *stack_alloc(void)
{
	void *stack = take_kept();

	return stack ? stack : vmalloc(KERNEL_STACK_SIZE);
}

void stack_free(void *ptr)
{
	irqflags_t flags = irq_save();
	struct kept_stack *stack = ptr;
	bool keep = nr_kept < STACKS_KEPT;

	if (keep) {
		stack->next = kept;
		kept = stack;
		nr_kept++;
	}
	irq_restore(flags);
	if (!keep)
		vfree(stack);
}

/* The pages come back with vmalloc's shrinker, which runs after this one. */
static unsigned long stack_shrink(void)
{
	void *stack;

	while ((stack = take_kept()))
		vfree(stack);
	return 0;
}

static struct shrinker stack_shrinker = {
	.name = "stacks of threads",
	.shrink = stack_shrink,
};

void stack_cache_init(void)
{
	register_shrinker(&stack_shrinker);
}
