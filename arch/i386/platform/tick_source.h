// SPDX-License-Identifier: MIT
/*
 * tick_source.h - timers for clocksource.c and timer_rate.c
 *
 * WHAT     Three tables of functions: a counter that begins again at each tick,
 *          raises line IRQ_TIMER then, and can be read in between; a counter of
 *          known rate; and a counter whose rate is to be measured.
 */
#pragma once

#include "lib/compiler.h"

struct tick_source {
	const char *name;

	/* Start counting; the line is masked. false: this is not possible. */
	bool (*start)(void);

	/* Stop, as if it had never been started. */
	void (*stop)(void);

	/* Time since the last tick, at most a tick. Interrupts off. */
	uint32_t (*elapsed_ns)(void);

	/* A tick takes ns + rem / den nanoseconds. */
	uint32_t ns, rem, den;
};

extern const struct tick_source pit_tick, lapic_tick;

struct time_reference {
	const char *name;

	/* Start counting. false: this machine does not have it. */
	bool (*start)(void);
	void (*stop)(void);

	/* Counts up, modulo a power of two: mask + 1. Interrupts off. */
	uint32_t (*count)(void);
	uint32_t mask;

	/* A count takes num / den nanoseconds. */
	uint32_t num, den;

	/* The longest measurement; less than mask + 1 counts. */
	uint32_t longest_ns;
};

/* Counts down from UINT32_MAX to 0, at an unknown rate. */
struct unknown_timer {
	void     (*restart)(void);
	uint32_t (*count)(void);
};

/*
 * Measure a timer by a reference that has been started, and round the result.
 *
 * Context: interrupts off.
 * Returns: counts a second; 0 if one of the two does not count, or no two
 *          measurements have the same result.
 */
uint32_t timer_rate(const struct unknown_timer *timer,
		    const struct time_reference *by);

extern const struct time_reference pit_reference, acpi_reference;
