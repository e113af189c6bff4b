// SPDX-License-Identifier: MIT
/*
 * page_alloc.c - get and give back whole pages
 *
 * WHAT     Chooses the zone for a request, and takes the block. If the list of
 *          this CPU has a block, it is taken from there. If not, it is taken
 *          from the buddy lists.
 *
 * PICTURE    alloc_pages()                           free_pages()
 *                |                                        |
 *             [ per-CPU list of the first zone ] <--------+  order < 4
 *                | empty             ^                    |
 *                v        refill     | batch              | drain, order >= 4
 *             [ HIGHMEM ] -> [ NORMAL ] -> [ DMA ]  <-----+
 *                | none above its watermark
 *                v
 *             shrinkers, then the same below the watermark, then NULL
 *
 * TERMS    first zone  the best zone of the request's fallback
 *          floor       free pages that this request must leave in a zone:
 *                      watermark + lowmem_reserve (watermark.h)
 *
 * INVARIANTS of census: census.c. Each managed page is in exactly one block,
 *          which is free, in a per-CPU list or used.
 *
 * ALGORITHM  The ordinary case is alloc_page(): pop a page from the list of the
 *          first zone. alloc_page() does not check the watermark: the refill of
 *          the list has checked it, and the pages of a list no longer count as
 *          free pages of the zone.
 *
 *          An allocated block of an order has one right value of state, order
 *          and kmap slot. free_pages() compares all three in one 32-bit
 *          comparison. So it finds a double free, a wrong order, a free from
 *          the middle and a free of a slab, without extra cost. report.c then
 *          finds out which of these it was.
 *
 * LOCKING  Per-CPU lists: interrupts off. zone->lock is taken inside. Shrinkers
 *          are called without the lock, and with interrupts as they were.
 * COST     tests/bench/bounds.tsv. Single pages have the fast path; the other
 *          orders pay for a test or two more.
 * NOT HERE splitting and merging (buddy.c), batches (pcp.c), the marks
 *          (watermark.c), words (report.c, zoneinfo.c), checks (census.c).
 * SEE      Linux mm/page_alloc.c get_page_from_freelist().
 */
#include "mm/page/page_alloc.h"

#include <arch/page_ops.h>

#include "lib/align.h"
#include "lib/alloc_trace.h"
#include "lib/failpoint.h"
#include "mm/kva/kmap.h"
#include "mm/page/buddy.h"
#include "mm/page/pcp.h"
#include "mm/page/report.h"
#include "mm/page/shrinker.h"
#include "mm/page/watermark.h"

/* ---- helpers ------------------------------------------------------------ */

/* The block belongs to the caller now. Its order has been written before. */
static always_inline struct page *give_out(struct page *page)
{
	page->state = PAGE_USED;
	page->refs = 1;
	return page;
}

static void clear_pages(struct page *page, unsigned order)
{
	for (unsigned i = 0; i < 1u << order; i++) {
		void *ptr = kmap_local(&page[i]);

		clear_page(ptr);
		kunmap_local(ptr);
	}
}

/* ---- allocation --------------------------------------------------------- */

/* As a floor: do not refill a list that an interrupt has just emptied. */
#define NO_REFILL  (~0ul)

/* Take a small block from the list; an empty list is refilled first. */
static struct page *zone_take_small(struct zone *zone, unsigned order,
				    unsigned long floor)
{
	struct pcp_list *pcp = zone_pcp(zone, order);
	irqflags_t flags = irq_save();
	struct page *page = NULL;

	debug_assert(order < PCP_ORDERS);
	if (pcp->count > 0 || pcp_refill(zone, order, floor))
		page = give_out(pcp_pop(pcp));
	irq_restore(flags);
	return page;
}

static struct page *zone_take_large(struct zone *zone, unsigned order)
{
	irqflags_t flags = spin_lock_irqsave(&zone->lock);
	struct page *page = buddy_alloc_locked(zone, order);

	if (page) {
		page->state_order = STATE_ORDER(PAGE_USED, order);
		page->refs = 1;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return page;
}

/* Take a block from the first zone that still has its floor afterwards. */
static struct page *take_from_zones(gfp_t gfp, unsigned order,
				    enum watermark mark)
{
	struct zone **list = zonelists[gfp & GFP_ZONES], *zone;
	struct page *page = NULL;

	for (; (zone = *list) && !page; list++) {
		unsigned long floor = zone_floor(zone, gfp, mark);

		if (READ_ONCE(zone->nr_free) < floor + (1ul << order))
			continue;
		page = order < PCP_ORDERS ? zone_take_small(zone, order, floor)
					  : zone_take_large(zone, order);
	}
	return page;
}

/*
 * No zone is above its low mark: run the shrinkers, then go below the mark.
 * Freed pages are in this CPU's lists, so the lists are drained: the pages may
 * then merge to larger blocks.
 */
static struct page *take_below_low(gfp_t gfp, unsigned order)
{
	enum watermark mark = gfp & GFP_HIGH ? MARK_RESERVE : MARK_MIN;
	struct page *page = NULL;

	if (gfp & GFP_RECLAIM)
		shrink_all();
	else
		page = take_from_zones(gfp, order, mark);
	if (!page) {
		drain_local_pages();
		page = take_from_zones(gfp, order, mark);
	}
	return page;
}

static struct page *alloc_failed(gfp_t gfp, unsigned order)
{
	struct zone *zone = zonelists[gfp & GFP_ZONES][0];

	if (zone) {
		irqflags_t flags = spin_lock_irqsave(&zone->lock);

		zone->failures++;
		spin_unlock_irqrestore(&zone->lock, flags);
	}
	if (!(gfp & GFP_NOWARN))
		report_alloc_failure(gfp, order);
	return NULL;
}

/* Any order, from any zone of the fallback. */
static struct page *alloc_anywhere(gfp_t gfp, unsigned order)
{
	struct zone *first = zonelists[gfp & GFP_ZONES][0];
	struct page *page = NULL;

	caller_must(!(gfp & ~GFP_ALL), "use the flags of mm/page/gfp.h");
	if (order > MAX_ORDER)
		return alloc_failed(gfp, order);
	if (first && order < PCP_ORDERS && zone_pcp(first, order)->count > 0)
		page = zone_take_small(first, order, NO_REFILL);
	if (!page)
		page = take_from_zones(gfp, order, MARK_LOW);
	if (!page)
		page = take_below_low(gfp, order);
	if (!page)
		return alloc_failed(gfp, order);
	if (gfp & GFP_ZERO)
		clear_pages(page, order);
	return page;
}

/*
 * Everything that the fast path does not do: no list, an empty list, GFP_ZERO,
 * and every request while a fail point is armed.
 */
static noinline struct page *alloc_slow(gfp_t gfp, unsigned order)
{
	struct page *page = should_fail() ? NULL : alloc_anywhere(gfp, order);

	if (page)
		alloc_trace(page, ALLOC_PAGES);
	return page;
}

/*
 * The fast path. Its last step is the call of the slow path. So the compiler
 * need not save registers for this call.
 */
struct page *alloc_page(gfp_t gfp)
{
	struct zone *zone = fast_zones[gfp & GFP_FAST];
	struct pcp_list *pcp;
	struct page *page;
	irqflags_t flags;

	if (unlikely(READ_ONCE(failpoint_countdown)))
		return alloc_slow(gfp, 0);
	flags = irq_save();
	pcp = zone_pcp(zone, 0);
	if (unlikely(pcp->count == 0)) {
		irq_restore(flags);
		return alloc_slow(gfp, 0);
	}
	page = give_out(pcp_pop(pcp));
	irq_restore(flags);
	return page;
}

struct page *alloc_pages(gfp_t gfp, unsigned order)
{
	return order == 0 ? alloc_page(gfp) : alloc_slow(gfp, order);
}

/* ---- freeing ------------------------------------------------------------ */

/* Is it the head of an allocated block of this order, without a kmap slot? */
static always_inline bool may_free(const struct page *page, unsigned order)
{
	return likely(page->state_order_kmap == (PAGE_USED | order << 8));
}

/*
 * Panics if the block is not what the caller says. A highmem page may still
 * have an unused kmap slot: free the slot.
 */
static void check_free(struct page *page, unsigned order)
{
	if (order > MAX_ORDER ||
	    page->state_order != STATE_ORDER(PAGE_USED, order))
		panic_bad_free(page, order);
	for (unsigned i = 0; page_is_highmem(page) && i < 1u << order; i++)
		if (page[i].kmap)
			kmap_page_freed(&page[i]);
	if (!may_free(page, order))
		panic_bad_free(page, order);
}

/* What the fast path does not do: large blocks, kmap slots, errors, no room. */
static noinline void free_slow(struct page *page, unsigned order)
{
	struct zone *zone = page_zone(page);
	irqflags_t flags;

	check_free(page, order);
	flags = irq_save();
	if (order < PCP_ORDERS) {
		pcp_make_room(zone, order);
		pcp_push(zone_pcp(zone, order), page);
	} else {
		spin_lock_irqoff(&zone->lock);
		buddy_free_locked(zone, page, order);
		spin_unlock_irqoff(&zone->lock);
	}
	irq_restore(flags);
}

/* The fast path. The call of the slow path is its last step, as above. */
void free_page(struct page *page)
{
	struct pcp_list *pcp = zone_pcp(page_zone(page), 0);
	irqflags_t flags;

	if (!may_free(page, 0))
		return free_slow(page, 0);
	flags = irq_save();
	if (unlikely(pcp->count >= pcp->high)) {
		irq_restore(flags);
		return free_slow(page, 0);
	}
	pcp_push(pcp, page);
	irq_restore(flags);
}

void free_pages(struct page *page, unsigned order)
{
	if (order == 0)
		free_page(page);
	else
		free_slow(page, order);
}

/* ---- many at once ------------------------------------------------------- */

/* Take up to nr pages from this CPU's list of the first zone. */
static unsigned take_bulk(struct zone *zone, unsigned nr, struct page *pages[])
{
	irqflags_t flags = irq_save();
	struct pcp_list *pcp = zone_pcp(zone, 0);
	struct page **top = &pcp->blocks[pcp->count];
	unsigned n = MIN(pcp->count, nr);

	pcp->count -= n;
	for (unsigned i = 0; i < n; i++)
		pages[i] = give_out(*--top);
	irq_restore(flags);
	return n;
}

unsigned alloc_pages_bulk(gfp_t gfp, unsigned nr, struct page *pages[])
{
	struct zone *first = zonelists[gfp & GFP_ZONES][0];
	unsigned n = 0;

	debug_caller_must(!nr || pages, "give an array for the pages");
	if (nr == 1) {
		pages[0] = alloc_page(gfp);
		return pages[0] != NULL;
	}
	/* Fail in the middle: callers make mistakes in this case. */
	if (should_fail())
		nr /= 2;
	while (n < nr && first) {
		unsigned got = take_bulk(first, nr - n, &pages[n]);

		if (got == 0) {
			pages[n] = alloc_anywhere(gfp & ~GFP_ZERO, 0);
			if (!pages[n])
				break;
			got = 1;   /* and the list is filled again */
		}
		n += got;
	}
	if (gfp & GFP_ZERO)
		for (unsigned i = 0; i < n; i++)
			clear_pages(pages[i], 0);
	if (unlikely(alloc_trace_hook))
		for (unsigned i = 0; i < n; i++)
			alloc_trace(pages[i], ALLOC_PAGES);
	return n;
}

/* At most so many pages are freed at once with interrupts off. */
#define FREE_BULK_STRETCH  64u

/*
 * Push ordinary pages of one zone while the list has room. If the first page is
 * not ordinary, free only this page. Returns: how many pages were freed.
 * Interrupts are off.
 */
static unsigned give_bulk(struct page *const pages[], unsigned nr)
{
	struct zone *zone = page_zone(pages[0]);
	uintptr_t first = (uintptr_t)pfn_to_page(zone->start);
	uintptr_t span = (uintptr_t)pfn_to_page(zone->end) - first;
	struct pcp_list *pcp = zone_pcp(zone, 0);
	struct page **top;
	unsigned i;

	debug_assert(irqs_disabled() && nr > 0);
	pcp_make_room(zone, 0);
	top = &pcp->blocks[pcp->count];
	nr = MIN(nr, pcp->high - pcp->count);
	for (i = 0; i < nr; i++) {
		struct page *page = pages[i];

		if ((uintptr_t)page - first >= span || !may_free(page, 0))
			break;
		page->state = PAGE_PCP;
		top[i] = page;
	}
	pcp->count += i;
	if (i > 0)
		return i;
	check_free(pages[0], 0);
	pcp_push(pcp, pages[0]);
	return 1;
}

void free_pages_bulk(struct page *const pages[], unsigned nr)
{
	while (nr > 0) {
		irqflags_t flags = irq_save();
		unsigned n = give_bulk(pages, MIN(nr, FREE_BULK_STRETCH));

		irq_restore(flags);
		pages += n;
		nr -= n;
	}
}

void *get_free_pages(gfp_t gfp, unsigned order)
{
	struct page *page;

	caller_must(!(gfp & GFP_HIGHMEM),
		    "not ask for HIGHMEM: its pages have no address");
	page = alloc_pages(gfp, order);
	return page ? page_address(page) : NULL;
}

void put_free_pages(void *ptr, unsigned order)
{
	if (!ptr)
		return;
	caller_must(kva_is_lowmem(ptr_to_kva(ptr)) &&
		    IS_ALIGNED(ptr_to_kva(ptr), PAGE_SIZE),
		    "give an address that get_free_pages() gave");
	free_pages(virt_to_page(ptr), order);
}

unsigned long nr_free_pages(void)
{
	unsigned long pages = 0;

	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		pages += zones[i].nr_free + pcp_pages(&zones[i]);
	return pages;
}

/* ---- draining ----------------------------------------------------------- */

unsigned long drain_local_pages(void)
{
	irqflags_t flags = irq_save();
	unsigned long pages = 0;

	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		pages += pcp_drain_zone(&zones[i]);
	irq_restore(flags);
	return pages;
}

static struct shrinker pcp_shrinker = {
	.name = "per-CPU pages",
	.shrink = drain_local_pages,
};

void page_alloc_init(void)
{
	register_shrinker(&pcp_shrinker);
}
