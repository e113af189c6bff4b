// SPDX-License-Identifier: MIT
/*
 * clocksource.h - the machine's clock, and its tick
 *
 * WHAT     A timer interrupts ARCH_CLOCK_HZ times a second; between two
 *          interrupts its counter can be read. Both together are a clock. The
 *          timer is the local APIC's, or the 8254. Where one is left, it makes
 *          an interrupt come between two ticks.
 *
 * NOT HERE timers and time slices (kernel/sched/clock.h).
 * SEE      arch/i386/platform/clocksource.c.
 */
#pragma once

#include "lib/compiler.h"

#define ARCH_CLOCK_HZ  100

/*
 * Start the tick: `tick` runs in the timer interrupt, interrupts off, each
 * 10 ms, and `event` likewise after an arch_clock_event(). Takes the line
 * IRQ_TIMER and unmasks it. Interrupts are on for a moment, until a first tick
 * has come; then as they were. Panics in words where none comes.
 */
void arch_clock_init(void (*tick)(void), void (*event)(void));

/*
 * Nanoseconds since arch_clock_init(); 0 before. Never goes back. Ticks that
 * come while interrupts are off for more than 10 ms are lost.
 *
 * Context: any.
 * COST     About 60 instructions; of the 8254 five port accesses, of the local
 *          APIC two loads from its registers.
 */
uint64_t arch_clock_ns(void);

/* Can there be interrupts between ticks? */
bool arch_clock_has_events(void);

/*
 * Let one come in `ns`, 50 ms at most, or a little later. It takes the place of
 * one that has not come yet.
 *
 * Context: interrupts off, arch_clock_has_events().
 * COST     three port accesses, each about 1 us of a real machine
 */
void arch_clock_event(uint32_t ns);
