// SPDX-License-Identifier: MIT
/*
 * mprotect.c - other rights for pages that are there
 *
 * WHAT     Changes the rights of a range: of its areas, which are cut and
 *          joined as needed, and of the entries that are already present.
 *
 * ALGORITHM  Area by area, upwards, as Linux does: what lies before a hole has
 *          its new rights when the call answers -ENOMEM.
 *          A private area that becomes writable is charged now. One that has
 *          no page of its own and is no longer writable is released again.
 *          Entries become writable only where their page has no other entry;
 *          the rest waits for the fault, except in locked areas.
 *
 * LOCKING  mm->lock.
 * COST     O(log n) an area; one pass over its present page tables.
 * SEE      Linux mm/mprotect.c do_mprotect_pkey(), mprotect_fixup().
 */
#include "lib/errno.h"
#include "mm/vm/vm_impl.h"

#define PROT_SEM   0x8   /* Linux takes it, and does nothing */
#define PROT_ALL   (PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM)
#define PROT_GROWS (PROT_GROWSDOWN | PROT_GROWSUP)

/* What [start, end) of the area pays with new rights. */
static bool recharge(const struct vma *vma, uint32_t pages, unsigned *flags)
{
	if (*flags & VM_WRITE) {
		if (vma->flags & VM_ACCOUNT || !vm_flags_count(*flags) ||
		    vma->flags & VM_WRITE)
			return true;
		*flags |= VM_ACCOUNT;
		return commit_charge(pages);
	}
	if (vma->flags & VM_ACCOUNT && !vma->family) {
		*flags &= ~VM_ACCOUNT;
		commit_release(pages);
	}
	return true;
}

/* The reverse, when the area could not be cut. */
static void undo_charge(const struct vma *vma, uint32_t pages, unsigned flags)
{
	if (!((flags ^ vma->flags) & VM_ACCOUNT))
		return;
	if (flags & VM_ACCOUNT)
		commit_release(pages);
	else
		commit_add(pages);
}

/* One area's part of the range. *vmap is then the area it is in. */
static int protect_area(struct mm *mm, struct vma **vmap, uint32_t start,
			uint32_t end, unsigned rights)
{
	struct vma *vma = *vmap;
	unsigned flags = (vma->flags & ~VM_RIGHTS) | rights;
	uint32_t pages = (end - start) >> PAGE_SHIFT;
	struct vma *changed;

	if (flags == vma->flags)
		return 0;
	if (!recharge(vma, pages, &flags))
		return -ENOMEM;
	changed = vma_set_flags(mm, vma, start, end, flags);
	if (!changed) {
		undo_charge(vma, pages, flags);
		return -ENOMEM;
	}
	if (changed->flags & VM_TOUCHED)
		upt_protect_range(&mm->tables, start, end, vma_rights(changed),
				  changed->object ? NULL : vm_page_is_only);
	*vmap = changed;
	return 0;
}

/* The part of a call that is still to do, and what is to be touched first. */
struct protect {
	uint32_t start, end;
	unsigned prot;
	uint32_t fill_start, fill_end;
};

/* What is locked, and could not be written so far, is there from now on. */
static bool must_fill(unsigned old_flags, unsigned rights)
{
	return (old_flags & (VM_LOCKED | VM_WRITE | VM_SHARED)) == VM_LOCKED &&
	       rights & VM_WRITE;
}

static int protect_range(struct mm *mm, struct vma *vma, struct protect *p)
{
	unsigned rights = p->prot & VM_RIGHTS;

	for (;;) {
		uint32_t end = MIN(vma_end(vma), p->end);
		unsigned old_flags = vma->flags;
		int err = protect_area(mm, &vma, p->start, end, rights);

		if (err)
			return err;
		if (must_fill(old_flags, rights)) {
			p->fill_start = p->start;
			p->fill_end = end;
		}
		p->start = vma_end(vma);
		if (p->start >= p->end || p->fill_end)
			return 0;
		vma = vma_next(mm, vma);
		if (!vma || vma_start(vma) != p->start)
			return -ENOMEM;
	}
}

static int mprotect_locked(struct mm *mm, struct protect *p)
{
	struct vma *vma = vma_find_first(mm, p->start);

	if (!vma)
		return -ENOMEM;
	if (p->prot & PROT_GROWSDOWN) {
		if (vma_start(vma) >= p->end)
			return -ENOMEM;
		p->start = vma_start(vma);
		if (!(vma->flags & VM_GROWSDOWN))
			return -EINVAL;
	} else {
		if (vma_start(vma) > p->start)
			return -ENOMEM;
		/* There are no areas that grow upwards. */
		if (p->prot & PROT_GROWSUP)
			return -EINVAL;
	}
	return protect_range(mm, vma, p);
}

/* Touching needs mm->lock free: the call goes on behind it. */
static void fill(struct mm *mm, struct protect *p)
{
	mm_populate(mm, p->fill_start, p->fill_end, 0, false);
	p->fill_end = 0;
	p->prot &= ~PROT_GROWS;
}

long mm_mprotect(struct mm *mm, uint32_t addr, uint32_t length, unsigned prot)
{
	struct protect p = {
		.start = addr, .end = addr + PAGE_ALIGN(length), .prot = prot,
	};
	int err;

	if ((prot & PROT_GROWS) == PROT_GROWS || !page_aligned(addr))
		return -EINVAL;
	if (!length)
		return 0;
	if (p.end <= addr)
		return -ENOMEM;
	if (prot & ~(PROT_ALL | PROT_GROWS))
		return -EINVAL;
	for (;;) {
		mutex_lock(&mm->lock);
		err = mprotect_locked(mm, &p);
		mutex_unlock(&mm->lock);
		if (likely(!p.fill_end))
			return err;
		fill(mm, &p);
		if (p.start >= p.end)
			return err;
	}
}
