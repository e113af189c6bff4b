// SPDX-License-Identifier: MIT
/*
 * place.c - where a new area goes
 *
 * WHAT     Finds room for an area. First it tries the hint; then the highest
 *          gap below MMAP_BASE that is large enough; then, if there is none,
 *          the lowest gap above MMAP_BOTTOM.
 *
 * PICTURE    USER_BASE     MMAP_BOTTOM              MMAP_BASE     USER_END
 *               |  image  [heap]|  <------- 1st search  |   [stack] |
 *               |               |  2nd search ------------------->  |
 *
 * TERMS    guard gap   STACK_GUARD_GAP below an area that grows down. It is
 *                      never chosen, but MAP_FIXED may use it
 *
 * LOCKING  mm->lock.
 * COST     O(log n), and once more for each gap that would be large enough
 *          without a guard gap.
 * SEE      Linux generic_get_unmapped_area_topdown(), vm_unmapped_area().
 */
#include "lib/align.h"
#include "lib/errno.h"
#include "mm/vm/vm_impl.h"

uaddr_t vma_guard_start(const struct vma *vma)
{
	uaddr_t start = vma_start(vma);

	if (!(vma->flags & VM_GROWSDOWN))
		return start;
	return UADDR(start.v > STACK_GUARD_GAP ? start.v - STACK_GUARD_GAP : 0);
}

/* Is there room at addr? *nextp: the first area from there on. */
static bool fits(const struct mm *mm, uaddr_t addr, uint32_t length,
		 struct vma **nextp) MUST_HOLD(&mm->lock)
{
	debug_assert_mutex_held(&mm->lock);
	*nextp = vma_find_first(mm, addr);
	return !*nextp || addr.v + length <= vma_guard_start(*nextp).v;
}

/* The highest gap that ends at MMAP_BASE or below. */
static bool find_down(struct mm *mm, uint32_t length, uaddr_t *start,
		      struct vma **nextp) MUST_HOLD(&mm->lock)
{
	uaddr_t limit = UADDR(MMAP_BASE);

	debug_assert_mutex_held(&mm->lock);
	while (range_gap_last(&mm->vmas, length, limit.v, &start->v)) {
		if (fits(mm, *start, length, nextp))
			return true;
		limit = vma_guard_start(*nextp);
	}
	return false;
}

/* The lowest gap from MMAP_BOTTOM on. */
static bool find_up(struct mm *mm, uint32_t length, uaddr_t *start,
		    struct vma **nextp) MUST_HOLD(&mm->lock)
{
	uaddr_t from = UADDR(ALIGN_UP(MMAP_BOTTOM, PAGE_SIZE));

	debug_assert_mutex_held(&mm->lock);
	while (range_gap_first(&mm->vmas, length, PAGE_SIZE, from.v,
			       &start->v)) {
		if (fits(mm, *start, length, nextp))
			return true;
		from = vma_end(*nextp);
	}
	return false;
}

long mm_place_before(struct mm *mm, uaddr_t addr, uint32_t length,
		     bool fixed, struct vma **nextp)
{
	uaddr_t start;

	debug_assert_mutex_held(&mm->lock);
	debug_caller_must(page_aligned(length) && length > 0,
			  "ask for whole pages, and at least one");
	if (length > USER_END - USER_BASE)
		return -ENOMEM;
	if (fixed) {
		if (addr.v > USER_END - length)
			return -ENOMEM;
		if (!page_aligned(addr.v))
			return -EINVAL;
		return addr.v < USER_BASE ? -EPERM : (long)addr.v;
	}
	if (addr.v >= USER_BASE && addr.v <= USER_END - length &&
	    fits(mm, addr, length, nextp))
		return (long)addr.v;
	if (find_down(mm, length, &start, nextp) ||
	    find_up(mm, length, &start, nextp))
		return (long)start.v;
	return -ENOMEM;
}

long mm_place(struct mm *mm, uaddr_t addr, uint32_t length, bool fixed)
{
	struct vma *next;

	debug_assert_mutex_held(&mm->lock);
	return mm_place_before(mm, addr, length, fixed, &next);
}
