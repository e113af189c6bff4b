// SPDX-License-Identifier: MIT
/*
 * zoneinfo.c - zones and free lists in the formats of Linux's /proc
 *
 * WHAT     buddyinfo_dump() prints the lines of Linux's /proc/buddyinfo.
 *          zoneinfo_dump() prints those of /proc/zoneinfo. Every blank is the
 *          same, so scripts for Linux can read our lines. Things that we do not
 *          have (nodes, LRU lists, CMA) are 0, or are left out as in a Linux
 *          that was built without them. page_lines_dump() prints every block of
 *          every zone, for tools/pictures.
 *
 * TERMS    run      blocks of one order and state that follow each other
 *
 * LOCKING  None: a line may be one allocation older than the next.
 * SEE      Linux mm/vmstat.c frag_show_print(), zoneinfo_show_print().
 */
#include "lib/log.h"
#include "lib/printf.h"
#include "mm/page/page_alloc.h"
#include "mm/page/pageblock.h"
#include "mm/page/pcp.h"
#include "mm/page/report.h"
#include "mm/page/zone.h"

int buddyinfo_format(char *buf, size_t size, const struct zone *zone)
{
	int len = scnprintf(buf, size, "Node 0, zone %8s ", zone->name);

	for (unsigned order = 0; order <= MAX_ORDER; order++)
		len += scnprintf(buf + len, size - (size_t)len, "%6lu ",
				 zone->blocks[order]);
	return len;
}

void buddyinfo_dump(void)
{
	char line[160];   /* 22 characters, then 11 numbers of at most 11 */

	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		if (zones[i].present == 0)   /* Linux leaves it out too */
			continue;
		buddyinfo_format(line, sizeof(line), &zones[i]);
		pr_info("%s\n", line);
	}
}

static void pagesets_dump(const struct zone *zone)
{
	pr_info("  pagesets\n");
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		const struct pcp_list *pcp = zone->pcp[cpu];
		unsigned long count = 0, high = 0;

		for (unsigned order = 0; order < PCP_ORDERS; order++) {
			count += (unsigned long)pcp[order].count << order;
			high += (unsigned long)pcp[order].high << order;
		}
		pr_info("    cpu: %u\n", cpu);
		pr_info("              count: %lu\n", count);
		pr_info("              high:  %lu\n", high);
		pr_info("              batch: %u\n", pcp[0].batch);
	}
}

void zoneinfo_dump(void)
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *zone = &zones[i];

		pr_info("Node 0, zone %8s\n", zone->name);
		pr_info("  pages free     %lu\n", zone->nr_free);
		pr_info("        boost    0\n");
		pr_info("        min      %lu\n", zone->min);
		pr_info("        low      %lu\n", zone->low);
		pr_info("        high     %lu\n", zone->high);
		pr_info("        spanned  %lu\n", zone->spanned);
		pr_info("        present  %lu\n", zone->present);
		pr_info("        managed  %lu\n", zone->managed);
		pr_info("        cma      0\n");
		pr_info("        protection: (%lu, %lu, %lu)\n",
			zone->lowmem_reserve[ZONE_DMA],
			zone->lowmem_reserve[ZONE_NORMAL],
			zone->lowmem_reserve[ZONE_HIGHMEM]);
		if (zone->present == 0)   /* Linux says no more either */
			continue;
		pr_info("      nr_free_pages %lu\n", zone->nr_free);
		pagesets_dump(zone);
		pr_info("  node_unreclaimable:  0\n");
		pr_info("  start_pfn:           %u\n", zone->start.v);
	}
}

/* ---- for machines: lines with tabs --------------------------------------- */

#define HOLE_LETTER  '-'

struct run {
	pfn_t         start;
	unsigned      order;
	char          letter;
	unsigned long count;      /* of blocks */
};

static const char state_letters[PAGE_NR_STATES] = {
#define S(state, letter, what) [state] = letter,
	PAGE_STATES(S)
#undef S
};

/* A run of one block, the block at pfn. Frames of a hole have order 0. */
static struct run block_at(pfn_t pfn)
{
	struct run run = { .start = pfn, .letter = HOLE_LETTER, .count = 1 };
	enum page_state state = page_state(pfn);

	if (pageblock_state(pfn) == PAGEBLOCK_HOLE)
		return run;
	run.letter = state_letters[state];
	if (state != PAGE_RESERVED)
		run.order = pfn_to_page(pfn)->order;
	return run;
}

/* The blocks from *pfn on that are equal. *pfn is then the first other one. */
static struct run run_read(const struct zone *zone, pfn_t *pfn)
{
	struct run run = block_at(*pfn), next;

	for (;;) {
		*pfn = pfn_add(*pfn, 1u << run.order);
		if (!pfn_lt(*pfn, zone->end))
			return run;
		next = block_at(*pfn);
		if (run.letter != next.letter || run.order != next.order)
			return run;
		run.count++;
	}
}

void page_lines_dump(void)
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *zone = &zones[i];
		irqflags_t flags = spin_lock_irqsave(&zones[i].lock);
		pfn_t pfn = zone->start;

		pr_info("zone\t%s\t%u\t%u\t%lu\t%lu\t%lu\t%lu\n", zone->name,
			zone->start.v, zone->end.v, zone->spanned,
			zone->present, zone->managed, zone->nr_free);
		while (pfn_lt(pfn, zone->end)) {
			struct run run = run_read(zone, &pfn);

			pr_info("frames\t%u\t%u\t%lu\t%c\n", run.start.v,
				run.order, run.count, run.letter);
		}
		spin_unlock_irqrestore(&zones[i].lock, flags);
	}
}
