// SPDX-License-Identifier: MIT
/*
 * switch.S - from one thread to another
 *
 * WHAT     arch_thread_switch() leaves the registers that a function must keep
 *          on the old stack, and takes those of the other from its stack.
 *
 * PICTURE    arch_thread.esp --> edi esi ebx ebp return address ...
 *
 *          The first time the return address is arch_thread_begin, EDI the
 *          function and ESI its argument.
 *
 * RULES of switch
 *          W1  interrupts are off, and the other flags are clean: EFLAGS need
 *              not be switched
 * SEE      <arch/thread.h>; struct switch_frame in thread.c.
 */
	.text

	/* EAX: struct arch_thread *prev; EDX: *next. Their esp comes first. */
	.globl	arch_thread_switch
	.type	arch_thread_switch, @function
arch_thread_switch:
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

	.globl	arch_thread_begin
	.type	arch_thread_begin, @function
arch_thread_begin:
	movl	%esi, %eax
	pushl	$0			/* a backtrace ends here */
	jmp	*%edi
	.size	arch_thread_begin, . - arch_thread_begin

	.section .note.GNU-stack, "", @progbits
