// SPDX-License-Identifier: MIT
/*
 * stack.h - kernel stacks, each above a page that is never mapped
 *
 * WHAT     A list of all stacks with their names. If an address lies in a guard
 *          page, the list says which stack has overflowed. And the stacks that
 *          exist before there is an allocator.
 *
 * PICTURE    top   +-----------------+ <- ESP at first
 *                  | stack, grows    |
 *                  |   downwards     |
 *            base  +-----------------+
 *                  | guard, 4 KiB    | never mapped once the final page
 *            guard +-----------------+ tables are in use
 *
 * INVARIANTS of stack (stack_check() restates them)
 *          K1  guard, base and top are page-aligned, base follows the guard,
 *              and there is a stack between base and top
 *          K2  no two stacks overlap, guards included
 *
 * SEE      arch/i386/cpu/double_fault.c, which diagnoses the overflow.
 */
#pragma once

#define KERNEL_STACK_SIZE  16384   /* bytes, without the guard page          */

/* For boot/, before C: the first ESP. */
#define BOOT_STACK_TOP_OFFSET  (4096 + KERNEL_STACK_SIZE)

#ifndef __ASSEMBLER__

#include <arch/addr.h>

#include "lib/list.h"

struct kernel_stack {
	const char      *name;
	kva_t            guard, base, top;
	struct list_head list;
};

/*
 * The memory of a stack in the kernel image. boot/ enters the kernel with
 * ESP = boot_stack + BOOT_STACK_TOP_OFFSET.
 */
struct stack_area {
	uint8_t guard[PAGE_SIZE];
	uint8_t stack[KERNEL_STACK_SIZE];
} __aligned(PAGE_SIZE);

_Static_assert(sizeof(struct stack_area) == BOOT_STACK_TOP_OFFSET,
	       "the assembler's idea of a stack is the compiler's");

extern struct stack_area boot_stack, double_fault_stack, panic_stack;

/* Register the stacks of the image. traps_init() calls it. */
void stack_init(void);

/*
 * Register the stack above the guard page at `guard`, up to `top`. *stack must
 * live until stack_remove().
 */
void stack_add(struct kernel_stack *stack, const char *name, kva_t guard,
	       kva_t top);
void stack_remove(struct kernel_stack *stack);

/* The first looks for va in guard pages, the second above them. Or NULL. */
const struct kernel_stack *stack_find_guard(kva_t va);
const struct kernel_stack *stack_find(kva_t va);

/* NULL, or the first of K1, K2 that is broken. */
const char *stack_check(void);

/* Leave the present stack for ever and run fn, which never returns. */
void stack_leave_for(struct stack_area *stack, void (*fn)(void)) __noreturn;

/* All stacks, to unmap their guards and to print them. */
extern struct list_head kernel_stacks;

#define for_each_kernel_stack(stack) \
	list_for_each_entry(stack, &kernel_stacks, list)

#endif
