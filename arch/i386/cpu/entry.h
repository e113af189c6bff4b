// SPDX-License-Identifier: MIT
/*
 * entry.h - what the entries into the kernel do alike; for assembly only
 *
 * WHAT     Save and restore registers as struct trap_regs has them, and clean
 *          what ring 3 may have left in EFLAGS and the segment registers.
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
#define REGS_SIZE        80

#ifdef __ASSEMBLER__

/* Above the vector, from which the slot of CR2 is still to be pushed. */
.macro SAVE_REGS
	pushl	%ds
	pushl	%es
	pushl	%fs
	pushl	%gs
	pusha
.endm

/* Clobbers EAX. */
.macro KERNEL_SEGMENTS
	movl	$KERNEL_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
.endm

.macro CLEAN_FLAGS flags
	pushl	$\flags
	popfl
.endm

/* An instruction that may fault, and where it goes on then. */
.macro ALLOW insn, fixup
	.pushsection ex_table, "a"
	.balign	4
	.long	\insn, \fixup
	.popsection
.endm

/*
 * The selector may have become bad since it was saved (a TLS entry that is no
 * more): then the register is loaded with null, and ring 3 finds out.
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

/* From ESP = struct trap_regs to just below EIP. */
.macro RESTORE_REGS
	addl	$4, %esp		/* CR2 */
	popa
	POP_SEGMENTS
	addl	$8, %esp		/* vector, error */
.endm

#endif
