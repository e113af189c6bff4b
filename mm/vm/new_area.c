// SPDX-License-Identifier: MIT
/*
 * new_area.c - the one way to make an area
 *
 * WHAT     mmap(), the heap, the stack, the loader, a device's window and a
 *          message all make areas with these steps: check the room, back the
 *          area, add it. If a step fails, all of it is given back.
 *
 * PICTURE    room? --> back: promise or object --> add: joined or new
 *              |               |                     |
 *            -ENOMEM        -ENOMEM              promise given back
 *
 * TERMS    back     give a shared area its object; promise the pages of a
 *                   private area, if they count
 *          mapped   the area's entries are made before the area
 *
 * LOCKING  mm->lock.
 * NOT HERE where the area goes (place.c), the set of areas (vma.c).
 * SEE      Linux mmap_region().
 */
#include "lib/errno.h"
#include "mm/vm/family.h"
#include "mm/vm/vm_impl.h"

/* Inline: mmap() is a hot path. */
static always_inline int back(const struct mm *mm, struct vma *vma)
{
	if (vma->flags & VM_SHARED) {
		vma->object = vm_object_create(vma_pages(vma),
					       !(vma->flags & VM_NORESERVE),
					       mm->account);
		return vma->object ? 0 : -ENOMEM;
	}
	vma->offset = vma_start(vma).v >> PAGE_SHIFT;
	if (!vm_flags_count(vma->flags))
		return 0;
	if (!commit_charge(mm->account, vma_pages(vma)))
		return -ENOMEM;
	vma->flags |= VM_ACCOUNT;
	return 0;
}

int vma_back(const struct mm *mm, struct vma *vma)
{
	return back(mm, vma);
}

/* Put the new area in place of what is there. If this fails, all stays. */
static int replace_area(struct mm *mm, const struct vma *new)
	MUST_HOLD(&mm->lock)
{
	uaddr_t start = vma_start(new), end = vma_end(new);
	int err = vma_reserve(mm, 1 + mm_unmap_adds(mm, start, end));

	debug_assert_mutex_held(&mm->lock);
	if (!err)
		err = mm_unmap_locked(mm, start, end);
	if (!err)
		err = vma_add(mm, new);
	vma_unreserve(mm);
	return err;
}

int vma_make(struct mm *mm, struct vma *new, bool replace, struct vma *next)
{
	int err;

	debug_assert_mutex_held(&mm->lock);
	if (!vm_has_room(mm, vma_pages(new)) &&
	    !vm_has_room_within(mm, vma_start(new), vma_end(new)))
		return -ENOMEM;
	err = back(mm, new);
	if (err)
		return err;
	err = replace ? replace_area(mm, new) : vma_add_before(mm, new, next);
	if (err)
		vma_uncommit(new, vma_pages(new));
	/* The area has its own reference. */
	if (new->object)
		vm_object_put(new->object);
	return err;
}

long vma_make_mapped(struct mm *mm, uaddr_t addr, uint32_t nr_pages,
		     struct vma *new, vma_map_fn map, void *arg)
{
	uint32_t length = nr_pages << PAGE_SHIFT;
	long start = mm_place(mm, addr, length, false);
	int err;

	debug_assert_mutex_held(&mm->lock);
	if (IS_ERR_VALUE(start))
		return start;
	if (!vma_may_add(mm, 1) || !vm_has_room(mm, nr_pages))
		return -ENOMEM;
	new->range.start = (uint32_t)start;
	new->range.end = (uint32_t)start + length;
	new->offset = vma_start(new).v >> PAGE_SHIFT;
	/* A fork copies the entries of a family; a window knows its area so. */
	vma_new_family(mm, new);
	err = map(mm, new, arg);
	if (!err)
		err = vma_add(mm, new);
	if (err)
		mm_clear_hole(mm, vma_start(new), vma_end(new));
	return err ? err : start;
}
