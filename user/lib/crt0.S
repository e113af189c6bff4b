/* SPDX-License-Identifier: MIT */
/*
 * crt0.S - the first instructions of a program
 *
 * What the kernel leaves on the stack, from ESP upward: argc, argv[], 0,
 * envp[], 0, pairs of the auxiliary vector, 0. _start gives this address to
 * program_start(). It sets EBP to 0, because the chain of frames ends here.
 */
	.section .text.start, "ax"
	.globl	_start
	.type	_start, @function
_start:
	xorl	%ebp, %ebp
	movl	%esp, %eax
	andl	$~15, %esp
	subl	$12, %esp
	pushl	%eax
	call	program_start
	ud2
	.size	_start, . - _start

	.section .note.GNU-stack, "", @progbits
