// SPDX-License-Identifier: MIT
/*
 * traps.c - handle exceptions
 *
 * WHAT     An exception of ring 3 is a matter of its thread: kernel/ handles
 *          it. An exception of the kernel is a bug: it ends in a panic, which
 *          says what happened. There are two cases without a panic: the
 *          instruction is allowed to fault, or a test waits for the exception.
 *
 * PICTURE    trap_entry.S --> trap_dispatch() --> a test's hook: go on
 *              IRQ ------------> irq_dispatch()
 *              from ring 3 ----> page fault: user_fault_handle(): go on
 *                                #NM: fpu_load(): go on
 *                                user_exception()
 *              from the kernel > user copy: user_fault_handle(): go on
 *                                fix-up: go on there
 *                                panic()
 *            on the way back --> return_to_user_work(), or preemption
 *
 * TERMS    return_work  see <arch/trap.h>
 *
 * INVARIANTS of traps (trap_check() restates it)
 *          X1  an entry of ex_table names an instruction in the kernel's text,
 *              and a place there to go on
 * RULES of traps
 *          X2  a fault of the kernel at a user address outside usercopy.S is
 *              never resolved
 *          X3  an exception of ring 3 never panics. An NMI and a machine check
 *              panic: no program has caused them
 *
 * LOCKING  None: interrupts are off in a handler. They are turned on for
 *          user_fault_handle() and user_exception(), which may sleep.
 * NOT HERE the double fault, which is a task (double_fault.c); the words for a
 *          page fault (arch/i386/mm/fault_words.c); what a panic prints
 *          (kernel/diag/panic.c).
 * SEE      SDM volume 3, 6.15 "Exception and interrupt reference".
 */
#include <arch/fault_words.h>
#include <arch/irq.h>
#include <arch/irqflags.h>
#include <arch/kva.h>
#include <arch/pic.h>
#include <arch/sections.h>
#include <arch/stack.h>
#include <arch/trap.h>

#include "arch/i386/cpu/segments.h"
#include "arch/i386/cpu/traps_impl.h"
#include "arch/i386/cpu/vectors.h"
#include "lib/printf.h"

#define EFLAGS_TF     0x100u

/* Error code SELECTOR: bits 3..15 are the selector, below them where it is. */
#define SELECTOR_IDT  2u   /* a gate in the IDT                              */
#define SELECTOR_LDT  4u   /* in the LDT and not in the GDT                  */

enum error_kind { NONE, CODE, SELECTOR, PAGE };

struct vector_row {
	const char     *mnemonic;
	const char     *name;
	enum error_kind error;
};

static const struct vector_row rows[NR_EXCEPTIONS] = {
#define V(nr, mnemonic, name, kind, error) [nr] = { mnemonic, name, error },
	TRAP_VECTORS(V)
#undef V
};

struct fixup {
	kva_t insn, fixup;
};

/* The section ex_table, between two symbols of the linker. */
extern const struct fixup __start_ex_table[], __stop_ex_table[];

static trap_hook_fn hooks[NR_VECTORS];

const struct trap_regs *trap_fatal_regs;
uint32_t return_work;

static bool in_text(kva_t va)
{
	return va >= ptr_to_kva(text_start) && va < ptr_to_kva(text_end);
}

/* Where to go on if the instruction at `insn` faults. 0: it must not fault. */
static kva_t find_fixup(kva_t insn)
{
	const struct fixup *f;

	for (f = __start_ex_table; f < __stop_ex_table; f++) {
		if (f->insn == insn)
			return f->fixup;
	}
	return 0;
}

/* If the fault is allowed, go on at the fix-up. */
static bool fix_up(struct trap_regs *regs)
{
	const uint32_t *stack = kva_to_ptr(trap_esp(regs));
	kva_t fixup = find_fixup(regs->eip);

	/*
	 * When a fetch faults, EIP is the bad address, which is in no table.
	 * But the call to this address has pushed its return address last.
	 */
	if (!fixup && regs->vector == VECTOR_PF && regs->eip == regs->cr2)
		fixup = find_fixup(*stack);
	if (!fixup)
		return false;
	regs->eip = fixup;
	return true;
}

static void explain_page_fault(const struct trap_regs *regs, char *buf,
			       size_t size)
{
	const struct fault fault = trap_page_fault(regs);
	const char *access = "read of";

	/* Without NX no bit tells a fetch, but its address is EIP. */
	if (fault.va == fault.ip)
		access = "execution of";
	else if (fault.error & PF_WRITE)
		access = "write to";
	scnprintf(buf, size, ": %s 0x%08x: %s", access, fault.va,
		  fault_explain(&fault, NULL));
}

/* The meaning of the error code, in words; "" if it has none. */
static void explain_error(const struct trap_regs *regs, char *buf, size_t size)
{
	uint32_t error = regs->error;

	buf[0] = '\0';
	switch (rows[regs->vector].error) {
	case PAGE:
		explain_page_fault(regs, buf, size);
		break;
	case SELECTOR:
		if (error & SELECTOR_IDT)
			scnprintf(buf, size, ": vector %u of the IDT",
				  error >> 3);
		else if (error)
			scnprintf(buf, size, ": selector 0x%x of the %s",
				  error & ~7u,
				  error & SELECTOR_LDT ? "LDT" : "GDT");
		break;
	case NONE:
	case CODE:
		break;
	}
}

static __noreturn void die(const struct trap_regs *regs)
{
	char why[160];

	trap_fatal_regs = regs;
	explain_error(regs, why, sizeof(why));
	panic("%s (%s) at %pS%s", trap_name(regs->vector),
	      trap_mnemonic(regs->vector), kva_to_ptr(regs->eip), why);
}

/* ---- one function for each origin --------------------------------------- */

static bool is_in_usercopy(kva_t eip)
{
	return eip >= ptr_to_kva(usercopy_start) &&
	       eip < ptr_to_kva(usercopy_end);
}

/* X2. Interrupts are as the copy had them while the fault is resolved. */
static bool resolve_user_copy(struct trap_regs *regs)
{
	bool resolved;

	if (regs->eflags & EFLAGS_IF)
		irq_enable();
	resolved = user_fault_handle(UADDR(regs->cr2), regs->error, regs);
	irq_disable();
	return resolved;
}

/* SYSENTER does not clear TF: a single step of ring 3 goes on in the kernel. */
static bool is_step_into_sysenter(const struct trap_regs *regs)
{
	return regs->vector == VECTOR_DB && regs->eflags & EFLAGS_TF &&
	       regs->eip >= ptr_to_kva(sysenter_entry) &&
	       regs->eip <= ptr_to_kva(sysenter_clean);
}

static void kernel_exception(struct trap_regs *regs)
{
	if (is_in_usercopy(regs->eip)) {
		if (regs->vector != VECTOR_PF || regs->cr2 >= PAGE_OFFSET)
			die(regs);   /* no fault of the user's side */
		if (resolve_user_copy(regs))
			return;
	} else if (is_step_into_sysenter(regs)) {
		regs->eflags &= ~EFLAGS_TF;
		return;
	}
	if (!fix_up(regs))
		die(regs);
}

static void ring3_exception(struct trap_regs *regs)
{
	bool resolved = false;

	if (regs->vector == VECTOR_NMI || regs->vector == VECTOR_MC)
		die(regs);
	irq_enable();
	if (regs->vector == VECTOR_PF)
		resolved = regs->cr2 < PAGE_OFFSET &&
			   user_fault_handle(UADDR(regs->cr2), regs->error,
					     regs);
	else if (regs->vector == VECTOR_NM)
		resolved = fpu_load();
	if (!resolved)
		user_exception(regs);
	irq_disable();
}

/* ---- the way back -------------------------------------------------------- */

static void before_return(struct trap_regs *regs)
{
	if (!trap_from_user(regs)) {
		if (regs->vector >= NR_EXCEPTIONS && regs->eflags & EFLAGS_IF)
			sched_preempt_if_due();
		return;
	}
	while (return_work) {
		irq_enable();
		return_to_user_work(regs);
		irq_disable();
	}
}

/* Called by trap_entry.S, interrupts off. */
void trap_dispatch(struct trap_regs *regs)
{
	trap_hook_fn hook = hooks[regs->vector];

	if (hook && hook(regs))
		return;
	if (regs->vector >= NR_EXCEPTIONS)
		irq_dispatch(regs->vector - IRQ_VECTOR_BASE);
	else if (trap_from_user(regs))
		ring3_exception(regs);
	else
		kernel_exception(regs);
	if (unlikely(return_work))
		before_return(regs);
}

void trap_unresolved(struct trap_regs *regs)
{
	trap_hook_fn hook = hooks[regs->vector];

	if (hook && hook(regs))
		return;
	irq_enable();
	user_exception(regs);
}

uint32_t trap_esp(const struct trap_regs *regs)
{
	/*
	 * From ring 3 the CPU pushes ESP. From ring 0 it does not: the stack of
	 * the interrupted code continues right behind EFLAGS. The double-fault
	 * task fills the field in.
	 */
	if (trap_from_user(regs) || regs->vector == VECTOR_DF)
		return regs->user_esp;
	return ptr_to_kva(&regs->user_esp);
}

bool trap_is_page_fault(const struct trap_regs *regs)
{
	return regs->vector == VECTOR_PF ||
	       (regs->vector == VECTOR_DF && stack_find_guard(regs->cr2));
}

struct fault trap_page_fault(const struct trap_regs *regs)
{
	return (struct fault){
		.va = regs->cr2,
		/* A double fault has no such bits, but a push has failed. */
		.error = regs->vector == VECTOR_DF ? PF_WRITE : regs->error,
		.ip = regs->eip,
	};
}

const char *trap_name(unsigned vector)
{
	return vector < NR_EXCEPTIONS ? rows[vector].name : "interrupt";
}

const char *trap_mnemonic(unsigned vector)
{
	return vector < NR_EXCEPTIONS ? rows[vector].mnemonic : "IRQ";
}

void traps_init(void)
{
	gdt_init();
	stack_init();
	double_fault_init(ptr_to_kva(&double_fault_stack + 1));
	idt_init();
	pic_init();
}

const struct trap_regs *trap_fatal(void)
{
	return trap_fatal_regs;
}

void trap_forgive(void)
{
	trap_fatal_regs = NULL;
}

void trap_set_hook(unsigned vector, trap_hook_fn hook)
{
	assert(vector < NR_VECTORS);
	hooks[vector] = hook;
}

const char *trap_check(void)
{
	const struct fixup *f;

	for (f = __start_ex_table; f < __stop_ex_table; f++)
		HOLDS(in_text(f->insn) && in_text(f->fixup),
		      "traps X1: a fix-up leads from kernel text to kernel text");
	return NULL;
}
