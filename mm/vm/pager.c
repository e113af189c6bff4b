// SPDX-License-Identifier: MIT
/*
 * pager.c - areas whose pages come from a pager
 *
 * WHAT     Names a pager for a range, and asks it for a page. Only kernel/ipc/
 *          knows what a pager is: it registers the functions here.
 *
 * TERMS    foreign  access to an address space that need not be the running
 *                   thread's: mm_read() and its like
 *
 * RULES of pager
 *          A pager is a program, and may never answer. So:
 *          A1  a thread waits for a pager only for a page of its own address
 *              space that it touches itself. Foreign access asks no pager, and
 *              fails (vm_touch_locked(), pager_ask())
 *          A2  the thread that waits holds nothing that others need, and is not
 *              about to end: must_hold_nothing()
 *          A3  a kill ends the wait
 *
 * LOCKING  mm->lock; nobody holds it while a pager is asked.
 * NOT HERE the fault that asks (fault.c).
 */
#include "lib/errno.h"
#include "mm/vm/vm_impl.h"

static const struct vm_pager_ops *pager_ops;

const struct vm_pager_ops *vm_set_pager_ops(const struct vm_pager_ops *ops)
{
	const struct vm_pager_ops *before = pager_ops;

	caller_must(!ops || (ops->get && ops->put),
		    "say how a reference is taken, and how it is dropped");
	pager_ops = ops;
	return before;
}

void vma_pager_get(struct endpoint *pager)
{
	caller_must(pager, "give a pager");
	if (pager_ops)
		pager_ops->get(pager);
}

void vma_pager_put(struct endpoint *pager)
{
	caller_must(pager, "give a pager");
	if (pager_ops)
		pager_ops->put(pager);
}

struct page *vma_pager_ask(struct endpoint *pager, struct mm *mm, uaddr_t addr,
			   unsigned access)
{
	caller_must(pager, "give a pager");
	must_hold_nothing("asking a pager");   /* A2 */
	return pager_ops ? pager_ops->ask(pager, mm, addr, access) : NULL;
}

/*
 * Is the range covered by private areas that are no device's? *cuts: how often
 * the first and the last area must be cut, so that the range is whole areas.
 */
static bool is_private(struct mm *mm, uaddr_t start, uaddr_t end,
		       unsigned *cuts) MUST_HOLD(&mm->lock)
{
	const struct vma *vma = vma_find(mm, start);

	assert_mutex_held(&mm->lock);
	*cuts = vma && vma_start(vma).v < start.v;
	for (; vma; vma = vma_next(mm, vma)) {
		if (vma_start(vma).v > start.v || vma->object ||
		    vma->flags & VM_DEVICE)
			return false;
		start = vma_end(vma);
		if (start.v < end.v)
			continue;
		*cuts += start.v > end.v;
		return true;
	}
	return false;
}

static int set_pager_locked(struct mm *mm, uaddr_t start, uaddr_t end,
			    struct endpoint *pager) MUST_HOLD(&mm->lock)
{
	struct endpoint *before;
	struct vma *vma;
	unsigned cuts;

	assert_mutex_held(&mm->lock);
	if (!is_private(mm, start, end, &cuts))
		return -EFAULT;
	if (cuts && (!vma_may_add(mm, cuts) || vma_reserve(mm, cuts)))
		return -ENOMEM;
	for (; start.v < end.v; start = vma_end(vma)) {
		vma = vma_find(mm, start);
		vma = vma_isolate(mm, vma, start, uaddr_min(vma_end(vma), end));
		assert(vma);
		before = vma->pager;
		if (pager)
			vma_pager_get(pager);
		vma->pager = pager;
		vma = vma_merge(mm, vma);
		if (before)
			vma_pager_put(before);
	}
	vma_unreserve(mm);
	return 0;
}

long mm_set_pager(struct mm *mm, uaddr_t addr, uint32_t length,
		  struct endpoint *pager)
{
	int err;

	if (!length || !page_aligned(addr.v | length) ||
	    !in_user_mode(addr, length))
		return -EINVAL;
	mutex_lock(&mm->lock);
	err = set_pager_locked(mm, addr, uaddr_add(addr, length), pager);
	mutex_unlock(&mm->lock);
	return err;
}
