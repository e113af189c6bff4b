// SPDX-License-Identifier: MIT
/*
 * area.c - the address space of vmalloc
 *
 * WHAT     Gives out ranges of the vmalloc region, remembers who has them, and
 *          takes them back.
 *
 * PICTURE  Each area is followed by its guard page (G), which is part of its
 *          range but is never mapped:
 *
 *            vmalloc_start()                                   VMALLOC_END
 *            |[a a a G][b G]........[c c c c c c G][d d G]...............|
 *              LIVE     RETIRED  ^    LIVE          SPARE
 *                                |
 *                                lowest gap for up to 7 pages and a guard
 *
 * INVARIANTS of vmalloc (vmalloc_check() restates them)
 *          V1  the tree is sound, and every area lies inside the region
 *          V2  an area's range is its pages and one guard page
 *          V3  every page of a live area is present
 *          V4  the guard page of an area is not present
 *          V5  no page of a retired or spare area is present
 *          V6  the retired list holds all retired areas, the spare lists hold
 *              all spare ones, by size; the counts are the sums of the ranges
 *          V7  an I/O area maps consecutive frames from its first one
 * RULES of vmalloc
 *          V8  no page and no address is given out while a TLB may still
 *              translate to it or from it
 *
 * ALGORITHM  A new area takes the lowest gap that is large enough. Most areas
 *          are small and have one of a few sizes. So a small area that is freed
 *          stays in its place as a spare. The next request of this size takes
 *          the spare, without a search, a page table or memory. All spares are
 *          given up when there are too many, when a search fails, or when
 *          memory is short.
 *
 * LOCKING  vm_areas.lock, interrupts off, for the tree, the states and the
 *          lists. The lock is never held while memory is allocated or freed:
 *          shrinkers may run then, and they call this file. A BUSY area belongs
 *          to one thread, which needs no lock to touch its entries.
 * COST     O(log n) to create, find, claim and destroy; O(1) from a spare.
 * NOT HERE freed areas that wait for a flush (purge.c); where pages come from
 *          (vmalloc.c), other things that areas map (vmap.c, ioremap.c);
 *          vmalloc_check() and the dump (area_check.c).
 * SEE      Linux mm/vmalloc.c, alloc_vmap_area(), struct vmap_pool.
 */
#include <arch/tlb.h>

#include "lib/align.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "mm/kva/vm_area.h"
#include "mm/slab/slab.h"

/*
 * Pages of addresses in all spare areas. There is room for the areas of two
 * purges: so a purge does not push out the spares of the purge before.
 */
#define SPARE_PAGES_MAX  (2 * RETIRED_LIMIT_MAX)

struct vm_areas vm_areas;

static struct kmem_cache *area_cache;   /* set once, by vmalloc_init() */

/* ---- from the tree and back ------------------------------------------- */

void vm_area_destroy(struct vm_area *area)
{
	irqflags_t flags = spin_lock_irqsave(&vm_areas.lock);

	debug_caller_must(area->state == AREA_BUSY,
			  "claim the area before it goes");
	range_remove(&vm_areas.tree, &area->node);
	spin_unlock_irqrestore(&vm_areas.lock, flags);
	kmem_cache_free(area_cache, area);
}

/* Returns: false when no gap is large enough. */
static bool area_place(struct vm_area *area)
{
	uint32_t size = vm_area_span(area->nr) * PAGE_SIZE;
	irqflags_t flags = spin_lock_irqsave(&vm_areas.lock);
	bool placed = range_insert_first(&vm_areas.tree, &area->node, size,
					 PAGE_SIZE, 0);

	debug_assert(area->nr > 0 && area->nr <= vm_area_max_pages());
	spin_unlock_irqrestore(&vm_areas.lock, flags);
	return placed;
}

/* There may be enough memory, but there are no addresses: say so. */
static __cold int say_no_space(unsigned nr)
{
	uint64_t size = (uint64_t)nr << PAGE_SHIFT;

	pr_warn_limited("vmalloc: no address space for %pM in a row, whatever memory there is: vmalloc=SIZE gives more\n",
			&size);
	return -ENOSPC;
}

static noinline struct vm_area *area_create_new(unsigned nr, int *err)
{
	struct vm_area *area;
	bool placed;

	*err = nr ? -ENOMEM : -EINVAL;
	if (nr == 0)
		return NULL;
	if (nr > vm_area_max_pages()) {
		*err = say_no_space(nr);
		return NULL;
	}
	area = kmem_cache_alloc(area_cache, GFP_KERNEL);
	if (!area)
		return NULL;
	area->nr = nr;
	area->state = AREA_BUSY;
	placed = area_place(area);
	if (!placed) {
		/* Retired and spare areas also hold addresses. */
		vmalloc_purge();
		placed = area_place(area);
	}
	if (!placed) {
		*err = say_no_space(nr);
		kmem_cache_free(area_cache, area);
		return NULL;
	}
	if (kpt_populate(vm_area_start(area), nr)) {
		vm_area_destroy(area);
		return NULL;
	}
	return area;
}

/* ---- spare areas ------------------------------------------------------ */

/* A spare area of exactly nr pages, BUSY now; or NULL. */
static always_inline struct vm_area *spare_take(unsigned nr)
{
	struct vm_area *area = NULL;
	struct list_head *list;
	irqflags_t flags;

	if (nr > SPARE_NR_MAX)
		return NULL;
	list = &vm_areas.spare[nr];
	if (list_empty(list))
		return NULL;
	flags = spin_lock_irqsave(&vm_areas.lock);
	if (likely(!list_empty(list))) {
		area = list_first_entry(list, struct vm_area, link);
		list_del(&area->link);
		area->state = AREA_BUSY;
		debug_assert(vm_areas.spare_pages >= vm_area_span(nr));
		vm_areas.spare_pages -= vm_area_span(nr);
	}
	spin_unlock_irqrestore(&vm_areas.lock, flags);
	return area;
}

void vm_area_drop_spares(void)
{
	struct vm_area *area;

	for (unsigned nr = 1; nr <= SPARE_NR_MAX; nr++)
		while ((area = spare_take(nr)))
			vm_area_destroy(area);
}

void vm_area_recycle_all(struct list_head *areas)
{
	struct vm_area *area, *next;
	irqflags_t flags;
	LIST_HEAD(rest);

	/* Spares of unwanted sizes must not keep out other sizes. */
	if (unlikely(vm_areas.spare_pages >= SPARE_PAGES_MAX))
		vm_area_drop_spares();
	flags = spin_lock_irqsave(&vm_areas.lock);
	list_for_each_entry_safe(area, next, areas, link) {
		if (area->nr > SPARE_NR_MAX ||
		    vm_areas.spare_pages >= SPARE_PAGES_MAX) {
			list_add(&area->link, &rest);
			continue;
		}
		debug_assert(area->state == AREA_BUSY);
		area->state = AREA_SPARE;
		/* In front: the CPU's cache may still have its page table. */
		list_add(&area->link, &vm_areas.spare[area->nr]);
		vm_areas.spare_pages += vm_area_span(area->nr);
	}
	spin_unlock_irqrestore(&vm_areas.lock, flags);
	list_for_each_entry_safe(area, next, &rest, link)
		vm_area_destroy(area);
}

/* ---- create, claim, unmap --------------------------------------------- */

struct vm_area *vm_area_create(unsigned nr, enum vm_kind kind,
			       const void *caller, int *err)
{
	struct vm_area *area = spare_take(nr);

	debug_caller_must(kind < VM_NR_KINDS, "say what the area is for");
	if (unlikely(!area)) {
		area = area_create_new(nr, err);
		if (!area)
			return NULL;
	}
	area->caller = caller;
	area->kind = kind;
	return area;
}

/*
 * Explain why an address cannot be freed. This uses a copy of the area, and
 * gives the lock back first: so a test that catches the panic can go on.
 */
static void __noreturn __cold refuse_free_locked(const char *who, kva_t va,
						 const struct vm_area *found,
						 irqflags_t flags)
	MUST_HOLD(&vm_areas.lock) NO_LOCK_CHECK
{
	const struct vm_area area = found ? *found : (struct vm_area){ 0 };

	assert_held(&vm_areas.lock);
	spin_unlock_irqrestore(&vm_areas.lock, flags);
	if (!found)
		panic("%s of 0x%08x: no area is there; already freed, or never allocated",
		      who, va);
	if (area.state == AREA_RETIRED || area.state == AREA_SPARE)
		panic("%s of 0x%08x: already freed (was allocated by %pS)",
		      who, va, area.caller);
	if (area.state == AREA_BUSY)
		panic("%s of 0x%08x: somebody is making or freeing this area",
		      who, va);
	if (va != vm_area_start(&area))
		panic("%s of 0x%08x: in the middle of the area 0x%08x-0x%08x (%s by %pS)",
		      who, va, vm_area_start(&area), vm_area_guard(&area),
		      vm_kind_name[area.kind], area.caller);
	panic("%s of 0x%08x: this is %s memory (by %pS)", who, va,
	      vm_kind_name[area.kind], area.caller);
}

struct vm_area *vm_area_claim(kva_t va, enum vm_kind kind, const char *who)
{
	irqflags_t flags = spin_lock_irqsave(&vm_areas.lock);
	struct vm_area *area = node_area(range_find(&vm_areas.tree, va));

	if (unlikely(!area || area->state != AREA_LIVE ||
		     area->kind != kind || vm_area_start(area) != va))
		refuse_free_locked(who, va, area, flags);
	area->state = AREA_BUSY;
	spin_unlock_irqrestore(&vm_areas.lock, flags);
	return area;
}

void vm_area_unmap(struct vm_area *area)
{
	LIST_HEAD(one);

	caller_must(area->state == AREA_BUSY, "claim the area first");
	caller_must(area->kind != VM_ALLOC,
		    "retire an area of vmalloc(): its pages go too");
	/* Flush at once (V8): the caller may free its pages when we return. */
	kpt_unmap(vm_area_start(area), area->nr);
	tlb_flush_range(vm_area_start(area), area->nr);
	list_add(&area->link, &one);
	vm_area_recycle_all(&one);
}

/* ---- public ----------------------------------------------------------- */

bool vmalloc_find_used(kva_t va, struct vm_area_info *info)
{
	const struct vm_area *area;
	irqflags_t flags;
	bool found;

	/* This explains page faults, also one of this file under the lock. */
	if (spin_is_held(&vm_areas.lock))
		return false;
	flags = spin_lock_irqsave(&vm_areas.lock);
	area = node_area(range_find(&vm_areas.tree, va));
	found = area && (area->state == AREA_LIVE ||
			 area->state == AREA_BUSY);
	if (found)
		*info = (struct vm_area_info){
			.start  = vm_area_start(area),
			.end    = vm_area_guard(area),
			.kind   = area->kind,
			.caller = area->caller,
			.guard  = va >= vm_area_guard(area),
			.busy   = area->state == AREA_BUSY,
		};
	spin_unlock_irqrestore(&vm_areas.lock, flags);
	return found;
}

bool vmalloc_find(kva_t va, struct vm_area_info *info)
{
	return vmalloc_find_used(va, info) && !info->busy;
}

void vmalloc_init(void)
{
	caller_must(!area_cache, "call this once");
	spin_lock_init(&vm_areas.lock);
	range_tree_init(&vm_areas.tree, vmalloc_start(), VMALLOC_END);
	list_init(&vm_areas.retired);
	for (unsigned nr = 0; nr <= SPARE_NR_MAX; nr++)
		list_init(&vm_areas.spare[nr]);
	area_cache = kmem_cache_create("vm_area", sizeof(struct vm_area), 0,
				       SLAB_PANIC, NULL);
	vm_area_purge_init();
}
