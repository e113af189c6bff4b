// SPDX-License-Identifier: MIT
/*
 * bench_page.c - what pages cost
 *
 * WHAT     alloc_pages() and free_pages(): in pairs, in batches, by order and
 *          by zone. The names are those of the Linux figures in
 *          tests/bench/bounds.tsv.
 */
#include "mm/page/page_alloc.h"
#include "mm/page/zone.h"
#include "tests/bench.h"

#define BATCH_MAX  1024

static struct page *held[BATCH_MAX];

static void page_pairs(struct bench *b, gfp_t gfp, unsigned order)
{
	while (bench_next(b)) {
		struct page *page = alloc_pages(gfp, order);

		if (!page)
			return bench_skip(b, "no memory");
		free_pages(page, order);
	}
}

/* Is there highmem? If not, the case is skipped. */
static bool have_highmem(struct bench *b)
{
	if (zones[ZONE_HIGHMEM].managed)
		return true;
	bench_skip(b, "no highmem");
	return false;
}

/* The pair of order 0 has a case of its own: its order is a constant. */
BENCH(alloc_page_o0_pair, 2000)
{
	while (bench_next(b)) {
		struct page *page = alloc_page(GFP_KERNEL);

		if (!page)
			return bench_skip(b, "no memory");
		free_page(page);
	}
}

BENCH(alloc_pages_o1_pair, 2000) { page_pairs(b, GFP_KERNEL, 1); }
BENCH(alloc_pages_o2_pair, 2000) { page_pairs(b, GFP_KERNEL, 2); }
BENCH(alloc_pages_o3_pair, 2000) { page_pairs(b, GFP_KERNEL, 3); }
BENCH(alloc_pages_o4_pair, 2000) { page_pairs(b, GFP_KERNEL, 4); }
BENCH(alloc_pages_o5_pair, 2000) { page_pairs(b, GFP_KERNEL, 5); }
BENCH(alloc_pages_o9_pair, 2000) { page_pairs(b, GFP_KERNEL, 9); }
BENCH(alloc_page_dma_pair, 2000) { page_pairs(b, GFP_KERNEL | GFP_DMA, 0); }
BENCH(alloc_page_atomic_pair, 2000) { page_pairs(b, GFP_ATOMIC, 0); }
BENCH(get_zeroed_page_pair, 500) { page_pairs(b, GFP_KERNEL | GFP_ZERO, 0); }

BENCH(alloc_page_highmem_pair, 2000)
{
	if (have_highmem(b))
		page_pairs(b, GFP_HIGHUSER, 0);
}

enum half { TIME_ALLOC, TIME_FREE };

/* Allocate b->iterations blocks, then free them; time one of the halves. */
static void page_batch(struct bench *b, gfp_t gfp, unsigned order,
		       enum half half)
{
	while (bench_batch(b)) {
		unsigned n, i;

		if (half == TIME_ALLOC)
			bench_start(b);
		for (n = 0; n < b->iterations; n++) {
			held[n] = alloc_pages(gfp, order);
			if (!held[n])
				break;
		}
		if (half == TIME_ALLOC)
			bench_stop(b);
		if (n < b->iterations)
			bench_skip(b, "no memory");
		if (half == TIME_FREE)
			bench_start(b);
		for (i = 0; i < n; i++)
			free_pages(held[i], order);
		if (half == TIME_FREE)
			bench_stop(b);
	}
}

#define PAGE_BATCHES(name, nr, gfp, order)                               \
	BENCH(name##_alloc, nr) { page_batch(b, gfp, order, TIME_ALLOC); } \
	BENCH(name##_free, nr) { page_batch(b, gfp, order, TIME_FREE); }

PAGE_BATCHES(alloc_page_o0_batch1024, 1024, GFP_KERNEL, 0)
PAGE_BATCHES(alloc_pages_o1_batch512, 512, GFP_KERNEL, 1)
PAGE_BATCHES(alloc_pages_o3_batch256, 256, GFP_KERNEL, 3)
PAGE_BATCHES(alloc_pages_o5_batch64, 64, GFP_KERNEL, 5)

BENCH(alloc_page_highmem_batch1024_alloc, 1024)
{
	if (have_highmem(b))
		page_batch(b, GFP_HIGHUSER, 0, TIME_ALLOC);
}

BENCH(alloc_page_highmem_batch1024_free, 1024)
{
	if (have_highmem(b))
		page_batch(b, GFP_HIGHUSER, 0, TIME_FREE);
}
