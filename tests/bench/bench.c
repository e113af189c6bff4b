// SPDX-License-Identifier: MIT
/*
 * bench.c - run the benchmarks and print their lines
 *
 * WHAT     Runs each case of the section `benches`, takes off the cost of an
 *          empty loop, and prints one line for each case:
 *
 *            bench<TAB>name<TAB>ticks_per_op<TAB>iterations
 *
 *          ticks_per_op is that of the best batch, rounded to the nearest
 *          whole. A comment line before it has the first and the median batch
 *          and the TLB flushes, which an instruction count does not show.
 * SEE      tests/bench.h; tools/bench_table.py sets bounds and references
 *          beside the lines.
 */
#include "tests/bench.h"

#include <arch/cycles.h>
#include <arch/tlb.h>

#include "kernel/diag/console.h"
#include "lib/div64.h"
#include "lib/string.h"
#include "mm/page/shrinker.h"

extern const struct bench_case *const __start_benches[];
extern const struct bench_case *const __stop_benches[];

/* Ticks that a thousand turns of an empty BENCH() loop take. */
static uint32_t empty_loop_ticks;

bool bench_next_batch(struct bench *b)
{
	uint64_t now = cycles();

	if (b->started)
		b->ticks[b->batch++] = now - b->started;
	if (b->batch == BENCH_BATCHES)
		return false;
	b->left = b->iterations - 1;
	b->started = cycles();
	return true;
}

bool bench_batch(struct bench *b)
{
	b->by_hand = true;
	return b->batch < BENCH_BATCHES && !b->skipped;
}

void bench_start(struct bench *b)
{
	b->started = cycles();
}

void bench_stop(struct bench *b)
{
	b->ticks[b->batch++] = cycles() - b->started;
}

void bench_skip(struct bench *b, const char *reason)
{
	b->skipped = reason;
}

/* Insertion sort: eleven numbers. */
static void sort_ticks(uint64_t *ticks, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		uint64_t x = ticks[i];
		unsigned j = i;

		for (; j > 0 && ticks[j - 1] > x; j--)
			ticks[j] = ticks[j - 1];
		ticks[j] = x;
	}
}

/* Ticks of one operation without the loop's own, rounded to the nearest. */
static uint32_t per_op(const struct bench *b, uint64_t ticks)
{
	uint64_t loop = 0;

	if (!b->by_hand)
		loop = div_u64((uint64_t)empty_loop_ticks * b->iterations,
			       1000);
	ticks = ticks > loop ? ticks - loop : 0;
	return (uint32_t)div_u64(ticks + b->iterations / 2, b->iterations);
}

static void bench_measure(struct bench *b, const struct bench_case *c)
{
	/* Memory that earlier cases left in reserve is given back first. */
	shrink_all();
	memset(b, 0, sizeof(*b));
	b->iterations = c->iterations;
	c->run(b);
}

static void bench_report(struct bench *b, const struct bench_case *c,
			 const struct tlb_stats *before)
{
	uint32_t first;

	if (b->skipped) {
		console_printf("# bench %s skipped: %s\n", c->name, b->skipped);
		return;
	}
	first = per_op(b, b->ticks[0]);
	sort_ticks(b->ticks, BENCH_BATCHES);
	console_printf("# %s: first %u, median %u, flushes %lu pages %lu all\n",
		       c->name, first, per_op(b, b->ticks[BENCH_BATCHES / 2]),
		       tlb_stats.pages - before->pages,
		       tlb_stats.all - before->all);
	console_printf("bench\t%s\t%u\t%u\n", c->name, per_op(b, b->ticks[0]),
		       c->iterations);
}

static void empty_loop(struct bench *b)
{
	while (bench_next(b))
		barrier();
}

static void calibrate(void)
{
	static const struct bench_case empty = { "empty", 1000, empty_loop };
	struct bench b;

	bench_measure(&b, &empty);
	sort_ticks(b.ticks, BENCH_BATCHES);
	empty_loop_ticks = (uint32_t)b.ticks[0];
	console_printf("# bench: an empty loop of 1000 takes %u ticks\n",
		       empty_loop_ticks);
}

/* Is the name, or a prefix of it, a member of the list "a,b,c"? */
static bool listed(const char *list, const char *name)
{
	while (*list) {
		const char *comma = strchr(list, ',');
		size_t n = comma ? (size_t)(comma - list) : strlen(list);

		if (n && !strncmp(list, name, n))
			return true;
		list += comma ? n + 1 : n;
	}
	return false;
}

const char *bench_name(unsigned i)
{
	const struct bench_case *const *c = __start_benches + i;

	return c < __stop_benches ? (*c)->name : NULL;
}

void bench_run(const char *list)
{
	const struct bench_case *const *c;
	struct bench b;

	calibrate();
	for (c = __start_benches; c < __stop_benches; c++) {
		struct tlb_stats before = tlb_stats;

		if (list && *list && !listed(list, (*c)->name))
			continue;
		bench_measure(&b, *c);
		bench_report(&b, *c, &before);
	}
}
