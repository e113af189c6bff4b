// SPDX-License-Identifier: MIT
/*
 * bench_kva.c - what kernel addresses cost
 *
 * WHAT     vmalloc, vmap, kmap, kmap_local and the fixmap. The TLB flushes of
 *          an operation are counted in its batches.
 */
#include <arch/fixmap.h>
#include <arch/page_ops.h>

#include "mm/kva/kmap.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/page_alloc.h"
#include "mm/page/zone.h"
#include "tests/bench.h"

#define PAGES_MAX  (2 * PKMAP_SLOTS)   /* more pages than slots */

static struct page *pages[PAGES_MAX];

static void vmalloc_pairs(struct bench *b, size_t size)
{
	while (bench_next(b)) {
		void *ptr = vmalloc(size);

		if (!ptr)
			return bench_skip(b, "no memory");
		vfree(ptr);
	}
}

BENCH(vmalloc_4k_pair_amortized, 4000) { vmalloc_pairs(b, 4u << 10); }
BENCH(vmalloc_64k_pair_amortized, 400) { vmalloc_pairs(b, 64u << 10); }
BENCH(vmalloc_1m_pair_amortized, 40) { vmalloc_pairs(b, 1u << 20); }

BENCH(vmap_16p_pair, 400)
{
	unsigned got = alloc_pages_bulk(GFP_HIGHUSER, 16, pages);

	if (got < 16)
		bench_skip(b, "no memory");
	while (got == 16 && bench_next(b)) {
		void *ptr = vmap(pages, 16, KPROT_RW);

		if (!ptr) {
			bench_skip(b, "no address space");
			break;
		}
		vunmap(ptr);
	}
	vmalloc_purge();
	free_pages_bulk(pages, got);
}

/* Fill pages[] from HIGHMEM. If that fails, the case is skipped. */
static bool take_highmem(struct bench *b, unsigned nr)
{
	unsigned got;

	if (!zones[ZONE_HIGHMEM].managed) {
		bench_skip(b, "no highmem");
		return false;
	}
	got = alloc_pages_bulk(GFP_HIGHUSER, nr, pages);
	if (got == nr && page_is_highmem(pages[nr - 1]))
		return true;
	free_pages_bulk(pages, got);
	bench_skip(b, "not enough highmem");
	return false;
}

/* nr pages in turn. With PAGES_MAX a page has lost its slot by its turn. */
static void kmap_pairs(struct bench *b, unsigned nr)
{
	unsigned i = 0;

	if (!take_highmem(b, nr))
		return;
	while (bench_next(b)) {
		struct page *page = pages[i];

		if (!kmap_try(page)) {
			bench_skip(b, "no slot");
			break;
		}
		kunmap(page);
		if (++i == nr)
			i = 0;
	}
	kmap_flush_unused();
	free_pages_bulk(pages, nr);
}

BENCH(kmap_cycle_pair, 2 * PAGES_MAX) { kmap_pairs(b, PAGES_MAX); }
BENCH(kmap_hot_pair, 2000) { kmap_pairs(b, 1); }

BENCH(kmap_local_pair, 2000)
{
	if (!take_highmem(b, 1))
		return;
	while (bench_next(b))
		kunmap_local(kmap_local(pages[0]));
	free_pages_bulk(pages, 1);
}

BENCH(kmap_local_clear_page, 500)
{
	if (!take_highmem(b, 1))
		return;
	while (bench_next(b)) {
		void *ptr = kmap_local(pages[0]);

		clear_page(ptr);
		kunmap_local(ptr);
	}
	free_pages_bulk(pages, 1);
}

BENCH(kmap_local_lowmem_pair, 2000)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return bench_skip(b, "no memory");
	while (bench_next(b))
		kunmap_local(kmap_local(page));
	free_page(page);
}

BENCH(set_clear_fixmap_pair, 2000)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return bench_skip(b, "no memory");
	while (bench_next(b)) {
		set_fixmap(FIX_TEST, page_to_phys(page), KPROT_RW);
		clear_fixmap(FIX_TEST);
	}
	free_page(page);
}

BENCH(clear_page_lowmem, 500)
{
	void *page = get_free_pages(GFP_KERNEL, 0);

	if (!page)
		return bench_skip(b, "no memory");
	while (bench_next(b))
		clear_page(page);
	put_free_pages(page, 0);
}
