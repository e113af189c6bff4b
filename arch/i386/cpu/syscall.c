// SPDX-License-Identifier: MIT
/*
 * syscall.c - what of system calls is C
 *
 * WHAT     Switches SYSENTER on, and lets a test take the calls.
 * SEE      syscall_entry.S, which has the entries and the theory.
 */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/kva.h>
#include <arch/msr.h>
#include <arch/syscall.h>
#include <arch/uaccess.h>

#include "arch/i386/cpu/segments.h"
#include "arch/i386/cpu/syscall_impl.h"
#include "arch/i386/cpu/traps_impl.h"
#include "arch/i386/cpu/vectors.h"
#include "lib/errno.h"

/* entry.h's numbers are those of C. */
#define REGS_AT(offset, member) \
	_Static_assert((offset) == offsetof(struct trap_regs, member), \
		       "struct trap_regs as assembly sees it")

REGS_AT(12, ebp);
REGS_AT(24, edx);
REGS_AT(28, ecx);
REGS_AT(60, eip);
REGS_AT(68, eflags);
REGS_AT(72, user_esp);
_Static_assert(sizeof(struct trap_regs) == 80, "REGS_SIZE");
_Static_assert(PAGE_OFFSET == 0xc0000000, "USER_TOP");
_Static_assert(VECTOR_SYSCALL == 0x80 && VECTOR_SYSENTER == 0x81,
	       "syscall_entry.S");

/* Where both entries go. */
syscall_fn syscall_handler = syscall_dispatch;

bool sysenter_on;

void syscall_set_hook(syscall_fn fn)
{
	syscall_handler = fn ? fn : syscall_dispatch;
}

/*
 * The two words of a SYSENTER could not be read. Where ring 3 wanted to go on
 * is the first of them: if that one can be had after all, the call has failed
 * with -EFAULT, and EBP stays as it was. Else it is ring 3's page fault: EIP is
 * 0, and as nothing may go on there, the fault is not resolved once more.
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
