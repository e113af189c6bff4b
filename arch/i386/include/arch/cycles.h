// SPDX-License-Identifier: MIT
/*
 * cycles.h - the time-stamp counter
 *
 * WHAT     Under QEMU's `-icount shift=0` one tick is one guest instruction; so
 *          the benchmarks count instructions. Every CPU with PAE has this
 *          counter.
 */
#pragma once

#include "lib/compiler.h"

static inline uint64_t cycles(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}
