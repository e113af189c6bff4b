/* SPDX-License-Identifier: MIT */
/*
 * crt0.S - the first instructions of a program
 *
 * What the kernel leaves on the stack, from ESP upward: argc, argv[], 0,
 * envp[], 0, pairs of the auxiliary vector, 0. program_start() reads it; this
 * hands it the address and begins a chain of frames that ends with EBP = 0.
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
