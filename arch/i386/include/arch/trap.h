// SPDX-License-Identifier: MIT
/*
 * trap.h - exceptions: what the CPU does when an instruction cannot go on
 *
 * WHAT     The registers of interrupted code. The table of fix-ups, for
 *          instructions that are allowed to fault. Hooks for tests.
 *
 * TERMS    vector   number of an exception or interrupt, 0..255
 *          fault    reported before the instruction: EIP points at it, and it
 *                   runs again on return
 *          trap     reported after it: EIP points behind it
 *          abort    the CPU does not know where it was; no return
 *          fix-up   the address where the CPU goes on after an allowed fault
 *                   (section ex_table)
 *
 * SEE      SDM volume 3, 6 "Interrupt and Exception Handling";
 *          arch/i386/cpu/vectors.h, the table of vectors.
 */
#pragma once

#include <arch/addr.h>

#include "lib/printf.h"

/*
 * What trap_entry.S leaves on the stack, lowest address first. user_esp and
 * user_ss are there only when the CPU came from ring 3.
 */
struct trap_regs {
	uint32_t cr2;                     /* meaningful for vector 14 only  */
	uint32_t edi, esi, ebp;
	uint32_t pusha_esp;               /* pushed by PUSHA; not used      */
	uint32_t ebx, edx, ecx, eax;
	uint32_t gs, fs, es, ds;          /* upper halves have any value    */
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

/* ESP of the interrupted code. In ring 0 the CPU does not push ESP. */
uint32_t trap_esp(const struct trap_regs *regs);

struct fault;

/* The page fault that these registers describe, for <arch/fault_words.h>. */
struct fault trap_page_fault(const struct trap_regs *regs);

/* Was it a page fault, or a double fault after a page fault? */
bool trap_is_page_fault(const struct trap_regs *regs);

/* Names: "page fault", "#PF". Behind the exceptions: "interrupt", "IRQ". */
const char *trap_name(unsigned vector);
const char *trap_mnemonic(unsigned vector);

/*
 * Load our descriptors (GDT, IDT, both TSS), remap and mask the interrupt
 * controller. From now on an exception prints a report; before, the machine
 * would reset.
 *
 * Context: early in the boot, also under the page tables of boot/.
 */
void traps_init(void);

/*
 * The double-fault task runs on the present page tables from now on. Called
 * after the final page tables have been loaded.
 */
void traps_use_current_cr3(void);

/*
 * The exception that leads to a panic now, or NULL. panic() prints its
 * registers. A test that has caught the panic calls trap_forgive().
 */
const struct trap_regs *trap_fatal(void);
void trap_forgive(void);

/* Print the registers, and the present control registers. */
void trap_dump(const struct trap_regs *regs, line_fn out);

/*
 * For tests: the hook gets a vector before all other code. The hook returns
 * true when it has handled the exception. It may change the registers of the
 * interrupted code. NULL removes the hook.
 */
typedef bool (*trap_hook_fn)(struct trap_regs *regs);
void trap_set_hook(unsigned vector, trap_hook_fn hook);

/* NULL, or what is wrong with the table of fix-ups. */
const char *trap_check(void);

/* ---- on the way back -------------------------------------------------- */

/*
 * Not 0: there is work before the interrupted code may go on. kernel/ sets and
 * clears its bits, with interrupts off. A bit is set when the running thread
 * must give the CPU away, must end, or has a signal. Each switch loads the word
 * of the next thread.
 *
 * The entry code reads it after each exception, interrupt and call. On the way
 * to ring 3, return_to_user_work() runs until it is 0. On the way from an
 * interrupt back into the kernel, sched_preempt_if_due() runs once, if the
 * interrupted code had interrupts on.
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
 * DEFINED ABOVE, in kernel/. User mode has touched `addr`, or the kernel has
 * done so for user mode (<arch/uaccess.h>). `addr` is below PAGE_OFFSET;
 * `error` has PF_*. For an access of the kernel, `regs` are the kernel's
 * registers, and PF_USER is clear.
 *
 * Context: the thread that made the access; interrupts on; may sleep.
 * Returns: true: the instruction runs again. false: for user mode,
 *          user_exception() follows; the kernel's copy returns -EFAULT.
 */
bool user_fault_handle(uaddr_t addr, uint32_t error, struct trap_regs *regs);

/*
 * DEFINED ABOVE, in kernel/. User mode caused an exception that no other code
 * has handled: regs->vector, regs->error, and regs->cr2 for a page fault.
 *
 * Context: interrupts on. It does not always return.
 */
void user_exception(struct trap_regs *regs);

/* Calls from trap_entry.S return here: the frame above is a trap's, not C's. */
extern const char trap_return_address[];
