// SPDX-License-Identifier: MIT
/*
 * area_check.c - check the areas, and print them
 *
 * WHAT     vmalloc_check() restates V1 to V7 of area.c; vmallocinfo_dump()
 *          prints the areas as Linux's /proc/vmallocinfo does.
 * LOCKING  vm_areas.lock all the time. An area that is BUSY belongs to another
 *          thread, and is skipped.
 * COST     One table entry for each page of each area.
 */
#include "lib/align.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "mm/kva/vm_area.h"

const char *const vm_kind_name[VM_NR_KINDS] = {
#define K(kind, text) [kind] = text,
	VM_KINDS(K)
#undef K
};

/* ---- one area --------------------------------------------------------- */

static const char *check_area(const struct vm_area *area)
{
	bool live = area->state == AREA_LIVE;
	kva_t va = vm_area_start(area);
	pfn_t pfn;

	HOLDS(area->node.start >= vmalloc_start() &&
	      area->node.end <= VMALLOC_END,
	      "vmalloc V1: every area lies inside the vmalloc region");
	HOLDS(IS_ALIGNED(area->node.start, PAGE_SIZE) && area->nr > 0 &&
	      area->node.end - area->node.start ==
	      vm_area_span(area->nr) * PAGE_SIZE,
	      "vmalloc V2: an area's range is its pages and one guard page");
	if (area->state == AREA_BUSY)
		return NULL;
	HOLDS(!kpt_lookup(vm_area_guard(area), &pfn),
	      "vmalloc V4: a guard page is not present");
	for (unsigned i = 0; i < area->nr; i++, va += PAGE_SIZE) {
		bool present = kpt_lookup(va, &pfn);

		HOLDS(present || !live,
		      "vmalloc V3: every page of a live area is present");
		HOLDS(!present || live,
		      "vmalloc V5: no page of a retired or spare area is present");
		HOLDS(!live || area->kind != VM_IOREMAP ||
		      pfn.v == phys_to_pfn(area->phys).v + i,
		      "vmalloc V7: an I/O area maps consecutive frames");
	}
	return NULL;
}

/* ---- all of them ------------------------------------------------------ */

/* The arguments say how many areas of the tree are in these states. */
static const char *check_lists(unsigned long retired, unsigned long spare)
{
	const struct vm_area *area;

	list_for_each_entry(area, &vm_areas.retired, link) {
		HOLDS(area->state == AREA_RETIRED,
		      "vmalloc V6: the retired list holds retired areas only");
		retired--;
	}
	HOLDS(!retired, "vmalloc V6: it holds all retired areas");
	for (unsigned nr = 0; nr <= SPARE_NR_MAX; nr++) {
		list_for_each_entry(area, &vm_areas.spare[nr], link) {
			HOLDS(area->state == AREA_SPARE && area->nr == nr,
			      "vmalloc V6: a spare list holds spare areas of its size");
			spare--;
		}
	}
	HOLDS(!spare, "vmalloc V6: they hold all spare areas");
	return NULL;
}

static const char *check_all_locked(void) MUST_HOLD(&vm_areas.lock)
{
	const char *law = range_tree_check(&vm_areas.tree);
	unsigned long areas[AREA_NR_STATES] = { 0 };
	unsigned long pages[AREA_NR_STATES] = { 0 };
	const struct range_node *node;

	assert_held(&vm_areas.lock);
	HOLDS(!law, law);
	range_for_each(node, &vm_areas.tree) {
		const struct vm_area *area = node_area(node);

		law = check_area(area);
		HOLDS(!law, law);
		areas[area->state]++;
		pages[area->state] += vm_area_span(area->nr);
	}
	HOLDS(pages[AREA_RETIRED] == vm_areas.retired_pages &&
	      pages[AREA_SPARE] == vm_areas.spare_pages,
	      "vmalloc V6: the counts are the sums of the ranges");
	return check_lists(areas[AREA_RETIRED], areas[AREA_SPARE]);
}

const char *vmalloc_check(void)
{
	irqflags_t flags = spin_lock_irqsave(&vm_areas.lock);
	const char *law = check_all_locked();

	spin_unlock_irqrestore(&vm_areas.lock, flags);
	return law;
}

unsigned long vmalloc_nr_pages(void)
{
	irqflags_t flags = spin_lock_irqsave(&vm_areas.lock);
	const struct range_node *node;
	unsigned long pages = 0;

	range_for_each(node, &vm_areas.tree) {
		const struct vm_area *area = node_area(node);

		if (area->state == AREA_LIVE)
			pages += area->nr;
	}
	spin_unlock_irqrestore(&vm_areas.lock, flags);
	return pages;
}

/* ---- dump ------------------------------------------------------------- */

static void dump_area(const struct vm_area *area)
{
	kva_t start = vm_area_start(area), end = area->node.end;
	char extra[64] = "";

	if (area->state == AREA_RETIRED || area->state == AREA_SPARE) {
		pr_info("0x%08x-0x%08x %7u %s vm_area\n", start, end,
			end - start,
			area->state == AREA_SPARE ? "spare" : "unpurged");
		return;
	}
	if (area->kind == VM_ALLOC)
		snprintf(extra, sizeof(extra), " pages=%u", area->nr);
	if (area->kind == VM_IOREMAP)
		snprintf(extra, sizeof(extra), " phys=%pP", &area->phys);
	pr_info("0x%08x-0x%08x %7u %pS%s %s\n", start, end, end - start,
		area->caller, extra, vm_kind_name[area->kind]);
}

void vmallocinfo_dump(void)
{
	irqflags_t flags = spin_lock_irqsave(&vm_areas.lock);
	const struct range_node *node;

	range_for_each(node, &vm_areas.tree)
		dump_area(node_area(node));
	spin_unlock_irqrestore(&vm_areas.lock, flags);
}
