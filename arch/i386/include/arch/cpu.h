// SPDX-License-Identifier: MIT
/*
 * cpu.h - what this CPU can do
 *
 * WHAT     Features found at boot, by name; the physical address width.
 * SEE      SDM volume 2, CPUID.
 */
#pragma once

#include "lib/compiler.h"

/*      name   CPUID leaf, register, bit       why we use it                 */
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

/* Ask the CPU for its features, early in the boot: cpu_has() needs this. */
void cpu_detect(void);

/*
 * From now on cpu_has() says that the feature is missing; `nonx` on the command
 * line asks for this. Called before cpu_enable_features().
 */
void cpu_disable(enum cpu_feature feature);

/*
 * Turn on the protections that the CPU has: CR0.WP, EFER.NXE, CR4.PGE, SMEP,
 * SMAP, UMIP. Called before the final page tables are loaded: without EFER.NXE
 * their NX bits are reserved bits.
 */
void cpu_enable_features(void);

/* Write the name and the features of the CPU into the log. */
void cpu_log(void);

/* Is the feature there, and not switched off on the command line? */
bool cpu_has(enum cpu_feature feature);

/* Width of a physical address: 32, 36, 40 ... at most 52. */
unsigned cpu_phys_bits(void);

/*
 * Sleep until an interrupt comes. The interrupt has been handled when the
 * function returns. STI turns interrupts on only after the next instruction
 * (SDM volume 2, STI). So no interrupt can come between STI and HLT, and HLT
 * cannot sleep too long.
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
