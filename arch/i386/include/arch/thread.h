// SPDX-License-Identifier: MIT
/*
 * thread.h - the part of a thread that depends on the machine
 *
 * WHAT     The saved stack pointer, the FPU and SSE registers, and the TLS
 *          descriptors. The switch between two threads. The way to user mode.
 * SEE      SDM volume 3, 7.2 and 13.4; Linux arch/x86/kernel/process_32.c.
 */
#pragma once

#include <arch/trap.h>

#define TLS_ENTRIES    3
#define TLS_ENTRY_MIN  6   /* GDT index of the first, as on Linux i386: 0x33  */

struct arch_thread {
	uint32_t  esp;               /* where its switch frame lies           */
	void     *fpu;               /* 512 bytes, FXSAVE; NULL: never used   */
	uint64_t  tls[TLS_ENTRIES];  /* descriptors for the GDT               */
};

/*
 * Prepare a stack on which the first switch begins fn(arg), interrupts off. fn
 * does not return. Fills all of *thread: no FPU state, no TLS.
 */
void arch_thread_init(struct arch_thread *thread, kva_t stack_top,
		      void (*fn)(void *arg), void *arg);

/*
 * Switch from `prev` to `next`. Interrupts are off. The call returns when
 * another switch leads back to `prev`.
 */
void arch_thread_switch(struct arch_thread *prev, struct arch_thread *next);

/*
 * Called with each switch. Sets ESP0 of the TSS and of SYSENTER, the TLS
 * descriptors, and the thread whose FPU state the next FPU instruction gets.
 * Interrupts are off. The thread that was active before must not have been
 * released.
 */
void arch_thread_activate(struct arch_thread *thread, kva_t stack_top);

/* Free the thread's FPU area. Not for the active thread. */
void arch_thread_release(struct arch_thread *thread);

/* Copy FPU state and TLS, for fork. Returns: 0 or -ENOMEM. */
int arch_thread_fork(struct arch_thread *child, struct arch_thread *parent)
	__must_check;

/*
 * Go to user mode with these registers. They lie at the top of the stack, at
 * stack_top - sizeof(struct trap_regs). If return_work is not 0,
 * return_to_user_work() runs first.
 */
void arch_enter_user(struct trap_regs *regs) __noreturn;

/* Registers of a program at its start: all 0, flags 0x202, user segments. */
void arch_user_regs_init(struct trap_regs *regs, uaddr_t eip, uaddr_t esp);

/*
 * Registers that come from outside (a signal frame, a debugger) may be wrong.
 * Make them safe for user mode: user segments, interrupts on, and only flags
 * that ring 3 may set.
 */
void arch_user_regs_sanitize(struct trap_regs *regs);

/*
 * Set a TLS descriptor as set_thread_area() describes it. `base` may be any
 * number, for an address in a segment wraps round.
 * Returns: the entry used (user_desc.entry_number -1: the first free one);
 *          -EINVAL, -ESRCH.
 */
int arch_set_tls(struct arch_thread *thread, int entry, uint32_t base,
		 uint32_t limit, uint32_t flags);

/*
 * Set the I/O ports that ring 3 may use: a bitmap of 65536 bits, 1 means
 * allowed; NULL means none. Called at each switch between tasks. The bitmap is
 * not copied again if it was copied last. So code that changes or frees it must
 * report this with the second function.
 */
void arch_set_io_ports(const uint8_t *bitmap);
void arch_io_ports_changed(const uint8_t *bitmap);

/*
 * Check what the CPU was told about the running thread. Interrupts are off.
 * Returns: NULL, or the broken invariant.
 */
const char *arch_thread_check(void);

/* Once at boot, after cpu_enable_features(): FPU, SSE, SYSENTER, user copy. */
void arch_user_init(void);
