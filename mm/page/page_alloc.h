// SPDX-License-Identifier: MIT
/*
 * page_alloc.h - get and give back whole pages
 *
 * WHAT     The page allocator's interface. Blocks of 2^order physically
 *          contiguous pages, order 0..MAX_ORDER, aligned to their size.
 *
 *            struct page *page = alloc_pages(GFP_KERNEL, 2);
 *            if (!page)
 *                    return -ENOMEM;
 *            ...
 *            free_pages(page, 2);
 *
 * TERMS    fallback   the zones tried, in order: HIGHMEM NORMAL DMA for
 *                     GFP_HIGHMEM, NORMAL DMA for neither, DMA for GFP_DMA
 * LOCKING  All functions may be called in any context, and never sleep.
 * NOT HERE objects smaller than a page (mm/slab/), address space that is only
 *          virtually contiguous (mm/kva/vmalloc.h).
 * SEE      Linux include/linux/gfp.h.
 */
#pragma once

#include "mm/page/gfp.h"
#include "mm/page/page.h"

/*
 * Allocate a block of 2^order pages.
 *
 * Returns: its first page, in state PAGE_USED with refs 1; or NULL when no
 *          zone of the fallback has such a block. NULL is reported in the log,
 *          unless GFP_NOWARN is set. An order above MAX_ORDER also gives NULL.
 *          GFP_ZERO clears all pages, also highmem pages.
 * Owns:    the caller, until free_pages() with the same order.
 */
struct page *alloc_pages(gfp_t gfp, unsigned order) __must_check;

/*
 * Give a block back. Freeing twice, with another order or from the middle is
 * a bug of the caller and panics.
 */
void free_pages(struct page *page, unsigned order);

/* The same for one page. These functions are shorter, and so faster. */
struct page *alloc_page(gfp_t gfp) __must_check;
void free_page(struct page *page);

/*
 * Allocate up to nr single pages. This is cheaper than nr single calls.
 *
 * Returns: the number of pages in pages[]. The number is below nr only when
 *          there is no more memory; the caller owns these pages all the same.
 */
unsigned alloc_pages_bulk(gfp_t gfp, unsigned nr, struct page *pages[])
	__must_check;
void free_pages_bulk(struct page *const pages[], unsigned nr);

/*
 * As alloc_pages(), but for lowmem only, and the block is named by its address.
 * Returns: NULL when there is no memory.
 */
void *get_free_pages(gfp_t gfp, unsigned order) __must_check;
void  put_free_pages(void *ptr, unsigned order);   /* NULL is allowed */

/*
 * Set what an allocated block is used for (PAGE_SLAB, PAGE_TABLE). The owner
 * sets it back to PAGE_USED before free_pages().
 */
static inline void page_set_state(struct page *page, enum page_state state)
{
	debug_caller_must(page->state != PAGE_FREE && page->state != PAGE_PCP,
			  "own the page: this one is free");
	page->state = (uint8_t)state;
}

/* Pages free in all zones, per-CPU lists included. */
unsigned long nr_free_pages(void);

/* Move this CPU's pages back into the buddy lists. Returns: their number. */
unsigned long drain_local_pages(void);

/* Called once, at boot, by zones_init(). */
void page_alloc_init(void);

/* NULL, or the first invariant that does not hold, over all zones. */
const char *page_alloc_check(void);

/* Print Linux's /proc/buddyinfo, and the zone lines of the boot log. */
void buddyinfo_dump(void);
void zoneinfo_dump(void);

/*
 * Print a line with tabs for each zone, and for each run of equal blocks.
 * tools/pictures reads these lines:
 *   zone    name, first frame, end, spanned, present, managed, free pages
 *   frames  first frame, order, blocks, letter of PAGE_STATES or - for a hole
 */
void page_lines_dump(void);
