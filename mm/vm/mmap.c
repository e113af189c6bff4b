// SPDX-License-Identifier: MIT
/*
 * mmap.c - make areas, and take them away
 *
 * WHAT     mmap(), munmap(), and what the kernel maps for a program.
 *
 * PICTURE  munmap() of [ )  over four areas:
 *
 *            [ A   ]   [ B ][ C ]  [   D    ]
 *               [-----------------------)
 *            [A]                        [D  ]     A cut, B and C gone, D cut
 *
 * ALGORITHM  mmap() places the area, promises its pages, and adds it. It
 *          touches pages only if the caller asks for that. With MAP_FIXED it
 *          gets all that the new area needs before it removes the old areas.
 *          munmap() splits an area only if it makes a hole in it. In all other
 *          cases it shortens or removes areas, and cannot fail. Then it empties
 *          the entries. It also frees page tables at the ends of the hole that
 *          hold nothing any more.
 *
 * LOCKING  mm->lock; populating takes it again for each page.
 * COST     mmap, munmap of an untouched area: O(log n), and the empty tables
 *          under the hole.
 * NOT HERE where an area goes (place.c), the heap (brk.c).
 * SEE      Linux do_mmap(), do_vmi_munmap(): the same order of checks.
 */
#include "lib/align.h"
#include "lib/errno.h"
#include "mm/vm/vm_impl.h"

/* ---- munmap ------------------------------------------------------------- */

/*
 * Empty the entries of the hole [start, end), and free tables at its ends that
 * hold nothing any more. There is no area between `low` and `high`.
 */
static void unmap_hole(struct mm *mm, uaddr_t start, uaddr_t end,
		       const struct vma *low, const struct vma *high)
	MUST_HOLD(&mm->lock)
{
	uaddr_t first = UADDR(ALIGN_DOWN(start.v, PT_SPAN));
	uaddr_t last = UADDR(ALIGN_DOWN(end.v - 1, PT_SPAN) + PT_SPAN);
	uaddr_t floor = UADDR(low ? vma_end(low).v : 0);
	uaddr_t ceiling = UADDR(high ? vma_start(high).v : USER_END);

	debug_assert_mutex_held(&mm->lock);
	debug_assert(!low || vma_end(low).v <= start.v);
	debug_assert(!high || vma_start(high).v >= end.v);
	upt_unmap_range(&mm->tables, start, end, vm_pages_unmapped, mm);
	if (start.v > first.v && floor.v <= first.v &&
	    ceiling.v >= first.v + PT_SPAN)
		upt_free_empty(&mm->tables, first, uaddr_add(first, PT_SPAN));
	if (end.v < last.v && floor.v <= last.v - PT_SPAN &&
	    ceiling.v >= last.v)
		upt_free_empty(&mm->tables, UADDR(last.v - PT_SPAN), last);
}

/*
 * Cut all areas from `vma` on that have a part in [start, end). None of them
 * has parts on both sides.
 * Returns: their flags. *highp: the first area behind the hole.
 */
static always_inline unsigned cut_areas(struct mm *mm, struct vma *vma,
					uaddr_t start, uaddr_t end,
					struct vma **highp) MUST_HOLD(&mm->lock)
{
	unsigned flags = 0;
	struct vma *next;

	debug_assert_mutex_held(&mm->lock);
	for (; vma && vma_start(vma).v < end.v; vma = next) {
		flags |= vma->flags;
		/* The upper part of the last area may stay, behind the hole. */
		next = vma_end(vma).v > end.v ? vma : vma_next(mm, vma);
		if (start.v > vma_start(vma).v) {
			vma_uncommit(vma, pages_between(start, vma_end(vma)));
			vma_set_end(mm, vma, start);
		} else if (end.v < vma_end(vma).v) {
			vma_uncommit(vma, pages_between(vma_start(vma), end));
			vma_set_start(mm, vma, end);
		} else {
			vma_uncommit(vma, vma_pages(vma));
			vma_remove(mm, vma);
		}
	}
	*highp = vma;
	return flags;
}

unsigned mm_unmap_adds(const struct mm *mm, uaddr_t start, uaddr_t end)
{
	const struct vma *vma = vma_find(mm, start);

	debug_assert_mutex_held(&mm->lock);
	return vma && vma_start(vma).v < start.v && vma_end(vma).v > end.v;
}

void mm_clear_hole(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct vma *high = vma_find_first(mm, start);

	debug_assert_mutex_held(&mm->lock);
	debug_caller_must(is_user_range(start, end),
			  "give whole pages of user mode, and at least one");
	debug_caller_must(!high || vma_start(high).v >= end.v,
			  "give a range without areas");
	unmap_hole(mm, start, end, vma_before(mm, high), high);
}

void mm_cut_locked(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct vma *vma = vma_find_first(mm, start), *high;
	int err = 0;

	debug_assert_mutex_held(&mm->lock);
	debug_caller_must(is_user_range(start, end),
			  "give whole pages of user mode, and at least one");
	if (mm_unmap_adds(mm, start, end))
		err = vma_split(mm, vma, end);
	assert(!err);
	cut_areas(mm, vma, start, end, &high);
}

int mm_unmap_locked(struct mm *mm, uaddr_t start, uaddr_t end)
{
	struct vma *vma = vma_find_first(mm, start), *high;

	debug_assert_mutex_held(&mm->lock);
	debug_caller_must(is_user_range(start, end),
			  "give whole pages of user mode, and at least one");
	if (!vma || vma_start(vma).v >= end.v)
		return 0;
	if (vma_start(vma).v < start.v && vma_end(vma).v > end.v)
		if (!vma_may_add(mm, 1) || vma_split(mm, vma, end))
			return -ENOMEM;
	if (cut_areas(mm, vma, start, end, &high) & VM_TOUCHED)
		unmap_hole(mm, start, end, vma_before(mm, high), high);
	return 0;
}

long mm_munmap(struct mm *mm, uaddr_t addr, uint32_t length)
{
	int err;

	if (!page_aligned(addr.v) || !in_user_mode(addr, length) || !length)
		return -EINVAL;
	mutex_lock(&mm->lock);
	err = mm_unmap_locked(mm, addr, uaddr_add(addr, PAGE_ALIGN(length)));
	mutex_unlock(&mm->lock);
	return err;
}

/* ---- mmap --------------------------------------------------------------- */

static unsigned flags_of_call(unsigned prot, unsigned flags)
{
	return (prot & VM_RIGHTS) |
	       ((flags & MAP_TYPE) == MAP_SHARED ? VM_SHARED : 0) |
	       (flags & MAP_GROWSDOWN ? VM_GROWSDOWN : 0) |
	       (flags & MAP_LOCKED ? VM_LOCKED : 0) |
	       (flags & MAP_NORESERVE ? VM_NORESERVE : 0);
}

static long mmap_locked(struct mm *mm, uaddr_t addr, uint32_t length,
			unsigned prot, unsigned flags) MUST_HOLD(&mm->lock)
{
	unsigned type = flags & MAP_TYPE;
	struct vma new = { .flags = flags_of_call(prot, flags) };
	struct vma *next = NULL;
	long place;
	int err;

	debug_assert_mutex_held(&mm->lock);
	if (!vma_may_add(mm, 0))
		return -ENOMEM;
	place = mm_place_before(mm, addr, length,
				flags & (MAP_FIXED | MAP_FIXED_NOREPLACE),
				&next);
	if (IS_ERR_VALUE(place))
		return place;
	new.range.start = (uint32_t)place;
	new.range.end = (uint32_t)place + length;
	if (flags & MAP_FIXED_NOREPLACE) {
		next = vma_find_first(mm, vma_start(&new));
		if (next && vma_start(next).v < vma_end(&new).v)
			return -EEXIST;
	}
	if (unlikely(flags & MAP_LOCKED)) {
		if (!mm->limits[VM_LIMIT_MEMLOCK].soft)
			return -EPERM;
		if (!vm_may_lock(mm, length >> PAGE_SHIFT))
			return -EAGAIN;
	}
	if (type != MAP_PRIVATE &&
	    (type != MAP_SHARED || flags & MAP_GROWSDOWN))
		return -EINVAL;
	err = vma_make(mm, &new, flags & MAP_FIXED, next);
	return err ? err : place;
}

long mm_mmap(struct mm *mm, uaddr_t addr, uint32_t length, unsigned prot,
	     unsigned flags)
{
	uint32_t size = PAGE_ALIGN(length);
	long start;

	if (unlikely(!size))
		return length ? -ENOMEM : -EINVAL;
	/* There are no huge pages. */
	if (unlikely(flags & MAP_HUGETLB))
		return -ENOMEM;
	if (addr.v && !(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))) {
		addr.v &= PAGE_MASK;
		if (addr.v && addr.v < USER_BASE)
			addr.v = USER_BASE;
	}
	mutex_lock(&mm->lock);
	start = mmap_locked(mm, addr, size, prot, flags);
	mutex_unlock(&mm->lock);
	/* MAP_LOCKED touches the pages; MAP_POPULATE not with MAP_NONBLOCK. */
	if (unlikely(flags & (MAP_LOCKED | MAP_POPULATE)) &&
	    (flags & (MAP_LOCKED | MAP_NONBLOCK)) != MAP_NONBLOCK &&
	    !IS_ERR_VALUE(start))
		mm_populate(mm, UADDR((uint32_t)start),
			    UADDR((uint32_t)start + size), 0, false);
	return start;
}

/* ---- for the loader ----------------------------------------------------- */

long mm_map_fixed(struct mm *mm, uaddr_t start, uint32_t length,
		  unsigned vm_flags, const char *name)
{
	struct vma new = {
		.range = { .start = start.v, .end = start.v + length },
		.flags = vm_flags,
		.name = name,
	};
	struct vma *there;
	int err = -ENOMEM;

	if (!length || !page_aligned(start.v | length) ||
	    start.v < USER_BASE || !in_user_mode(start, length))
		return -EINVAL;
	mutex_lock(&mm->lock);
	there = vma_find_first(mm, start);
	if (there && vma_start(there).v < vma_end(&new).v)
		err = -EEXIST;
	else if (vma_may_add(mm, 0))
		err = vma_make(mm, &new, false, there);
	mutex_unlock(&mm->lock);
	return err ? err : (long)start.v;
}
