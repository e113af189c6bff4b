// SPDX-License-Identifier: MIT
/*
 * percpu.h - data of which each CPU has its own
 *
 * WHAT     Per-CPU data is an array of NR_CPUS members, and this_cpu(array) is
 *          the only way to the own one. One CPU runs today, so the index is a
 *          constant and costs nothing; the callers are ready for more.
 * LOCKING  The caller keeps interrupts off (or, later, preemption), so that it
 *          stays on the CPU whose member it holds.
 */
#pragma once

#define NR_CPUS  1

static inline unsigned smp_processor_id(void)
{
	return 0;
}

#define this_cpu(array)  (&(array)[smp_processor_id()])
