// SPDX-License-Identifier: MIT
/*
 * pcp.c - free blocks that one CPU may take without a lock
 *
 * WHAT     A stack of free blocks for each CPU, zone and order below
 *          PCP_ORDERS, in front of the buddy lists.
 *
 * PICTURE    blocks[]   0                      count          high
 *                       [ oldest ...... newest |              ]
 *                         ^                  ^
 *                   drain: the older half    pop, push
 *
 * TERMS    refill   move blocks from the buddy lists into an empty array
 *          batch    how many blocks a refill moves; a power of two
 *          drain    move the older half of a full array back
 *          run      blocks in the array whose frames follow each other, up or
 *                   down
 *
 * INVARIANTS of pcp (pcp_check() restates them)
 *          L1  count <= high
 *          L2  a block in list n is a head in state PAGE_PCP of order n,
 *              aligned, inside the zone
 *
 * ALGORITHM  The list is an array: push and pop touch one word of the array and
 *          one word of struct page. The newest block is given out first,
 *          because it is probably still in the CPU's cache. The oldest blocks
 *          are drained.
 *
 *          refill takes the smallest free block, cuts it into the array, and
 *          goes on until the array has a batch. If memory is in large blocks,
 *          one large block is enough, and a page costs little. If memory is in
 *          small pieces, the small pieces are used first, and no large block is
 *          split without need. The last page of a piece is stored first. So a
 *          caller that asks for page after page gets ascending frames.
 *
 *          drain looks for runs. Blocks that were cut from one piece are often
 *          given back in order. Such a run goes to the buddy lists as large
 *          blocks, and is not merged pair by pair. drain takes half of the
 *          array, and the other half moves down. So each block moves about once
 *          while it is in the array.
 *
 * LOCKING  The arrays: the own CPU, interrupts off. zone->lock is taken inside.
 * COST     push, pop: a few instructions. refill, drain: little for each page
 *          of a run; otherwise a buddy operation for each block.
 * NOT HERE watermarks: the caller says how many pages the zone must keep.
 * SEE      Linux mm/page_alloc.c rmqueue_bulk(), free_pcppages_bulk().
 */
#include "mm/page/pcp.h"

#include "lib/align.h"
#include "lib/string.h"
#include "mm/early/memblock.h"
#include "mm/page/buddy.h"

/* A list holds 1/256 of its zone, but at least 8 blocks. */
#define PCP_ZONE_SHARE  256
#define PCP_LIST_MIN    8u

/* A batch is up to 1/8 of a full list, but at least 4 blocks. */
#define PCP_LIST_SHARE  8
#define PCP_BATCH_MIN   4u

_Static_assert(PCP_LIST_MIN / 2 >= PCP_BATCH_MIN, "a batch fits the list");
_Static_assert((PCP_LIST_MAX / PCP_LIST_SHARE << (PCP_ORDERS - 1)) <=
	       1u << MAX_ORDER,
	       "a batch can be one block of the buddy lists");

/* ---- refill ------------------------------------------------------------- */

/* Push the 2^n parts of a block, the last one first. */
static void cut_block(struct pcp_list *pcp, struct page *page, unsigned n,
		      unsigned order)
{
	struct page **bottom = &pcp->blocks[pcp->count];
	struct page **slot = bottom + (1u << n);

	debug_assert(pcp->count + (1u << n) <= pcp->high);
	pcp->count += 1u << n;
	while (slot > bottom) {
		page->state_order = STATE_ORDER(PAGE_PCP, order);
		*--slot = page;
		page += 1u << order;
	}
}

bool pcp_refill(struct zone *zone, unsigned order, unsigned long floor)
{
	struct pcp_list *pcp = zone_pcp(zone, order);
	unsigned long room = 0;
	unsigned want;

	debug_caller_must(irqs_disabled(), "turn interrupts off");
	caller_must(pcp->count == 0, "refill a list that is empty");
	spin_lock_irqoff(&zone->lock);
	if (zone->nr_free > floor)
		room = (zone->nr_free - floor) >> order;
	want = room < pcp->batch ? (unsigned)room : pcp->batch;
	while (pcp->count < want) {
		unsigned have = buddy_smallest_order(zone, order);
		unsigned n = ilog2(want - pcp->count);

		if (have > MAX_ORDER)
			break;
		n = MIN(n, have - order);
		cut_block(pcp, buddy_alloc_locked(zone, order + n), n, order);
	}
	spin_unlock_irqoff(&zone->lock);
	return pcp->count > 0;
}

/* ---- drain -------------------------------------------------------------- */

/* How many of the n blocks form a run? Blocks of a run stop being heads. */
static unsigned claim_run(struct page *const blocks[], unsigned n,
			  ptrdiff_t distance)
{
	unsigned i = 0;

	debug_assert(n > 0);
	do
		blocks[i++]->state_order = STATE_ORDER(PAGE_TAIL, 0);
	while (i < n && blocks[i] == blocks[i - 1] + distance);
	return i;
}

/* Free the run that begins at blocks[0]. Returns: blocks in it. */
static unsigned drain_run(struct zone *zone, struct page *const blocks[],
			  unsigned n, unsigned order) MUST_HOLD(&zone->lock)
{
	ptrdiff_t size = (ptrdiff_t)1 << order;
	struct page *first = blocks[0];
	unsigned run = claim_run(blocks, n, size);

	assert_held(&zone->lock);
	if (run == 1) {
		run = claim_run(blocks, n, -size);
		first = blocks[run - 1];
	}
	buddy_free_run_locked(zone, first, (unsigned long)run << order);
	return run;
}

/* Give the oldest nr blocks of a list back to the buddy lists. */
static void pcp_drain(struct zone *zone, unsigned order, unsigned nr)
{
	struct pcp_list *pcp = zone_pcp(zone, order);
	unsigned done = 0;

	debug_caller_must(irqs_disabled(), "turn interrupts off");
	assert(nr <= pcp->count);
	spin_lock_irqoff(&zone->lock);
	while (done < nr)
		done += drain_run(zone, &pcp->blocks[done], nr - done, order);
	spin_unlock_irqoff(&zone->lock);
	pcp->count -= nr;
	memmove(pcp->blocks, pcp->blocks + nr,
		pcp->count * sizeof(pcp->blocks[0]));
}

unsigned long pcp_drain_zone(struct zone *zone)
{
	unsigned long pages = 0;

	for (unsigned order = 0; order < PCP_ORDERS; order++) {
		unsigned count = zone_pcp(zone, order)->count;

		pages += (unsigned long)count << order;
		if (count > 0)
			pcp_drain(zone, order, count);
	}
	return pages;
}

void pcp_make_room(struct zone *zone, unsigned order)
{
	struct pcp_list *pcp = zone_pcp(zone, order);

	debug_caller_must(irqs_disabled(), "turn interrupts off");
	if (pcp->count >= pcp->high)
		pcp_drain(zone, order, pcp->high / 2);
}

/* ---- count, init, check ------------------------------------------------- */

unsigned long pcp_pages(const struct zone *zone)
{
	unsigned long pages = 0;

	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++)
		for (unsigned order = 0; order < PCP_ORDERS; order++)
			pages += (unsigned long)zone->pcp[cpu][order].count
				 << order;
	return pages;
}

static void pcp_list_init(struct pcp_list *pcp, unsigned long pages,
			  unsigned order)
{
	unsigned long high = pages / PCP_ZONE_SHARE >> order;
	unsigned batch;

	high = MAX(high, PCP_LIST_MIN);
	high = MIN(high, PCP_LIST_MAX);
	batch = 1u << ilog2(high / PCP_LIST_SHARE);
	batch = MAX(batch, PCP_BATCH_MIN);
	pcp->count = 0;
	pcp->high = (unsigned)high;
	pcp->batch = batch;
	pcp->blocks = memblock_alloc(high * sizeof(pcp->blocks[0]),
				     sizeof(pcp->blocks[0]));
	if (!pcp->blocks)
		panic("no room in lowmem for per-CPU page lists");
}

void pcp_init(struct zone *zone, unsigned long pages)
{
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++)
		for (unsigned order = 0; order < PCP_ORDERS; order++)
			pcp_list_init(&zone->pcp[cpu][order], pages, order);
}

const char *pcp_check(const struct zone *zone)
{
	debug_caller_must(irqs_disabled(), "turn interrupts off");
	for (unsigned n = 0; n < NR_CPUS * PCP_ORDERS; n++) {
		unsigned order = n % PCP_ORDERS;
		const struct pcp_list *pcp = &zone->pcp[n / PCP_ORDERS][order];

		HOLDS(pcp->count <= pcp->high, "pcp L1: count <= high");
		for (unsigned i = 0; i < pcp->count; i++) {
			const struct page *page = pcp->blocks[i];
			pfn_t pfn = page_to_pfn(page);

			HOLDS(zone_contains(zone, pfn) &&
			      IS_ALIGNED(pfn.v, 1u << order) &&
			      page->state_order == STATE_ORDER(PAGE_PCP, order),
			      "pcp L2: a block in list n is a PAGE_PCP head of order n");
		}
	}
	return NULL;
}
