// SPDX-License-Identifier: MIT
/*
 * vmap.c - pages of the caller, in a row
 *
 * WHAT     Makes pages that somebody already has contiguous in virtual
 *          addresses: a second mapping beside any they have.
 *
 * PICTURE    pages[]    [5] [2] [5]          one page may stand there twice
 *                        |   |   |
 *            addresses  [ 0 | 1 | 2 |guard]
 *
 * INVARIANTS of vmalloc: area.c
 *
 * ALGORITHM  Address space and page tables can fail; mapping cannot. vunmap()
 *          flushes before it returns, unlike vfree(): the pages belong to the
 *          caller, who may free them in the next line, and a page must not be
 *          handed out while a TLB still translates to it (area.c: V8).
 *
 * LOCKING  None of its own.
 * COST     One entry a page; vunmap() one flush.
 * NOT HERE address space (area.c).
 * SEE      Linux vmap(), vunmap().
 */
#include "mm/kva/vm_area.h"

void *vmap(struct page *const pages[], unsigned nr, enum kprot prot)
{
	int err;
	struct vm_area *area = vm_area_create(nr, VM_MAP,
					      __builtin_return_address(0),
					      &err);

	if (!area)
		return NULL;
	kpt_map_pages(vm_area_start(area), pages, nr, prot);
	vm_area_publish(area);
	return kva_to_ptr(vm_area_start(area));
}

void vunmap(const void *ptr)
{
	if (ptr)
		vm_area_unmap(vm_area_claim(ptr_to_kva(ptr), VM_MAP, "vunmap"));
}
