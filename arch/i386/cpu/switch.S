// SPDX-License-Identifier: MIT
/*
 * switch.S - from one thread to another
 *
 * WHAT     arch_thread_switch() saves the registers that a function must keep
 *          on the old stack, and loads those of the next thread from its stack.
 *
 * PICTURE    arch_thread.esp --> edi esi ebx ebp return address ...
 *
 *          For the first switch to a thread, the return address is
 *          arch_thread_begin, EDI is the function, and ESI is its argument.
 *
 * RULES of switch
 *          W1  interrupts are off, and the other flags are clean: so EFLAGS
 *              need not be switched
 * SEE      <arch/thread.h>; struct switch_frame in thread.c.
 */
#include "arch/i386/cpu/entry.h"

	.text

	/* EAX: struct arch_thread *prev; EDX: *next. Their esp comes first. */
	FUNCTION arch_thread_switch
	pushl	%ebp
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	movl	%esp, (%eax)
	movl	(%edx), %esp
	popl	%edi
	popl	%esi
	popl	%ebx
	popl	%ebp
	ret
	.size	arch_thread_switch, . - arch_thread_switch

	FUNCTION arch_thread_begin
	movl	%esi, %eax
	pushl	$0			/* a backtrace ends here */
	jmp	*%edi
	.size	arch_thread_begin, . - arch_thread_begin
