// SPDX-License-Identifier: MIT
/*
 * family.h - what areas that were forked, moved or left apart must remember
 *
 * WHAT     Linux gives an area an anon_vma when the first page is written in
 *          it, and joins no areas with different ones. Whether two areas are
 *          one is visible: mremap() refuses a range that lies in two. So the
 *          rule is kept, with a number in place of the structure; and what
 *          Linux leaves apart stays apart until it changes (VM_UNJOINED).
 *
 * TERMS    family     number of the areas that pages written in one of them
 *                     may belong to; 0: nothing was written yet
 *          forked     VM_FORKED: the family has pages of a parent. Such an
 *                     area shares its family with no neighbour: Linux keeps
 *                     such areas apart to have fewer to search.
 *
 * LOCKING  mm->lock.
 * NOT HERE which flags a fork or a move keeps (vm_flags.h).
 * SEE      Linux is_mergeable_anon_vma(), anon_vma_prepare(), mm/vma.c.
 */
#pragma once

#include "mm/vm/mm.h"
#include "mm/vm/vm_flags.h"

/* Could the two be one, but for the family and the flags in `may_differ`? */
static always_inline bool vma_goes_on(const struct vma *low,
				      const struct vma *high,
				      unsigned may_differ)
{
	return !((low->flags ^ high->flags) & ~may_differ) &&
	       low->offset + vma_pages(low) == high->offset &&
	       low->object == high->object && low->pager == high->pager &&
	       low->name == high->name;
}

/* May pages of the two be of one family? */
static inline bool same_family(const struct vma *a, const struct vma *b)
{
	return a->family == b->family || !a->family || !b->family;
}

/* `to` takes in the addresses of `from`. */
static inline void take_family(struct vma *to, const struct vma *from)
{
	to->flags |= from->flags & VM_TOUCHED;
	if (!to->family)
		to->family = from->family;
}

/* A page of its own is about to be mapped in a private area. */
void vma_need_family(struct mm *mm, struct vma *vma) MUST_HOLD(&mm->lock);

/* A family that no other area has. */
static inline void vma_new_family(struct mm *mm, struct vma *vma)
	MUST_HOLD(&mm->lock)
{
	debug_assert_mutex_held(&mm->lock);
	vma->family = ++mm->families;
}

/* `copy` will be the child's of `vma`: its family, if entries are copied. */
void vma_fork_family(struct mm *child, struct vma *copy, const struct vma *vma)
	MUST_HOLD(&child->lock);

/* The pages of the area have moved away: all of them, or a part. */
void vma_leave_family(struct mm *mm, struct vma *vma, bool all)
	MUST_HOLD(&mm->lock);

/* The area changed in a way after which Linux does not join: mark it so. */
void vma_leave_unjoined(struct mm *mm, struct vma *vma) MUST_HOLD(&mm->lock);
