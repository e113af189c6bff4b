// SPDX-License-Identifier: MIT
/*
 * mlock.c - make all pages of a range present
 *
 * WHAT     mlock() marks areas and touches all their pages. Pagoda has no swap,
 *          so pages never go by themselves. The mark matters for the limit and
 *          for madvise().
 *
 * ALGORITHM  Area by area, upwards. A hole ends the call with -ENOMEM; the
 *          areas below it stay marked. The pages are touched last, without
 *          mm->lock.
 * LOCKING  mm->lock.
 * SEE      Linux mm/mlock.c.
 */
#include "lib/errno.h"
#include "mm/vm/vm_impl.h"

static int lock_areas(struct mm *mm, uaddr_t start, uaddr_t end,
		      unsigned lock) MUST_HOLD(&mm->lock)
{
	struct vma *vma = vma_find(mm, start);

	assert_mutex_held(&mm->lock);
	for (;;) {
		if (!vma || vma_start(vma).v > start.v)
			return -ENOMEM;
		/* Frames of a device stay anyway. Linux skips them too. */
		if (!(vma->flags & VM_DEVICE))
			vma = vma_set_flags(mm, vma, start,
					    uaddr_min(vma_end(vma), end),
					    (vma->flags & ~VM_LOCKED) | lock);
		if (!vma)
			return -ENOMEM;
		start = vma_end(vma);
		if (start.v >= end.v)
			return 0;
		vma = vma_next(mm, vma);
	}
}

/* Mark the pages of a range of bytes. *startp and *endp become their bounds. */
static int lock_range(struct mm *mm, uaddr_t addr, uint32_t length,
		      unsigned lock, uaddr_t *startp, uaddr_t *endp)
{
	int err = 0;

	length = PAGE_ALIGN(length + (addr.v & ~PAGE_MASK));
	*startp = UADDR(addr.v & PAGE_MASK);
	*endp = uaddr_add(*startp, length);
	mutex_lock(&mm->lock);
	/* As in Linux, the limit comes before what is wrong with the range. */
	if (lock && !mm->limits[VM_LIMIT_MEMLOCK].soft)
		err = -EPERM;
	else if (lock && !vm_may_lock_within(mm, *startp, length))
		err = -ENOMEM;
	else if (endp->v < startp->v)
		err = -EINVAL;
	else if (length)
		err = lock_areas(mm, *startp, *endp, lock);
	mutex_unlock(&mm->lock);
	return err;
}

long mm_mlock(struct mm *mm, uaddr_t addr, uint32_t length)
{
	uaddr_t start, end;
	int err = lock_range(mm, addr, length, VM_LOCKED, &start, &end);

	if (err)
		return err;
	err = mm_populate(mm, start, end, 0, true);
	/* POSIX: -ENOMEM is for addresses, -EAGAIN for memory. */
	if (err == -EFAULT)
		return -ENOMEM;
	return err == -ENOMEM ? -EAGAIN : err;
}

long mm_munlock(struct mm *mm, uaddr_t addr, uint32_t length)
{
	uaddr_t start, end;

	return lock_range(mm, addr, length, 0, &start, &end);
}
