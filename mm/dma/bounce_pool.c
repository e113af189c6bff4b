// SPDX-License-Identifier: MIT
/*
 * bounce_pool.c - memory that nearly every device reaches
 *
 * WHAT     Pages for bounce buffers. They come from a pool, which was taken
 *          from ZONE_DMA at boot. If the pool has no room, they come from the
 *          page allocator, from a zone that the device's mask reaches.
 *
 * PICTURE  The pool, one block of pages; a bit and a record for each:
 *
 *            page     0   1   2   3   4   5   6   7
 *            map      1   1   1   0   0   1   0   0
 *            record   A           -   -   B   -   -
 *                     A has three pages, B one
 *
 * TERMS    on demand  a buffer that is a block of its own
 *
 * INVARIANTS of bounce_pool (bounce_pool_check() restates them)
 *          P1  a page's bit is set exactly when a live bounce has the page, or
 *              one in hand. Such a bounce is not in the tree yet, or any more:
 *              its bytes are being copied
 *          P2  the record of a bounce of the pool is that of its first page
 *          P3  each page of a live bounce is in reach of its device
 *          P4  a bounce of up to 64 KiB of pages crosses no line of 64 KiB
 *
 * ALGORITHM  Take the lowest run of free pages that is long enough. The pool
 *          has at most 256 pages, so a search reads some words. If a mask does
 *          not reach the lowest run, it reaches no other run. The pool comes
 *          first, because it needs no allocation: a mapping that finds room
 *          there cannot fail for lack of memory, and has a record too.
 *
 *          P4 is for ISA devices: their DMA controller cannot count across such
 *          a line. For other devices P4 costs nothing. Blocks on demand are
 *          aligned to their size.
 *
 *          The pool is 1/1024 of memory, from 16 KiB to 1 MiB. On a machine
 *          with 1 GiB this is 1 MiB, a sixteenth of ZONE_DMA. More pages are
 *          taken on demand, and are given back afterwards.
 *
 * LOCKING  dma_lock for the map; blocks on demand are allocated without it.
 * COST     dma_map_bounce_* in tests/bench/bounds.tsv.
 * SEE      Linux kernel/dma/swiotlb.c, whose pool is 64 MiB.
 */
#include "lib/align.h"
#include "lib/bitmap.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mm/dma/dma_impl.h"
#include "mm/page/page_alloc.h"
#include "mm/page/zone.h"
#include "mm/slab/kmalloc.h"

#define POOL_SHARE      1024u   /* one page of so many, of all memory        */
#define POOL_ORDER_MIN  2u
#define POOL_ORDER_MAX  8u
#define POOL_PAGES_MAX  (1u << POOL_ORDER_MAX)
#define LINE_PAGES      ((64u << 10) / PAGE_SIZE)

/*
 * Protection:  I  set by bounce_pool_init(), then constant
 *              l  dma_lock
 */
static struct {
	struct page   *first;                          /* I                  */
	uint32_t       nr;                             /* I  0: no pool      */
	uint32_t       free;                           /* l                  */
	uint32_t       in_hand;                        /* l  set, not listed */
	uint32_t       map[BITMAP_WORDS(POOL_PAGES_MAX)];   /* l             */
	struct bounce *records;                        /* I  array; l members */
} pool;

static bool pages_in_reach(const struct dma_device *dev,
			   const struct page *first, uint32_t nr)
{
	return dma_below(dev->mask, page_to_phys(first).v,
			 (size_t)nr << PAGE_SHIFT);
}

/* ---- the pool -------------------------------------------------------- */

static bool crosses_line(const struct page *first, uint32_t nr)
{
	return nr <= LINE_PAGES &&
	       page_to_pfn(first).v % LINE_PAGES + nr > LINE_PAGES;
}

/* The lowest nr free pages in a row; pool.nr: there are none. */
static uint32_t find_run(uint32_t nr)
{
	uint32_t start = 0, length = 0;

	debug_assert(nr > 0);
	while (length < nr) {
		if (length == 0)
			start = bitmap_find_next_zero(pool.map, pool.nr, start);
		if (start + nr > pool.nr)
			return pool.nr;
		if (crosses_line(pool.first + start, nr)) {
			start++;
			continue;   /* length is 0: the start was new */
		}
		if (bitmap_test(pool.map, start + length)) {
			start += length + 1;
			length = 0;
		} else {
			length++;
		}
	}
	return start;
}

static struct bounce *pool_take(struct dma_device *dev, uint32_t nr)
{
	irqflags_t flags = spin_lock_irqsave(&dma_lock);
	uint32_t start = nr <= pool.free ? find_run(nr) : pool.nr;
	struct bounce *bounce = NULL;

	if (start < pool.nr && pages_in_reach(dev, pool.first + start, nr)) {
		for (uint32_t i = start; i < start + nr; i++)
			bitmap_set(pool.map, i);
		pool.free -= nr;
		pool.in_hand += nr;
		bounce = &pool.records[start];
		bounce->pages = pool.first + start;
		bounce->from_pool = true;
	}
	spin_unlock_irqrestore(&dma_lock, flags);
	return bounce;
}

void bounce_pool_listed(const struct bounce *bounce, bool listed)
{
	assert_held(&dma_lock);
	if (!bounce->from_pool)
		return;
	caller_must(!listed || bounce->nr_pages <= pool.in_hand,
		    "list a bounce once: its pages are not in hand");
	if (listed)
		pool.in_hand -= bounce->nr_pages;
	else
		pool.in_hand += bounce->nr_pages;
}

/* ---- on demand ------------------------------------------------------- */

static struct bounce *demand_take(struct dma_device *dev, uint32_t nr)
{
	unsigned order = ilog2_up(nr);
	struct bounce *bounce;

	if (order > MAX_ORDER)
		return NULL;
	bounce = kmalloc(sizeof(*bounce), GFP_ATOMIC | GFP_NOWARN);
	if (!bounce)
		return NULL;
	bounce->pages = dma_alloc_lowmem(dev, GFP_ATOMIC | GFP_NOWARN, order);
	if (!bounce->pages) {
		kfree(bounce);
		return NULL;
	}
	bounce->order = (uint8_t)order;
	bounce->from_pool = false;
	return bounce;
}

/* ---- interface ------------------------------------------------------- */

struct bounce *bounce_take(struct dma_device *dev, uint32_t nr_pages)
{
	struct bounce *bounce;

	caller_must(nr_pages > 0, "ask for a page");
	bounce = pool_take(dev, nr_pages);
	if (!bounce)
		bounce = demand_take(dev, nr_pages);
	if (!bounce)
		return NULL;
	bounce->dev = dev;
	bounce->nr_pages = nr_pages;
	return bounce;
}

void bounce_give(struct bounce *bounce)
{
	uint32_t start = (uint32_t)(bounce->pages - pool.first);
	irqflags_t flags;

	caller_must(!bounce->from_pool || bounce == &pool.records[start],
		    "give what bounce_take() gave");
	if (!bounce->from_pool) {
		free_pages(bounce->pages, bounce->order);
		kfree(bounce);
		return;
	}
	flags = spin_lock_irqsave(&dma_lock);
	assert(bounce->nr_pages <= pool.in_hand);
	for (uint32_t i = start; i < start + bounce->nr_pages; i++)
		bitmap_clear(pool.map, i);
	pool.free += bounce->nr_pages;
	pool.in_hand -= bounce->nr_pages;
	spin_unlock_irqrestore(&dma_lock, flags);
}

void bounce_pool_usage(struct bounce_usage *usage)
{
	usage->nr = pool.nr;
	usage->free = READ_ONCE(pool.free);
}

/* ---- init, check ----------------------------------------------------- */

/* A machine without such a block has no pool: all pages come on demand. */
void bounce_pool_init(void)
{
	unsigned long pages = MAX(managed_pages() / POOL_SHARE,
				  1u << POOL_ORDER_MIN);
	unsigned order = MIN(ilog2(pages), POOL_ORDER_MAX);
	phys_addr_t first, last;
	uint64_t size;

	caller_must(!pool.nr, "call this once");
	size = PAGE_SIZE << order;
	pool.first = alloc_pages(GFP_DMA | GFP_NOWARN, order);
	pool.records = kcalloc(1u << order, sizeof(struct bounce), GFP_KERNEL);
	if (!pool.first || !pool.records) {
		pr_warn("dma: no memory for a pool of bounce buffers\n");
		kfree(pool.records);
		if (pool.first)
			free_pages(pool.first, order);
		return;
	}
	pool.nr = 1u << order;
	pool.free = pool.nr;
	first = page_to_phys(pool.first);
	last = phys_add(first, size - 1);
	pr_info("dma: %pM for bounce buffers at [mem %pP-%pP]\n", &size, &first,
		&last);
}

/* Each page of a bounce has its bit cleared in a copy of the map. */
const char *bounce_pool_check(const struct rb_root *bounces)
{
	uint32_t map[ARRAY_SIZE(pool.map)];

	assert_held(&dma_lock);
	memcpy(map, pool.map, sizeof(map));
	HOLDS(pool.free == pool.nr - bitmap_weight(map, pool.nr),
	      "bounce_pool P1: as many pages of the pool are free as bits are clear");
	for (struct rb_node *rb = rb_first(bounces); rb; rb = rb_next(rb)) {
		const struct bounce *bounce = rb_entry(rb, struct bounce, rb);
		uint32_t start = (uint32_t)(bounce->pages - pool.first);
		uint32_t nr = bounce->nr_pages;

		HOLDS(pages_in_reach(bounce->dev, bounce->pages, nr),
		      "bounce_pool P3: the pages of a bounce are in reach of its device");
		HOLDS(!crosses_line(bounce->pages, nr),
		      "bounce_pool P4: a bounce of up to 64 KiB crosses no line of 64 KiB");
		if (!bounce->from_pool)
			continue;
		HOLDS(start < pool.nr && nr <= pool.nr - start &&
		      bounce == &pool.records[start],
		      "bounce_pool P2: a bounce of the pool has the record of its first page");
		for (uint32_t i = start; i < start + nr; i++) {
			HOLDS(bitmap_test(map, i),
			      "bounce_pool P1: the bit of a page that a bounce has is set");
			bitmap_clear(map, i);
		}
	}
	HOLDS(bitmap_weight(map, pool.nr) == pool.in_hand,
	      "bounce_pool P1: a bounce has each page whose bit is set");
	return NULL;
}
