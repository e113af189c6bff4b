// SPDX-License-Identifier: MIT
/*
 * brk.c - the heap of a program
 *
 * WHAT     brk() moves the end of the heap. From the heap's start to the last
 *          page of its end there is an ordinary private area.
 *
 * PICTURE    brk_start             brk   PAGE_ALIGN(brk)
 *               |                   |    |
 *               [ heap                   ]  one page  [guard][next area]
 *
 * ALGORITHM  If brk() fails, it returns the old end, not an errno.
 * LOCKING  mm->lock.
 * SEE      Linux mm/mmap.c brk().
 */
#include "lib/errno.h"
#include "mm/vm/vm_impl.h"

/* Add [start, end) to the heap, if a page and a guard gap stay free behind. */
static bool grow_heap(struct mm *mm, uaddr_t start, uaddr_t end)
	MUST_HOLD(&mm->lock)
{
	struct vma *next = vma_find_first(mm, start);
	struct vma new = {
		.range = { .start = start.v, .end = end.v },
		.flags = VM_READ | VM_WRITE,
	};

	debug_assert_mutex_held(&mm->lock);
	if (IS_ERR_VALUE(mm_place(mm, start, end.v - start.v, true)))
		return false;
	if (next && end.v + PAGE_SIZE > vma_guard_start(next).v)
		return false;
	return vma_may_add(mm, 0) && !vma_make(mm, &new, false, next);
}

static void brk_locked(struct mm *mm, uaddr_t brk) MUST_HOLD(&mm->lock)
{
	uaddr_t new_end = UADDR(PAGE_ALIGN(brk.v));
	uaddr_t old_end = UADDR(PAGE_ALIGN(mm->brk.v));
	const struct vma *vma;
	bool done = true;

	debug_assert_mutex_held(&mm->lock);
	if (brk.v < mm->brk_start.v || brk.v > USER_END)
		return;
	if (new_end.v < old_end.v) {
		vma = vma_find_first(mm, new_end);
		done = vma && vma_start(vma).v < old_end.v &&
		       !mm_unmap_locked(mm, new_end, old_end);
	} else if (new_end.v > old_end.v) {
		done = grow_heap(mm, old_end, new_end);
	}
	if (done)
		mm->brk = brk;
}

long mm_brk(struct mm *mm, uaddr_t brk)
{
	long result;

	mutex_lock(&mm->lock);
	brk_locked(mm, brk);
	result = (long)mm->brk.v;
	mutex_unlock(&mm->lock);
	return result;
}

void mm_set_brk_start(struct mm *mm, uaddr_t start)
{
	mutex_lock(&mm->lock);
	mm->brk_start = UADDR(PAGE_ALIGN(start.v));
	mm->brk = mm->brk_start;
	mutex_unlock(&mm->lock);
}
