// SPDX-License-Identifier: MIT
/*
 * trap_entry.S - the way into C for exceptions and interrupts, and back
 *
 * WHAT     Each vector has an entry point. It pushes a 0 if the CPU has not
 *          pushed an error code: so all stacks look the same. Then comes the
 *          common part.
 *
 * PICTURE  the stack in trap_dispatch(), lowest address below
 *
 *            user_ss, user_esp      only when the CPU came from ring 3
 *            eflags, cs, eip        pushed by the CPU
 *            error                  by the CPU, or 0 by the entry point
 *            vector                 by the entry point
 *            ds es fs gs            by the common part ...
 *            eax ecx edx ebx esp ebp esi edi
 *            cr2                    <- EAX: struct trap_regs *
 *            return address
 *
 * RULES of trap_entry
 *          T1  the layout is that of struct trap_regs
 *          T2  EBP is not changed before trap_dispatch(), which saves the EBP
 *              of the interrupted code: so the chain of frames leads through.
 *              If a frame's return address is trap_return_address, the
 *              registers lie above the frame
 *          T3  CR2 is saved before another fault can come
 *          T4  the CPU may refuse an IRET to ring 3: SS of ring 3 may be a TLS
 *              entry that has gone. This becomes a #GP of ring 3
 *
 * SEE      SDM volume 3, 6.12.1 "Exception- or interrupt-handler procedures".
 */
#include "arch/i386/cpu/entry.h"
#include "arch/i386/cpu/vectors.h"

	.text

.macro ENTRY_NONE nr
trap_entry_\nr:
	pushl	$0
	pushl	$\nr
	jmp	trap_common
.endm

.macro ENTRY_CODE nr
trap_entry_\nr:
	pushl	$\nr
	jmp	trap_common
.endm

#define ENTRY_SELECTOR  ENTRY_CODE
#define ENTRY_PAGE      ENTRY_CODE

#define V(nr, mnemonic, name, kind, error) ENTRY_##error nr;
TRAP_VECTORS(V)
#undef V

.altmacro
.macro ENTRY_IRQS from, to
	.set	vector, \from
	.rept	\to - \from
	ENTRY_NONE %vector
	.set	vector, vector + 1
	.endr
.endm
	ENTRY_IRQS NR_EXCEPTIONS, NR_VECTORS
	.noaltmacro

	.type	trap_common, @function
trap_common:
	TRAP_FRAMES
	SAVE_REGS
	movl	%cr2, %eax
	pushl	%eax
	/* IF is clear already: all gates here are interrupt gates. */
	CLEAN_FLAGS EFLAGS_CLEAN
	KERNEL_SEGMENTS

	movl	%esp, %eax
	call	trap_dispatch
	.globl	trap_return_address
trap_return_address:
	RESTORE_REGS
	.globl	trap_iret
trap_iret:
	iret
	ALLOW	trap_iret, trap_iret_failed

	/*
	 * All registers are those of ring 3, except ESP, which points at the
	 * frame that IRET has refused. This looks like a #GP of ring 3.
	 */
	.globl	trap_iret_failed
trap_iret_failed:
	pushl	$0
	pushl	$VECTOR_GP
	jmp	trap_common
	TRAP_FRAMES_END
	.size	trap_common, . - trap_common

	/* For debuggers: main_tss has the registers of the caller. */
.macro IN_TSS reg, offset
	.cfi_escape DW_REG_AT, \reg, 5, DW_ESP_PLUS, 0, DW_LOAD
	.cfi_escape DW_PLUS, \offset
.endm

	/* The task gate leads here, on the stack for double faults. */
	FUNCTION double_fault_entry
	.cfi_startproc simple
	.cfi_signal_frame
	.cfi_escape DW_CFA_IS, 6, DW_ESP_PLUS, 0, DW_LOAD
	.cfi_escape DW_PLUS, 56, DW_LOAD	/* ESP */
	IN_TSS	8, 32			/* EIP */
	IN_TSS	0, 40			/* EAX ECX EDX EBX */
	IN_TSS	1, 44
	IN_TSS	2, 48
	IN_TSS	3, 52
	IN_TSS	5, 60			/* EBP ESI EDI */
	IN_TSS	6, 64
	IN_TSS	7, 68
	pushl	$main_tss		/* debuggers look for it here */
	call	double_fault_handle	/* never comes back */
	ud2
	.cfi_endproc
	.size	double_fault_entry, . - double_fault_entry

	.section .rodata
	.balign	4
	.globl	trap_entry_points
trap_entry_points:
	.altmacro
.macro POINTERS
	.set	vector, 0
	.rept	NR_VECTORS
	POINTER %vector
	.set	vector, vector + 1
	.endr
.endm
.macro POINTER nr
	.long	trap_entry_\nr
.endm
	POINTERS
