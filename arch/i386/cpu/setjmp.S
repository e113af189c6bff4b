// SPDX-License-Identifier: MIT
/*
 * setjmp.S - return to an earlier point
 *
 * WHAT     kernel_setjmp() saves the registers that a function must keep for
 *          its caller; kernel_longjmp() loads them again. The arguments are in
 *          EAX and EDX (regparm).
 * SEE      <arch/setjmp.h>; struct kernel_jmp_buf: ebx esi edi ebp esp eip.
 */
#include "arch/i386/cpu/entry.h"

	.text

	FUNCTION kernel_setjmp
	movl	%ebx, 0(%eax)
	movl	%esi, 4(%eax)
	movl	%edi, 8(%eax)
	movl	%ebp, 12(%eax)
	leal	4(%esp), %ecx		/* ESP as it is after our return */
	movl	%ecx, 16(%eax)
	movl	(%esp), %ecx		/* where we return to */
	movl	%ecx, 20(%eax)
	xorl	%eax, %eax
	ret
	.size	kernel_setjmp, . - kernel_setjmp

	FUNCTION kernel_longjmp
	movl	0(%eax), %ebx
	movl	4(%eax), %esi
	movl	8(%eax), %edi
	movl	12(%eax), %ebp
	movl	16(%eax), %esp
	movl	20(%eax), %ecx
	movl	%edx, %eax
	jmp	*%ecx
	.size	kernel_longjmp, . - kernel_longjmp
