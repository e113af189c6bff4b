// SPDX-License-Identifier: MIT
/*
 * mprotect.c - change the rights of pages that are there
 *
 * WHAT     Changes the rights of a range: of its areas, which are cut and
 *          joined as needed, and of the entries that are present.
 *
 * ALGORITHM  Area by area, upwards, as Linux does. If the call meets a hole, it
 *          returns -ENOMEM, and what lies below the hole has its new rights.
 *          A private area that becomes writable is charged now. If an area has
 *          no page of its own and is no longer writable, the charge is given
 *          back.
 *          An entry becomes writable only if its page has no other entry. The
 *          others wait for the fault, except in locked areas.
 *
 * LOCKING  mm->lock.
 * COST     O(log n) for each area; one pass over the present page tables.
 * SEE      Linux mm/mprotect.c do_mprotect_pkey(), mprotect_fixup().
 */
#include "lib/errno.h"
#include "mm/vm/vm_impl.h"

#define PROT_SEM   0x8   /* allowed, but without a meaning, as in Linux */
#define PROT_ALL   (PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM)
#define PROT_GROWS (PROT_GROWSDOWN | PROT_GROWSUP)

/* Charge for the pages, or give back, as the new flags want. May set *flags. */
static bool recharge(const struct mm *mm, const struct vma *vma, uint32_t pages,
		     unsigned *flags)
{
	if (*flags & VM_WRITE) {
		if (vma->flags & VM_ACCOUNT || !vm_flags_count(*flags) ||
		    vma->flags & VM_WRITE)
			return true;
		*flags |= VM_ACCOUNT;
		return commit_charge(mm->account, pages);
	}
	if (vma->flags & VM_ACCOUNT && !vma->family) {
		*flags &= ~VM_ACCOUNT;
		commit_release(pages);
	}
	return true;
}

/* Protect one area's part of the range. *vmap becomes the area that has it. */
static int protect_area(struct mm *mm, struct vma **vmap, uaddr_t start,
			uaddr_t end, unsigned rights) MUST_HOLD(&mm->lock)
{
	struct vma *vma = *vmap;
	unsigned flags = (vma->flags & ~VM_RIGHTS) | rights;
	uint32_t pages = pages_between(start, end);
	struct vma *changed;

	debug_assert_mutex_held(&mm->lock);
	if (flags == vma->flags)
		return 0;
	if (unlikely(vma->flags & VM_DEVICE))
		return -EACCES;
	if (!recharge(mm, vma, pages, &flags))
		return -ENOMEM;
	changed = vma_set_flags(mm, vma, start, end, flags);
	if (!changed) {
		/* The area could not be cut: undo what recharge() did. */
		if (flags & ~vma->flags & VM_ACCOUNT)
			commit_release(pages);
		else if (vma->flags & ~flags & VM_ACCOUNT)
			commit_add(pages);
		return -ENOMEM;
	}
	if (changed->flags & VM_TOUCHED)
		upt_protect_range(&mm->tables, start, end, vma_rights(changed),
				  changed->object ? NULL : vm_page_is_only);
	*vmap = changed;
	return 0;
}

static always_inline int mprotect_locked(struct mm *mm, uaddr_t start,
					 uaddr_t end, unsigned prot)
	MUST_HOLD(&mm->lock)
{
	struct vma *vma = vma_find_first(mm, start);
	int err;

	debug_assert_mutex_held(&mm->lock);
	if (!vma)
		return -ENOMEM;
	if (unlikely(prot & PROT_GROWSDOWN)) {
		if (vma_start(vma).v >= end.v)
			return -ENOMEM;
		start = vma_start(vma);
		if (!(vma->flags & VM_GROWSDOWN))
			return -EINVAL;
	} else {
		if (vma_start(vma).v > start.v)
			return -ENOMEM;
		/* There are no areas that grow upwards. */
		if (unlikely(prot & PROT_GROWSUP))
			return -EINVAL;
	}
	for (;;) {
		err = protect_area(mm, &vma, start,
				   uaddr_min(vma_end(vma), end),
				   prot & VM_RIGHTS);
		if (err)
			return err;
		start = vma_end(vma);
		if (start.v >= end.v)
			return 0;
		vma = vma_next(mm, vma);
		if (!vma || vma_start(vma).v != start.v)
			return -ENOMEM;
	}
}

/*
 * Protect area by area: mm->lock must be free while the pages of an area are
 * touched. Private pages that are locked, and may be written from now on, are
 * made now.
 */
static noinline int protect_and_fill(struct mm *mm, uaddr_t start,
				     uaddr_t end, unsigned prot)
{
	const unsigned mask = VM_LOCKED | VM_WRITE | VM_SHARED;
	int err = 0;

	while (start.v < end.v && !err) {
		const struct vma *vma;
		uaddr_t stop;
		bool fill;

		mutex_lock(&mm->lock);
		vma = vma_find(mm, start);
		stop = vma ? uaddr_min(vma_end(vma), end) : end;
		fill = vma && (vma->flags & mask) == VM_LOCKED &&
		       prot & PROT_WRITE;
		err = mprotect_locked(mm, start, stop, prot);
		mutex_unlock(&mm->lock);
		if (fill && !err)
			mm_populate(mm, start, stop, 0, false);
		start = stop;
		prot &= ~PROT_GROWS;
	}
	return err;
}

long mm_mprotect(struct mm *mm, uaddr_t addr, uint32_t length, unsigned prot)
{
	uaddr_t end = uaddr_add(addr, PAGE_ALIGN(length));
	int err;

	/* Arguments that are not the usual ones: checked in Linux's order. */
	if (unlikely(prot & ~VM_RIGHTS || !page_aligned(addr.v) ||
		     end.v <= addr.v)) {
		if ((prot & PROT_GROWS) == PROT_GROWS || !page_aligned(addr.v))
			return -EINVAL;
		if (!length)
			return 0;
		if (end.v <= addr.v)
			return -ENOMEM;
		if (prot & ~(PROT_ALL | PROT_GROWS))
			return -EINVAL;
	}
	if (unlikely(mm->locked_vm))
		return protect_and_fill(mm, addr, end, prot);
	mutex_lock(&mm->lock);
	err = mprotect_locked(mm, addr, end, prot);
	mutex_unlock(&mm->lock);
	return err;
}
