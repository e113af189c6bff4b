// SPDX-License-Identifier: MIT
/*
 * tick_source.h - what clocksource.c wants of a timer
 *
 * WHAT     A table of functions: a counter that begins again each tick, when
 *          it lets the line IRQ_TIMER come, and can be read in between.
 */
#pragma once

#include "lib/compiler.h"

struct tick_source {
	const char *name;

	/* Counting from here on; the line is masked. false: it cannot. */
	bool (*start)(void);

	/* Since the counter began again; at most a tick. Interrupts off. */
	uint32_t (*elapsed_ns)(void);

	/* A tick takes ns + rem / den nanoseconds. */
	uint32_t ns, rem, den;
};

extern const struct tick_source pit_tick, lapic_tick;
