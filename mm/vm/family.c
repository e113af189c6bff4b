// SPDX-License-Identifier: MIT
/*
 * family.c - the functions of family.h
 *
 * LOCKING  mm->lock.
 */
#include "mm/vm/family.h"

#include "mm/vm/vm_impl.h"

/*
 * Take the neighbour's family if the two may be one as soon as they have the
 * same rights. So an area that mprotect() has cut in two is joined again later.
 */
static bool share_family(struct vma *vma, const struct vma *low,
			 const struct vma *high)
{
	const struct vma *near = low == vma ? high : low;

	/* A forked neighbour has another flag: `vma` has no family (V7). */
	if (!near->family || vma_end(low).v != vma_start(high).v ||
	    !vma_goes_on(low, high, VM_RIGHTS | vm_flags_of[VM_JOINS]))
		return false;
	vma->family = near->family;
	return true;
}

void vma_need_family(struct mm *mm, struct vma *vma)
{
	const struct vma *low, *high;

	debug_assert_mutex_held(&mm->lock);
	if (vma->family)
		return;
	high = vma_next(mm, vma);
	if (high && share_family(vma, vma, high))
		return;
	low = vma_prev(mm, vma);
	if (low && share_family(vma, low, vma))
		return;
	vma_new_family(mm, vma);
}

void vma_fork_family(struct mm *child, struct vma *copy, const struct vma *vma)
{
	debug_assert_mutex_held(&child->lock);
	if (vma->flags & (VM_LOCKED | VM_WIPEONFORK))
		copy->flags |= VM_UNJOINED;
	copy->family = 0;
	if (!vma->family || vma->flags & VM_WIPEONFORK)
		return;
	vma_new_family(child, copy);
	copy->flags |= VM_FORKED |
		       (vma->flags & (VM_TOUCHED | VM_KERNEL_PAGES));
}

void vma_leave_family(struct mm *mm, struct vma *vma, bool all)
{
	unsigned flags = vma->flags & vm_flags_of[VM_KEPT_BY_LEFT];

	debug_assert_mutex_held(&mm->lock);
	if (all && !vma->object)
		vma->family = 0;
	else
		flags |= vma->flags & VM_FORKED;
	vma->flags = flags;
	vma_leave_unjoined(mm, vma);
}

void vma_leave_unjoined(struct mm *mm, struct vma *vma)
{
	const struct vma *low = vma_prev(mm, vma);
	const struct vma *high = vma_next(mm, vma);

	debug_assert_mutex_held(&mm->lock);
	if ((low && vma_joinable(low, vma)) ||
	    (high && vma_joinable(vma, high)))
		vma->flags |= VM_UNJOINED;
}
