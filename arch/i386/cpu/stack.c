// SPDX-License-Identifier: MIT
/*
 * stack.c - kernel stacks, by name
 *
 * WHAT     The list of stacks; see <arch/stack.h>.
 * LOCKING  Interrupts are off while a stack is added or removed.
 * COST     A search walks over the list. Tests search, and a kernel that is
 *          about to die.
 */
#include <arch/kva.h>
#include <arch/stack.h>

struct stack_area boot_stack __section(".bss.stacks");
struct stack_area double_fault_stack __section(".bss.stacks");
struct stack_area panic_stack __section(".bss.stacks");

struct list_head kernel_stacks = LIST_HEAD_INIT(kernel_stacks);

static struct kernel_stack boot, double_fault, after_panic;

static bool page_aligned(kva_t va)
{
	return (va & ~PAGE_MASK) == 0;
}

void stack_init(void)
{
	stack_add(&boot, "boot stack", ptr_to_kva(&boot_stack),
		  ptr_to_kva(&boot_stack + 1));
	stack_add(&double_fault, "double-fault stack",
		  ptr_to_kva(&double_fault_stack),
		  ptr_to_kva(&double_fault_stack + 1));
	stack_add(&after_panic, "stack after a panic",
		  ptr_to_kva(&panic_stack), ptr_to_kva(&panic_stack + 1));
}

void stack_add(struct kernel_stack *stack, const char *name, kva_t guard,
	       kva_t top)
{
	assert(page_aligned(guard) && page_aligned(top));
	assert(top > guard + PAGE_SIZE);
	stack->name = name;
	stack->guard = guard;
	stack->base = guard + PAGE_SIZE;
	stack->top = top;
	list_add_tail(&stack->list, &kernel_stacks);
}

void stack_remove(struct kernel_stack *stack)
{
	list_del_init(&stack->list);
}

void stack_leave_for(struct stack_area *stack, void (*fn)(void))
{
	/* EBP 0 is where a backtrace ends. */
	__asm__ volatile("movl %0, %%esp\n\txorl %%ebp, %%ebp\n\tcall *%1"
			 : : "r"(stack + 1), "r"(fn) : "memory");
	__builtin_unreachable();
}

/* The stack that contains va, in its guard page or above it. */
static const struct kernel_stack *find(kva_t va, bool in_guard)
{
	const struct kernel_stack *stack;

	for_each_kernel_stack(stack) {
		if (va >= stack->guard && va < stack->top)
			return (va < stack->base) == in_guard ? stack : NULL;
	}
	return NULL;
}

const struct kernel_stack *stack_find_guard(kva_t va)
{
	return find(va, true);
}

const struct kernel_stack *stack_find(kva_t va)
{
	return find(va, false);
}

const char *stack_check(void)
{
	const struct kernel_stack *a, *b;

	for_each_kernel_stack(a) {
		HOLDS(page_aligned(a->guard) && page_aligned(a->top) &&
		      a->base == a->guard + PAGE_SIZE && a->base < a->top,
		      "stack K1: a stack is whole pages, above its guard page");
		for_each_kernel_stack(b)
			HOLDS(a == b || a->top <= b->guard ||
			      b->top <= a->guard,
			      "stack K2: no two stacks overlap");
	}
	return NULL;
}
