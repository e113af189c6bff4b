// SPDX-License-Identifier: MIT
/*
 * syscall_entry.S - the way into C for system calls, and back
 *
 * WHAT     `int $0x80` and SYSENTER build the same struct trap_regs as an
 *          exception does, but go straight to the call.
 *
 * PICTURE    int $0x80 --> syscall_entry --+--> syscall_dispatch(regs)
 *            SYSENTER ---> sysenter_entry -+         |
 *                                                    v
 *              user_return: return_work? --> return_to_user_work(regs)
 *                   |  no                            | again
 *                   v                                v
 *                 IRET; or SYSEXIT, where nothing is lost by it
 *
 * RULES of syscall_entry
 *          S1  regs->error is the number of the call, whatever becomes of EAX
 *          S2  return_work is looked at with interrupts off, and they stay off
 *              until ring 3: nothing that is to be done is missed
 *          S3  EBP is 0 in the handler: a backtrace ends here, and does not
 *              follow ring 3's frames
 *
 * ALGORITHM  SYSENTER pushes nothing, and brings neither ESP nor EIP: the
 *          convention of kernel/uapi/abi.h has them at EBP. It clears IF, but
 *          not TF, NT, AC: until sysenter_clean a single-step trap may come,
 *          which trap_dispatch() knows. ESP is the top of the thread's stack,
 *          set at each switch, so an NMI finds a stack in any case.
 *
 *          SYSEXIT takes EIP from EDX and ESP from ECX and leaves EFLAGS as
 *          they are. It is right only when the call has changed neither of the
 *          four; else IRET does it. Which of the two it was, CF says: a result
 *          in ECX may happen to be what was there before.
 *
 * COST     int $0x80: 17 instructions in, 11 out.
 * SEE      SDM volume 2, SYSENTER, SYSEXIT; Linux arch/x86/entry/entry_32.S.
 */
#include "arch/i386/cpu/entry.h"

#define SYSCALL  0x80    /* <arch/syscall.h>, which is C */
#define SYSENTER 0x81

#define EFLAGS_TF_BYTE  1    /* byte 1 of EFLAGS, bit 0: TF */

	.text

	.globl	syscall_entry
	.type	syscall_entry, @function
syscall_entry:
	TRAP_FRAMES
	pushl	%eax
	pushl	$SYSCALL
	SAVE_REGS
	pushl	%eax
	CLEAN_FLAGS EFLAGS_CLEAN_IF
	KERNEL_SEGMENTS
	xorl	%ebp, %ebp
	movl	%esp, %eax
	call	*syscall_handler
user_return:
	cli
	cmpl	$0, return_work
	jne	user_work
	RESTORE_REGS
user_iret:
	iret
	ALLOW	user_iret, trap_iret_failed
user_work:
	sti
	movl	%esp, %eax
	call	return_to_user_work
	jmp	user_return
	TRAP_FRAMES_END
	.size	syscall_entry, . - syscall_entry

	/* void arch_enter_user(struct trap_regs *regs) */
	.globl	arch_enter_user
	.type	arch_enter_user, @function
arch_enter_user:
	TRAP_FRAMES
	movl	%eax, %esp
	xorl	%ebp, %ebp
	jmp	user_return
	TRAP_FRAMES_END
	.size	arch_enter_user, . - arch_enter_user

	.globl	sysenter_entry
	.type	sysenter_entry, @function
sysenter_entry:
	TRAP_FRAMES
	pushl	$USER_DS
	pushl	%ebp			/* ESP */
	pushl	$EFLAGS_CLEAN_IF
	pushl	$USER_CS
	pushl	$0			/* EIP, below */
	pushl	%eax
	pushl	$SYSENTER
	SAVE_REGS
	pushl	%ebp			/* CR2, should the words not be there */
	CLEAN_FLAGS EFLAGS_CLEAN_IF
	.globl	sysenter_clean
sysenter_clean:
	movl	%ecx, %esi
	movl	%edx, %ebx
	KERNEL_SEGMENTS
	call	sysenter_words		/* EAX, EDX: from (%ebp); CF: no */
	jc	no_words
	movl	%eax, %edi
	movl	%eax, REGS_EIP(%esp)
	movl	%edx, REGS_EBP(%esp)
	xorl	%ebp, %ebp
	movl	%esp, %eax
	call	*syscall_handler
	cli
	cmpl	$0, return_work
	jne	user_work
	cmpl	%edi, REGS_EIP(%esp)
	jne	user_return
	cmpl	%esi, REGS_ECX(%esp)
	jne	user_return
	cmpl	%ebx, REGS_EDX(%esp)
	jne	user_return
	testb	$1, REGS_EFLAGS + EFLAGS_TF_BYTE(%esp)
	jne	user_return
	movl	REGS_USER_ESP(%esp), %eax
	movl	%eax, REGS_ECX(%esp)
	movl	%edi, REGS_EDX(%esp)
	addl	$4, %esp
	popa
	POP_SEGMENTS
	stc				/* to user mode: ECX, EDX are lost */
	sti				/* after SYSEXIT: it has a shadow */
	sysexit
no_words:
	xorl	%ebp, %ebp
	movl	%esp, %eax
	call	sysenter_no_words
	jmp	user_return
	TRAP_FRAMES_END
	.size	sysenter_entry, . - sysenter_entry

	.section .note.GNU-stack, "", @progbits
