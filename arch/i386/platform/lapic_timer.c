// SPDX-License-Identifier: MIT
/*
 * lapic_timer.c - the timer inside the local APIC, and how fast it is
 *
 * WHAT     Counts down at the rate of the CPU's bus, which nothing tells; the
 *          rate of the 8254 is known, and that of the ACPI timer. So this timer
 *          and one of those are read at two moments, at boot.
 *
 * PICTURE    reference   n-1 |    n    | n+1  ...  m-1 |    m
 *                            ^                         ^
 *            this timer      a                         b
 *
 *            rate = (a - b) / ((m - n) * 88/105 us), of the 8254
 *
 * TERMS    reference  the counter whose rate is known
 *          edge    a moment at which the reference's count changed
 *          doubt   counts of this timer between which the edge lies: the two
 *                  cannot be read at the same time
 *
 * ALGORITHM  Read both in turn until the reference's count has changed: the
 *          edge lies between the reading of this timer before the old count and
 *          that behind the new one. An emulator's host may do something else in
 *          the middle; then the doubt is large, and the edge is not used, as
 *          long as there are better ones. A pause in between that is longer
 *          than a lap of the reference is not seen, so the whole is done twice
 *          and must come to the same. A reference that does not count, or with
 *          which no two measurements agree, gives way to the next.
 *          What was measured to a part in a thousand has no more than three
 *          good digits, but crystals have round frequencies: the roundest
 *          number within the doubt is taken.
 *
 * LOCKING  Interrupts off.
 * COST     2 ms at boot when nothing disturbs; 20 loads and multiplications
 *          to read the time.
 * SEE      SDM volume 3, 10.5.4 "APIC Timer"; Linux calibrate_APIC_clock().
 */
#include <arch/apic.h>
#include <arch/clocksource.h>
#include <arch/lapic.h>

#include "arch/i386/platform/tick_source.h"
#include "lib/div64.h"
#include "lib/log.h"

#define NS_PER_SEC      1000000000u
#define NS_PER_TICK     (NS_PER_SEC / ARCH_CLOCK_HZ)

/* A measurement takes 1 ms, and less than the 8254's lap of 54 ms. */
#define NS_MIN          1000000u
#define NS_MAX          50000000u

#define EDGE_TRIES      5u         /* for the best first edge                */
#define EDGE_READS      100000u    /* without any change: it does not count  */
#define ROUNDS          10u        /* until two agree                        */
#define GOOD_ENOUGH     1000u      /* doubt: a part in this many             */

/* Of the timer, in Hz: slower is none, faster does not fit a tick's count. */
#define RATE_MIN        1000000u
#define RATE_MAX        4000000000u

/* ns = count * ns_mult >> NS_SHIFT: for 1 MHz, 1000 ns fit 32 bits. */
#define NS_SHIFT        22
_Static_assert((uint64_t)(NS_PER_SEC / RATE_MIN) << NS_SHIFT <= UINT32_MAX,
	       "the longest count can be multiplied with");

struct edge {
	uint32_t reference;
	uint32_t lapic;   /* in the middle of the doubt; counts down */
	uint32_t doubt;
};

struct rate {
	uint32_t hz, doubt;
};

static const struct time_reference *const references[] = {
	&pit_reference, &acpi_reference,
};

/* Constant after the start. */
static uint32_t tick_counts, ns_mult;

/* The one in use, during calibrate(). */
static const struct time_reference *reference;

static uint32_t count(void)
{
	return lapic_read(LAPIC_TIMER_CURRENT);
}

/* Returns: false when the reference does not count. */
static bool find_edge(struct edge *edge)
{
	uint32_t old, new = reference->count();
	uint32_t before, between = count(), behind = between;
	unsigned reads = 0;

	do {
		if (reads++ == EDGE_READS)
			return false;
		before = between;
		between = behind;
		old = new;
		new = reference->count();
		behind = count();
	} while (new == old || reads < 2);
	edge->reference = new;
	edge->doubt = before - behind;
	edge->lapic = behind + edge->doubt / 2;
	return true;
}

static bool find_first_edge(struct edge *best)
{
	struct edge edge;

	if (!find_edge(best))
		return false;
	for (unsigned i = 1; i < EDGE_TRIES; i++) {
		if (!find_edge(&edge))
			return false;
		if (edge.doubt < best->doubt)
			*best = edge;
	}
	return true;
}

static uint32_t ns_between(const struct edge *a, const struct edge *b)
{
	uint32_t passed = (b->reference - a->reference) & reference->mask;
	uint64_t ns = div_u64((uint64_t)passed * reference->num,
			      reference->den);

	return (uint32_t)MIN(ns, UINT32_MAX);
}

/* From the two edges, and how far off that may be. */
static struct rate rate_between(const struct edge *a, const struct edge *b)
{
	uint32_t ns = ns_between(a, b);
	uint64_t hz = div_u64((uint64_t)(a->lapic - b->lapic) * NS_PER_SEC, ns);
	uint64_t doubt = div_u64((uint64_t)(a->doubt / 2 + b->doubt / 2 + 1) *
				 NS_PER_SEC, ns);

	return (struct rate){ (uint32_t)MIN(hz, UINT32_MAX),
			      (uint32_t)MIN(doubt, UINT32_MAX) };
}

/* Until 1 ms is over, and longer if the doubt wants it. */
static bool measure(struct rate *rate)
{
	struct edge first, last;
	uint32_t ns;

	if (!find_first_edge(&first))
		return false;
	do {
		if (!find_edge(&last))
			return false;
		ns = ns_between(&first, &last);
		if (ns < NS_MIN)
			continue;
		*rate = rate_between(&first, &last);
		if (rate->doubt <= rate->hz / GOOD_ENOUGH)
			return true;
	} while (ns < NS_MAX);
	return false;
}

static bool agree(const struct rate *a, const struct rate *b)
{
	uint32_t apart = a->hz > b->hz ? a->hz - b->hz : b->hz - a->hz;

	return apart <= a->doubt + b->doubt;
}

/* Two measurements that agree: the one with less doubt. */
static bool measure_twice(struct rate *rate)
{
	struct rate before = { 0 };

	for (unsigned i = 0; i < ROUNDS; i++) {
		if (!measure(rate))
			continue;
		if (before.hz && agree(rate, &before)) {
			if (before.doubt < rate->doubt)
				*rate = before;
			return true;
		}
		before = *rate;
	}
	return false;
}

/* The roundest number within the doubt. */
static uint32_t round_rate(const struct rate *rate)
{
	for (uint32_t step = NS_PER_SEC; step > 1; step /= 10) {
		uint32_t near = (rate->hz + step / 2) / step * step;
		uint32_t off = near > rate->hz ? near - rate->hz :
						 rate->hz - near;

		if (near && off <= rate->doubt)
			return near;
	}
	return rate->hz;
}

/* Returns: counts a second, 0 when there is nothing to rely on. */
static uint32_t calibrate_by(const struct time_reference *by)
{
	struct rate rate;
	bool ok;

	reference = by;
	if (!reference->start())
		return 0;
	lapic_write(LAPIC_TIMER_INITIAL, UINT32_MAX);
	ok = measure_twice(&rate);
	reference->stop();
	lapic_write(LAPIC_TIMER_INITIAL, 0);
	if (!ok || rate.hz < RATE_MIN || rate.hz > RATE_MAX) {
		pr_info("lapic: timer cannot be measured by the %s\n",
			reference->name);
		return 0;
	}
	pr_debug("lapic: timer measured at %u Hz, give or take %u\n", rate.hz,
		 rate.doubt);
	return round_rate(&rate);
}

static uint32_t calibrate(void)
{
	uint32_t hz = 0;

	lapic_write(LAPIC_TIMER_DIVIDE, LAPIC_DIVIDE_BY_1);
	lapic_write(LAPIC_LVT_TIMER, LAPIC_MASKED);
	for (size_t i = 0; i < ARRAY_SIZE(references) && !hz; i++)
		hz = calibrate_by(references[i]);
	return hz;
}

/* The count at 0 takes as long as any other: hence one less. */
static bool lapic_tick_start(void)
{
	uint32_t hz;

	if (!apic_is_used())
		return false;
	hz = calibrate();
	if (!hz) {
		pr_warn("lapic: the timer's rate cannot be measured, not used\n");
		return false;
	}
	tick_counts = (hz + ARCH_CLOCK_HZ / 2) / ARCH_CLOCK_HZ;
	ns_mult = (uint32_t)div_u64((uint64_t)NS_PER_TICK << NS_SHIFT,
				    tick_counts);
	pr_info("lapic: timer at %u.%03u MHz, by the %s\n", hz / 1000000,
		hz / 1000 % 1000, reference->name);
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
