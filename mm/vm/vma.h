// SPDX-License-Identifier: MIT
/*
 * vma.h - one area of a user address space
 *
 * WHAT     A VMA, or area, is a run of user pages with the same rights and the
 *          same source. The areas of an address space lie in a range tree:
 *          sorted, without overlaps. Two neighbours that could be one area are
 *          one area.
 *
 * TERMS    anonymous  the pages come from nowhere: they are zero until somebody
 *                     writes
 *          shared     anonymous pages that a fork shares and does not copy.
 *                     They belong to a vm_object; areas only name it
 *          pager      an endpoint that the kernel asks for each page
 *                     (kernel/ipc/)
 *          offset     where the area begins in its object, in pages. The offset
 *                     of a private area is the page number of its first
 *                     address when it was made. Two neighbours are one area
 *                     only if the offsets go on
 *          family     a number; mm/vm/family.h says what for
 *
 * NOT HERE the address space (mm/vm/mm.h), faults (mm/vm/fault.h).
 * SEE      Linux struct vm_area_struct, include/linux/mm.h.
 */
#pragma once

#include <arch/addr.h>

#include "lib/rangetree.h"

/* The letter is the one in `maps`. The values of the bits are our own. */
#define VM_READ       0x001u   /* r */
#define VM_WRITE      0x002u   /* w */
#define VM_EXEC       0x004u   /* x */
#define VM_SHARED     0x008u   /* s: a fork shares the pages; without it: p  */
#define VM_GROWSDOWN  0x010u   /* a stack: a fault below makes it longer     */
#define VM_LOCKED     0x020u   /* mlock(): all pages are there, and counted  */
#define VM_ACCOUNT    0x040u   /* its pages count as promised                */
#define VM_NORESERVE  0x080u   /* its pages never count                      */
#define VM_DONTCOPY   0x100u   /* the child of a fork does not get it        */
#define VM_WIPEONFORK 0x200u   /* the child of a fork gets it empty          */
#define VM_RAND_READ  0x400u   /* advice: read in no order                   */
#define VM_SEQ_READ   0x800u   /* advice: read in order                      */
#define VM_FORKED     0x1000u  /* its family has pages of a parent           */
#define VM_KERNEL_PAGES 0x2000u /* may map pages that the kernel keeps       */
#define VM_DONTDUMP   0x4000u  /* advice: not in a core dump                 */
#define VM_UNJOINED   0x8000u  /* could be one with a neighbour, but is not  */
#define VM_TOUCHED    0x10000u /* may have entries in the page tables        */
#define VM_DEVICE     0x20000u /* maps frames of a device: mm_map_device()   */
#define VM_RIGHTS     (VM_READ | VM_WRITE | VM_EXEC)

struct vm_object;
struct endpoint;

/* Protection: mm->lock (a mutex) for all fields. */
struct vma {
	struct range_node  range;      /* [start, end), page-aligned         */
	unsigned           flags;      /* VM_*                               */
	uint32_t           offset;     /* of start, in pages                 */
	uint32_t           family;     /* Linux's anon_vma, as a number      */
	struct vm_object  *object;     /* of a shared area; a reference      */
	struct endpoint   *pager;      /* a reference; NULL: no pager        */
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
