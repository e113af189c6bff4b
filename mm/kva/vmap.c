// SPDX-License-Identifier: MIT
/*
 * vmap.c - map pages of the caller at contiguous addresses
 *
 * WHAT     Maps pages that the caller already has, in a row of virtual
 *          addresses. Other mappings of the pages stay.
 *
 * PICTURE    pages[]    [5] [2] [5]          a page may be there twice
 *                        |   |   |
 *            addresses  [ 0 | 1 | 2 |guard]
 *
 * INVARIANTS of vmalloc: area.c
 *
 * ALGORITHM  Address space and page tables can fail; the mapping cannot.
 *          vunmap() flushes before it returns, and vfree() does not: the caller
 *          may free its pages at once after vunmap() (area.c: V8).
 *
 * LOCKING  None of its own.
 * COST     One entry for each page; vunmap(): one flush.
 * NOT HERE address space (area.c).
 * SEE      Linux vmap(), vunmap().
 */
#include "mm/kva/vm_area.h"

void *vmap(struct page *const pages[], unsigned nr, enum kprot prot)
{
	int err;
	struct vm_area *area;

	caller_must(!nr || pages, "give the pages to map");
	area = vm_area_create(nr, VM_MAP, __builtin_return_address(0), &err);
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
