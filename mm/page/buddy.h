// SPDX-License-Identifier: MIT
/*
 * buddy.h - free blocks of one zone, in powers of two
 *
 * WHAT     Take a block of 2^order pages off the zone's free lists and put one
 *          back. The theory is at the head of buddy.c.
 * NOT HERE who may have a block (page_alloc.c), blocks kept ready by each CPU
 *          (pcp.h).
 */
#pragma once

#include "mm/page/zone.h"

/* Empty lists; the zone's range and name are the caller's. */
void buddy_init(struct zone *zone);

/*
 * Take a block of 2^order pages, order <= MAX_ORDER.
 *
 * Returns: its head, in state PAGE_TAIL: the caller says at once what it is;
 *          NULL when no list has a block that large.
 */
struct page *buddy_alloc_locked(struct zone *zone, unsigned order)
	MUST_HOLD(&zone->lock) __must_check;

/*
 * Put a block back and merge it with its buddies. All entries of the block but
 * its head say PAGE_TAIL.
 */
void buddy_free_locked(struct zone *zone, struct page *page, unsigned order)
	MUST_HOLD(&zone->lock);

/*
 * Put `nr` pages back that follow each other, in blocks as large as alignment
 * allows. All entries of the run say PAGE_TAIL.
 */
void buddy_free_run_locked(struct zone *zone, struct page *page,
			   unsigned long nr) MUST_HOLD(&zone->lock);

/* A whole 4 MiB block that nobody ever used; boot only. */
void buddy_add_virgin_locked(struct zone *zone, pfn_t first)
	MUST_HOLD(&zone->lock);

/* Order of the smallest block >= order that is free; above MAX_ORDER: none. */
static inline unsigned buddy_smallest_order(const struct zone *zone,
					    unsigned order)
{
	uint32_t orders = zone->free_orders >> order << order;

	return orders ? (unsigned)__builtin_ctz(orders) : MAX_ORDER + 1;
}

/* NULL, or the first broken invariant. The caller holds zone->lock. */
const char *buddy_check(const struct zone *zone);
