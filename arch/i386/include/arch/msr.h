// SPDX-License-Identifier: MIT
/*
 * msr.h - model-specific registers, by number
 *
 * WHAT     Read or write one register. The EFER has its functions in
 *          <arch/cr.h>.
 * SEE      SDM volume 4.
 */
#pragma once

#include "lib/compiler.h"

#define MSR_APIC_BASE     0x01bu
#define MSR_SYSENTER_CS   0x174u
#define MSR_SYSENTER_ESP  0x175u
#define MSR_SYSENTER_EIP  0x176u

static inline void write_msr(uint32_t msr, uint32_t value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"(value), "d"(0) : "memory");
}

/* For registers of more than 32 bits. */
static inline uint64_t read_msr64(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void write_msr64(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value),
			 "d"((uint32_t)(value >> 32)) : "memory");
}
