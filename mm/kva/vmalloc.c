// SPDX-License-Identifier: MIT
/*
 * vmalloc.c - memory that is contiguous in virtual addresses only
 *
 * WHAT     Fills areas with pages from the page allocator, HIGHMEM first.
 *
 * PICTURE  Four pages from anywhere, one range of addresses, one guard page:
 *
 *            addresses   [ 0 | 1 | 2 | 3 |guard]
 *                          |   |    \    \
 *            frames   [..][1][..][0]..[3]..[2][..]
 *
 * INVARIANTS of vmalloc: area.c
 *
 * ALGORITHM  First reserve addresses and page tables: this needs little memory,
 *          and is easy to undo. Then take pages and map them, chunk by chunk:
 *          so the list of pages fits on the stack. If there are not enough
 *          pages, the area is freed at once, like any other area.
 *
 * LOCKING  None of its own: a BUSY area belongs to the thread that made it.
 * COST     O(log n) in the number of areas; for each page a part of a bulk
 *          allocation, and one entry.
 * NOT HERE address space (area.c), lazy freeing (purge.c); pages of the caller
 *          (vmap.c), device registers (ioremap.c).
 * SEE      Linux mm/vmalloc.c, __vmalloc_area_node().
 */
#include "mm/kva/vmalloc.h"

#include <arch/page_ops.h>

#include "lib/errno.h"
#include "mm/kva/vm_area.h"
#include "mm/page/page_alloc.h"

#define FILL_CHUNK  64   /* pages in one chunk; their list is on the stack   */

/*
 * Map a page at every address of the area. Returns: false when there is no more
 * memory. Then the first pages are mapped, and the other entries are empty.
 */
static bool area_fill(const struct vm_area *area)
{
	struct page *pages[FILL_CHUNK];

	for (unsigned done = 0; done < area->nr; done += FILL_CHUNK) {
		unsigned nr = MIN(area->nr - done, FILL_CHUNK);
		unsigned had = alloc_pages_bulk(GFP_KERNEL | GFP_HIGHMEM, nr,
						pages);

		kpt_map_pages(vm_area_start(area) + done * PAGE_SIZE, pages,
			      had, KPROT_RW);
		if (had < nr)
			return false;
	}
	return true;
}

/* The three kinds of vmalloc(). NULL, and *err says why. */
static void *vmalloc_from(size_t size, const void *caller, int *err)
{
	size_t nr = size / PAGE_SIZE + (size % PAGE_SIZE != 0);
	struct vm_area *area;

	/*
	 * A request for more pages than the machine has must fail before it
	 * takes all free pages. Every machine has FILL_CHUNK pages.
	 */
	if (unlikely(nr > FILL_CHUNK) && nr > managed_pages()) {
		*err = -ENOMEM;
		return NULL;
	}
	area = vm_area_create((unsigned)nr, VM_ALLOC, caller, err);
	if (!area)
		return NULL;
	if (!area_fill(area)) {
		/* Memory is short: free the pages now, with a purge. */
		vm_area_retire(area);
		vmalloc_purge();
		*err = -ENOMEM;
		return NULL;
	}
	vm_area_publish(area);
	return kva_to_ptr(vm_area_start(area));
}

void *vmalloc(size_t size)
{
	int err;

	return vmalloc_from(size, __builtin_return_address(0), &err);
}

int vmalloc_try(size_t size, void **ptr)
{
	int err;
	void *start;

	caller_must(ptr, "say where the address goes");
	start = vmalloc_from(size, __builtin_return_address(0), &err);
	if (!start)
		return err;
	*ptr = start;
	return 0;
}

void *vzalloc(size_t size)
{
	int err;
	char *start = vmalloc_from(size, __builtin_return_address(0), &err);

	/* Clear through the new mapping: so no page needs kmap_local(). */
	for (size_t done = 0; start && done < size; done += PAGE_SIZE)
		clear_page(start + done);
	return start;
}

const char *kva_error_text(int err)
{
	if (err == -ENOSPC)
		return "no address space is left: vmalloc=SIZE gives more";
	return err == -ENOMEM ? "no memory is left" : "it is empty";
}

void vfree(const void *ptr)
{
	if (ptr)
		vm_area_retire(vm_area_claim(ptr_to_kva(ptr), VM_ALLOC,
					     "vfree"));
}
