// SPDX-License-Identifier: MIT
/*
 * pit.c - the 8254 timer
 *
 * WHAT     Channel 0 counts down from RELOAD at 1.193 MHz, raises line 0 at the
 *          end, and begins again: this is the tick of a machine without a local
 *          APIC. On other machines it measures the rate of the APIC's timer;
 *          later it makes the events between ticks. Modern machines may have no
 *          8254: the users of this file test whether it counts.
 *
 * PICTURE    count  11932 \        \        \
 *                          \        \        \
 *                           \        \        \
 *                       1    \        \        \
 *                     line 0 ^        ^        ^
 *
 * TERMS    count    88/105 us: the timer runs at a twelfth of 14.318 MHz,
 *                   exactly 105/88 MHz
 *
 * LOCKING  Interrupts off.
 * NOT HERE ticks and counts taken together (clocksource.c).
 * SEE      Intel 8254 data sheet, modes 0 and 2, "counter latch command".
 */
#include <arch/clocksource.h>
#include <arch/io.h>
#include <arch/pit.h>

#include "arch/i386/platform/tick_source.h"

#define CHANNEL_0       0x40
#define COMMAND         0x43
#define MODE_0_CHANNEL_0 0x30    /* once; begins when the count is written   */
#define MODE_2_CHANNEL_0 0x34    /* rate generator, low byte then high byte  */
#define LATCH_CHANNEL_0  0x00

#define COUNTS_PER_SEC  1193182u
#define RELOAD          ((COUNTS_PER_SEC + ARCH_CLOCK_HZ / 2) / ARCH_CLOCK_HZ)

_Static_assert((uint64_t)RELOAD * PIT_NS_NUM <= UINT32_MAX,
	       "the time within a tick is computed in 32 bits");
_Static_assert(RELOAD <= 0xffff, "the counter has 16 bits");

static void count_from(uint8_t mode, uint32_t count)
{
	outb(COMMAND, mode);
	outb(CHANNEL_0, count & 0xff);
	outb(CHANNEL_0, (uint8_t)(count >> 8));
}

/* 0 means 65536. */
void pit_free_run(void)
{
	count_from(MODE_2_CHANNEL_0, 0);
}

uint16_t pit_count(void)
{
	uint16_t count;

	outb(COMMAND, LATCH_CHANNEL_0);
	count = inb(CHANNEL_0);
	count |= (uint16_t)(inb(CHANNEL_0) << 8);
	return count;
}

_Static_assert((uint64_t)PIT_ONCE_MAX_NS * PIT_NS_DEN <= UINT32_MAX,
	       "counted in 32 bits");
_Static_assert(PIT_ONCE_MAX_NS / PIT_NS_NUM * PIT_NS_DEN < 0xffff,
	       "the counter has 16 bits");

void pit_once(uint32_t ns)
{
	count_from(MODE_0_CHANNEL_0,
		   MIN(ns, PIT_ONCE_MAX_NS) * PIT_NS_DEN / PIT_NS_NUM + 1);
}

/* Mode 0 waits for a count, but gets none. */
void pit_stop(void)
{
	outb(COMMAND, MODE_0_CHANNEL_0);
}

/* ---- as a measure -------------------------------------------------------- */

static bool reference_start(void)
{
	pit_free_run();
	return true;
}

static uint32_t reference_count(void)
{
	return (uint16_t)-pit_count();
}

const struct time_reference pit_reference = {
	.name  = "8254",
	.start = reference_start,
	.stop  = pit_stop,
	.count = reference_count,
	.mask  = 0xffff,
	.num   = PIT_NS_NUM,
	.den   = PIT_NS_DEN,
	.longest_ns = 50000000,   /* of a lap of 54.9 ms */
};

/* ---- as a tick ----------------------------------------------------------- */

static bool pit_tick_start(void)
{
	count_from(MODE_2_CHANNEL_0, RELOAD);
	return true;
}

static uint32_t pit_elapsed_ns(void)
{
	uint32_t count = pit_count();

	/* After 1 the counter begins again, so a count of 0 is wrong. */
	if (!count || count > RELOAD)
		return 0;
	return (RELOAD - count) * PIT_NS_NUM / PIT_NS_DEN;
}

const struct tick_source pit_tick = {
	.name       = "8254 timer",
	.start      = pit_tick_start,
	.stop       = pit_stop,
	.elapsed_ns = pit_elapsed_ns,
	.ns         = RELOAD * PIT_NS_NUM / PIT_NS_DEN,
	.rem        = RELOAD * PIT_NS_NUM % PIT_NS_DEN,
	.den        = PIT_NS_DEN,
};
