// SPDX-License-Identifier: MIT
/*
 * trap.h - exceptions: what the CPU does when an instruction cannot go on
 *
 * WHAT     The registers of interrupted code, the table of fix-ups for
 *          instructions that are allowed to fault, and hooks for tests.
 *
 * TERMS    vector   number of an exception or interrupt, 0..255
 *          fault    reported before the instruction: EIP points at it, and it
 *                   runs again on return
 *          trap     reported after it: EIP points behind it
 *          abort    the place cannot be told exactly; no return
 *          fix-up   where an instruction that is allowed to fault goes on
 *                   instead (section ex_table)
 *
 * SEE      SDM volume 3, 6 "Interrupt and Exception Handling";
 *          arch/i386/cpu/vectors.h, the table of vectors.
 */
#pragma once

#include <arch/addr.h>

/*
 * What trap_entry.S leaves on the stack, lowest address first. user_esp and
 * user_ss are there only when the CPU came from ring 3.
 */
struct trap_regs {
	uint32_t cr2;                     /* meaningful for vector 14 only  */
	uint32_t edi, esi, ebp;
	uint32_t pusha_esp;               /* as PUSHA leaves it: of no use  */
	uint32_t ebx, edx, ecx, eax;
	uint32_t gs, fs, es, ds;          /* upper halves: anything at all  */
	uint32_t vector;
	uint32_t error;                   /* 0 where the vector has none    */
	uint32_t eip, cs, eflags;
	uint32_t user_esp, user_ss;
};

/* Bits of the error code of a page fault, vector 14. */
#define PF_PRESENT   0x01u   /* the entries were present: a rule was broken  */
#define PF_WRITE     0x02u
#define PF_USER      0x04u   /* in ring 3                                    */
#define PF_RESERVED  0x08u   /* a reserved bit was set in an entry           */
#define PF_FETCH     0x10u   /* instruction fetch (only with NX or SMEP)     */

static inline bool trap_from_user(const struct trap_regs *regs)
{
	return (regs->cs & 3) == 3;
}

/* ESP of the interrupted code: in ring 0 the CPU did not push it. */
uint32_t trap_esp(const struct trap_regs *regs);

struct fault;

/* The page fault that these registers tell of, for <arch/fault_words.h>. */
struct fault trap_page_fault(const struct trap_regs *regs);

/* Is a page fault what happened, or what led to the double fault? */
bool trap_is_page_fault(const struct trap_regs *regs);

/* "page fault" and "#PF"; "interrupt" and "IRQ" above the exceptions. */
const char *trap_name(unsigned vector);
const char *trap_mnemonic(unsigned vector);

/*
 * Load our descriptors (GDT, IDT, both TSS), remap and mask the interrupt
 * controller. From here on an exception ends in words and not in a reset.
 *
 * Context: first thing in the kernel, also under boot's page tables.
 */
void traps_init(void);

/*
 * Note the page tables in use as those that the double-fault task shall run
 * on. After the final page tables have been loaded.
 */
void traps_use_current_cr3(void);

/*
 * The exception of which the kernel is about to die, or NULL: panic() prints
 * its registers. trap_forgive() is for a panic that was caught.
 */
const struct trap_regs *trap_fatal(void);
void trap_forgive(void);

/* Print the registers, and the control registers as they are now. */
void trap_dump(const struct trap_regs *regs, void (*out)(const char *line));

/*
 * For tests: see a vector before anybody else does. The hook returns true
 * when it has dealt with the exception; it may change the registers, with
 * which the interrupted code goes on. NULL takes the hook away.
 */
typedef bool (*trap_hook_fn)(struct trap_regs *regs);
void trap_set_hook(unsigned vector, trap_hook_fn hook);

/* NULL, or what is wrong with the table of fix-ups. */
const char *trap_check(void);

/* ---- on the way back -------------------------------------------------- */

/*
 * Not 0: something is to be done before the CPU goes on with what was
 * interrupted. Set and cleared by kernel/, with interrupts off: to anything
 * when the running thread shall give way, shall end or has a signal; to what
 * holds for the next thread at each switch; to 0 when all is done.
 *
 * It is looked at after each exception, interrupt and call. On the way to
 * ring 3 return_to_user_work() runs until it is 0. On the way from an interrupt
 * back into the kernel sched_preempt_if_due() runs once, if the interrupted
 * code had interrupts on.
 */
extern uint32_t return_work;

/*
 * DEFINED ABOVE, in kernel/. The thread is about to go to ring 3 with these
 * registers. Context: interrupts on; may switch threads, and not return.
 */
void return_to_user_work(struct trap_regs *regs);

/* DEFINED ABOVE (kernel/sched/sched.h). Context: interrupts off. */
void sched_preempt_if_due(void);

/*
 * DEFINED ABOVE, in kernel/. User mode, or the kernel for it in <arch/
 * uaccess.h>, touched `addr`, which is below PAGE_OFFSET; `error` has PF_*.
 * When the kernel did it, `regs` are the kernel's and PF_USER is clear.
 *
 * Context: the thread that did it; interrupts on; may sleep.
 * Returns: true: the instruction runs again. false: for user mode,
 *          user_exception() follows; for the kernel, -EFAULT.
 */
bool user_fault_handle(uint32_t addr, uint32_t error, struct trap_regs *regs);

/*
 * DEFINED ABOVE, in kernel/. User mode caused an exception that nobody else
 * has dealt with: regs->vector, regs->error, and regs->cr2 for a page fault.
 *
 * Context: interrupts on. Need not return.
 */
void user_exception(struct trap_regs *regs);

/* Return address of calls out of trap_entry.S: a frame of traps, not of C. */
extern const char trap_return_address[];
