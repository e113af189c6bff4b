// SPDX-License-Identifier: MIT
/*
 * report.c - what the page allocator says, in words
 *
 * WHAT     The allocator prints something on three occasions: at the end of
 *          zones_init(), when an allocation finds no memory, and when a free is
 *          wrong. For a wrong free, this file finds out what the page really
 *          is: the fast path only knows that it is not an allocated block of
 *          this order.
 */
#include "mm/page/report.h"

#include "lib/log.h"
#include "lib/printf.h"
#include "mm/page/pageblock.h"
#include "mm/page/pcp.h"
#include "mm/page/zone.h"

#define KB(pages)  ((unsigned long)(pages) * (PAGE_SIZE / 1024))

/* ---- boot --------------------------------------------------------------- */

void zones_announce(void)
{
	unsigned long blocks = (max_pfn.v + PAGEBLOCK_PAGES - 1) >> MAX_ORDER;
	unsigned long holes = pageblock_count(PAGEBLOCK_HOLE);
	unsigned long virgin = pageblock_count(PAGEBLOCK_VIRGIN);
	unsigned long long size = (unsigned long long)blocks * PAGEBLOCK_PAGES *
				  sizeof(struct page);
	unsigned long present = 0, managed = 0;

	pr_info("Zone ranges:\n");
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *zone = &zones[i];
		phys_addr_t start = pfn_to_phys(zone->start);
		phys_addr_t last = PHYS(pfn_to_phys(zone->end).v - 1);

		if (zone->spanned == 0)
			pr_info("  %-8s empty\n", zone->name);
		else
			pr_info("  %-8s [mem %pP-%pP]\n", zone->name, &start,
				&last);
		present += zone->present;
		managed += zone->managed;
	}
	pr_info("Memory: %luK/%luK available (%luK reserved, %luK highmem)\n",
		KB(managed), KB(present), KB(present - managed),
		KB(zones[ZONE_HIGHMEM].managed));
	pr_info("mem_map: %u frames of %zu bytes, %lluK; "
		"%lu of %lu blocks of 4 MiB written, "
		"%lu when first used, %lu holes\n",
		max_pfn.v, sizeof(struct page), size >> 10,
		blocks - virgin - holes, blocks, virgin, holes);
}

/* ---- an allocation that failed ------------------------------------------ */

static const struct {
	gfp_t       flag;
	const char *name;
} gfp_names[] = {
	{ GFP_DMA,     "GFP_DMA" },
	{ GFP_HIGHMEM, "GFP_HIGHMEM" },
	{ GFP_RECLAIM, "GFP_RECLAIM" },
	{ GFP_HIGH,    "GFP_HIGH" },
	{ GFP_ZERO,    "GFP_ZERO" },
	{ GFP_NOWARN,  "GFP_NOWARN" },
};

void report_alloc_failure(gfp_t gfp, unsigned order)
{
	static struct log_limit limit;
	char names[96] = "";
	size_t len = 0;

	if (!log_limit_allows(&limit, LOG_WARNING, "page allocation failure"))
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(gfp_names); i++)
		if (gfp & gfp_names[i].flag)
			len += (size_t)scnprintf(
				names + len, sizeof(names) - len, "%s%s",
				len ? "|" : "", gfp_names[i].name);
	pr_warn("page allocation failure: order:%u, mode:%#x(%s)\n", order, gfp,
		names);
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		const struct zone *zone = &zones[i];

		if (zone->managed == 0)
			continue;
		pr_warn("%s free:%lukB pcp:%lukB min:%lukB low:%lukB "
			"high:%lukB managed:%lukB\n",
			zone->name, KB(zone->nr_free), KB(pcp_pages(zone)),
			KB(zone->min), KB(zone->low), KB(zone->high),
			KB(zone->managed));
	}
}

/* ---- a free that is wrong ----------------------------------------------- */

/* The head of the block that a tail lies in; `page` if no head is found. */
static const struct page *block_head(const struct page *page)
{
	pfn_t pfn = page_to_pfn(page);

	for (unsigned order = 1; order <= MAX_ORDER; order++) {
		pfn_t head = PFN(pfn.v & ~((1u << order) - 1));

		if (page_state(head) != PAGE_TAIL &&
		    pfn_to_page(head)->order >= order)
			return pfn_to_page(head);
	}
	return page;
}

void panic_bad_free(const struct page *page, unsigned order)
{
	pfn_t pfn = page_to_pfn(page), head_pfn;
	const struct page *head;

	if (!page_is_valid(page))
		panic("free_pages: %p is not in mem_map", page);
	switch (page_state(pfn)) {
	case PAGE_FREE:
		panic("double free of %pF: the block is free (order %u)", &pfn,
		      page->order);
	case PAGE_PCP:
		panic("double free of %pF: "
		      "the block is free, in a per-CPU list (order %u)",
		      &pfn, page->order);
	case PAGE_RESERVED:
		panic("free of %pF: reserved, it was never given out", &pfn);
	case PAGE_SLAB:
		panic("free of %pF: still a page of a slab", &pfn);
	case PAGE_TABLE:
		panic("free of %pF: still a page table", &pfn);
	case PAGE_TAIL:
		head = block_head(page);
		head_pfn = page_to_pfn(head);
		if (head->state == PAGE_FREE || head->state == PAGE_PCP)
			panic("double free of %pF: "
			      "it is inside a free block (%pF, order %u)",
			      &pfn, &head_pfn, head->order);
		panic("free of %pF: in the middle of a block (%pF, order %u)",
		      &pfn, &head_pfn, head->order);
	default:
		panic("wrong order: %pF was allocated with %u, freed with %u",
		      &pfn, page->order, order);
	}
}
