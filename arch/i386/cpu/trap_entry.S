// SPDX-License-Identifier: MIT
/*
 * trap_entry.S - the way into C for exceptions and interrupts, and back
 *
 * WHAT     One entry point a vector, which makes the stack look alike whether
 *          or not the CPU has pushed an error code; then the common part.
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
 *          T2  EBP is not touched before trap_dispatch(): its saved EBP is the
 *              interrupted code's, so a chain of frames leads through here.
 *              Who finds trap_return_address in a frame knows that the
 *              registers lie above it.
 *          T3  CR2 is saved before anything can fault again
 *          T4  an IRET to ring 3 that the CPU refuses (ring 3's own SS may be
 *              a TLS entry that is no more) becomes a #GP of ring 3
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
	 * All registers are ring 3's but ESP, which points at what IRET would
	 * not take: as if the #GP had come from there.
	 */
	.globl	trap_iret_failed
trap_iret_failed:
	pushl	$0
	pushl	$VECTOR_GP
	jmp	trap_common
	TRAP_FRAMES_END
	.size	trap_common, . - trap_common

	/* For debuggers: the caller's registers are those in main_tss. */
.macro IN_TSS reg, offset
	.cfi_escape DW_REG_AT, \reg, 5, DW_ESP_PLUS, 0, DW_LOAD
	.cfi_escape DW_PLUS, \offset
.endm

	/* Task gate: on the double-fault stack, registers from its TSS. */
	.globl	double_fault_entry
	.type	double_fault_entry, @function
double_fault_entry:
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
	pushl	$main_tss		/* where they look for it */
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

	.section .note.GNU-stack, "", @progbits
