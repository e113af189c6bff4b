// SPDX-License-Identifier: MIT
/*
 * map_pages.c - pages that the kernel keeps, at a program too
 *
 * WHAT     Maps pages that belong to the kernel for good (the boot archive)
 *          into an address space. The area is private: who may write to it
 *          after an mprotect() writes to copies.
 *
 * RULES
 *          the kernel holds a reference to each such page, so that an entry is
 *          never its only one: it is never writable (V4) and never freed
 *
 * LOCKING  mm->lock.
 * NOT HERE whose pages they are (kernel/calls/memory_object.c).
 */
#include "lib/errno.h"
#include "mm/vm/vm_impl.h"

/* No area is there yet. */
static int map_entries(struct mm *mm, const struct vma *vma, struct page *page)
	MUST_HOLD(&mm->lock)
{
	uint32_t start = vma_start(vma);

	assert_mutex_held(&mm->lock);
	for (; start < vma_end(vma); start += PAGE_SIZE, page++) {
		assert(page->refs > 0);
		if (upt_map(&mm->tables, start, page_to_pfn(page),
			    vma_rights(vma)))
			return -ENOMEM;
		vm_page_get(page);
		mm->rss++;
	}
	return 0;
}

static long map_locked(struct mm *mm, uint32_t addr, struct page *first,
		       uint32_t nr_pages, unsigned rights, const char *name)
	MUST_HOLD(&mm->lock)
{
	uint32_t length = nr_pages << PAGE_SHIFT;
	long start = mm_place(mm, addr, length, false);
	struct vma new = {
		.flags = rights | VM_KERNEL_PAGES | VM_TOUCHED, .name = name,
	};
	int err;

	assert_mutex_held(&mm->lock);
	if (IS_ERR_VALUE(start))
		return start;
	if (mm->nr_vmas >= vm_max_map_count || !vm_has_room(mm, nr_pages))
		return -ENOMEM;
	new.range.start = (uint32_t)start;
	new.range.end = (uint32_t)start + length;
	new.offset = vma_start(&new) >> PAGE_SHIFT;
	/* A family of its own: a fork copies the entries. */
	new.family = ++mm->families;
	err = map_entries(mm, &new, first);
	if (!err)
		err = vma_add(mm, &new);
	if (err)
		mm_clear_hole(mm, vma_start(&new), vma_end(&new));
	return err ? err : start;
}

long mm_map_pages(struct mm *mm, uint32_t addr, struct page *first,
		  uint32_t nr_pages, unsigned rights, const char *name)
{
	long result;

	if (!nr_pages || nr_pages > USER_END >> PAGE_SHIFT ||
	    !page_aligned(addr) || rights & ~(VM_READ | VM_EXEC))
		return -EINVAL;
	mutex_lock(&mm->lock);
	result = map_locked(mm, addr, first, nr_pages, rights, name);
	mutex_unlock(&mm->lock);
	return result;
}
