// SPDX-License-Identifier: MIT
/*
 * madvise.c - advice of a program about its pages
 *
 * WHAT     Most advice only marks areas. MADV_DONTNEED empties them,
 *          MADV_POPULATE_* touches all their pages.
 *
 * ALGORITHM  A table of advice, and one walk over the areas of the range. The
 *          walk skips holes, and then returns -ENOMEM at the end. An area that
 *          refuses ends the walk.
 *
 * LOCKING  mm->lock.
 * NOT HERE advice about what Pagoda does not have: huge pages, merging of
 *          equal pages, files. It gets -EINVAL, as on a Linux without these.
 * SEE      Linux mm/madvise.c do_madvise(), madvise_walk_vmas().
 */
#include "lib/errno.h"
#include "mm/vm/vm_impl.h"

#define VM_READ_ADVICE  (VM_RAND_READ | VM_SEQ_READ)

struct advice {
	int      number;
	unsigned clear, set;     /* flags of the areas                  */
	unsigned refuse;         /* areas with one of these: -EINVAL    */
	bool     empty;          /* and drop the pages                  */
};

#define LOCKED  VM_LOCKED
#define SHARED  VM_SHARED

/*  advice                clear           set            refuse   empty */
static const struct advice advices[] = {
	{ MADV_NORMAL,    VM_READ_ADVICE, 0,             0,       false },
	{ MADV_RANDOM,    VM_READ_ADVICE, VM_RAND_READ,  0,       false },
	{ MADV_SEQUENTIAL, VM_READ_ADVICE, VM_SEQ_READ,  0,       false },
	{ MADV_WILLNEED,  0,              0,             0,       false },
	{ MADV_DONTNEED,  0,              0,             LOCKED,  true  },
	/* It allows the kernel to free the pages; the kernel need not. */
	{ MADV_FREE,      0,              0,     LOCKED | SHARED, false },
	{ MADV_DONTFORK,  0,              VM_DONTCOPY,   0,       false },
	{ MADV_DOFORK,    VM_DONTCOPY,    0,             0,       false },
	{ MADV_DONTDUMP,  0,              VM_DONTDUMP,   0,       false },
	{ MADV_DODUMP,    VM_DONTDUMP,    0,             0,       false },
	{ MADV_WIPEONFORK, 0,             VM_WIPEONFORK, 0,       false },
	{ MADV_KEEPONFORK, VM_WIPEONFORK, 0,             0,       false },
	{ MADV_COLD,      0,              0,             LOCKED,  false },
	{ MADV_PAGEOUT,   0,              0,             LOCKED,  false },
	{ MADV_DONTNEED_LOCKED, 0,        0,             0,       true  },
};

/* Advise one area's part of the range. *vmap becomes the area that has it. */
static int advise_area(struct mm *mm, struct vma **vmap, uaddr_t start,
		       uaddr_t end, const struct advice *advice)
	MUST_HOLD(&mm->lock)
{
	struct vma *vma = *vmap;

	assert_mutex_held(&mm->lock);
	if (vma->flags & (advice->refuse | VM_DEVICE) ||
	    advice->set & ~vma_may_have(vma))
		return -EINVAL;
	if (advice->empty && vma->flags & VM_TOUCHED)
		upt_unmap_range(&mm->tables, start, end, vm_pages_unmapped,
				mm);
	vma = vma_set_flags(mm, vma, start, end,
			    (vma->flags & ~advice->clear) | advice->set);
	/* As in Linux: the kernel is short of memory, not the task. */
	if (!vma)
		return -EAGAIN;
	*vmap = vma;
	return 0;
}

static int advise_range(struct mm *mm, uaddr_t start, uaddr_t end,
			const struct advice *advice) MUST_HOLD(&mm->lock)
{
	struct vma *vma = vma_find_first(mm, start);
	int hole = 0, err;

	assert_mutex_held(&mm->lock);
	while (vma && vma_start(vma).v < end.v) {
		if (vma_start(vma).v > start.v) {
			hole = -ENOMEM;
			start = vma_start(vma);
		}
		err = advise_area(mm, &vma, start,
				  uaddr_min(vma_end(vma), end), advice);
		if (err)
			return err;
		start = vma_end(vma);
		vma = vma_next(mm, vma);
	}
	return start.v < end.v ? -ENOMEM : hole;
}

/* MADV_POPULATE_READ and _WRITE: they end at the first hole or refusal. */
static int populate_range(struct mm *mm, uaddr_t start, uaddr_t end,
			  unsigned access)
{
	struct vma_info info;
	int err;

	for (; start.v < end.v; start = info.end) {
		if (!mm_find_vma(mm, start, &info))
			return -ENOMEM;
		if (!(info.flags & access) || info.flags & VM_DEVICE)
			return -EINVAL;
		err = mm_populate(mm, start, uaddr_min(info.end, end), access,
				  true);
		if (err)
			return err;
	}
	return 0;
}

long mm_madvise(struct mm *mm, uaddr_t addr, uint32_t length, int number)
{
	const struct advice *advice = NULL;
	uaddr_t end = uaddr_add(addr, PAGE_ALIGN(length));
	unsigned fill = number == MADV_POPULATE_WRITE ? VM_WRITE :
			number == MADV_POPULATE_READ ? VM_READ : 0;
	int err;

	for (unsigned i = 0; i < ARRAY_SIZE(advices); i++)
		if (advices[i].number == number)
			advice = &advices[i];
	if ((!advice && !fill) || !page_aligned(addr.v) || end.v < addr.v ||
	    (length && !PAGE_ALIGN(length)))
		return -EINVAL;
	if (end.v == addr.v)
		return 0;
	if (fill)
		return populate_range(mm, addr, end, fill);
	mutex_lock(&mm->lock);
	err = advise_range(mm, addr, end, advice);
	mutex_unlock(&mm->lock);
	return err;
}
