// SPDX-License-Identifier: MIT
/*
 * syscall.c - the part of system calls that is written in C
 *
 * WHAT     Switches SYSENTER on, and lets a test take the calls.
 * SEE      syscall_entry.S for the entries and the theory.
 */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/kva.h>
#include <arch/msr.h>
#include <arch/syscall.h>
#include <arch/uaccess.h>

#include "arch/i386/cpu/entry.h"
#include "arch/i386/cpu/traps_impl.h"
#include "arch/i386/cpu/vectors.h"
#include "lib/errno.h"

/* The numbers of entry.h are right. */
#define REGS_AT(offset, member) \
	_Static_assert((offset) == offsetof(struct trap_regs, member), \
		       "struct trap_regs as assembly sees it")

REGS_AT(REGS_EBP, ebp);
REGS_AT(REGS_EDX, edx);
REGS_AT(REGS_ECX, ecx);
REGS_AT(REGS_EIP, eip);
REGS_AT(REGS_EFLAGS, eflags);
REGS_AT(REGS_USER_ESP, user_esp);
_Static_assert(sizeof(struct trap_regs) == REGS_USER_ESP + 8, "and the end");
_Static_assert(PAGE_OFFSET == USER_TOP, "the kernel's quarter");
_Static_assert(VECTOR_SYSCALL == 0x80 && VECTOR_SYSENTER == 0x81,
	       "syscall_entry.S");

/* Both entries call this function. */
syscall_fn syscall_handler = syscall_dispatch;

bool sysenter_on;

void syscall_set_hook(syscall_fn fn)
{
	syscall_handler = fn ? fn : syscall_dispatch;
}

/*
 * The two words of a SYSENTER could not be read. The first word is the address
 * where ring 3 wants to go on. If this word can be read now, the call fails
 * with -EFAULT, and EBP stays as it was. If not, ring 3 gets a page fault with
 * EIP 0. This fault must not be resolved: ring 3 cannot go on at 0.
 */
void sysenter_no_words(struct trap_regs *regs)
{
	if (!get_user32(&regs->eip, UADDR(regs->ebp))) {
		regs->eax = (uint32_t)-EFAULT;
		return;
	}
	regs->vector = VECTOR_PF;
	regs->error = PF_USER;
	if (regs->cr2 >= PAGE_OFFSET)
		regs->error |= PF_PRESENT;
	irq_disable();
	trap_unresolved(regs);
}

void syscall_init(void)
{
	sysenter_on = cpu_has(CPU_SEP);
	if (!sysenter_on)
		return;
	write_msr(MSR_SYSENTER_CS, KERNEL_CS);
	write_msr(MSR_SYSENTER_EIP, ptr_to_kva(sysenter_entry));
}
