// SPDX-License-Identifier: MIT
/*
 * lapic_timer.c - the timer inside the local APIC, and how fast it is
 *
 * WHAT     Counts down at the rate of the CPU's bus, which nothing tells; the
 *          8254's rate is known. So both are read at two moments, at boot.
 *
 * PICTURE    8254        n+1 |    n    | n-1  ...  m+1 |    m
 *                            ^                         ^
 *            this timer      a                         b
 *
 *            rate = (a - b) / ((n - m) * 88/105 us)
 *
 * TERMS    edge    a moment at which the 8254's count changed
 *          doubt   counts of this timer between which the edge lies: the two
 *                  cannot be read at the same time
 *
 * ALGORITHM  Read both in turn until the 8254's count has changed: the edge
 *          lies between the reading of this timer before the old count and that
 *          behind the new one. An emulator's host may do something else in
 *          the middle; then the doubt is large, and the edge is not used, as
 *          long as there are better ones. A pause in between that is longer
 *          than a lap of the 8254's counter is not seen, so the whole is done
 *          twice and must come to the same.
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
#include <arch/pit.h>

#include "arch/i386/platform/tick_source.h"
#include "lib/div64.h"
#include "lib/log.h"

#define NS_PER_SEC      1000000000u
#define NS_PER_TICK     (NS_PER_SEC / ARCH_CLOCK_HZ)

/* Counts of the 8254: 1 ms, and less than its lap. */
#define COUNTS_MIN      1193u
#define COUNTS_MAX      60000u

#define EDGE_TRIES      5u         /* for the best first edge                */
#define EDGE_READS      100000u    /* without any change: no 8254 counts     */
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
	uint16_t pit;
	uint32_t lapic;   /* in the middle of the doubt; counts down */
	uint32_t doubt;
};

struct rate {
	uint32_t hz, doubt;
};

/* Constant after the start. */
static uint32_t tick_counts, ns_mult;

static uint32_t count(void)
{
	return lapic_read(LAPIC_TIMER_CURRENT);
}

/* Returns: false when the 8254 does not count. */
static bool find_edge(struct edge *edge)
{
	uint16_t old, new = pit_count();
	uint32_t before, between = count(), behind = between;
	unsigned reads = 0;

	do {
		if (reads++ == EDGE_READS)
			return false;
		before = between;
		between = behind;
		old = new;
		new = pit_count();
		behind = count();
	} while (new == old || reads < 2);
	edge->pit = new;
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

/* From the two edges, and how far off that may be. */
static struct rate rate_between(const struct edge *a, const struct edge *b)
{
	uint32_t passed = (uint16_t)(a->pit - b->pit);
	uint32_t ns = (uint32_t)div_u64((uint64_t)passed * PIT_NS_NUM,
					PIT_NS_DEN);
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
	uint32_t passed;

	if (!find_first_edge(&first))
		return false;
	do {
		if (!find_edge(&last))
			return false;
		passed = (uint16_t)(first.pit - last.pit);
		if (passed < COUNTS_MIN)
			continue;
		*rate = rate_between(&first, &last);
		if (rate->doubt <= rate->hz / GOOD_ENOUGH)
			return true;
	} while (passed < COUNTS_MAX);
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
static uint32_t calibrate(void)
{
	struct rate rate;
	bool ok;

	lapic_write(LAPIC_TIMER_DIVIDE, LAPIC_DIVIDE_BY_1);
	lapic_write(LAPIC_LVT_TIMER, LAPIC_MASKED);
	lapic_write(LAPIC_TIMER_INITIAL, UINT32_MAX);
	pit_free_run();
	ok = measure_twice(&rate);
	pit_stop();
	lapic_write(LAPIC_TIMER_INITIAL, 0);
	if (!ok || rate.hz < RATE_MIN || rate.hz > RATE_MAX)
		return 0;
	pr_debug("lapic: timer measured at %u Hz, give or take %u\n", rate.hz,
		 rate.doubt);
	return round_rate(&rate);
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
	pr_info("lapic: timer at %u.%03u MHz\n", hz / 1000000,
		hz / 1000 % 1000);
	apic_use_local_timer();
	lapic_write(LAPIC_TIMER_INITIAL, tick_counts - 1);
	return true;
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
	.elapsed_ns = lapic_elapsed_ns,
	.ns         = NS_PER_TICK,
	.rem        = 0,
	.den        = 1,
};
