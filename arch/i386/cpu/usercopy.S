// SPDX-License-Identifier: MIT
/*
 * usercopy.S - the instructions that may touch user memory
 *
 * WHAT     Copies whose user side may fault. The page-fault handler knows them
 *          by their place between usercopy_start and usercopy_end: it has the
 *          fault resolved and the instruction runs again; else it goes on at
 *          its fix-up. SMAP is open from the first instruction that touches
 *          user memory to the last.
 *
 * RULES of usercopy
 *          U1  nothing else between the two labels touches memory but the
 *              kernel's side of the copy, whose faults are panics
 *          U2  EFLAGS.AC is clear at each return; an interrupt in between
 *              clears it for its own handler
 *
 * SEE      <arch/uaccess.h>, usercopy.c; arch/i386/cpu/traps.c.
 */
#include "arch/i386/cpu/entry.h"

#define EFAULT  14       /* lib/errno.h, which is C */
#define E2BIG   7

/* Without SMAP the two instructions are #UD. */
.macro OPEN_USER
	cmpb	$0, smap_on
	je	.Lopen\@
	.byte	0x0f, 0x01, 0xcb	/* stac */
.Lopen\@:
.endm

.macro CLOSE_USER
	cmpb	$0, smap_on
	je	.Lclosed\@
	.byte	0x0f, 0x01, 0xca	/* clac */
.Lclosed\@:
.endm

	.text

	.globl	usercopy_start
usercopy_start:

	/* int usercopy(void *to, const void *from, uint32_t n): 0, -EFAULT */
	.globl	usercopy
	.type	usercopy, @function
usercopy:
	pushl	%esi
	pushl	%edi
	movl	%eax, %edi
	movl	%edx, %esi
	movl	%ecx, %edx
	shrl	$2, %ecx
	andl	$3, %edx
	OPEN_USER
1:	rep movsl
	movl	%edx, %ecx
2:	rep movsb
	xorl	%eax, %eax
copy_end:
	CLOSE_USER
	popl	%edi
	popl	%esi
	ret
copy_failed:
	movl	$-EFAULT, %eax
	jmp	copy_end
	ALLOW	1b, copy_failed
	ALLOW	2b, copy_failed
	.size	usercopy, . - usercopy

	/* int userclear(void *to, uint32_t n) */
	.globl	userclear
	.type	userclear, @function
userclear:
	pushl	%edi
	movl	%eax, %edi
	movl	%edx, %ecx
	shrl	$2, %ecx
	andl	$3, %edx
	xorl	%eax, %eax
	OPEN_USER
1:	rep stosl
	movl	%edx, %ecx
2:	rep stosb
clear_end:
	CLOSE_USER
	popl	%edi
	ret
clear_failed:
	movl	$-EFAULT, %eax
	jmp	clear_end
	ALLOW	1b, clear_failed
	ALLOW	2b, clear_failed
	.size	userclear, . - userclear

	/* int userget32(uint32_t *value, const void *from) */
	.globl	userget32
	.type	userget32, @function
userget32:
	OPEN_USER
1:	movl	(%edx), %ecx
	CLOSE_USER
	movl	%ecx, (%eax)
	xorl	%eax, %eax
	ret
	ALLOW	1b, word_failed
	.size	userget32, . - userget32

	/* int userput32(void *to, uint32_t value) */
	.globl	userput32
	.type	userput32, @function
userput32:
	OPEN_USER
1:	movl	%edx, (%eax)
	CLOSE_USER
	xorl	%eax, %eax
	ret
	ALLOW	1b, word_failed
word_failed:
	CLOSE_USER
	movl	$-EFAULT, %eax
	ret
	.size	userput32, . - userput32

	/*
	 * int userstr(char *to, const char *from, uint32_t max), max > 0: the
	 * length, -EFAULT, -E2BIG
	 */
	.globl	userstr
	.type	userstr, @function
userstr:
	pushl	%esi
	pushl	%edi
	movl	%eax, %edi
	movl	%edx, %esi
	movl	%ecx, %edx
	OPEN_USER
1:	lodsb
	stosb
	testb	%al, %al
	je	2f
	decl	%ecx
	jne	1b
	movl	$-E2BIG, %eax
	jmp	str_end
2:	movl	%edx, %eax
	subl	%ecx, %eax
str_end:
	CLOSE_USER
	popl	%edi
	popl	%esi
	ret
str_failed:
	movl	$-EFAULT, %eax
	jmp	str_end
	ALLOW	1b, str_failed
	.size	userstr, . - userstr

	/*
	 * For sysenter_entry: EAX and EDX from the two words at EBP, CF clear;
	 * CF set when they cannot be read. Keeps all other registers.
	 */
	.globl	sysenter_words
	.type	sysenter_words, @function
sysenter_words:
	cmpl	$USER_TOP - 8, %ebp
	ja	words_bad
	OPEN_USER
1:	movl	(%ebp), %eax
2:	movl	4(%ebp), %edx
	CLOSE_USER
	clc
	ret
words_failed:
	CLOSE_USER
words_bad:
	stc
	ret
	ALLOW	1b, words_failed
	ALLOW	2b, words_failed
	.size	sysenter_words, . - sysenter_words

	.globl	usercopy_end
usercopy_end:

	.section .note.GNU-stack, "", @progbits
