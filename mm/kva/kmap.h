// SPDX-License-Identifier: MIT
/*
 * kmap.h - addresses for highmem pages, for a while
 *
 * WHAT     kmap_try() gives a page one of 512 slots, kept until kunmap();
 *          kmap_local() gives a slot of this CPU, nested like a stack. For a
 *          lowmem page both return its permanent address.
 *
 * TERMS    count   of a slot, as in Linux: 0 free; 1 unused, but still in the
 *                  tables and the TLB; n > 1 in use by n - 1 callers
 *          lap     one pass over all slots; slots with count 1 are emptied
 *                  once a lap, with one flush
 * SEE      Linux mm/highmem.c.
 */
#pragma once

#include <arch/kva.h>

#include "mm/page/page.h"

/*
 * Address of the page until kunmap(). Mapping one page again gives the same
 * address and needs one more kunmap().
 *
 * Context: any but interrupt handlers; never sleeps.
 * Returns: NULL when all slots are in use.
 */
void *kmap_try(struct page *page) __must_check;
void  kunmap(struct page *page);

/*
 * Address of the page on this CPU until kunmap_local(), innermost first.
 *
 * Context: any, including interrupt handlers. Never sleeps, never fails;
 *          nesting deeper than KMAP_LOCAL_SLOTS panics.
 */
void *kmap_local(struct page *page) __must_check;
void  kunmap_local(const void *ptr);

/* The page that a kmap or kmap_local address stands for; NULL: none. */
struct page *kmap_to_page(const void *ptr);

/* Empty all unused slots now, with one flush. Returns: slots emptied. */
unsigned kmap_flush_unused(void);

/* Slots by count: free, unused, in use. */
struct kmap_usage {
	unsigned free, unused, used;
	unsigned long flushes;   /* laps since boot */
};
void kmap_usage(struct kmap_usage *usage);

/* Once at boot, after the final page tables. */
void kmap_init(void);

const char *kmap_check(void);
void kmap_dump(void);
