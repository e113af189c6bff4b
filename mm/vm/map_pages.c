// SPDX-License-Identifier: MIT
/*
 * map_pages.c - pages of the kernel in an address space
 *
 * WHAT     Maps pages that the kernel never frees (the boot archive) into an
 *          address space. The area is private: after an mprotect() the program
 *          may write to it, and then gets copies.
 *
 * RULES
 *          the kernel holds a reference to each such page. So an entry is never
 *          the page's only one: it never becomes writable (V4), and the page
 *          stays when the entry goes
 *
 * LOCKING  mm->lock.
 * NOT HERE whose pages they are (kernel/calls/memory_object.c).
 */
#include "lib/errno.h"
#include "mm/vm/vm_impl.h"

/* The area is made later: see vma_make_mapped(). */
static int map_pages(struct mm *mm, const struct vma *vma, void *first)
	MUST_HOLD(&mm->lock)
{
	struct page *page = first;
	uaddr_t start = vma_start(vma);

	assert_mutex_held(&mm->lock);
	for (; start.v < vma_end(vma).v; start.v += PAGE_SIZE, page++) {
		caller_must(page->refs > 0, "keep a reference to each page");
		if (upt_map(&mm->tables, start, page_to_pfn(page),
			    vma_rights(vma)))
			return -ENOMEM;
		vm_page_get(page);
		mm->rss++;
	}
	return 0;
}

long mm_map_pages(struct mm *mm, uaddr_t addr, struct page *first,
		  uint32_t nr_pages, unsigned rights, const char *name)
{
	struct vma new = {
		.flags = rights | VM_KERNEL_PAGES | VM_TOUCHED, .name = name,
	};
	long result;

	if (!nr_pages || nr_pages > USER_END >> PAGE_SHIFT ||
	    !page_aligned(addr.v) || rights & ~(VM_READ | VM_EXEC))
		return -EINVAL;
	mutex_lock(&mm->lock);
	result = vma_make_mapped(mm, addr, nr_pages, &new, map_pages, first);
	mutex_unlock(&mm->lock);
	return result;
}
