// SPDX-License-Identifier: MIT
/*
 * mremap.c - make an area longer or shorter, or move it with its pages
 *
 * WHAT     mremap(): it copies no page, it only moves entries.
 *
 * PICTURE  The area grows, there is no room behind it, MREMAP_MAYMOVE:
 *
 *            [ old  ][other]                [ new, longer    ]
 *              |  entries move  ------------->  |
 *            (hole   )[other]               [ old ][new pages]
 *
 * TERMS    duplicate  old length 0 of a shared area: makes a second area of the
 *                     same object
 *          DONTUNMAP  the old area stays, but is empty
 *
 * ALGORITHM  First come all checks. Then the destination is freed
 *          (MREMAP_FIXED). Then areas are reserved and the entries move; if
 *          this fails, nothing has changed. At last the piece is cut out of its
 *          area, the new area is added, and the old one goes: this cannot fail,
 *          because areas are in reserve.
 *          A move that keeps the size may span several areas, as in Linux 6.17;
 *          all keep their distances. Every other call is about one area.
 *
 * LOCKING  mm->lock.
 * COST     O(log n), and one step for each entry that moves.
 * SEE      Linux mm/mremap.c: check_mremap_params(), check_prep_vma(),
 *          mremap_to(), move_vma(), remap_move().
 */
#include "lib/errno.h"
#include "mm/vm/family.h"
#include "mm/vm/vm_impl.h"

#define MREMAP_ALL    (MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)
#define MREMAP_MOVES  (MREMAP_FIXED | MREMAP_DONTUNMAP)

/* One move may add so many areas for a while: two cuts, and the new area. */
#define MOVE_AREAS    VMA_SPARES

struct remap {
	uaddr_t  addr, new_addr;
	uint32_t old, new;         /* lengths: whole pages */
	unsigned flags;
};

/* Check what needs no look at the areas. */
static int check_arguments(const struct remap *r)
{
	if (r->flags & ~MREMAP_ALL || !page_aligned(r->addr.v) || !r->new ||
	    r->new > USER_END)
		return -EINVAL;
	if (!(r->flags & MREMAP_MOVES))
		return 0;
	if (!page_aligned(r->new_addr.v) ||
	    r->new_addr.v > USER_END - r->new || !(r->flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if (r->flags & MREMAP_DONTUNMAP && r->old != r->new)
		return -EINVAL;
	/* The old and the new range overlap. */
	if ((uint64_t)r->addr.v + r->old > r->new_addr.v &&
	    r->new_addr.v + r->new > r->addr.v)
		return -EINVAL;
	return 0;
}

/* Unmap what lies behind r->new. -EINVAL: it leaves user mode's part. */
static int unmap_tail(struct mm *mm, const struct remap *r) MUST_HOLD(&mm->lock)
{
	uaddr_t start = uaddr_add(r->addr, r->new);

	assert_mutex_held(&mm->lock);
	if (start.v < r->addr.v || start.v > USER_END ||
	    r->old - r->new > USER_END - start.v)
		return -EINVAL;
	return mm_unmap_locked(mm, start, uaddr_add(start, r->old - r->new));
}

/* May this range of the area be moved, or grow? */
static int check_area(const struct mm *mm, const struct vma *vma,
		      const struct remap *r) MUST_HOLD(&mm->lock)
{
	uint32_t more = (r->new - r->old) >> PAGE_SHIFT;

	assert_mutex_held(&mm->lock);
	if (vma->flags & VM_DEVICE)
		return -EFAULT;
	if (!r->old && !(vma->flags & VM_SHARED))
		return -EINVAL;
	if (MIN(r->old, r->new) > vma_end(vma).v - r->addr.v)
		return -EFAULT;
	if (r->new <= r->old)
		return 0;
	if (vma->flags & VM_LOCKED && !vm_may_lock(mm, more))
		return -EAGAIN;
	return vm_has_room(mm, more) ? 0 : -ENOMEM;
}

/* ---- moving ------------------------------------------------------------- */

/* The area at its new place. */
static struct vma moved_area(const struct vma *vma, const struct remap *r)
{
	struct vma new = *vma;

	new.range.start = r->new_addr.v;
	new.range.end = r->new_addr.v + r->new;
	new.offset = vma_index(vma, r->addr);
	new.flags &= vm_flags_of[VM_KEPT_BY_MOVE];
	/* Without pages it is like a new area. */
	if (!vma->object && !vma->family)
		new.offset = r->new_addr.v >> PAGE_SHIFT;
	return new;
}

/*
 * The entries have moved, and the areas follow. Areas are in reserve, so that
 * nothing can fail.
 */
static void bring_area(struct mm *mm, struct vma *vma, const struct vma *new,
		       const struct remap *r) MUST_HOLD(&mm->lock)
{
	uaddr_t end = uaddr_add(r->addr, r->old);
	bool keep = r->flags & MREMAP_DONTUNMAP;
	int err = 0;

	assert_mutex_held(&mm->lock);
	if (r->old && !keep && !vma_isolate(mm, vma, r->addr, end))
		err = -ENOMEM;
	if (!err)
		err = vma_add(mm, new);
	if (!err && r->old && !keep) {
		/* So far, only one of the two places was charged. */
		if (new->flags & VM_ACCOUNT)
			commit_add(r->old >> PAGE_SHIFT);
		err = mm_unmap_locked(mm, r->addr, end);
	}
	assert(!err);
	if (!keep)
		return;
	/* The area that stays is empty, and no longer locked. */
	vma = vma_find(mm, r->addr);
	if (vma->flags & VM_LOCKED)
		mm->locked_vm -= vma_pages(vma);
	vma_leave_family(mm, vma, vma_pages(vma) == r->old >> PAGE_SHIFT);
}

/*
 * Move a part of the area to r->new_addr, where nothing is. r->old is not
 * longer than r->new. What can fail comes first: areas in reserve, and the move
 * of the entries.
 */
static long move_area(struct mm *mm, struct vma *vma, const struct remap *r)
	MUST_HOLD(&mm->lock)
{
	bool keep = r->flags & MREMAP_DONTUNMAP;
	uint32_t charge = (keep ? r->new : r->new - r->old) >> PAGE_SHIFT;
	struct vma new;
	int err;

	assert_mutex_held(&mm->lock);
	if (!vma_may_add(mm, MOVE_AREAS + 1))
		return -ENOMEM;
	if (vma->flags & VM_ACCOUNT && !commit_charge(mm->account, charge))
		return -ENOMEM;
	new = moved_area(vma, r);
	err = vma_reserve(mm, MOVE_AREAS);
	if (!err && r->old && new.flags & VM_TOUCHED)
		err = upt_move_range(&mm->tables, r->addr, r->new_addr,
				     r->old);
	if (!err)
		bring_area(mm, vma, &new, r);
	else if (new.flags & VM_ACCOUNT)
		commit_release(charge);
	vma_unreserve(mm);
	return err ? err : (long)r->new_addr.v;
}

/* MREMAP_FIXED, MREMAP_DONTUNMAP: move one area to r->new_addr. */
static long remap_to(struct mm *mm, struct remap *r) MUST_HOLD(&mm->lock)
{
	struct vma *vma;
	long place;
	int err;

	assert_mutex_held(&mm->lock);
	if (!vma_may_add(mm, 2 + MOVE_AREAS + 1))
		return -ENOMEM;
	place = mm_place(mm, r->new_addr, r->new, r->flags & MREMAP_FIXED);
	if (IS_ERR_VALUE(place))
		return place;
	r->new_addr = UADDR((uint32_t)place);
	err = mm_unmap_locked(mm, r->new_addr,
			      uaddr_add(r->new_addr, r->new));
	if (!err && r->old > r->new) {
		err = unmap_tail(mm, r);
		r->old = r->new;
	}
	if (err)
		return err;
	/* The area that stays counts too. */
	if (r->flags & MREMAP_DONTUNMAP &&
	    !vm_has_room(mm, r->new >> PAGE_SHIFT))
		return -ENOMEM;
	/* The area may have been cut above: find it again. */
	vma = vma_find(mm, r->addr);
	return vma ? move_area(mm, vma, r) : -EFAULT;
}

/*
 * Move all areas of a range, one by one. There may be holes between them, but
 * not at the beginning.
 */
static long remap_all(struct mm *mm, const struct remap *r) MUST_HOLD(&mm->lock)
{
	uint32_t length = MIN(r->old, USER_END - r->addr.v);
	uaddr_t end = uaddr_add(r->addr, length);
	struct vma *vma = vma_find(mm, r->addr);
	uaddr_t at = r->addr;
	long result = -EFAULT;
	struct remap one;

	assert_mutex_held(&mm->lock);
	for (; vma && vma_start(vma).v < end.v; vma = vma_find_first(mm, at)) {
		one = *r;
		one.addr = uaddr_max(vma_start(vma), at);
		at = uaddr_min(vma_end(vma), end);
		one.old = one.new = at.v - one.addr.v;
		one.new_addr = uaddr_add(r->new_addr, one.addr.v - r->addr.v);
		result = check_area(mm, vma, &one);
		if (!result)
			result = remap_to(mm, &one);
		if (IS_ERR_VALUE(result) || at.v == end.v)
			break;
	}
	return IS_ERR_VALUE(result) ? result : (long)r->new_addr.v;
}

/* ---- in place ----------------------------------------------------------- */

/* Make the area longer: where it is, if there is room, or at another place. */
static long grow(struct mm *mm, struct vma *vma, struct remap *r)
	MUST_HOLD(&mm->lock)
{
	const struct vma *next = vma_next(mm, vma);
	uint32_t room = (next ? vma_start(next).v : USER_END) - vma_end(vma).v;
	uint32_t more = r->new - r->old;
	int err = check_area(mm, vma, r);
	long place;

	assert_mutex_held(&mm->lock);
	if (err)
		return err;
	if (r->old == vma_end(vma).v - r->addr.v && more <= room) {
		if (vma->flags & VM_ACCOUNT &&
		    !commit_charge(mm->account, more >> PAGE_SHIFT))
			return -ENOMEM;
		vma_set_end(mm, vma, uaddr_add(vma_end(vma), more));
		vma_merge(mm, vma);
		return (long)r->addr.v;
	}
	if (!(r->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	place = mm_place(mm, UADDR(0), r->new, false);
	if (IS_ERR_VALUE(place))
		return place;
	r->new_addr = UADDR((uint32_t)place);
	return move_area(mm, vma, r);
}

static long remap_locked(struct mm *mm, struct remap *r) MUST_HOLD(&mm->lock)
{
	struct vma *vma = vma_find(mm, r->addr);
	int err = 0;

	assert_mutex_held(&mm->lock);
	if (!vma)
		return -EFAULT;
	if (r->flags & MREMAP_FIXED && r->old == r->new)
		return remap_all(mm, r);
	if (r->flags & MREMAP_MOVES) {
		err = check_area(mm, vma, r);
		return err ? err : remap_to(mm, r);
	}
	if (r->new > r->old)
		return grow(mm, vma, r);
	if (r->new < r->old)
		err = unmap_tail(mm, r);
	return err ? err : (long)r->addr.v;
}

long mm_mremap(struct mm *mm, uaddr_t addr, uint32_t old_length,
	       uint32_t new_length, unsigned flags, uaddr_t new_addr)
{
	struct remap r = {
		.addr = addr,
		.flags = flags,
		.new_addr = new_addr,
		.old = PAGE_ALIGN(old_length),
		.new = PAGE_ALIGN(new_length),
	};
	bool longer = r.new > r.old;
	uint32_t old = r.old;
	const struct vma *vma;
	bool locked;
	long result = check_arguments(&r);

	if (result)
		return result;
	mutex_lock(&mm->lock);
	result = remap_locked(mm, &r);
	new_addr = UADDR((uint32_t)result);
	vma = IS_ERR_VALUE(result) ? NULL : vma_find(mm, new_addr);
	locked = vma && vma->flags & VM_LOCKED;
	mutex_unlock(&mm->lock);
	if (locked && longer)
		mm_populate(mm, uaddr_add(new_addr, old),
			    uaddr_add(new_addr, r.new), 0, false);
	return result;
}
