// SPDX-License-Identifier: MIT
/*
 * clocksource.h - the machine's clock, and its tick
 *
 * WHAT     A timer interrupts ARCH_CLOCK_HZ times a second. Between two
 *          interrupts its counter can be read. Both together are a clock. The
 *          timer is the local APIC's timer or the 8254. If the local APIC's
 *          timer makes the ticks, the 8254 is free and can make an interrupt
 *          between two ticks.
 *
 * NOT HERE timers and time slices (kernel/sched/clock.h).
 * SEE      arch/i386/platform/clocksource.c.
 */
#pragma once

#include "lib/compiler.h"

#define ARCH_CLOCK_HZ  100

/*
 * Start the tick. `tick` runs in the timer interrupt every 10 ms, with
 * interrupts off. `event` runs in the same way after an arch_clock_event().
 * Takes the line IRQ_TIMER and unmasks it. Interrupts are on until the first
 * tick has come, then as they were before. Panics if no tick comes.
 */
void arch_clock_init(void (*tick)(void), void (*event)(void));

/*
 * Nanoseconds since arch_clock_init(); 0 before. Never goes back. Ticks that
 * come while interrupts are off for more than 10 ms are lost.
 *
 * Context: any.
 * COST     With the 8254 five port accesses; with the local APIC two loads from
 *          its registers.
 */
uint64_t arch_clock_ns(void);

/* Can the machine make interrupts between ticks? */
bool arch_clock_has_events(void);

/*
 * Let one interrupt come in `ns` (at most 50 ms) or a little later. It replaces
 * an earlier one that has not come yet.
 *
 * Context: interrupts off, arch_clock_has_events().
 * COST     three port accesses, each about 1 us of a real machine
 */
void arch_clock_event(uint32_t ns);
