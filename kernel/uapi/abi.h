// SPDX-License-Identifier: MIT
/*
 * abi.h - how user mode calls the kernel: registers and instructions
 *
 * WHAT     Two ways in. `int $0x80` is Linux's and does everything. SYSENTER
 *          does the same in fewer cycles, though not in fewer instructions, for
 *          our own calls (1024 and above), on CPUs that have it (CPUID leaf 1,
 *          EDX bit 11).
 *
 * PICTURE    register          going in               coming back
 *            EAX               number of the call     result; -4095..-1 is
 *                                                     an error
 *            EBX ECX EDX       arguments 1 to 6       as they were, unless
 *            ESI EDI EBP                              the call says otherwise
 *
 *          SYSENTER itself saves neither ESP nor EIP. So EBP is the stack
 *          pointer there, and two words lie where it points:
 *
 *            4(%ebp)   argument 6
 *            0(%ebp)   address to come back to
 *
 *          The kernel comes back to that address with ESP = EBP as it was, and
 *          EBP = argument 6. One stub does for all calls:
 *
 *            pagoda_sysenter:
 *                    pushl %ecx
 *                    pushl %edx
 *                    pushl %ebp
 *                    pushl $1f
 *                    movl  %esp, %ebp
 *                    sysenter
 *            1:      leal  8(%esp), %esp   # the address; EBP is back already
 *                    jnc   2f
 *                    movl  (%esp), %edx
 *                    movl  4(%esp), %ecx
 *            2:      leal  8(%esp), %esp
 *                    ret
 *
 *          CF clear: ECX and EDX are as `int $0x80` would have left them. CF
 *          set: they are lost, and would be what they were before the call.
 *
 * RULES
 *          after SYSENTER the other flags of sums are lost, DF is clear; TF, AC
 *          and NT do not survive it: single-stepping goes on behind the call
 *          when a debugger plants INT3 there. Where the two words at EBP cannot
 *          be read, no call is made: the thread gets the page fault that it
 *          would have got by reading them itself.
 * SEE      Linux arch/x86/entry/vdso/vdso32/system_call.S.
 */
#pragma once

#define SYSCALL_INT            0x80
#define SYSCALL_PAGODA_FIRST   1024   /* below it the numbers are Linux's     */
