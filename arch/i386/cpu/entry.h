// SPDX-License-Identifier: MIT
/*
 * entry.h - what the assembly files share; syscall.c checks the numbers
 *
 * WHAT     Saves and restores registers in the order of struct trap_regs.
 *          Cleans EFLAGS and the segment registers, which ring 3 may change.
 *          Macros for functions and for instructions that may fault.
 */
#pragma once

#include "arch/i386/cpu/segments.h"

/*
 * Ring 3 may have set DF, which C forbids, NT, which turns IRET into a task
 * switch, or AC, which switches SMAP off. Bit 1 is always 1.
 */
#define EFLAGS_CLEAN     0x002
#define EFLAGS_CLEAN_IF  0x202

/* PAGE_OFFSET, and offsets in struct trap_regs; proved in syscall.c. */
#define USER_TOP         0xc0000000
#define REGS_EBP         12
#define REGS_EDX         24
#define REGS_ECX         28
#define REGS_EIP         60
#define REGS_EFLAGS      68
#define REGS_USER_ESP    72

#ifdef __ASSEMBLER__

	/* The stack need not be executable. */
	.section .note.GNU-stack, "", @progbits

.macro FUNCTION name
	.globl	\name
	.type	\name, @function
\name:
.endm

/* Below the vector. The caller pushes CR2 afterwards. */
.macro SAVE_REGS
	pushl	%ds
	pushl	%es
	pushl	%fs
	pushl	%gs
	pusha
.endm

/* Changes EAX. */
.macro KERNEL_SEGMENTS
	movl	$KERNEL_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
.endm

.macro CLEAN_FLAGS flags
	pushl	$\flags
	popfl
.endm

/* The instruction `insn` may fault. Then the CPU goes on at `fixup`. */
.macro ALLOW insn, fixup
	.pushsection ex_table, "a"
	.balign	4
	.long	\insn, \fixup
	.popsection
.endm

/*
 * The selector may be bad now: its TLS entry has gone since it was saved. Then
 * the register gets the null selector, and ring 3 faults when it uses it.
 */
.macro POP_SEGMENT reg
.Lpop\@:
	popl	%\reg
	.subsection 1
.Lbad\@:
	movl	$0, (%esp)
	jmp	.Lpop\@
	.previous
	ALLOW	.Lpop\@, .Lbad\@
.endm

.macro POP_SEGMENTS
	POP_SEGMENT gs
	POP_SEGMENT fs
	POP_SEGMENT es
	POP_SEGMENT ds
.endm

/* ESP points at a struct trap_regs, and afterwards at its EIP. */
.macro RESTORE_REGS
	addl	$4, %esp		/* CR2 */
	popa
	POP_SEGMENTS
	addl	$8, %esp		/* vector, error */
.endm

/*
 * DWARF call-frame information, for debuggers only. Where the entries call C,
 * ESP points at a struct trap_regs: the registers of the interrupted caller.
 * The information is right at these calls only, not on the way in and out.
 * Offsets are SLEB128: from 64 on they take two bytes.
 * SEE DWARF 4, 2.5.1, 6.4.2, 7.23.
 */
#define DW_CFA_IS       0x0f   /* length: ESP of the caller               */
#define DW_REG_AT       0x10   /* register, length: where it is saved     */
#define DW_ESP_PLUS     0x74
#define DW_PLUS         0x23
#define DW_LOAD         0x06
#define DW_AND_3        0x33, 0x1a
#define DW_IF_SKIP      0x28   /* bytes, in two bytes                     */
#define DW_SKIP         0x2f
#define DW_CS           0xc0, 0
#define DW_USER_ESP     0xc8, 0

.macro CALLER_HAS reg, offset
	.cfi_escape DW_REG_AT, \reg, 2, DW_ESP_PLUS, \offset
.endm

.macro TRAP_FRAMES
	.cfi_sections .debug_frame
	.cfi_startproc simple
	.cfi_signal_frame		/* EIP is no return address */
	/* cs & 3 ? user_esp : &user_esp */
	.cfi_escape DW_CFA_IS, 19, DW_ESP_PLUS, DW_CS, DW_LOAD, DW_AND_3
	.cfi_escape DW_IF_SKIP, 6, 0
	.cfi_escape DW_ESP_PLUS, DW_USER_ESP, DW_SKIP, 4, 0
	.cfi_escape DW_ESP_PLUS, DW_USER_ESP, DW_LOAD
	CALLER_HAS 7, 4			/* EDI */
	CALLER_HAS 6, 8			/* ESI */
	CALLER_HAS 5, REGS_EBP
	CALLER_HAS 3, 20		/* EBX */
	CALLER_HAS 2, REGS_EDX
	CALLER_HAS 1, REGS_ECX
	CALLER_HAS 0, 32		/* EAX */
	CALLER_HAS 8, REGS_EIP
.endm

.macro TRAP_FRAMES_END
	.cfi_endproc
.endm

#endif
