// SPDX-License-Identifier: MIT
/*
 * lapic_timer.c - the timer inside the local APIC
 *
 * WHAT     Counts down at the rate of the CPU's bus. No table has this rate, so
 *          it is measured at boot: with the 8254, or with the ACPI timer if the
 *          8254 does not count. Then this timer makes the ticks.
 *
 * LOCKING  Interrupts off.
 * COST     2 ms at boot, if there is no disturbance.
 * NOT HERE how a rate is measured (timer_rate.c).
 * SEE      SDM volume 3, 10.5.4 "APIC Timer".
 */
#include <arch/apic.h>
#include <arch/clocksource.h>
#include <arch/lapic.h>

#include "arch/i386/platform/tick_source.h"
#include "lib/div64.h"
#include "lib/log.h"

#define NS_PER_SEC      1000000000u
#define NS_PER_TICK     (NS_PER_SEC / ARCH_CLOCK_HZ)

/* In Hz. No timer is slower. With a higher rate, a tick's count overflows. */
#define RATE_MIN        1000000u
#define RATE_MAX        4000000000u

/* ns = count * ns_mult >> NS_SHIFT: for 1 MHz, 1000 ns fit 32 bits. */
#define NS_SHIFT        22
_Static_assert((uint64_t)(NS_PER_SEC / RATE_MIN) << NS_SHIFT <= UINT32_MAX,
	       "the longest count can be multiplied with");

static const struct time_reference *const references[] = {
	&pit_reference, &acpi_reference,
};

/* Constant after lapic_tick_start(). */
static uint32_t tick_counts, ns_mult;

static uint32_t count(void)
{
	return lapic_read(LAPIC_TIMER_CURRENT);
}

static void restart(void)
{
	lapic_write(LAPIC_TIMER_INITIAL, UINT32_MAX);
}

static const struct unknown_timer lapic_timer = { restart, count };

/* Returns: counts a second; 0: they could not be measured. */
static uint32_t calibrate_by(const struct time_reference *by)
{
	uint32_t hz;

	if (!by->start())
		return 0;
	hz = timer_rate(&lapic_timer, by);
	by->stop();
	lapic_write(LAPIC_TIMER_INITIAL, 0);
	if (hz < RATE_MIN || hz > RATE_MAX) {
		pr_info("lapic: timer cannot be measured by the %s\n",
			by->name);
		return 0;
	}
	pr_info("lapic: timer at %u.%03u MHz, by the %s\n", hz / 1000000,
		hz / 1000 % 1000, by->name);
	return hz;
}

/* The count 0 takes as long as the others, so the initial count is 1 less. */
static bool lapic_tick_start(void)
{
	uint32_t hz = 0;

	if (!apic_is_used())
		return false;
	lapic_write(LAPIC_TIMER_DIVIDE, LAPIC_DIVIDE_BY_1);
	lapic_write(LAPIC_LVT_TIMER, LAPIC_MASKED);
	for (size_t i = 0; i < ARRAY_SIZE(references) && !hz; i++)
		hz = calibrate_by(references[i]);
	if (!hz) {
		pr_warn("lapic: the timer's rate cannot be measured, not used\n");
		return false;
	}
	tick_counts = (hz + ARCH_CLOCK_HZ / 2) / ARCH_CLOCK_HZ;
	ns_mult = (uint32_t)div_u64((uint64_t)NS_PER_TICK << NS_SHIFT,
				    tick_counts);
	apic_use_local_timer(true);
	lapic_write(LAPIC_TIMER_INITIAL, tick_counts - 1);
	return true;
}

static void lapic_tick_stop(void)
{
	lapic_write(LAPIC_TIMER_INITIAL, 0);
	apic_use_local_timer(false);
}

static uint32_t lapic_elapsed_ns(void)
{
	uint32_t left = count();

	if (left >= tick_counts)
		return 0;
	return (uint32_t)((uint64_t)(tick_counts - 1 - left) * ns_mult >>
			  NS_SHIFT);
}

const struct tick_source lapic_tick = {
	.name       = "timer of the local APIC",
	.start      = lapic_tick_start,
	.stop       = lapic_tick_stop,
	.elapsed_ns = lapic_elapsed_ns,
	.ns         = NS_PER_TICK,
	.rem        = 0,
	.den        = 1,
};
