// SPDX-License-Identifier: MIT
/*
 * tick_source.h - what clocksource.c wants of a timer, timer_rate.c of a clock
 *
 * WHAT     Tables of functions: a counter that begins again each tick, when it
 *          lets the line IRQ_TIMER come, and can be read in between; a counter
 *          whose rate is known; and one that is to be measured by it.
 */
#pragma once

#include "lib/compiler.h"

struct tick_source {
	const char *name;

	/* Counting from here on; the line is masked. false: it cannot. */
	bool (*start)(void);

	/* No more ticks: as if it had never been started. */
	void (*stop)(void);

	/* Since the counter began again; at most a tick. Interrupts off. */
	uint32_t (*elapsed_ns)(void);

	/* A tick takes ns + rem / den nanoseconds. */
	uint32_t ns, rem, den;
};

extern const struct tick_source pit_tick, lapic_tick;

struct time_reference {
	const char *name;

	/* Counting from here on. false: this machine has none. */
	bool (*start)(void);
	void (*stop)(void);

	/* Counts up, modulo a power of two: mask + 1. Interrupts off. */
	uint32_t (*count)(void);
	uint32_t mask;

	/* A count takes num / den nanoseconds. */
	uint32_t num, den;

	/* A measurement may take so long; less than the lap of mask + 1. */
	uint32_t longest_ns;
};

/* Counts down from UINT32_MAX to 0, at a rate that nobody tells. */
struct unknown_timer {
	void     (*restart)(void);
	uint32_t (*count)(void);
};

/*
 * Measure it, and round what comes out: by a reference that has been started.
 *
 * Context: interrupts off.
 * Returns: counts a second; 0 when one of the two does not count, or no two
 *          measurements come to the same.
 */
uint32_t timer_rate(const struct unknown_timer *timer,
		    const struct time_reference *by);

extern const struct time_reference pit_reference, acpi_reference;
