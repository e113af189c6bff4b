/* SPDX-License-Identifier: MIT */
/*
 * message.S - six words into registers, the call, six words back
 *
 *   long message_int(uint32_t eax, struct words *words)
 *   long message_sysenter(uint32_t eax, struct words *words)
 *
 * All seven registers carry words or the result, so the address `words` is read
 * from the stack again. SEE kernel/uapi/abi.h.
 */
#define ARG_EAX    20    /* behind four registers and the return address */
#define ARG_WORDS  24

	.macro	ENTER
	pushl	%ebp
	pushl	%edi
	pushl	%esi
	pushl	%ebx
	movl	ARG_EAX(%esp), %eax
	movl	ARG_WORDS(%esp), %ecx
	movl	0(%ecx), %ebx
	movl	8(%ecx), %edx
	movl	12(%ecx), %esi
	movl	16(%ecx), %edi
	.endm

	.macro	LEAVE
	pushl	%eax
	movl	ARG_WORDS + 4(%esp), %eax
	movl	%ebx, 0(%eax)
	movl	%ecx, 4(%eax)
	movl	%edx, 8(%eax)
	movl	%esi, 12(%eax)
	movl	%edi, 16(%eax)
	movl	%ebp, 20(%eax)
	popl	%eax
	popl	%ebx
	popl	%esi
	popl	%edi
	popl	%ebp
	ret
	.endm

	.text
	.globl	message_int
	.type	message_int, @function
message_int:
	ENTER
	movl	20(%ecx), %ebp
	movl	4(%ecx), %ecx
	int	$0x80
	LEAVE
	.size	message_int, . - message_int

	.globl	message_sysenter
	.type	message_sysenter, @function
message_sysenter:
	ENTER
	pushl	20(%ecx)		/* EBP's word */
	pushl	$back			/* address to come back to */
	movl	4(%ecx), %ecx
	movl	%esp, %ebp
	sysenter
back:
	leal	8(%esp), %esp
	jnc	1f			/* CF set: reload ECX and EDX */
	pushl	%eax
	movl	ARG_WORDS + 4(%esp), %eax
	movl	4(%eax), %ecx
	movl	8(%eax), %edx
	popl	%eax
1:	LEAVE
	.size	message_sysenter, . - message_sysenter

	.section .note.GNU-stack, "", @progbits
