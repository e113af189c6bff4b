// SPDX-License-Identifier: MIT
/*
 * buddy.h - free blocks of one zone, in powers of two
 *
 * WHAT     Take a block of 2^order pages off the zone's free lists, and put a
 *          block back. The theory is at the head of buddy.c.
 * NOT HERE which request gets a block (page_alloc.c), the free blocks of
 *          each CPU (pcp.h).
 */
#pragma once

#include "mm/page/zone.h"

/* Make all lists empty. The caller sets the zone's range and name. */
void buddy_init(struct zone *zone);

/*
 * Take a block of 2^order pages, order <= MAX_ORDER.
 *
 * Returns: its head, in state PAGE_TAIL: the caller must set the state at once;
 *          NULL when no list has a block that is large enough.
 */
struct page *buddy_alloc_locked(struct zone *zone, unsigned order)
	MUST_HOLD(&zone->lock) __must_check;

/*
 * Put a block back and merge it with its buddies. All entries of the block,
 * except its head, must say PAGE_TAIL.
 */
void buddy_free_locked(struct zone *zone, struct page *page, unsigned order)
	MUST_HOLD(&zone->lock);

/*
 * Put back a run of `nr` neighbouring pages, in blocks as large as the
 * alignment allows. All entries of the run must say PAGE_TAIL.
 */
void buddy_free_run_locked(struct zone *zone, struct page *page,
			   unsigned long nr) MUST_HOLD(&zone->lock);

/* Add a whole 4 MiB block that was never used. Called at boot only. */
void buddy_add_virgin_locked(struct zone *zone, pfn_t first)
	MUST_HOLD(&zone->lock);

/* Order of the smallest free block >= order; above MAX_ORDER: there is none. */
static inline unsigned buddy_smallest_order(const struct zone *zone,
					    unsigned order)
{
	uint32_t orders = zone->free_orders >> order << order;

	debug_caller_must(order <= MAX_ORDER, "ask for an order up to MAX_ORDER");
	return orders ? (unsigned)__builtin_ctz(orders) : MAX_ORDER + 1;
}

/* NULL, or the first broken invariant. The caller holds zone->lock. */
const char *buddy_check(const struct zone *zone);
