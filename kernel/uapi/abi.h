// SPDX-License-Identifier: MIT
/*
 * abi.h - how user mode calls the kernel: registers and instructions
 *
 * WHAT     Two ways in. `int $0x80` is Linux's and works for all calls.
 *          SYSENTER works for our own calls (1024 and above), on CPUs that have
 *          it (CPUID leaf 1, EDX bit 11). It takes fewer cycles, but not fewer
 *          instructions.
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
 *          The kernel comes back to that address. Then ESP is what EBP was, and
 *          EBP is argument 6. One stub is enough for all calls:
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
 *          CF clear: ECX and EDX are what `int $0x80` gives. CF set: they are
 *          lost; `int $0x80` would not have changed them.
 *
 * RULES
 *          after SYSENTER the other arithmetic flags are lost, and DF, TF, AC
 *          and NT are clear: a debugger that single-steps puts INT3 behind the
 *          call. If the two words at EBP cannot be read, no call is made: the
 *          thread gets the page fault of a read at that address.
 * SEE      Linux arch/x86/entry/vdso/vdso32/system_call.S.
 */
#pragma once

#define SYSCALL_INT            0x80
#define SYSCALL_PAGODA_FIRST   1024   /* below it the numbers are Linux's     */
