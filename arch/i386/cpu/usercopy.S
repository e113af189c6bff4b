// SPDX-License-Identifier: MIT
/*
 * usercopy.S - the instructions that may touch user memory
 *
 * WHAT     Copies whose user side may fault. They lie between usercopy_start
 *          and usercopy_end, so the handler of page faults knows them. If the
 *          fault can be resolved, the instruction runs again; if not, the CPU
 *          goes on at the fix-up. SMAP is open from the first to the last
 *          instruction that touches user memory.
 *
 * RULES of usercopy
 *          U1  between the two labels, instructions touch only user memory and
 *              the kernel's side of the copy; a fault of the latter is a panic
 *          U2  EFLAGS.AC is clear at each return; the entry of an interrupt
 *              clears AC for the handler
 *
 * SEE      <arch/uaccess.h>, usercopy.c; arch/i386/cpu/traps.c.
 */
#include "arch/i386/cpu/entry.h"

#define EFAULT  14       /* lib/errno.h, which is C */
#define E2BIG   7

/* STAC and CLAC are #UD on a CPU without SMAP. */
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
	FUNCTION usercopy
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
	FUNCTION userclear
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
	FUNCTION userget32
	OPEN_USER
1:	movl	(%edx), %ecx
	CLOSE_USER
	movl	%ecx, (%eax)
	xorl	%eax, %eax
	ret
	ALLOW	1b, word_failed
	.size	userget32, . - userget32

	/* int userput32(void *to, uint32_t value) */
	FUNCTION userput32
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
	 * int userstr(char *to, const char *from, uint32_t max)
	 * max is not 0. Returns: the length, -EFAULT or -E2BIG.
	 */
	FUNCTION userstr
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
	ALLOW	1b, copy_failed
	.size	userstr, . - userstr

	/*
	 * For sysenter_entry: loads EAX and EDX from the two words at EBP, and
	 * clears CF. If the words cannot be read, sets CF. All other registers
	 * stay.
	 */
	FUNCTION sysenter_words
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
