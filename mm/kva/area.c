// SPDX-License-Identifier: MIT
/*
 * area.c - the address space of vmalloc, and what waits there for a TLB flush
 *
 * WHAT     Hands out ranges of the vmalloc region, remembers who has them, and
 *          keeps freed ones until no TLB can know them any more.
 *
 * PICTURE  Each area is followed by its guard page (G), which is part of its
 *          range but is never mapped:
 *
 *            vmalloc_start()                                   VMALLOC_END
 *            |[a a a G][b G]........[c c c c c c G][d d G]...............|
 *              LIVE     RETIRED  ^    LIVE          LIVE
 *                       lazy     |
 *                                lowest fit for two pages
 *
 * TERMS    lazy     a retired area: its entries are not present, but they
 *                   still hold the frame numbers of its pages, and a TLB may
 *                   still translate its addresses
 *          purge    one flush for all lazy areas; then their pages go back to
 *                   the page allocator and their addresses to the tree
 *          managed  pages that the page allocator has in all zones
 *
 * INVARIANTS (vmalloc_check() restates them, under the same numbers)
 *          V1  the tree is sound, and every area lies inside the region
 *          V2  an area's range is its pages and one guard page
 *          V3  every page of a live area is present
 *          V4  the guard page of an area is not present
 *          V5  no page of a retired area is present
 *          V6  the lazy list holds all retired areas, and lazy_pages is the
 *              sum of their ranges
 *          V7  an I/O area maps consecutive frames from its first one
 *          and, not checkable from here:
 *          V8  no page and no address is handed out while a TLB may still
 *              translate to it or from it
 *
 * ALGORITHM  Allocation takes the lowest gap that is large enough. vfree()
 *          clears the P bits at once, so a late access faults as soon as the
 *          TLB forgets, and queues the area. A purge costs one flush however
 *          many areas there are, so it waits until they hold lazy_limit pages
 *          of addresses, or until somebody needs them: the gap search failed,
 *          or the page allocator runs its shrinkers.
 *          The purge needs no memory: which pages to free is written in the
 *          entries themselves (<arch/kpgtable.h>, "retire"). V8 holds because
 *          nothing leaves the tree, and no frame leaves an entry, before the
 *          flush.
 *
 * LOCKING  area_lock, interrupts off, for the tree, the states and the lazy
 *          list. Never held while memory is allocated or freed: that may run
 *          the shrinkers, which come back here. A BUSY area belongs to one
 *          thread, which needs no lock to touch its entries.
 * COST     O(log n) to create, find, claim and destroy.
 * NOT HERE where pages come from (vmalloc.c), other things that areas map
 *          (vmap.c, ioremap.c).
 * SEE      Linux mm/vmalloc.c, purge_vmap_area_lazy();
 *          docs/decisions/lazy-vfree.md.
 */
#include "mm/kva/vm_area.h"

#include <arch/tlb.h>

#include "lib/align.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/spinlock.h"
#include "mm/page/page_alloc.h"
#include "mm/page/shrinker.h"
#include "mm/slab/slab.h"

#define LAZY_LIMIT_MAX  1024   /* pages: 4 MiB that wait for a flush         */
#define LAZY_LIMIT_PART 64     /* and never more than 1/64 of memory         */
#define REAP_CHUNK      64     /* pages freed at a time, by way of the stack */

static const char *const kind_name[VM_NR_KINDS] = {
#define K(kind, text) [kind] = text,
	VM_KINDS(K)
#undef K
};

/*
 * Protection:  I  set at boot
 *              a  area_lock
 */
static struct spinlock area_lock = SPINLOCK_INIT;
static struct range_tree areas;                  /* a  by address            */
static LIST_HEAD(lazy_areas);                    /* a  retired, oldest first */
static unsigned long lazy_pages;                 /* a  addresses, with guards */
static unsigned long lazy_limit;                 /* I                        */
static struct kmem_cache *area_cache;            /* I                        */

/* ---- predicates and small helpers --------------------------------------- */

static struct vm_area *node_area(struct range_node *node)
{
	return node ? container_of(node, struct vm_area, node) : NULL;
}

static unsigned area_range_pages(const struct vm_area *area)
{
	return area->nr + 1;
}

static kva_t area_guard(const struct vm_area *area)
{
	return vm_area_start(area) + area->nr * PAGE_SIZE;
}

/* ---- create, find, destroy ---------------------------------------------- */

/* Returns: false when no gap is large enough. */
static bool area_place(struct vm_area *area)
{
	irqflags_t flags = spin_lock_irqsave(&area_lock);
	bool placed = range_insert_first(&areas, &area->node,
					 area_range_pages(area) * PAGE_SIZE,
					 PAGE_SIZE, 0);

	spin_unlock_irqrestore(&area_lock, flags);
	return placed;
}

struct vm_area *vm_area_create(unsigned nr, enum vm_kind kind,
			       const void *caller)
{
	struct vm_area *area;

	if (nr == 0 || nr > vm_area_max_pages())
		return NULL;
	area = kmem_cache_alloc(area_cache, GFP_KERNEL);
	if (!area)
		return NULL;
	area->caller = caller;
	area->nr = nr;
	area->kind = kind;
	area->state = AREA_BUSY;
	/* Lazy areas hold addresses too: get those back before giving up. */
	if (!area_place(area) && (!vmalloc_purge() || !area_place(area)))
		goto free_area;
	if (kpt_populate(vm_area_start(area), nr))
		goto destroy_area;
	return area;
destroy_area:
	vm_area_destroy(area);
	return NULL;
free_area:
	kmem_cache_free(area_cache, area);
	return NULL;
}

void vm_area_publish(struct vm_area *area)
{
	assert(area->state == AREA_BUSY);
	WRITE_ONCE(area->state, AREA_LIVE);
}

/*
 * Explain why an address cannot be freed. The area is a copy: the lock is not
 * held any more, so that whoever catches the panic can go on.
 */
static void __noreturn __cold refuse_free(const char *who, kva_t va,
					  const struct vm_area *area)
{
	if (!area)
		panic("%s of 0x%08x: no area is there; already freed, or never allocated",
		      who, va);
	if (area->state == AREA_RETIRED)
		panic("%s of 0x%08x: already freed (was allocated by %pS)",
		      who, va, area->caller);
	if (area->state == AREA_BUSY)
		panic("%s of 0x%08x: somebody is making or freeing this area",
		      who, va);
	if (va != vm_area_start(area))
		panic("%s of 0x%08x: in the middle of the area 0x%08x-0x%08x (%s by %pS)",
		      who, va, vm_area_start(area), area_guard(area),
		      kind_name[area->kind], area->caller);
	panic("%s of 0x%08x: this is %s memory (by %pS)", who, va,
	      kind_name[area->kind], area->caller);
}

struct vm_area *vm_area_claim(kva_t va, enum vm_kind kind, const char *who)
{
	irqflags_t flags = spin_lock_irqsave(&area_lock);
	struct vm_area *area = node_area(range_find(&areas, va));
	struct vm_area copy;

	if (unlikely(!area || area->state != AREA_LIVE ||
		     area->kind != kind || vm_area_start(area) != va)) {
		if (area)
			copy = *area;
		spin_unlock_irqrestore(&area_lock, flags);
		refuse_free(who, va, area ? &copy : NULL);
	}
	area->state = AREA_BUSY;
	spin_unlock_irqrestore(&area_lock, flags);
	return area;
}

void vm_area_destroy(struct vm_area *area)
{
	irqflags_t flags = spin_lock_irqsave(&area_lock);

	range_remove(&areas, &area->node);
	spin_unlock_irqrestore(&area_lock, flags);
	kmem_cache_free(area_cache, area);
}

void vm_area_unmap(struct vm_area *area)
{
	/*
	 * At once, not lazily: the pages are the caller's, who may give them
	 * to somebody else as soon as we return (V8).
	 */
	kpt_unmap(vm_area_start(area), area->nr);
	tlb_flush_range(vm_area_start(area), area->nr);
	vm_area_destroy(area);
}

/* ---- lazy freeing ------------------------------------------------------- */

void vm_area_retire(struct vm_area *area)
{
	unsigned long held;
	irqflags_t flags;

	assert(area->state == AREA_BUSY && area->kind == VM_ALLOC);
	kpt_retire(vm_area_start(area), area->nr);
	flags = spin_lock_irqsave(&area_lock);
	area->state = AREA_RETIRED;
	list_add_tail(&area->lazy, &lazy_areas);
	held = lazy_pages += area_range_pages(area);
	spin_unlock_irqrestore(&area_lock, flags);
	/* A debug build wants the stray access to fault now, not later. */
	if (held > lazy_limit || CONFIG_DEBUG)
		vmalloc_purge();
}

/* Pages on their way from retired entries to the page allocator. */
struct reaper {
	struct page  *pages[REAP_CHUNK];
	unsigned      nr;      /* pages in the array     */
	unsigned long freed;   /* pages that have left it */
};

static void reaper_empty(struct reaper *reaper)
{
	free_pages_bulk(reaper->pages, reaper->nr);
	reaper->freed += reaper->nr;
	reaper->nr = 0;
}

/* Free the pages of an area that the TLB knows nothing of any more. */
static void area_reap(const struct vm_area *area, struct reaper *reaper)
{
	kva_t va = vm_area_start(area), end = area_guard(area);

	while (va < end) {
		unsigned left = (end - va) / PAGE_SIZE;
		unsigned nr = MIN(left, REAP_CHUNK - reaper->nr);

		reaper->nr += kpt_reap(va, nr, reaper->pages + reaper->nr);
		if (reaper->nr == REAP_CHUNK)
			reaper_empty(reaper);
		va += nr * PAGE_SIZE;
	}
}

/* Make every TLB forget the areas of a list that span `pages` pages. */
static void flush_areas(const struct list_head *list, unsigned long pages)
{
	const struct vm_area *area;

	if (pages > TLB_FLUSH_ALL_ABOVE) {
		tlb_flush_all();
		return;
	}
	list_for_each_entry(area, list, lazy)
		tlb_flush_range(vm_area_start(area), area->nr);
}

/* Take all lazy areas, BUSY from now on. Returns: the pages they span. */
static unsigned long take_lazy(struct list_head *list)
{
	irqflags_t flags = spin_lock_irqsave(&area_lock);
	unsigned long pages = lazy_pages;
	struct vm_area *area;

	list_splice_init(&lazy_areas, list);
	lazy_pages = 0;
	list_for_each_entry(area, list, lazy)
		area->state = AREA_BUSY;
	spin_unlock_irqrestore(&area_lock, flags);
	return pages;
}

unsigned long vmalloc_purge(void)
{
	struct reaper reaper = { .nr = 0, .freed = 0 };
	struct vm_area *area, *next;
	unsigned long pages;
	LIST_HEAD(list);

	pages = take_lazy(&list);
	flush_areas(&list, pages);
	list_for_each_entry_safe(area, next, &list, lazy) {
		area_reap(area, &reaper);
		vm_area_destroy(area);
	}
	reaper_empty(&reaper);
	return reaper.freed;
}

/* ---- the public rest ---------------------------------------------------- */

bool vmalloc_find(kva_t va, struct vm_area_info *info)
{
	const struct vm_area *area;
	irqflags_t flags;
	bool found;

	/*
	 * Page faults are explained with this, so it must answer even when the
	 * fault came from the middle of this file.
	 */
	if (spin_is_held(&area_lock))
		return false;
	flags = spin_lock_irqsave(&area_lock);
	area = node_area(range_find(&areas, va));
	found = area && area->state == AREA_LIVE;
	if (found)
		*info = (struct vm_area_info){
			.start  = vm_area_start(area),
			.end    = area_guard(area),
			.kind   = area->kind,
			.caller = area->caller,
			.guard  = va >= area_guard(area),
		};
	spin_unlock_irqrestore(&area_lock, flags);
	return found;
}

static struct shrinker vmalloc_shrinker = {
	.name   = "vmalloc",
	.shrink = vmalloc_purge,
};

void vmalloc_init(void)
{
	lazy_limit = MIN(managed_pages() / LAZY_LIMIT_PART, LAZY_LIMIT_MAX);
	range_tree_init(&areas, vmalloc_start(), VMALLOC_END);
	area_cache = kmem_cache_create("vm_area", sizeof(struct vm_area), 0,
				       SLAB_PANIC, NULL);
	register_shrinker(&vmalloc_shrinker);
}

/* ---- check and dump ----------------------------------------------------- */

static const char *area_check_pages(const struct vm_area *area)
{
	kva_t va = vm_area_start(area);
	pfn_t pfn;

	for (unsigned i = 0; i < area->nr; i++, va += PAGE_SIZE) {
		bool present = kpt_lookup(va, &pfn);

		if (area->state == AREA_RETIRED) {
			HOLDS(!present,
			      "V5: no page of a retired area is present");
			continue;
		}
		HOLDS(present, "V3: every page of a live area is present");
		HOLDS(area->kind != VM_IOREMAP ||
		      pfn.v == phys_to_pfn(area->phys).v + i,
		      "V7: an I/O area maps consecutive frames");
	}
	HOLDS(!kpt_lookup(va, &pfn), "V4: a guard page is not present");
	return NULL;
}

static const char *area_check(const struct vm_area *area)
{
	HOLDS(area->node.start >= vmalloc_start() &&
	      area->node.end <= VMALLOC_END,
	      "V1: every area lies inside the vmalloc region");
	HOLDS(IS_ALIGNED(area->node.start, PAGE_SIZE) && area->nr > 0 &&
	      area->node.end - area->node.start ==
	      area_range_pages(area) * PAGE_SIZE,
	      "V2: an area's range is its pages and one guard page");
	return area->state == AREA_BUSY ? NULL : area_check_pages(area);
}

static const char *areas_check_locked(void) MUST_HOLD(area_lock)
{
	unsigned long retired = 0, listed = 0, pages = 0;
	const struct range_node *node;
	const struct vm_area *area;
	const char *law = range_tree_check(&areas);

	HOLDS(!law, law);
	range_for_each(node, &areas) {
		area = container_of(node, struct vm_area, node);
		law = area_check(area);
		HOLDS(!law, law);
		retired += area->state == AREA_RETIRED;
	}
	list_for_each_entry(area, &lazy_areas, lazy) {
		HOLDS(area->state == AREA_RETIRED,
		      "V6: the lazy list holds retired areas only");
		pages += area_range_pages(area);
		listed++;
	}
	HOLDS(listed == retired, "V6: the lazy list holds all retired areas");
	HOLDS(pages == lazy_pages, "V6: lazy_pages is the sum of the ranges");
	return NULL;
}

const char *vmalloc_check(void)
{
	irqflags_t flags = spin_lock_irqsave(&area_lock);
	const char *law = areas_check_locked();

	spin_unlock_irqrestore(&area_lock, flags);
	return law;
}

static void area_dump(const struct vm_area *area)
{
	kva_t start = vm_area_start(area), end = area->node.end;
	char extra[64] = "";

	if (area->state == AREA_RETIRED) {
		printk(LOG_INFO, "0x%08x-0x%08x %7u unpurged vm_area\n",
		       start, end, end - start);
		return;
	}
	if (area->kind == VM_ALLOC)
		snprintf(extra, sizeof(extra), " pages=%u", area->nr);
	if (area->kind == VM_IOREMAP)
		snprintf(extra, sizeof(extra), " phys=%pP", &area->phys);
	printk(LOG_INFO, "0x%08x-0x%08x %7u %pS%s %s\n", start, end,
	       end - start, area->caller, extra, kind_name[area->kind]);
}

void vmallocinfo_dump(void)
{
	irqflags_t flags = spin_lock_irqsave(&area_lock);
	const struct range_node *node;

	range_for_each(node, &areas)
		area_dump(container_of(node, struct vm_area, node));
	spin_unlock_irqrestore(&area_lock, flags);
}
