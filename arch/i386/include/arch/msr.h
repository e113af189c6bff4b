// SPDX-License-Identifier: MIT
/*
 * msr.h - model-specific registers, by number
 *
 * WHAT     Write one. The EFER has functions of its own in <arch/cr.h>.
 * SEE      SDM volume 4.
 */
#pragma once

#include "lib/compiler.h"

#define MSR_SYSENTER_CS   0x174u
#define MSR_SYSENTER_ESP  0x175u
#define MSR_SYSENTER_EIP  0x176u

static inline void write_msr(uint32_t msr, uint32_t value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"(value), "d"(0) : "memory");
}
