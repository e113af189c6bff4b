// SPDX-License-Identifier: MIT
/*
 * family.h - which areas may be joined: the family
 *
 * WHAT     Linux gives an area an anon_vma when the first page is written in
 *          it, and does not join areas with different ones. A program can see
 *          whether two areas are one: mremap() refuses a range that lies in
 *          two. So the rule is the same here, with a number instead of the
 *          structure. What Linux does not join stays apart until it changes
 *          (VM_UNJOINED).
 *
 * TERMS    family     a number that areas share if a page that is written in
 *                     one may belong to another; 0: nothing was written yet
 *          forked     VM_FORKED: the family has pages of a parent. Such an
 *                     area shares its family with no neighbour: Linux keeps
 *                     such areas apart to have fewer areas to search
 *
 * LOCKING  mm->lock.
 * NOT HERE which flags a fork or a move keeps (vm_flags.h).
 * SEE      Linux is_mergeable_anon_vma(), anon_vma_prepare(), mm/vma.c.
 */
#pragma once

#include "mm/vm/mm.h"
#include "mm/vm/vm_flags.h"

/* Could the two be one, apart from the family and the flags in `may_differ`? */
static always_inline bool vma_goes_on(const struct vma *low,
				      const struct vma *high,
				      unsigned may_differ)
{
	return !((low->flags ^ high->flags) & ~may_differ) &&
	       low->offset + vma_pages(low) == high->offset &&
	       low->object == high->object && low->pager == high->pager &&
	       low->name == high->name;
}

/* May the two be of one family? */
static inline bool same_family(const struct vma *a, const struct vma *b)
{
	return a->family == b->family || !a->family || !b->family;
}

/* `to` becomes both areas: it gets what only `from` has. */
static inline void take_family(struct vma *to, const struct vma *from)
{
	to->flags |= from->flags & VM_TOUCHED;
	if (!to->family)
		to->family = from->family;
}

/* Give the private area a family: a page of its own is about to be mapped. */
void vma_need_family(struct mm *mm, struct vma *vma) MUST_HOLD(&mm->lock);

/* Give the area a family that no other area has. */
static inline void vma_new_family(struct mm *mm, struct vma *vma)
	MUST_HOLD(&mm->lock)
{
	debug_assert_mutex_held(&mm->lock);
	vma->family = ++mm->families;
}

/* Give `copy`, the child's area of `vma`, a family if entries are copied. */
void vma_fork_family(struct mm *child, struct vma *copy, const struct vma *vma)
	MUST_HOLD(&child->lock);

/* The pages of the area have moved away. `all`: all of them, not a part. */
void vma_leave_family(struct mm *mm, struct vma *vma, bool all)
	MUST_HOLD(&mm->lock);

/* The area has changed. Linux would not join it now: mark it VM_UNJOINED. */
void vma_leave_unjoined(struct mm *mm, struct vma *vma) MUST_HOLD(&mm->lock);
