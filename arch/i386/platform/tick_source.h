// SPDX-License-Identifier: MIT
/*
 * tick_source.h - what clocksource.c wants of a timer, lapic_timer.c of a clock
 *
 * WHAT     Two tables of functions: a counter that begins again each tick, when
 *          it lets the line IRQ_TIMER come, and can be read in between; and a
 *          counter whose rate is known, to measure others by.
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
};

extern const struct time_reference pit_reference, acpi_reference;
