// SPDX-License-Identifier: MIT
/*
 * map.c - the two address spaces, drawn
 *
 * WHAT     Virtual: the regions, and how much of each is mapped. Physical: the
 *          zones, where memory is free, and how small the free pieces are.
 *
 * PICTURE  zone Normal  0x1000 - 0x7fe0  [##++.....................]
 *            each cell is a 64th of the zone:
 *            ' ' a hole   '.' free   ':' + '#' a quarter, half, all used
 *
 * TERMS    cell     one character of a bar
 *
 * LOCKING  zone->lock while a zone is walked, interrupts off.
 * COST     A step for each block of a zone, and for each page of the regions
 *          above lowmem.
 * NOT HERE every mapping one by one (arch/i386/mm/pgtable_dump.c).
 * SEE      mm/page/census.c, which walks a zone in the same way.
 */
#include <arch/fixmap.h>
#include <arch/kva.h>
#include <arch/paging.h>

#include "kernel/monitor/monitor_impl.h"
#include "kernel/monitor/terminal.h"
#include "lib/div64.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "mm/page/zone.h"

#define CELLS  64u

struct bar {
	uint64_t span;              /* pages that the bar stands for, < 2^32  */
	unsigned cells;             /* at most one for each page              */
	uint64_t there[CELLS];      /* pages of each cell that exist          */
	uint64_t used[CELLS];       /* ... and are in use                     */
};

/* ---- bars ------------------------------------------------------------ */

static void bar_init(struct bar *bar, uint64_t span)
{
	*bar = (struct bar){ .span = span,
			     .cells = (unsigned)MIN(span, CELLS) };
}

static void bar_add(struct bar *bar, uint64_t from, uint64_t to, bool used)
{
	while (from < to) {
		unsigned cell = (unsigned)div_u64(from * bar->cells,
						  (uint32_t)bar->span);
		uint64_t next = div_u64(bar->span * (cell + 1) +
					bar->cells - 1, bar->cells);
		uint64_t end = MIN(to, next);

		bar->there[cell] += end - from;
		bar->used[cell] += used ? end - from : 0;
		from = end;
	}
}

static char cell_letter(uint64_t there, uint64_t used)
{
	if (!there)
		return ' ';
	if (!used)
		return '.';
	if (used == there)
		return '#';
	return used * 2 < there ? ':' : '+';
}

static void bar_print(const struct bar *bar)
{
	char text[CELLS + 1];

	for (unsigned i = 0; i < bar->cells; i++)
		text[i] = cell_letter(bar->there[i], bar->used[i]);
	text[bar->cells] = '\0';
	say("    [%s]\n", text);
}

/* ---- virtual --------------------------------------------------------- */

static void print_range(const char *name, uint32_t start, uint32_t end)
{
	uint64_t size = (uint32_t)(end - start);

	say("  0x%08x - 0x%08x  %10pM  %s\n", start, end - 1, &size, name);
}

static void draw_region(kva_t start, kva_t end)
{
	static struct bar bar;
	unsigned pages = 0;

	bar_init(&bar, (end - start) / PAGE_SIZE);
	for (uint32_t i = 0; i < bar.span; i++) {
		pfn_t pfn;
		bool mapped = kpt_lookup(start + i * PAGE_SIZE, &pfn);

		bar_add(&bar, i, i + 1, mapped);
		pages += mapped;
	}
	bar_print(&bar);
	say("    %u of %u pages mapped\n", pages, (unsigned)bar.span);
}

static void draw_virtual(void)
{
	say("%svirtual addresses%s\n", colour(COLOUR_HEAD),
	    colour(COLOUR_PLAIN));
	print_range("never mapped: null pointers fault", 0, USER_BASE);
	print_range("user mode: one address space a task", USER_BASE,
		    PAGE_OFFSET);
	for (unsigned i = 0; i < KVA_NR_REGIONS; i++) {
		kva_t start, end;

		kva_region_bounds(i, &start, &end);
		if (start == end)
			continue;
		print_range(kva_region_name(i), start, end);
		/* Only in these regions do pages come and go. */
		if (i == KVA_VMALLOC || i == KVA_PKMAP || i == KVA_FIXMAP)
			draw_region(start, end);
	}
}

/* ---- physical -------------------------------------------------------- */

/* One block, or the rest of a hole. Returns: how many frames it has. */
static uint32_t add_block(struct bar *bar, const struct zone *zone, pfn_t pfn)
{
	enum page_state state = page_state(pfn);
	uint32_t size = 1, at = pfn.v - zone->start.v;

	if (pageblock_state(pfn) == PAGEBLOCK_HOLE)
		return pageblock_next(pfn).v - pfn.v;
	if (state != PAGE_RESERVED && state != PAGE_TAIL)
		size = 1u << pfn_to_page(pfn)->order;
	bar_add(bar, at, MIN((uint64_t)at + size, bar->span),
		state != PAGE_FREE && state != PAGE_PCP);
	return size;
}

/* Free pages in blocks of at least this order. */
static unsigned long usable_pages(const struct zone *zone, unsigned order)
{
	unsigned long pages = 0;

	for (; order <= MAX_ORDER; order++)
		pages += zone->blocks[order] << order;
	return pages;
}

static void print_fragmentation(const struct zone *zone)
{
	static const unsigned orders[] = { 1, 3, 5, MAX_ORDER };
	unsigned long all = usable_pages(zone, 0);

	if (!all)
		return;
	say("    free and in too small pieces:");
	for (unsigned i = 0; i < ARRAY_SIZE(orders); i++) {
		uint64_t lost = all - usable_pages(zone, orders[i]);

		say("  order %u: %u %%", orders[i],
		    (unsigned)div_u64(lost * 100, (uint32_t)all));
	}
	say("\n");
}

static void draw_zone(struct zone *zone)
{
	static struct bar bar;
	uint64_t size = (uint64_t)zone->managed * PAGE_SIZE;
	uint64_t free = (uint64_t)zone->nr_free * PAGE_SIZE;
	pfn_t pfn = zone->start;
	irqflags_t flags;

	say("  %-8s frames 0x%x to 0x%x, %pM, %pM free\n", zone->name,
	    zone->start.v, zone->end.v - 1, &size, &free);
	bar_init(&bar, zone->end.v - zone->start.v);
	flags = spin_lock_irqsave(&zone->lock);
	while (pfn_lt(pfn, zone->end))
		pfn = pfn_add(pfn, add_block(&bar, zone, pfn));
	spin_unlock_irqrestore(&zone->lock, flags);
	bar_print(&bar);
	print_fragmentation(zone);
}

void monitor_map(void)
{
	draw_virtual();
	say("%sphysical memory%s  (blank: no RAM, '.' free, ':' less than half used, '+' more, '#' all)\n",
	    colour(COLOUR_HEAD), colour(COLOUR_PLAIN));
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		if (zones[i].managed)
			draw_zone(&zones[i]);
	}
}
