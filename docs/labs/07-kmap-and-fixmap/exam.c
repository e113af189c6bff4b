// SPDX-License-Identifier: MIT
/*
 * exam.c (lab kmap) - a run of random operations that somebody else marks
 *
 * WHAT     Prints what happens, and no verdict. exam.py knows what must happen.
 *
 *            exam  NUMBER  WORD  ARGUMENT  COUNT  RESULT  USED  UNUSED  FLUSHES
 *                  ONE  ALL
 *
 *          in one line, with a tab between two words. NUMBER is the number of
 *          the operation. RESULT depends on WORD, see below. USED and UNUSED
 *          are numbers of slots. FLUSHES is kmap's own counter. ONE and ALL are
 *          the flushes of one page and of the whole TLB. These three count
 *          from the beginning of the run.
 *
 *          WORD     ARGUMENT  COUNT  what is done             RESULT
 *          map      page      1      kmap_try()               slot, or -1
 *          fill     page      n      kmap_try() of n pages    sum of results
 *          sweep    page      n      kmap_try() and kunmap()  sum of results
 *          unmap    page      n      n times kunmap()         how many
 *          freed    page      n      kmap_page_freed()        how many
 *          flush    0         1      kmap_flush_unused()      slots emptied
 *
 * TERMS    page   its number in the run. A count of n goes on with the next
 *                 numbers, and after the last one with 0. unmap passes over
 *                 pages without users, freed over pages with users
 */
/* Exercise 5 is promoted: the run calls what the kernel calls. */
#undef kmap_page_freed

#include <arch/tlb.h>

#include "docs/labs/07-kmap-and-fixmap/lab.h"
#include "kernel/diag/console.h"
#include "lib/random.h"
#include "mm/kva/kmap.h"
#include "mm/page/page_alloc.h"
#include "tests/ktest.h"

SUITE(exam_kmap, NULL);

#define PAGES       (LAB_SLOTS + 100)
#define OPERATIONS  600

static struct page *pages[PAGES];
static unsigned     users[PAGES];
static struct rng   rng;

/* The counters at the beginning of the run. */
static struct tlb_stats tlb_before;
static unsigned long    flushes_before;

static int map(unsigned i)
{
	void *ptr = kmap_try(pages[i]);

	if (!ptr)
		return -1;
	users[i]++;
	return (int)((ptr_to_kva(ptr) - PKMAP_BASE) / PAGE_SIZE);
}

static void unmap(unsigned i)
{
	users[i]--;
	kunmap(pages[i]);
}

/* ---- operations --------------------------------------------------------- */

static int op_fill(unsigned page, unsigned count)
{
	int sum = 0;

	for (unsigned n = 0; n < count; n++)
		sum += map((page + n) % PAGES);
	return sum;
}

static int op_sweep(unsigned page, unsigned count)
{
	int sum = 0;

	for (unsigned n = 0; n < count; n++) {
		unsigned i = (page + n) % PAGES;
		int slot = map(i);

		sum += slot;
		if (slot >= 0)
			unmap(i);
	}
	return sum;
}

static int op_unmap(unsigned page, unsigned count)
{
	int done = 0;

	for (unsigned n = 0; n < PAGES && done < (int)count; n++) {
		unsigned i = (page + n) % PAGES;

		if (!users[i])
			continue;
		unmap(i);
		done++;
	}
	return done;
}

static int op_freed(unsigned page, unsigned count)
{
	int done = 0;

	for (unsigned n = 0; n < PAGES && done < (int)count; n++) {
		unsigned i = (page + n) % PAGES;

		if (users[i])
			continue;
		kmap_page_freed(pages[i]);
		done++;
	}
	return done;
}

static int op_flush(unsigned page, unsigned count)
{
	return (int)kmap_flush_unused();
}

static const struct operation {
	const char *word;
	int       (*run)(unsigned page, unsigned count);
	unsigned    count;      /* 1 to so many pages; 0: no page, once */
	unsigned    share;      /* of 16 */
} operations[] = {
	{ "map",   op_fill,    1,          3 },
	{ "fill",  op_fill,    LAB_SLOTS,  2 },
	{ "sweep", op_sweep,   40,         4 },
	{ "unmap", op_unmap,   LAB_SLOTS,  4 },
	{ "freed", op_freed,   8,          2 },
	{ "flush", op_flush,   0,          1 },
};

static const struct operation *choose(void)
{
	const struct operation *op = operations;
	unsigned n = rng_below(&rng, 16);

	while (n >= op->share)
		n -= op++->share;
	return op;
}

/* ---- the run ------------------------------------------------------------ */

static void begin(void)
{
	unsigned i = 0, last = LAB_DOWN ? 0 : LAB_SLOTS - 1;
	struct kmap_usage usage;

	REQUIRE(alloc_pages_bulk(GFP_HIGHUSER, PAGES, pages) == PAGES);
	REQUIRE(page_is_highmem(pages[PAGES - 1]));
	kmap_flush_unused();
	/* The run begins with a lap, wherever the cursor is. */
	for (bool at_end = false; !at_end; i++) {
		REQUIRE(i < PAGES);
		at_end = map(i) == (int)last;
		unmap(i);
	}
	kmap_flush_unused();
	kmap_usage(&usage);
	flushes_before = usage.flushes;
	tlb_before = tlb_stats;
}

static void step(unsigned number)
{
	const struct operation *op = choose();
	unsigned page = op->count ? rng_below(&rng, PAGES) : 0;
	unsigned count = op->count ? 1 + rng_below(&rng, op->count) : 1;
	struct kmap_usage usage;
	int result = op->run(page, count);

	kmap_usage(&usage);
	console_printf("exam\t%u\t%s\t%u\t%u\t%d\t%u\t%u\t%lu\t%lu\t%lu\n",
		       number, op->word, page, count, result, usage.used,
		       usage.unused, usage.flushes - flushes_before,
		       tlb_stats.pages - tlb_before.pages,
		       tlb_stats.all - tlb_before.all);
}

static void end(void)
{
	for (unsigned i = 0; i < PAGES; i++)
		while (users[i])
			unmap(i);
	free_pages_bulk(pages, PAGES);
}

KTEST(exam_kmap, run)
{
	rng_init(&rng, ktest_seed());
	begin();
	for (unsigned number = 1; number <= OPERATIONS; number++)
		step(number);
	end();
}
