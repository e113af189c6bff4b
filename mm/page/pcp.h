// SPDX-License-Identifier: MIT
/*
 * pcp.h - free blocks that one CPU may take without a lock
 *
 * WHAT     Small blocks (order < PCP_ORDERS) are allocated and freed all the
 *          time. For each zone and order, each CPU has an array of free blocks,
 *          which is used as a stack. Blocks move between an array and the buddy
 *          lists in batches. The theory is at the head of pcp.c.
 *
 * LOCKING  Everything here: on the own CPU, interrupts off. Refill and drain
 *          take zone->lock.
 * SEE      Linux struct per_cpu_pages.
 */
#pragma once

#include "mm/page/zone.h"

/* This CPU's list of a zone; order < PCP_ORDERS. */
static inline struct pcp_list *zone_pcp(struct zone *zone, unsigned order)
{
	debug_caller_must(order < PCP_ORDERS,
			  "give an order that has a per-CPU list");
	return &(*this_cpu(zone->pcp))[order];
}

/* Take the block that was pushed last; count > 0. The caller sets its state. */
static inline struct page *pcp_pop(struct pcp_list *pcp)
{
	debug_caller_must(irqs_disabled(), "turn interrupts off");
	debug_caller_must(pcp->count > 0,
			  "look first whether the list has a block");
	return pcp->blocks[--pcp->count];
}

/* Put a block on the list of its order; count < high. */
static inline void pcp_push(struct pcp_list *pcp, struct page *page)
{
	unsigned count = pcp->count;

	debug_caller_must(irqs_disabled(), "turn interrupts off");
	debug_caller_must(pcp->count < pcp->high,
			  "make room in the list first");
	page->state = PAGE_PCP;
	pcp->blocks[count] = page;
	pcp->count = count + 1;
}

/*
 * Fill an empty list with up to a batch of blocks. The zone keeps at least
 * `floor` free pages.
 *
 * Returns: false when the list got no block.
 */
bool pcp_refill(struct zone *zone, unsigned order, unsigned long floor);

/* Make room for one block: a full list loses its older half. */
void pcp_make_room(struct zone *zone, unsigned order);

/* Give back all blocks that this CPU has of a zone. Returns: pages. */
unsigned long pcp_drain_zone(struct zone *zone);

/* Pages in the lists of all CPUs. */
unsigned long pcp_pages(const struct zone *zone);

/*
 * Allocate the arrays from memblock, sized for a zone of so many pages.
 *
 * Fails:   panics when there is no memory.
 */
void pcp_init(struct zone *zone, unsigned long pages);

/* NULL, or the first broken invariant. Interrupts are off. */
const char *pcp_check(const struct zone *zone);
