// SPDX-License-Identifier: MIT
/*
 * cr.h - the control registers that steer paging
 *
 * WHAT     Read and write CR0, CR2, CR3, CR4 and the EFER, and invalidate one
 *          translation. arch/i386/mm/ changes the CPU only through these
 *          functions. On the host they change a simulated CPU.
 *
 * TERMS    CR3      physical address of the PDPT, 32-byte aligned
 *          CR0.WP   read-only holds for the kernel too
 *          CR4.PGE  entries with the G bit survive a load of CR3
 *          EFER.NXE bit 63 of an entry forbids execution; without EFER.NXE the
 *                   bit is reserved
 *
 * NOT HERE when to flush, and how much: <arch/tlb.h>.
 * SEE      SDM volume 3, 2.5 "Control Registers", 4.10.4.
 */
#pragma once

#include "lib/compiler.h"

#define CR0_WP    0x00010000u
#define CR0_PG    0x80000000u
#define CR4_PSE   0x00000010u
#define CR4_PAE   0x00000020u
#define CR4_PGE   0x00000080u
#define MSR_EFER  0xc0000080u
#define EFER_NXE  0x00000800u

static inline uint32_t read_cr0(void)
{
	uint32_t value;

	__asm__ volatile("mov %%cr0, %0" : "=r"(value));
	return value;
}

static inline void write_cr0(uint32_t value)
{
	__asm__ volatile("mov %0, %%cr0" : : "r"(value) : "memory");
}

/* The address of the last access that faulted. */
static inline uint32_t read_cr2(void)
{
	uint32_t value;

	__asm__ volatile("mov %%cr2, %0" : "=r"(value));
	return value;
}

static inline uint32_t read_cr3(void)
{
	uint32_t value;

	__asm__ volatile("mov %%cr3, %0" : "=r"(value));
	return value;
}

/* Loads the four PDPTEs too, and flushes all but global translations. */
static inline void write_cr3(uint32_t value)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static inline uint32_t read_cr4(void)
{
	uint32_t value;

	__asm__ volatile("mov %%cr4, %0" : "=r"(value));
	return value;
}

/* A change of PGE flushes all translations, also the global ones. */
static inline void write_cr4(uint32_t value)
{
	__asm__ volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

/* Only a CPU with NX has an EFER: ask cpu_has(CPU_NX) first. */
static inline uint32_t read_efer(void)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_EFER));
	return low;
}

static inline void write_efer(uint32_t value)
{
	__asm__ volatile("wrmsr" : : "a"(value), "d"(0), "c"(MSR_EFER)
			 : "memory");
}

/* Flush the translation of one page, also if it is global. */
static inline void invlpg(uint32_t va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}
