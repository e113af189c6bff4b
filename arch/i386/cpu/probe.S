// SPDX-License-Identifier: MIT
/*
 * probe.S - touch an address that may not be mapped
 *
 * WHAT     Functions with one instruction that is allowed to fault. Its
 *          address and that of its fix-up stand in the section ex_table; the
 *          exception handler looks there before it panics and goes on at the
 *          fix-up instead.
 *
 * ALGORITHM  probe_execute() faults at the address that it calls, which cannot
 *          stand in a table. But a call that arrives nowhere has pushed its
 *          return address just before, and that one can: find_fixup()
 *          is asked for it when an instruction fetch has faulted.
 *
 * SEE      <arch/probe.h>; arch/i386/cpu/traps.c, fix_up().
 */
#include "arch/i386/cpu/entry.h"

	.text

	.globl	probe_read8
	.type	probe_read8, @function
probe_read8:
1:	movb	(%eax), %cl
	movb	%cl, (%edx)
	movl	$1, %eax
	ret
	ALLOW	1b, probe_failed
	.size	probe_read8, . - probe_read8

	.globl	probe_read32
	.type	probe_read32, @function
probe_read32:
1:	movl	(%eax), %ecx
	movl	%ecx, (%edx)
	movl	$1, %eax
	ret
	ALLOW	1b, probe_failed
	.size	probe_read32, . - probe_read32

	.globl	probe_write
	.type	probe_write, @function
probe_write:
1:	lock orb $0, (%eax)
	movl	$1, %eax
	ret
	ALLOW	1b, probe_failed
	.size	probe_write, . - probe_write

	.globl	probe_execute
	.type	probe_execute, @function
probe_execute:
	call	*%eax
1:	movl	$1, %eax
	ret
	ALLOW	1b, probe_execute_failed
	.size	probe_execute, . - probe_execute

	.type	probe_failed, @function
probe_execute_failed:
	addl	$4, %esp		/* the call's return address */
probe_failed:
	xorl	%eax, %eax
	ret
	.size	probe_failed, . - probe_failed

	.section .note.GNU-stack, "", @progbits
