// SPDX-License-Identifier: MIT
/*
 * timer_rate.c - measure how fast a timer is, with a clock of known rate
 *
 * WHAT     Reads both at two moments. The timer and the reference are
 *          functions: this file knows no chip.
 *
 * PICTURE    reference   n-1 |    n    | n+1  ...  m-1 |    m
 *                            ^                         ^
 *            the timer       a                         b
 *
 *            rate = (a - b) / ((m - n) * num/den ns)
 *
 * TERMS    reference  the counter whose rate is known
 *          edge    a moment at which the reference's count changed
 *          doubt   how many counts of the timer the edge may be wrong: the
 *                  two cannot be read at the same time
 *          lap     from one count of the reference to the same count again
 *
 * ALGORITHM  Read both in turn until the reference's count has changed. The
 *          edge lies after the reading of the timer before the old count, and
 *          before the reading after the new count. If an emulator's host does
 *          other work in between, the doubt is large; then a better edge is
 *          used, if there is one. An attempt ends before the reference has
 *          made a lap. If reads are slow, an attempt takes longer: over a long
 *          time, the doubt matters less. A pause longer than a lap, or longer
 *          than the timer counts, cannot be seen. So each attempt starts the
 *          timer anew, and two attempts must have the same result. It is exact
 *          to a part in a thousand: it has three good digits. But crystals
 *          have round frequencies, so the roundest number within the doubt is
 *          taken.
 *
 * LOCKING  Interrupts off.
 * COST     2 ms, if there is no disturbance.
 * NOT HERE the local APIC's timer (lapic_timer.c), the references (pit.c,
 *          acpi_timer.c).
 * SEE      Linux calibrate_APIC_clock().
 */
#include "arch/i386/platform/tick_source.h"
#include "lib/div64.h"

#define NS_PER_SEC      1000000000u
#define NS_MIN          1000000u   /* the shortest attempt                   */

#define EDGE_TRIES      5u         /* for the best first edge                */
#define EDGE_READS      10000u     /* no change: the reference is dead       */
#define ATTEMPTS        20u        /* until two agree                        */
#define GOOD_ENOUGH     1000u      /* doubt: a part in this many             */

struct edge {
	uint32_t reference;
	uint32_t timer;   /* in the middle of the doubt; counts down */
	uint32_t doubt;
};

struct rate {
	uint32_t hz, doubt;   /* hz 0: not good enough */
};

struct measurement {
	const struct unknown_timer  *timer;
	const struct time_reference *by;
};

/* Returns: false when the reference does not count. */
static bool find_edge(const struct measurement *m, struct edge *edge)
{
	uint32_t old, new = m->by->count();
	uint32_t before, between = m->timer->count(), behind = between;
	unsigned reads = 0;

	do {
		if (reads++ == EDGE_READS)
			return false;
		before = between;
		between = behind;
		old = new;
		new = m->by->count();
		behind = m->timer->count();
	} while (new == old || reads < 2);
	edge->reference = new;
	edge->doubt = before - behind;
	edge->timer = behind + edge->doubt / 2;
	return true;
}

static bool find_first_edge(const struct measurement *m, struct edge *best)
{
	struct edge edge;

	if (!find_edge(m, best))
		return false;
	for (unsigned i = 1; i < EDGE_TRIES; i++) {
		if (!find_edge(m, &edge))
			return false;
		if (edge.doubt < best->doubt)
			*best = edge;
	}
	return true;
}

/* The rate from two edges. hz 0: it is impossible. */
static struct rate rate_between(const struct edge *a, const struct edge *b,
				uint32_t ns)
{
	uint64_t hz = div_u64((uint64_t)(a->timer - b->timer) * NS_PER_SEC, ns);
	uint64_t doubt = div_u64(((uint64_t)a->doubt / 2 + b->doubt / 2 + 1) *
				 NS_PER_SEC, ns);

	if (hz > UINT32_MAX)
		hz = 0;
	return (struct rate){ (uint32_t)hz, (uint32_t)MIN(doubt, UINT32_MAX) };
}

/*
 * Measure for 1 ms, or longer if the doubt is large. When the timer has run out
 * (0), its count says nothing.
 *
 * Returns: false when one of the two does not count.
 */
static bool attempt(const struct measurement *m, struct rate *rate)
{
	const struct time_reference *by = m->by;
	struct edge first, last;
	uint64_t ns = 0;

	m->timer->restart();
	if (!find_first_edge(m, &first))
		return false;
	while (ns < by->longest_ns && m->timer->count()) {
		if (!find_edge(m, &last))
			return false;
		ns = (last.reference - first.reference) & by->mask;
		ns = div_u64(ns * by->num, by->den);
		if (ns < NS_MIN)
			continue;
		if (last.timer == first.timer)
			return false;
		*rate = rate_between(&first, &last,
				     (uint32_t)MIN(ns, UINT32_MAX));
		if (!rate->hz || (rate->doubt <= rate->hz / GOOD_ENOUGH &&
				  m->timer->count()))
			return true;
	}
	rate->hz = 0;
	return true;
}

static bool agree(const struct rate *a, const struct rate *b)
{
	uint32_t apart = a->hz > b->hz ? a->hz - b->hz : b->hz - a->hz;

	return a->hz && b->hz && apart <= a->doubt + b->doubt;
}

/* The roundest number within the doubt. */
static uint32_t round_rate(const struct rate *rate)
{
	for (uint32_t step = NS_PER_SEC; step > 1; step /= 10) {
		uint32_t over = rate->hz % step, below = rate->hz - over;

		if (below && over <= MIN(rate->doubt, step / 2))
			return below;
		if (step - over <= rate->doubt && below <= UINT32_MAX - step)
			return below + step;
	}
	return rate->hz;
}

uint32_t timer_rate(const struct unknown_timer *timer,
		    const struct time_reference *by)
{
	const struct measurement m = { timer, by };
	struct rate rates[ATTEMPTS];

	for (unsigned i = 0; i < ATTEMPTS; i++) {
		if (!attempt(&m, &rates[i]))
			return 0;
		for (unsigned j = 0; j < i; j++)
			if (agree(&rates[i], &rates[j]))
				return round_rate(rates[i].doubt <
						  rates[j].doubt ?
						  &rates[i] : &rates[j]);
	}
	return 0;
}
