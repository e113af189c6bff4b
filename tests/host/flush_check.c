// SPDX-License-Identifier: MIT
/*
 * flush_check.c (host) - was the TLB flushed before it had to be?
 *
 * WHAT     mm/kva/ calls these instead of the page-table functions (the
 *          Makefile renames them there). Each function looks whether the TLB
 *          still remembers what it must forget: pages that are about to be
 *          freed, or addresses that are about to be reused. On real hardware
 *          such a bug is a rare corruption; here it is a panic that names the
 *          address. The area must be busy meanwhile.
 *
 * SEE      <arch/kpgtable.h>, "retire" and "reap".
 */
#include <arch/kpgtable.h>

#include "mm/kva/vmalloc.h"
#include "tests/host/host.h"

unsigned checked_kpt_reap(kva_t va, unsigned nr, struct page *pages[]);
void checked_kpt_map_pages(kva_t va, struct page *const pages[], unsigned nr,
			   enum kprot prot);
void checked_kpt_map_range(kva_t va, pfn_t first, unsigned nr,
			   enum kprot prot);

/* Only an area that belongs to one thread may be filled or taken down. */
static void must_be_busy(kva_t va)
{
	struct vm_area_info info;

	if (!vmalloc_find_used(va, &info) || !info.busy)
		panic("the area at 0x%08x is not busy", va);
}

static void must_be_flushed(kva_t va, unsigned nr, const char *before)
{
	kva_t stale;

	if (host_tlb_find(va, nr, &stale))
		panic("missing flush: 0x%08x is in the TLB before %s", stale,
		      before);
}

unsigned checked_kpt_reap(kva_t va, unsigned nr, struct page *pages[])
{
	must_be_busy(va);
	must_be_flushed(va, nr, "its page is freed");
	return kpt_reap(va, nr, pages);
}

void checked_kpt_map_pages(kva_t va, struct page *const pages[], unsigned nr,
			   enum kprot prot)
{
	must_be_busy(va);
	must_be_flushed(va, nr, "it is mapped again");
	kpt_map_pages(va, pages, nr, prot);
}

void checked_kpt_map_range(kva_t va, pfn_t first, unsigned nr,
			   enum kprot prot)
{
	must_be_busy(va);
	must_be_flushed(va, nr, "it is mapped again");
	kpt_map_range(va, first, nr, prot);
}
