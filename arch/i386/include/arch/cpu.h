// SPDX-License-Identifier: MIT
/*
 * cpu.h - what this CPU can do
 *
 * WHAT     Features found at boot, by name; the physical address width.
 * SEE      SDM volume 2, CPUID.
 */
#pragma once

#include "lib/compiler.h"

/*      name   CPUID leaf, register, bit       what we use it for            */
#define CPU_FEATURES(F)                                                       \
	F(FPU,  1, EDX, 0,  "x87")                                            \
	F(PSE,  1, EDX, 3,  "2 MiB pages (PAE has them anyway)")              \
	F(TSC,  1, EDX, 4,  "time-stamp counter")                             \
	F(PAE,  1, EDX, 6,  "36-bit physical addresses: required")            \
	F(APIC, 1, EDX, 9,  "local APIC")                                     \
	F(SEP,  1, EDX, 11, "SYSENTER")                                       \
	F(PGE,  1, EDX, 13, "global pages")                                   \
	F(PSE36, 1, EDX, 17, "36 address bits where no leaf says more")       \
	F(CLFLUSH, 1, EDX, 19, "writes a cache line back to memory")          \
	F(FXSR, 1, EDX, 24, "FXSAVE: all FPU and SSE registers at once")      \
	F(SSE,  1, EDX, 25, "SSE")                                            \
	F(SMEP, 7, EBX, 7,  "the kernel may not execute user pages")          \
	F(SMAP, 7, EBX, 20, "the kernel may not touch user pages by accident") \
	F(UMIP, 7, ECX, 2,  "user mode may not read GDTR, IDTR, ...")         \
	F(NX,   0x80000001, EDX, 20, "pages without execution")

enum cpu_feature {
#define F(name, leaf, reg, bit, what) CPU_##name,
	CPU_FEATURES(F)
#undef F
	CPU_NR_FEATURES
};

/* Ask the CPU. First thing in the kernel, before anybody calls cpu_has(). */
void cpu_detect(void);

/*
 * Behave as if the feature were not there, as `nonx` on the command line
 * wants. Before cpu_enable_features().
 */
void cpu_disable(enum cpu_feature feature);

/*
 * Switch on what protects the kernel from itself, as far as the CPU has it:
 * CR0.WP, EFER.NXE, CR4.PGE, SMEP, SMAP, UMIP. Before the final page tables,
 * whose NX bits are reserved bits without EFER.NXE.
 */
void cpu_enable_features(void);

/* Say in the log which CPU this is and what it has. */
void cpu_log(void);

/* Is the feature there, and not switched off on the command line? */
bool cpu_has(enum cpu_feature feature);

/* Width of a physical address: 32, 36, 40 ... at most 52. */
unsigned cpu_phys_bits(void);

/*
 * Sleep until an interrupt, which has been dealt with at return. Interrupts
 * are on from behind the next instruction on (SDM volume 2, STI), so none can
 * come between the two and be slept over.
 */
static inline void cpu_idle(void)
{
	__asm__ volatile("sti; hlt" : : : "memory");
}

/* Wait a moment in a busy loop. */
static inline void cpu_relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}
