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
 * LOCKING  All functions may be called in any context; without GFP_RECLAIM
 *          they never sleep.
 * NOT HERE objects smaller than a page (mm/slab/), address space that is only
 *          virtually contiguous (mm/kva/vmalloc.h).
 * SEE      Linux include/linux/gfp.h.
 */
#pragma once

#include "mm/page/gfp.h"
#include "mm/page/page.h"

/*
 * A block of 2^order pages.
 *
 * Returns: its first page, in state PAGE_USED with refs 1; or NULL when no
 *          zone of the fallback has one (said in the log unless GFP_NOWARN).
 *          An order above MAX_ORDER also gives NULL. GFP_ZERO clears all
 *          pages, highmem ones too.
 * Owns:    the caller, until free_pages() with the same order.
 */
struct page *alloc_pages(gfp_t gfp, unsigned order) __must_check;

/*
 * Give a block back. Freeing twice, with another order or from the middle is
 * a bug of the caller and panics.
 */
void free_pages(struct page *page, unsigned order);

/* The same for one page; functions of their own because they are shorter. */
struct page *alloc_page(gfp_t gfp) __must_check;
void free_page(struct page *page);

/*
 * Up to nr single pages at once, cheaper than one by one.
 *
 * Returns: how many were had, in pages[0..]; below nr only when memory ran
 *          out. The caller keeps or frees those.
 */
unsigned alloc_pages_bulk(gfp_t gfp, unsigned nr, struct page *pages[])
	__must_check;
void free_pages_bulk(struct page *const pages[], unsigned nr);

/*
 * The same by address, lowmem only. Returns: NULL when there is no memory.
 */
void *get_free_pages(gfp_t gfp, unsigned order) __must_check;
void *get_zeroed_page(gfp_t gfp) __must_check;
void  put_free_pages(void *ptr, unsigned order);   /* NULL is allowed */

/*
 * Say what an allocated block is used for (PAGE_SLAB, PAGE_TABLE). Its owner
 * sets it back to PAGE_USED before free_pages().
 */
static inline void page_set_state(struct page *page, enum page_state state)
{
	page->state = (uint8_t)state;
}

/* Pages free in all zones, per-CPU lists included. */
unsigned long nr_free_pages(void);

/* Move all per-CPU pages of this CPU back into the buddy lists. */
void drain_local_pages(void);

/* Once at boot, by zones_init(). */
void page_alloc_init(void);

/* NULL, or the first invariant that does not hold, over all zones. */
const char *page_alloc_check(void);

/* Linux's /proc/buddyinfo and the boot log's zone lines, to the console. */
void buddyinfo_dump(void);
void zoneinfo_dump(void);

/*
 * Each zone and each run of equal blocks, a line each with tabs, for
 * tools/pictures:
 *   zone    name, first frame, end, spanned, present, managed, free pages
 *   frames  first frame, order, blocks, letter of PAGE_STATES or - for a hole
 */
void page_lines_dump(void);
