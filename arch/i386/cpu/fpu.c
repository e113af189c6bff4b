// SPDX-License-Identifier: MIT
/*
 * fpu.c - each thread has its own registers of the FPU and of SSE
 *
 * WHAT     Ring 3 may use x87, MMX and SSE; the kernel uses none of them. The
 *          registers of a thread are saved when another thread wants to use
 *          the FPU.
 *
 * PICTURE    fpu_owner --> thread A: its registers are in the CPU
 *            active    --> thread B: CR0.TS is set
 *
 *            B: fadd --> #NM --> fpu_load(): A's registers to A->fpu, B's from
 *                                B->fpu; owner = B; TS clear; fadd again
 *
 * TERMS    owner    the thread whose registers the CPU holds, or NULL
 *          TS       CR0.TS: the next FPU or SSE instruction raises #NM
 *          area     512 bytes, 16-byte aligned, as FXSAVE writes them; without
 *                   FXSAVE (Pentium Pro) FNSAVE's 108 bytes
 *
 * INVARIANTS of fpu (arch_thread_check() restates them)
 *          F1  TS is clear only while the active thread is the owner
 *          F2  the owner has an area: a thread without one has never used the
 *              FPU
 *
 * ALGORITHM  A switch to a thread that does not use the FPU only sets TS. The
 *          first use of the FPU allocates the area and loads fresh registers,
 *          so a thread never sees the registers of another thread.
 *
 * LOCKING  Interrupts off for owner, TS and the registers. With more than one
 *          CPU, a thread's registers must be saved before the thread moves.
 * SEE      SDM volume 3, 13.4, "Designing OS facilities ..."; volume 1, 10.5.
 */
#include <arch/cpu.h>
#include <arch/cr.h>
#include <arch/irqflags.h>

#include "arch/i386/cpu/traps_impl.h"
#include "lib/errno.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

#define CR0_MP           0x00000002u  /* WAIT looks at TS too                */
#define CR0_EM           0x00000004u  /* there is no FPU                     */
#define CR0_TS           0x00000008u
#define CR0_NE           0x00000020u  /* errors are #MF, not IRQ 13          */
#define CR4_OSFXSR       0x00000200u  /* SSE may be used                     */
#define CR4_OSXMMEXCPT   0x00000400u  /* its errors are #XM, not #UD         */

#define AREA_SIZE        512
#define MXCSR_DEFAULT    0x1f80u      /* all errors masked                   */

static struct kmem_cache *areas;
static struct arch_thread *owner;
static bool has_fpu, has_fxsr;

/* The registers at the start of a program. */
static uint8_t fresh[AREA_SIZE] __aligned(16);

static void save(void *area)
{
	if (has_fxsr)
		__asm__ volatile("fxsave (%0)" : : "r"(area) : "memory");
	else   /* also empties the registers */
		__asm__ volatile("fnsave (%0)" : : "r"(area) : "memory");
}

static void load(const void *area)
{
	/*
	 * The old registers are saved, or their thread has ended. It may have
	 * left an error pending, which FRSTOR would raise here.
	 */
	__asm__ volatile("fnclex");
	if (has_fxsr)
		__asm__ volatile("fxrstor (%0)" : : "r"(area) : "memory");
	else
		__asm__ volatile("frstor (%0)" : : "r"(area) : "memory");
}

static void trap_next(bool on)
{
	uint32_t cr0 = read_cr0();

	if (on != !!(cr0 & CR0_TS))
		write_cr0(cr0 ^ CR0_TS);
}

void fpu_init(void)
{
	uint32_t mxcsr = MXCSR_DEFAULT;

	has_fpu = cpu_has(CPU_FPU);
	has_fxsr = cpu_has(CPU_FXSR);
	if (!has_fpu) {
		write_cr0(read_cr0() | CR0_EM);
		return;
	}
	write_cr0((read_cr0() | CR0_MP | CR0_NE) & ~CR0_EM);
	if (has_fxsr && cpu_has(CPU_SSE))
		write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
	trap_next(false);
	__asm__ volatile("fninit");
	if (cpu_has(CPU_SSE))
		__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
	save(fresh);
	/* FNINIT does not clear ST and XMM. */
	if (has_fxsr)
		memset(fresh + 32, 0, AREA_SIZE - 32);
	trap_next(true);
}

/* Not called at boot, because there are no slabs yet. */
static void *area_alloc(void)
{
	if (!areas)
		areas = kmem_cache_create("fpu", AREA_SIZE, 16, SLAB_PANIC,
					  NULL);
	return kmem_cache_alloc(areas, GFP_KERNEL);
}

bool fpu_load(void)
{
	if (!has_fpu)
		return false;
	if (!active_thread->fpu) {
		void *area = area_alloc();

		if (!area)
			return false;
		memcpy(area, fresh, AREA_SIZE);
		active_thread->fpu = area;
	}
	irq_disable();
	trap_next(false);
	if (owner != active_thread) {
		if (owner)
			save(owner->fpu);
		load(active_thread->fpu);
		owner = active_thread;
	}
	irq_enable();
	return true;
}

void fpu_switch(struct arch_thread *thread)
{
	trap_next(owner != thread);
}

void arch_thread_release(struct arch_thread *thread)
{
	irqflags_t flags = irq_save();

	if (owner == thread) {
		owner = NULL;
		trap_next(true);
	}
	irq_restore(flags);
	if (thread->fpu)
		kmem_cache_free(areas, thread->fpu);
	thread->fpu = NULL;
}

int fpu_fork(struct arch_thread *child, struct arch_thread *parent)
{
	irqflags_t flags;

	child->fpu = NULL;
	if (!parent->fpu)
		return 0;
	child->fpu = area_alloc();
	if (!child->fpu)
		return -ENOMEM;
	flags = irq_save();
	if (owner == parent) {
		bool trapped = read_cr0() & CR0_TS;

		trap_next(false);
		save(owner->fpu);
		if (!has_fxsr)
			load(owner->fpu);
		trap_next(trapped);
	}
	memcpy(child->fpu, parent->fpu, AREA_SIZE);
	irq_restore(flags);
	return 0;
}

const char *fpu_check(void)
{
	HOLDS(!has_fpu || read_cr0() & CR0_TS || owner == active_thread,
	      "fpu F1: TS is clear only while the active thread is the owner");
	HOLDS(!owner || owner->fpu, "fpu F2: the owner has an area");
	return NULL;
}
