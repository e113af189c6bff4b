// SPDX-License-Identifier: MIT
/*
 * vm_area.h - areas of the vmalloc region, for the files of mm/kva/ only
 *
 * WHAT     Reserve an address range, publish the range when it is mapped, claim
 *          the range when it is freed. Only mm/kva/ and its tests include this
 *          file.
 *
 * PICTURE  The life of an area; the names are enum vm_area_state:
 *
 *            create --> BUSY --publish--> LIVE --claim--> BUSY --> unmap --+
 *             ^  ^        |                                |               |
 *             |  |        +----------- retire ------------>+--> RETIRED    |
 *             |  |                                               |         |
 *          (nothing)                       flush, reap <-- purge +         |
 *             ^  |                               |                         |
 *             |  +----------- SPARE <---------- recycle <------------------+
 *             |                 |                |
 *             +--- destroy <----+<---------------+
 *
 * TERMS    BUSY   one thread fills the area or takes it down; no other thread
 *                 looks at its page-table entries
 *          SPARE  nothing is mapped, and the TLB has forgotten all earlier
 *                 mappings: ready for the next request of exactly this size
 * SEE      area.c and purge.c for the theory.
 */
#pragma once

#include <arch/kpgtable.h>

#include "lib/rangetree.h"
#include "lib/spinlock.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/zone.h"

enum vm_area_state {
	AREA_BUSY,
	AREA_LIVE,
	AREA_RETIRED,
	AREA_SPARE,
	AREA_NR_STATES
};

/*
 * Protection:  I  set before the area is published, then constant
 *              a  vm_areas.lock
 */
struct vm_area {
	struct range_node  node;    /* a  [start, end), guard page included */
	struct list_head   link;    /* a  while AREA_RETIRED or AREA_SPARE  */
	const void        *caller;  /* I  code address that asked for it    */
	phys_addr_t        phys;    /* I  of VM_IOREMAP                     */
	unsigned           nr;      /* I  pages, guard page not counted     */
	enum vm_kind       kind;    /* I                                    */
	enum vm_area_state state;   /* a                                    */
};

#define SPARE_NR_MAX       16     /* larger areas are not kept as spares      */
#define RETIRED_LIMIT_MAX  1024   /* pages that wait for a flush: 4 MiB       */

/*
 * All areas.
 *
 * Protection:  a  lock
 */
struct vm_areas {
	struct spinlock   lock;
	struct range_tree tree;                     /* a  by address         */
	struct list_head  retired;                  /* a  oldest first       */
	unsigned long     retired_pages;            /* a  of addresses       */
	struct list_head  spare[SPARE_NR_MAX + 1];  /* a  by number of pages */
	unsigned long     spare_pages;              /* a  of addresses       */
};

extern struct vm_areas vm_areas;

static inline struct vm_area *node_area(const struct range_node *node)
{
	return node ? container_of(node, struct vm_area, node) : NULL;
}

static inline kva_t vm_area_start(const struct vm_area *area)
{
	return area->node.start;
}

/* The guard page. The mapped pages end here. */
static inline kva_t vm_area_guard(const struct vm_area *area)
{
	return area->node.end - PAGE_SIZE;
}

/* Pages of addresses that an area of nr pages takes. */
static inline unsigned vm_area_span(unsigned nr)
{
	return nr + 1;
}

/* The largest area, in pages; there must also be room for its guard page. */
static inline unsigned vm_area_max_pages(void)
{
	return (VMALLOC_END - vmalloc_start()) / PAGE_SIZE - 1;
}

/* ---- area.c ----------------------------------------------------------- */

/*
 * Make an area of nr pages and its guard page. The area is BUSY and has page
 * tables, but nothing is mapped. It is a spare, or the lowest gap that is large
 * enough.
 *
 * Context: may allocate (GFP_KERNEL).
 * Returns: the area; or NULL, and *err: -EINVAL (nr is 0), -ENOMEM, -ENOSPC (no
 *          gap is large enough; the log says so, too).
 */
struct vm_area *vm_area_create(unsigned nr, enum vm_kind kind,
			       const void *caller, int *err) __must_check;

/* All pages are mapped: from now on the area can be found and freed. */
static inline void vm_area_publish(struct vm_area *area)
{
	debug_caller_must(area->state == AREA_BUSY, "publish an area once");
	WRITE_ONCE(area->state, AREA_LIVE);
}

/*
 * Find the area that begins at va, and make it BUSY for the caller. The caller
 * takes the area down.
 *
 * Fails:   panics when no live area of this kind begins there. The message
 *          names `who`.
 */
struct vm_area *vm_area_claim(kva_t va, enum vm_kind kind, const char *who);

/*
 * Give all BUSY areas of a list (by `link`) back: each area becomes a spare, or
 * its addresses become free. No page of them is mapped, and the TLB has
 * forgotten all their mappings. The list must not be used again.
 */
void vm_area_recycle_all(struct list_head *areas);

/* Give a BUSY area back; its addresses become free. */
void vm_area_destroy(struct vm_area *area);

/* Unmap, flush and recycle a BUSY area whose pages are not ours. */
void vm_area_unmap(struct vm_area *area);

/* Give the addresses of all spare areas back. */
void vm_area_drop_spares(void);

/* ---- purge.c ---------------------------------------------------------- */

/*
 * Clear the P bits of all pages of a BUSY VM_ALLOC area. The next purge frees
 * the area and its pages.
 */
void vm_area_retire(struct vm_area *area);

/* Set the limit from the size of memory, register the shrinker. */
void vm_area_purge_init(void);
