// SPDX-License-Identifier: MIT
/*
 * probe.S - touch an address that may not be mapped
 *
 * WHAT     Functions with one instruction that is allowed to fault. The section
 *          ex_table has the address of the instruction and of its fix-up. The
 *          exception handler reads the table before it panics. If it finds the
 *          instruction, the CPU goes on at the fix-up.
 *
 * ALGORITHM  probe_execute() faults at the address that it calls, which cannot
 *          stand in a table. But the call has pushed its return address, which
 *          can: fix_up() looks for this address when a fetch has faulted.
 *
 * SEE      <arch/probe.h>; arch/i386/cpu/traps.c, fix_up().
 */
#include "arch/i386/cpu/entry.h"

	.text

	FUNCTION probe_read8
1:	movb	(%eax), %cl
	movb	%cl, (%edx)
	movl	$1, %eax
	ret
	ALLOW	1b, probe_failed
	.size	probe_read8, . - probe_read8

	FUNCTION probe_read32
1:	movl	(%eax), %ecx
	movl	%ecx, (%edx)
	movl	$1, %eax
	ret
	ALLOW	1b, probe_failed
	.size	probe_read32, . - probe_read32

	FUNCTION probe_write
1:	lock orb $0, (%eax)
	movl	$1, %eax
	ret
	ALLOW	1b, probe_failed
	.size	probe_write, . - probe_write

	FUNCTION probe_execute
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
