// SPDX-License-Identifier: MIT
/*
 * syscall_entry.S - the way into C for system calls, and back
 *
 * WHAT     `int $0x80` and SYSENTER build a struct trap_regs, as an exception
 *          does. Then they go directly to the call.
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
 *          S1  regs->error is the number of the call, also if EAX changes
 *          S2  return_work is read with interrupts off, and interrupts stay off
 *              until ring 3: so no work is missed
 *          S3  EBP is 0 in the handler: a backtrace ends here, and does not
 *              follow the frames of ring 3
 *
 * ALGORITHM  SYSENTER pushes nothing, and does not tell ESP and EIP of ring 3.
 *          By the convention of kernel/uapi/abi.h, EBP points at them. SYSENTER
 *          clears IF, but not TF, NT and AC. So a single-step trap may come
 *          before sysenter_clean; trap_dispatch() knows this trap. ESP is the
 *          top of the thread's stack, set at each switch: so an NMI always
 *          finds a stack.
 *
 *          SYSEXIT takes EIP from EDX and ESP from ECX, and does not change
 *          EFLAGS. It is used only if the call has changed neither EIP, ECX nor
 *          EDX, and TF is clear. If not, IRET is used. CF tells user mode which
 *          of the two it was, because ECX alone does not show it.
 *
 * SEE      SDM volume 2, SYSENTER, SYSEXIT; Linux arch/x86/entry/entry_32.S.
 */
#include "arch/i386/cpu/entry.h"

#define SYSCALL  0x80    /* <arch/syscall.h>, which is C */
#define SYSENTER 0x81

#define EFLAGS_TF_BYTE  1    /* byte 1 of EFLAGS, bit 0: TF */

	.text

	FUNCTION syscall_entry
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
	FUNCTION arch_enter_user
	TRAP_FRAMES
	movl	%eax, %esp
	xorl	%ebp, %ebp
	jmp	user_return
	TRAP_FRAMES_END
	.size	arch_enter_user, . - arch_enter_user

	FUNCTION sysenter_entry
	TRAP_FRAMES
	pushl	$USER_DS
	pushl	%ebp			/* ESP */
	pushl	$EFLAGS_CLEAN_IF
	pushl	$USER_CS
	pushl	$0			/* EIP, below */
	pushl	%eax
	pushl	$SYSENTER
	SAVE_REGS
	pushl	%ebp			/* CR2, if the words cannot be read */
	CLEAN_FLAGS EFLAGS_CLEAN_IF
	.globl	sysenter_clean
sysenter_clean:
	movl	%ecx, %esi
	movl	%edx, %ebx
	KERNEL_SEGMENTS
	call	sysenter_words		/* EAX, EDX; CF: cannot be read */
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
	sti				/* takes effect after SYSEXIT */
	sysexit
no_words:
	xorl	%ebp, %ebp
	movl	%esp, %eax
	call	sysenter_no_words
	jmp	user_return
	TRAP_FRAMES_END
	.size	sysenter_entry, . - sysenter_entry
