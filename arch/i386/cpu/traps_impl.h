// SPDX-License-Identifier: MIT
/*
 * traps_impl.h - what the files about traps, calls and threads share
 */
#pragma once

#include <arch/syscall.h>
#include <arch/thread.h>

/* Called by trap_entry.S and by syscall_entry.S. */
void trap_dispatch(struct trap_regs *regs);
void double_fault_handle(void) __noreturn;
void sysenter_no_words(struct trap_regs *regs);

/*
 * Tell the task about an exception of ring 3; do not try to resolve it.
 * Context: interrupts off at entry, on at return.
 */
void trap_unresolved(struct trap_regs *regs);

/* The panic that follows is about this exception. */
extern const struct trap_regs *trap_fatal_regs;

/* syscall_entry.S. From sysenter_clean on, EFLAGS are the kernel's. */
extern const char syscall_entry[], sysenter_entry[], sysenter_clean[];
extern syscall_fn syscall_handler;

/* Has the CPU SYSENTER? Then it has an MSR for the top of the stack. */
extern bool sysenter_on;

/* usercopy.S: the instructions that may touch user memory. */
extern const char usercopy_start[], usercopy_end[];

/* The thread that arch_thread_activate() named last. */
extern struct arch_thread *active_thread;

/* Called once, at boot, after cpu_detect(). */
void fpu_init(void);

/*
 * The active thread has executed an FPU instruction, but the registers belong
 * to another thread. Load those of the active thread. Interrupts are on.
 * Returns: false: no memory, or no FPU.
 */
bool fpu_load(void);

/* Called after each switch: decides whether the next FPU instruction traps. */
void fpu_switch(struct arch_thread *thread);
int  fpu_fork(struct arch_thread *child, struct arch_thread *parent);

/* For arch_thread_check(). */
const char *fpu_check(void);
const char *io_ports_check(void);
