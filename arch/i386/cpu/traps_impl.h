// SPDX-License-Identifier: MIT
/*
 * traps_impl.h - what the files about traps and calls share with the assembly
 */
#pragma once

#include <arch/thread.h>
#include <arch/trap.h>

/* Called by trap_entry.S. */
void trap_dispatch(struct trap_regs *regs);

/*
 * An exception of ring 3 that is not to be resolved (once more): the task is
 * told. Context: interrupts off; they are on afterwards.
 */
void trap_unresolved(struct trap_regs *regs);
void double_fault_handle(void) __noreturn;

/* The panic that follows is about this exception. */
void trap_set_fatal(const struct trap_regs *regs);

/* syscall_entry.S: from where on SYSENTER's first flags are gone. */
extern const char syscall_entry[], sysenter_entry[], sysenter_clean[];

/* usercopy.S: the instructions that may touch user memory. */
extern const char usercopy_start[], usercopy_end[];

/* The thread that arch_thread_activate() named last. */
extern struct arch_thread *active_thread;

/* fpu.c: at boot, after cpu_detect(). */
void fpu_init(void);

/*
 * The active thread executed an FPU instruction while another's registers are
 * loaded: load its own. Interrupts on. Returns: false: no memory, or no FPU.
 */
bool fpu_load(void);

/* After each switch: let the next FPU instruction trap, or not. */
void fpu_switch(struct arch_thread *thread);
void fpu_release(struct arch_thread *thread);
int  fpu_fork(struct arch_thread *child, struct arch_thread *parent);

/* For arch_thread_check(). */
const char *fpu_check(void);
const char *io_ports_check(void);
