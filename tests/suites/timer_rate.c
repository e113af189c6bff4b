// SPDX-License-Identifier: MIT
/*
 * timer_rate.c (tests) - a timer is measured right, or it is refused
 *
 * WHAT     The timer and the reference are computed from a clock of the test.
 *          Each reading takes time. A busy host takes more time, at random
 *          readings: each row says how often, and how much.
 */
#include "arch/i386/platform/tick_source.h"
#include "lib/div64.h"
#include "lib/random.h"
#include "tests/ktest.h"

#define US  1000ull
#define MS  1000000ull
#define SECOND  1000000000ull
#define MHZ  1000000u

/* No measurement makes so many readings, and no refusal does. */
#define READS_MAX  3000000u

enum which { PIT, ACPI, STILL };

static uint64_t now_ns, began_ns;
static unsigned nr_reads;
static struct rng rng;

static const struct row {
	const char *what;
	enum which  by;
	uint32_t    hz;           /* of the timer                             */
	uint32_t    read_ns;      /* what a reading takes                     */
	unsigned    stall_every;  /* one stall in about so many readings     */
	unsigned    stall_until;  /* no stall from this reading on; 0: always*/
	uint32_t    stall_us;     /* length of a stall, about                 */
	bool        refused;
} rows[] = {
	/* what                    by   hz          read   every until us     */
	{ "nothing disturbs",      PIT,  1000 * MHZ,  700, 0, 0, 0, false },
	{ "nothing disturbs",      ACPI, 1000 * MHZ,  700, 0, 0, 0, false },
	{ "nothing disturbs",      PIT,  62500000,    300, 0, 0, 0, false },
	{ "nothing disturbs",      ACPI, 100 * MHZ,    80, 0, 0, 0, false },
	{ "the slowest",           ACPI, 1 * MHZ,     500, 0, 0, 0, false },
	{ "the fastest",           PIT,  4000u * MHZ, 100, 0, 0, 0, false },
	{ "slow reading",          PIT,  1000 * MHZ, 10 * US, 0, 0, 0, false },
	{ "slower reading",        ACPI, 1000 * MHZ, 40 * US, 0, 0, 0, false },
	{ "short pauses",          PIT,  1000 * MHZ, 700, 50, 0, 200,
	  false },
	{ "short pauses",          ACPI, 1000 * MHZ, 700, 50, 0, 200,
	  false },
	{ "pauses for others",     PIT,  1000 * MHZ, 700, 9000, 0, 10000,
	  false },
	{ "pauses for others",     ACPI, 1000 * MHZ, 700, 9000, 0, 10000,
	  false },
	{ "more than an attempt",  PIT,  1000 * MHZ, 700, 2000, 8000, 52000,
	  false },
	{ "more than an attempt",  ACPI, 1000 * MHZ, 700, 300, 1500, 250000,
	  false },
	{ "more than a lap",       PIT,  1000 * MHZ, 700, 1000, 4000, 100000,
	  false },
	{ "more than a lap",       ACPI, 1000 * MHZ, 700, 500, 1000, 5000000,
	  false },
	{ "more than it counts",   ACPI, 4000u * MHZ, 700, 100, 200, 2000000,
	  false },
	{ "no CPU at all",         ACPI, 1000 * MHZ, 700, 2, 0, 300000,
	  true },
	{ "reading is too slow",   PIT,  1000 * MHZ, 5 * MS, 0, 0, 0, true },
	{ "no reference",          STILL, 1000 * MHZ, 700, 0, 0, 0, true },
	{ "no timer",              PIT,  0,          700, 0, 0, 0, true },
	{ "no timer",              ACPI, 0,          700, 0, 0, 0, true },
};

static const struct row *row;

static const char *reads_are_bounded(void)
{
	return nr_reads < READS_MAX ? NULL : "a measurement ends";
}

SUITE(timer_rate, reads_are_bounded);

static bool stalls_now(void)
{
	return row->stall_every &&
	       (!row->stall_until || nr_reads < row->stall_until) &&
	       !rng_below(&rng, row->stall_every);
}

static void reading_takes_time(void)
{
	nr_reads++;
	now_ns += row->read_ns;
	if (stalls_now())
		now_ns += (row->stall_us / 2 + rng_below(&rng, row->stall_us)) *
			  US;
}

static uint32_t counts(uint64_t ns, uint32_t hz)
{
	uint64_t seconds = div_u64(ns, (uint32_t)SECOND);
	uint64_t rest = ns - seconds * SECOND;

	return (uint32_t)MIN(seconds * hz + div_u64(rest * hz,
						    (uint32_t)SECOND),
			     UINT32_MAX);
}

static void timer_restart(void)
{
	reading_takes_time();
	began_ns = now_ns;
}

static uint32_t timer_count(void)
{
	reading_takes_time();
	return UINT32_MAX - counts(now_ns - began_ns, row->hz);
}

static const struct unknown_timer timer = { timer_restart, timer_count };

static uint32_t count_of(const struct time_reference *by)
{
	reading_takes_time();
	return (uint32_t)div_u64(now_ns * by->den, by->num) & by->mask;
}

static uint32_t pit_like(void)
{
	return count_of(&pit_reference);
}

static uint32_t acpi_like(void)
{
	return count_of(&acpi_reference);
}

static uint32_t still(void)
{
	reading_takes_time();
	return 1;
}

/* The numbers are those of the real reference; the test makes the count. */
static struct time_reference reference(enum which which)
{
	static uint32_t (*const count[])(void) = { pit_like, acpi_like, still };
	struct time_reference by = which == ACPI ? acpi_reference :
						   pit_reference;

	by.count = count[which];
	return by;
}

static void measure_row(uint32_t seed)
{
	struct time_reference by = reference(row->by);
	uint32_t hz, right = row->refused ? 0 : row->hz;

	rng_init(&rng, seed);
	now_ns = 1000 * rng_below(&rng, 1000000);
	nr_reads = 0;
	hz = timer_rate(&timer, &by);
	if (hz != right || nr_reads >= READS_MAX)
		ktest_fail(__FILE__, __LINE__,
			   "%s, by the %s: %u Hz after %u readings, not %u",
			   row->what, by.name, hz, nr_reads, right);
}

KTEST(timer_rate, it_is_right_whatever_disturbs_or_refused)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		row = &rows[i];
		for (unsigned turn = 0; turn < 3; turn++)
			measure_row(ktest_seed() + turn);
	}
}

KTEST(timer_rate, an_attempt_is_shorter_than_a_lap)
{
	static const struct time_reference *const all[] = {
		&pit_reference, &acpi_reference,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
		uint64_t lap = div_u64(((uint64_t)all[i]->mask + 1) *
				       all[i]->num, all[i]->den);

		EXPECT(all[i]->longest_ns >= 10 * MS);
		EXPECT(all[i]->longest_ns + 2 * MS < lap);
	}
}
