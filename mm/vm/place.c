// SPDX-License-Identifier: MIT
/*
 * place.c - where a new area goes
 *
 * WHAT     Finds room for an area: at the hint, else in the highest gap below
 *          MMAP_BASE that is large enough, else, when all that is full, in the
 *          lowest one above MMAP_BOTTOM.
 *
 * PICTURE    USER_BASE     MMAP_BOTTOM              MMAP_BASE     USER_END
 *               |  image  [heap]|  <------- 1st search  |   [stack] |
 *               |               |  2nd search ------------------->  |
 *
 * TERMS    guard gap   STACK_GUARD_GAP below an area that grows down is never
 *                      chosen, but MAP_FIXED may still use it
 *
 * LOCKING  mm->lock.
 * COST     O(log n), and once more for each gap that is large enough but for
 *          a guard gap.
 * SEE      Linux generic_get_unmapped_area_topdown(), vm_unmapped_area().
 */
#include "lib/align.h"
#include "lib/errno.h"
#include "mm/vm/vm_impl.h"

uint32_t vma_guard_start(const struct vma *vma)
{
	uint32_t start = vma_start(vma);

	if (!(vma->flags & VM_GROWSDOWN))
		return start;
	return start > STACK_GUARD_GAP ? start - STACK_GUARD_GAP : 0;
}

static bool hint_fits(const struct mm *mm, uint32_t addr, uint32_t length)
{
	const struct vma *next;

	if (addr < USER_BASE || addr > USER_END - length)
		return false;
	next = vma_find_first(mm, addr);
	return !next || addr + length <= vma_guard_start(next);
}

/* The highest gap that ends at MMAP_BASE or below. */
static bool find_down(struct mm *mm, uint32_t length, uint32_t *start)
{
	uint32_t limit = MMAP_BASE;
	const struct vma *next;

	while (range_gap_last(&mm->vmas, length, limit, start)) {
		next = vma_find_first(mm, *start);
		if (!next || *start + length <= vma_guard_start(next))
			return true;
		limit = vma_guard_start(next);
	}
	return false;
}

/* The lowest gap from MMAP_BOTTOM on. */
static bool find_up(struct mm *mm, uint32_t length, uint32_t *start)
{
	uint32_t from = ALIGN_UP(MMAP_BOTTOM, PAGE_SIZE);
	const struct vma *next;

	while (range_gap_first(&mm->vmas, length, PAGE_SIZE, from, start)) {
		next = vma_find_first(mm, *start);
		if (!next || *start + length <= vma_guard_start(next))
			return true;
		from = vma_end(next);
	}
	return false;
}

long mm_place(struct mm *mm, uint32_t addr, uint32_t length, bool fixed)
{
	uint32_t start;

	if (length > USER_END - USER_BASE)
		return -ENOMEM;
	if (fixed) {
		if (addr > USER_END - length)
			return -ENOMEM;
		if (!page_aligned(addr))
			return -EINVAL;
		return addr < USER_BASE ? -EPERM : (long)addr;
	}
	addr = ALIGN_UP(addr, PAGE_SIZE);
	if (addr && hint_fits(mm, addr, length))
		return (long)addr;
	if (find_down(mm, length, &start) || find_up(mm, length, &start))
		return (long)start;
	return -ENOMEM;
}
