// SPDX-License-Identifier: MIT
/*
 * bench.h - benchmarks that run in the kernel and count instructions
 *
 * WHAT     A benchmark measures one operation in batches. Under QEMU's
 *          `-icount shift=0,sleep=off` a tick of the time-stamp counter is one
 *          guest instruction, and every run gives the same figures.
 *
 *            BENCH(alloc_page_o0_pair, 2000)
 *            {
 *                    while (bench_next(b)) {
 *                            struct page *page = alloc_page(GFP_KERNEL);
 *                            if (!page)
 *                                    return bench_skip(b, "no memory");
 *                            free_page(page);
 *                    }
 *            }
 *
 *          An operation may have to be done n times before it can be undone n
 *          times. Such a case times the halves by itself: bench_start(),
 *          bench_stop().
 *
 * TERMS    batch   `iterations` operations; BENCH_BATCHES batches are timed.
 *                  The figure is the smallest time. The first (cold) and the
 *                  median stand beside it
 *          loop    the cost of an empty loop of the same form; it is measured
 *                  first and taken off
 *          amortized  an operation may leave clean-up for later (a purge, a
 *                  flush); a batch is so long that the clean-up falls into it
 * NOT HERE the bounds and the figures to compare with: tests/bench/bounds.tsv.
 */
#pragma once

#include "lib/compiler.h"

#define BENCH_BATCHES  11

struct bench;

struct bench_case {
	const char *name;
	unsigned    iterations;          /* operations in one batch */
	void      (*run)(struct bench *b);
};

/* Define a benchmark; the body that follows sees `b`. */
#define BENCH(what, nr)                                                   \
	static void bench_##what(struct bench *b);                        \
	static const struct bench_case bench_case_##what = {              \
		#what, nr, bench_##what                                   \
	};                                                                \
	static const struct bench_case *const bench_entry_##what          \
		__section("benches") = &bench_case_##what;                \
	static void bench_##what(struct bench *b)

struct bench {
	unsigned    left;          /* iterations still to do in this batch    */
	unsigned    batch;         /* the number of the batch that is timed   */
	unsigned    iterations;
	bool        by_hand;       /* the case calls bench_start() itself     */
	uint64_t    started;       /* cycles() at the start of the timed part */
	uint64_t    ticks[BENCH_BATCHES];
	const char *skipped;       /* why it cannot run here, or NULL         */
};

/* The slow half of bench_next(): closes a batch, opens the next. */
bool bench_next_batch(struct bench *b);

/* One iteration after the other, batch after batch. */
static inline bool bench_next(struct bench *b)
{
	if (likely(b->left)) {
		b->left--;
		return true;
	}
	return bench_next_batch(b);
}

/*
 * For halves: the case loops `while (bench_batch(b))`. Each round sets up and
 * calls bench_start(), does b->iterations operations, calls bench_stop() and
 * undoes the operations.
 */
bool bench_batch(struct bench *b);
void bench_start(struct bench *b);
void bench_stop(struct bench *b);

/* Say why this machine cannot run the case, which must then return. */
void bench_skip(struct bench *b, const char *reason);

/* The name of the i-th one; NULL behind the last. */
const char *bench_name(unsigned i);

/* Run the cases in a list "a,b" of names or prefixes, or all for "". */
void bench_run(const char *list);
