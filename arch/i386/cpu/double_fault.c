// SPDX-License-Identifier: MIT
/*
 * double_fault.c - when there is no stack left to report on
 *
 * WHAT     An exception pushes registers onto the kernel's stack. If ESP has
 *          reached the guard page, this push faults too, and the CPU raises a
 *          double fault. The push of the double fault would fault again, and
 *          the machine would reset. So the double fault uses a task gate: the
 *          CPU stores all registers in the main task's TSS, and loads the
 *          registers of another task. This task has its own stack, and can
 *          print what happened.
 *
 * PICTURE    recursion --push--> guard page --#PF--> push --> guard page
 *                                                     |
 *            double_fault_tss <----- task gate <-----#DF
 *              ESP: own stack
 *              EIP: double_fault_entry   main_tss: the interrupted registers
 *
 * RULES of double_fault
 *          D1  the CPU writes nothing but the link into double_fault_tss: so it
 *              is ready for the next double fault. A task switch would write
 *              there, so the handler calls gdt_become_main_task() to leave
 *          D2  its CR3 names page tables that exist: a task switch loads CR3
 *              from the TSS, and does not store the old CR3
 *
 * SEE      SDM volume 3, 6.15 "Interrupt 8", 7.3 "Task switching".
 */
#include <arch/cr.h>
#include <arch/kva.h>
#include <arch/stack.h>
#include <arch/upgtable.h>

#include "arch/i386/cpu/segments.h"
#include "arch/i386/cpu/traps_impl.h"
#include "arch/i386/cpu/vectors.h"
#include "lib/printf.h"

#define EFLAGS_RESERVED_1  2u   /* bit 1 is always 1; interrupts off         */

struct tss double_fault_tss;

/* The registers of the interrupted code, in the usual form. */
static struct trap_regs interrupted;

extern const char double_fault_entry[];   /* trap_entry.S */

static __noreturn void die(const struct trap_regs *regs)
{
	/* The push goes below ESP, so look for ESP - 4. */
	kva_t pushed = regs->user_esp - sizeof(uint32_t);
	const struct kernel_stack *stack = stack_find_guard(pushed);
	const void *eip = kva_to_ptr(regs->eip);

	/* ESP may be elsewhere: then the address of the fault counts. */
	if (!stack)
		stack = stack_find_guard(regs->cr2);
	if (stack)
		panic("kernel stack overflow at %pS: "
		      "0x%08x is in the guard page of the %s, ESP 0x%08x",
		      eip, regs->cr2, stack->name, regs->user_esp);
	panic("double fault (#DF) at %pS: "
	      "an exception while delivering another; ESP 0x%08x, CR2 0x%08x",
	      eip, regs->user_esp, regs->cr2);
}

/* Called by trap_entry.S, on the double-fault stack. */
void double_fault_handle(void)
{
	const struct tss *tss = &main_tss.cpu;

	gdt_become_main_task();
	/* The task switch has loaded the kernel's own tables. */
	upt_switch(NULL);
	interrupted = (struct trap_regs){
		.cr2 = read_cr2(),
		.edi = tss->edi, .esi = tss->esi, .ebp = tss->ebp,
		.ebx = tss->ebx, .edx = tss->edx, .ecx = tss->ecx,
		.eax = tss->eax,
		.gs = tss->gs, .fs = tss->fs, .es = tss->es, .ds = tss->ds,
		.vector = VECTOR_DF,
		.eip = tss->eip, .cs = tss->cs, .eflags = tss->eflags,
		.user_esp = tss->esp, .user_ss = tss->ss,
	};
	trap_fatal_regs = &interrupted;
	die(&interrupted);
}

void double_fault_init(kva_t stack_top)
{
	double_fault_tss = (struct tss){
		.cr3 = read_cr3(),
		.eip = ptr_to_kva(double_fault_entry),
		.eflags = EFLAGS_RESERVED_1,
		.esp = stack_top,
		.cs = KERNEL_CS,
		.ss = KERNEL_DS, .ds = KERNEL_DS, .es = KERNEL_DS,
		.fs = KERNEL_DS, .gs = KERNEL_DS,
		.iomap_base = sizeof(struct tss),
	};
}

void traps_use_current_cr3(void)
{
	double_fault_tss.cr3 = read_cr3();
}
