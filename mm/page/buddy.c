// SPDX-License-Identifier: MIT
/*
 * buddy.c - free blocks of one zone, in powers of two
 *
 * WHAT     Gives out and takes back runs of 2^order page frames of one zone.
 *
 * PICTURE  Sixteen frames; 5 is allocated, everything else is free:
 *
 *            pfn         0   1   2   3   4   5   6   7   8   ...  15
 *            order 3                                     [---------]
 *            order 2     [-----------]
 *            order 1                             [---]
 *            order 0                     []  ##
 *
 *          Free 5: its buddy 4 is free, they become 4-5; the buddy of that,
 *          6-7, is free: 4-7; then 0-3: 0-7; then 8-15: one block of order 4.
 *
 * TERMS    block   2^order frames, the first ("head") aligned to 2^order
 *          buddy   the other half of the parent block: pfn ^ (1 << order)
 *          parent  pfn & ~(1 << order), one order up
 *          virgin  a block of MAX_ORDER of which only the head's entry has been
 *                  written yet (pageblock.c)
 *
 * INVARIANTS of buddy (buddy_check() restates them)
 *          B1  a page on free list n is a free head of order n
 *          B2  the head of an order-n block is aligned to 2^n frames
 *          B3  a block lies inside its zone
 *          B4  two buddies are never both free at the same order
 *          B5  zone->nr_free is the sum over the lists
 *          B6  blocks[n] is the length of list n; bit n of free_orders is set
 *              exactly when that is not 0
 *
 * ALGORITHM  alloc: find the smallest free block of order >= n (with B6 this is
 *          one bit scan). Split it, and put the upper halves on their lists.
 *          free: while the buddy is free at this order, take the buddy off its
 *          list and go on with the parent. Because of B2, xor finds the buddy.
 *          When the loop ends, B4 is true again.
 *
 *          One comparison of the 16-bit state_order says whether a buddy is
 *          free. An old entry must not look like a free head. So code that
 *          makes a head part of a larger block writes PAGE_TAIL into the head.
 *
 *          A list is used like a stack, but virgin blocks stay at its end. So
 *          memory that was used before is used again first.
 *
 * LOCKING  zone->lock, interrupts off. Never sleeps.
 * COST     alloc and free O(MAX_ORDER). No memory of its own: links and order
 *          are in struct page.
 * NOT HERE choosing a zone, watermarks (page_alloc.c); per-CPU lists (pcp.c).
 * SEE      Linux mm/page_alloc.c __free_one_page(); Knuth, TAOCP 1, 2.5.
 */
#include "mm/page/buddy.h"

#include "lib/align.h"
#include "mm/page/pageblock.h"

/* ---- one list ----------------------------------------------------------- */

static bool is_free_head(const struct page *page, unsigned order)
{
	return page->state_order == STATE_ORDER(PAGE_FREE, order);
}

static void list_block(struct zone *zone, struct page *page, unsigned order)
{
	page->state_order = STATE_ORDER(PAGE_FREE, order);
	list_add(&page->list, &zone->free[order]);
	zone->blocks[order]++;
	zone->free_orders |= 1u << order;
}

static void unlist_block(struct zone *zone, struct page *page, unsigned order)
{
	debug_assert(zone->blocks[order] > 0);
	list_del(&page->list);
	page->state_order = STATE_ORDER(PAGE_TAIL, 0);
	if (--zone->blocks[order] == 0)
		zone->free_orders &= ~(1u << order);
}

/* ---- core --------------------------------------------------------------- */

struct page *buddy_alloc_locked(struct zone *zone, unsigned order)
{
	unsigned have = buddy_smallest_order(zone, order);
	struct page *page;

	assert_held(&zone->lock);
	caller_must(order <= MAX_ORDER, "ask for an order up to MAX_ORDER");
	if (have > MAX_ORDER)
		return NULL;
	page = list_first_entry(&zone->free[have], struct page, list);
	unlist_block(zone, page, have);
	if (have == MAX_ORDER &&
	    pageblock_state(page_to_pfn(page)) == PAGEBLOCK_VIRGIN)
		pageblock_make_live(page_to_pfn(page));
	while (have > order) {
		have--;
		list_block(zone, page + (1u << have), have);
	}
	zone->nr_free -= 1ul << order;
	return page;
}

void buddy_free_locked(struct zone *zone, struct page *page, unsigned order)
{
	uint32_t pfn = page_to_pfn(page).v;

	assert_held(&zone->lock);
	caller_must(order <= MAX_ORDER,
		    "give a block of an order up to MAX_ORDER");
	debug_caller_must(IS_ALIGNED(pfn, 1u << order),
			  "give the first page of a block: it is aligned to its order");
	debug_caller_must(zone_contains(zone, PFN(pfn)),
			  "give a block of this zone");
	debug_caller_must(page->state != PAGE_FREE,
			  "free a block once: this one is free");
	zone->nr_free += 1ul << order;
	page->state_order = STATE_ORDER(PAGE_TAIL, 0);
	while (order < MAX_ORDER) {
		struct page *buddy = pfn_to_page(PFN(pfn ^ 1u << order));

		if (!is_free_head(buddy, order))
			break;
		unlist_block(zone, buddy, order);
		pfn &= ~(1u << order);
		order++;
	}
	list_block(zone, pfn_to_page(PFN(pfn)), order);
}

void buddy_free_run_locked(struct zone *zone, struct page *page,
			   unsigned long nr)
{
	uint32_t pfn = page_to_pfn(page).v;

	debug_caller_must(pfn >= zone->start.v && pfn + nr <= zone->end.v,
			  "give pages of this zone");
	assert_held(&zone->lock);
	while (nr > 0) {
		/* The largest order for which pfn is aligned, and that fits. */
		unsigned order = (unsigned)__builtin_ctz(pfn | PAGEBLOCK_PAGES);

		order = MIN(order, ilog2(nr));
		buddy_free_locked(zone, pfn_to_page(PFN(pfn)), order);
		pfn += 1u << order;
		nr -= 1ul << order;
	}
}

/* ---- init --------------------------------------------------------------- */

void buddy_add_virgin_locked(struct zone *zone, pfn_t first)
{
	struct page *page = pfn_to_page(first);

	assert_held(&zone->lock);
	caller_must(IS_ALIGNED(first.v, PAGEBLOCK_PAGES),
		    "give the first frame of a 4 MiB block");
	caller_must(zone_contains(zone, first), "give a block of this zone");
	pageblock_init_virgin(first);
	list_block(zone, page, MAX_ORDER);
	list_move_tail(&page->list, &zone->free[MAX_ORDER]);
	zone->nr_free += PAGEBLOCK_PAGES;
}

void buddy_init(struct zone *zone)
{
	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		list_init(&zone->free[order]);
		zone->blocks[order] = 0;
	}
	zone->free_orders = 0;
	zone->nr_free = 0;
	spin_lock_init(&zone->lock);
}

/* ---- check -------------------------------------------------------------- */

const char *buddy_check(const struct zone *zone)
{
	unsigned long free = 0;

	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		const struct page *page;
		unsigned long blocks = 0;

		list_for_each_entry(page, &zone->free[order], list) {
			pfn_t pfn = page_to_pfn(page);
			pfn_t buddy = PFN(pfn.v ^ 1u << order);

			HOLDS(is_free_head(page, order),
			      "buddy B1: a page on free list n is a free head of order n");
			HOLDS(IS_ALIGNED(pfn.v, 1u << order),
			      "buddy B2: the head of an order-n block is aligned to 2^n frames");
			HOLDS(zone_contains(zone, pfn) &&
			      pfn.v + (1u << order) <= zone->end.v,
			      "buddy B3: a block lies inside its zone");
			HOLDS(order == MAX_ORDER ||
			      !is_free_head(pfn_to_page(buddy), order),
			      "buddy B4: two buddies are never both free at the same order");
			blocks++;
		}
		free += blocks << order;
		HOLDS(blocks == zone->blocks[order] &&
		      (blocks != 0) == (zone->free_orders >> order & 1),
		      "buddy B6: blocks[] and free_orders tell the lists' lengths");
	}
	HOLDS(free == zone->nr_free,
	      "buddy B5: nr_free is the sum over the lists");
	return NULL;
}
