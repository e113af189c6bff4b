// SPDX-License-Identifier: MIT
/*
 * vma.h - one area of a user address space
 *
 * WHAT     A VMA is a run of user pages with the same rights and the same
 *          source. The areas of an address space lie in a range tree, sorted,
 *          disjoint; neighbours that could be one are one.
 *
 * TERMS    anonymous  backed by nothing: zero until written
 *          shared     anonymous pages that a fork shares instead of copying;
 *                     they belong to a vm_object, VMAs only name it
 *          pager      an endpoint that is asked for each page (kernel/ipc/)
 *          offset     where an area begins in what backs it, in pages. Private
 *                     areas have one too, their first address when they were
 *                     made: neighbours are one area only when it goes on.
 *          family     a number; what it is for: mm/vm/family.h
 *
 * NOT HERE the address space (mm/vm/mm.h), what happens at a fault
 *          (mm/vm/fault.h).
 * SEE      Linux struct vm_area_struct, include/linux/mm.h.
 */
#pragma once

#include <arch/addr.h>

#include "lib/rangetree.h"

/*      bit           letter in `maps`  meaning; the values are ours         */
#define VM_READ       0x001u   /* r */
#define VM_WRITE      0x002u   /* w */
#define VM_EXEC       0x004u   /* x */
#define VM_SHARED     0x008u   /* s: a fork shares the pages; else p         */
#define VM_GROWSDOWN  0x010u   /* a stack: a fault below extends it          */
#define VM_LOCKED     0x020u   /* mlock: populated, counted                  */
#define VM_ACCOUNT    0x040u   /* counts against what may be committed       */
#define VM_NORESERVE  0x080u   /* never counts, whatever its rights          */
#define VM_DONTCOPY   0x100u   /* a fork leaves it out                       */
#define VM_WIPEONFORK 0x200u   /* a fork gives the child an empty one        */
#define VM_RAND_READ  0x400u   /* advice: read in no order                   */
#define VM_SEQ_READ   0x800u   /* advice: read in order                      */
#define VM_FORKED     0x1000u  /* its family has pages of a parent           */
#define VM_KERNEL_PAGES 0x2000u /* may map pages that the kernel keeps      */
#define VM_DONTDUMP   0x4000u  /* advice: not in a core dump                 */
#define VM_UNJOINED   0x8000u  /* like a neighbour, but nobody joined them  */
#define VM_TOUCHED    0x10000u /* it may have entries in the page tables    */
#define VM_DEVICE     0x20000u /* maps a device's frames: see mm_map_device() */
#define VM_RIGHTS     (VM_READ | VM_WRITE | VM_EXEC)

struct vm_object;
struct endpoint;

/* Protection: all fields by mm->lock (a mutex). */
struct vma {
	struct range_node  range;      /* [start, end), page-aligned         */
	unsigned           flags;      /* VM_*                               */
	uint32_t           offset;     /* of start, in pages                 */
	uint32_t           family;     /* Linux's anon_vma, as a number      */
	struct vm_object  *object;     /* of a shared area, referenced    */
	struct endpoint   *pager;      /* referenced; NULL: none             */
	const char        *name;       /* "[heap]", "[stack]", ... or NULL   */
};

static inline struct vma *range_to_vma(const struct range_node *node)
{
	return container_of(node, struct vma, range);
}

static inline uaddr_t vma_start(const struct vma *vma)
{
	return UADDR(vma->range.start);
}

static inline uaddr_t vma_end(const struct vma *vma)
{
	return UADDR(vma->range.end);
}

static inline uint32_t vma_pages(const struct vma *vma)
{
	return (vma->range.end - vma->range.start) >> PAGE_SHIFT;
}
