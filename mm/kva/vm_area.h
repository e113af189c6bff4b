// SPDX-License-Identifier: MIT
/*
 * vm_area.h - areas of the vmalloc range, for the files of mm/kva/ only
 *
 * WHAT     What vmalloc.c, vmap.c and ioremap.c share: reserve an address
 *          range, publish it when it is mapped, claim it back when it is
 *          freed. Nobody outside mm/kva/ and its tests includes this file.
 *
 * PICTURE  The life of an area; the names are enum vm_area_state:
 *
 *            create --> BUSY --publish--> LIVE --claim--> BUSY --> destroy
 *                         |                                |
 *                         +----------- retire ------------>+--> RETIRED
 *                                                                 |
 *                          destroy <-- flush, reap <-- purge <----+
 *
 * TERMS    BUSY   one thread is filling it or taking it down; nobody else
 *                 looks at its page-table entries
 * SEE      area.c for the theory.
 */
#pragma once

#include <arch/kpgtable.h>

#include "lib/rangetree.h"
#include "mm/kva/vmalloc.h"
#include "mm/page/zone.h"

enum vm_area_state {
	AREA_BUSY,
	AREA_LIVE,
	AREA_RETIRED,
};

/*
 * Protection:  I  set before the area is published, then constant
 *              a  area.c's lock
 */
struct vm_area {
	struct range_node  node;    /* a  [start, end), guard page included */
	struct list_head   lazy;    /* a  while AREA_RETIRED                */
	const void        *caller;  /* I  code address that asked for it    */
	phys_addr_t        phys;    /* I  of VM_IOREMAP                     */
	unsigned           nr;      /* I  pages, guard page not counted     */
	enum vm_kind       kind;    /* I                                    */
	enum vm_area_state state;   /* a                                    */
};

/* Pages that fit at the most, beside one guard page. */
static inline unsigned vm_area_max_pages(void)
{
	return (VMALLOC_END - vmalloc_start()) / PAGE_SIZE - 1;
}

static inline kva_t vm_area_start(const struct vm_area *area)
{
	return area->node.start;
}

/* Pages that the page allocator was given, over all zones. */
static inline unsigned long managed_pages(void)
{
	unsigned long managed = 0;

	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		managed += zones[i].managed;
	return managed;
}

/*
 * An area of nr pages and its guard page at the lowest address where it fits,
 * BUSY, with page tables but nothing mapped.
 *
 * Context: may allocate (GFP_KERNEL).
 * Returns: NULL: nr is 0 or too large, no memory, no address space.
 */
struct vm_area *vm_area_create(unsigned nr, enum vm_kind kind,
			       const void *caller) __must_check;

/* Everything is mapped: from now on the area can be found and freed. */
void vm_area_publish(struct vm_area *area);

/*
 * The area that begins at va, made BUSY for the caller, who takes it down.
 *
 * Fails:   panics, in words and naming `who`, when no live area of this kind
 *          begins there.
 */
struct vm_area *vm_area_claim(kva_t va, enum vm_kind kind, const char *who);

/*
 * Give a BUSY area's address range back. Nothing of it may be mapped, and no
 * TLB may remember that anything was.
 */
void vm_area_destroy(struct vm_area *area);

/*
 * Take the P bit from all pages of a BUSY VM_ALLOC area and leave it and its
 * pages to the next purge.
 */
void vm_area_retire(struct vm_area *area);

/* Unmap, flush and destroy a BUSY area whose pages are not ours. */
void vm_area_unmap(struct vm_area *area);
