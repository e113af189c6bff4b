// SPDX-License-Identifier: MIT
/*
 * thread.c - the part of a thread that depends on the machine
 *
 * WHAT     Makes the first frame of a new stack. Tells the CPU about the new
 *          thread at each switch. Decides which registers user mode may have.
 *
 * PICTURE  a kernel stack, `top` at the right:
 *
 *            guard | ...  frames of the kernel  | struct trap_regs | top
 *                                               ^ of ring 3        ^ ESP0
 *
 *          When the CPU comes from ring 3, it pushes the last five of the
 *          registers; the entry code pushes the others. So the registers of
 *          ring 3 always lie at this place.
 *
 * RULES of arch_thread
 *          A1  active_thread is the thread whose ESP0, TLS and FPU trap are set
 *          A2  user mode has USER_CS and USER_DS for its stack, interrupts on,
 *              IOPL 0, neither VM nor NT
 *
 * LOCKING  Interrupts off while the CPU is told about a thread.
 * NOT HERE the switch itself (switch.S), FPU (fpu.c), TLS (tls.c), which
 *          thread runs next (kernel/sched/).
 * SEE      Linux arch/x86/kernel/process_32.c.
 */
#include <arch/cpu.h>
#include <arch/irqflags.h>
#include <arch/kva.h>
#include <arch/msr.h>
#include <arch/thread.h>

#include "arch/i386/cpu/segments.h"
#include "arch/i386/cpu/traps_impl.h"
#include "lib/string.h"

/* The registers that arch_thread_switch() takes from a stack. */
struct switch_frame {
	uint32_t edi, esi, ebx, ebp, eip;
};

/* EFLAGS that ring 3 owns: CF PF AF ZF SF TF DF OF RF AC. */
#define EFLAGS_USER   0x00050dd5u
#define EFLAGS_FIXED  0x00000202u   /* bit 1, and IF */

_Static_assert(offsetof(struct arch_thread, esp) == 0, "switch.S");

extern const char arch_thread_begin[];   /* switch.S */

struct arch_thread *active_thread;

/* usercopy.S: SMAP is on, so user memory must be opened. */
bool smap_on;

void arch_thread_init(struct arch_thread *thread, kva_t stack_top,
		      void (*fn)(void *arg), void *arg)
{
	kva_t esp = stack_top - sizeof(struct trap_regs) -
		    sizeof(struct switch_frame);

	*thread = (struct arch_thread){ .esp = esp };
	*(struct switch_frame *)kva_to_ptr(esp) = (struct switch_frame){
		.edi = ptr_to_kva((void *)fn),
		.esi = ptr_to_kva(arg),
		.eip = ptr_to_kva(arch_thread_begin),
	};
}

void arch_thread_activate(struct arch_thread *thread, kva_t stack_top)
{
	active_thread = thread;
	main_tss.cpu.esp0 = stack_top;
	if (sysenter_on)
		write_msr(MSR_SYSENTER_ESP, stack_top);
	gdt_load_tls(thread->tls);
	/* FS and GS of the other thread are saved on its stack. */
	__asm__ volatile("mov %0, %%fs; mov %0, %%gs" : : "r"(0));
	fpu_switch(thread);
}

int arch_thread_fork(struct arch_thread *child, struct arch_thread *parent)
{
	memcpy(child->tls, parent->tls, sizeof(child->tls));
	return fpu_fork(child, parent);
}

void arch_user_regs_init(struct trap_regs *regs, uaddr_t eip, uaddr_t esp)
{
	*regs = (struct trap_regs){
		.es = USER_DS, .ds = USER_DS,
		.eip = eip.v, .cs = USER_CS, .eflags = EFLAGS_FIXED,
		.user_esp = esp.v, .user_ss = USER_DS,
	};
}

/* A selector of ring 3, or null. */
static uint32_t user_selector(uint32_t selector)
{
	selector &= 0xffff;
	return selector > 3 ? selector | 3 : 0;
}

void arch_user_regs_sanitize(struct trap_regs *regs)
{
	regs->cs = USER_CS;
	regs->user_ss = USER_DS;
	regs->ds = user_selector(regs->ds);
	regs->es = user_selector(regs->es);
	regs->fs = user_selector(regs->fs);
	regs->gs = user_selector(regs->gs);
	regs->eflags = (regs->eflags & EFLAGS_USER) | EFLAGS_FIXED;
}

void arch_user_init(void)
{
	smap_on = cpu_has(CPU_SMAP);
	fpu_init();
	syscall_init();
}

const char *arch_thread_check(void)
{
	const char *law = fpu_check();

	return law ? law : io_ports_check();
}
