// SPDX-License-Identifier: MIT
/*
 * stack_cache.c - stacks for threads
 *
 * WHAT     A stack is a vmalloc area. Up to STACKS_KEPT stacks of threads that
 *          have ended are kept, because a new thread often comes soon.
 *
 * PICTURE  Addresses grow to the right; G is a guard page of vmalloc:
 *
 *            ... area before | G |  stack of 16 KiB  | G | next area ...
 *                              ^                       ^
 *                     an overflow faults here         ours
 *
 * INVARIANTS of stack_cache (sched_check() restates it)
 *          K1  the page below a stack is never mapped. There are three cases.
 *              It is the guard page of the area before. Or no area has it now:
 *              an area that gets it ends with its own guard page there. Or it
 *              is part of the hole between direct map and vmalloc region
 * RULES of stack_cache
 *          K2  the first word of a kept stack links to the next one
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

/* vmalloc's shrinker, which runs after this one, gives the pages back. */
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
