// SPDX-License-Identifier: MIT
/*
 * pin.c - pages of user mode that a device uses
 *
 * WHAT     A pin keeps a page where it is until the transfer is over. Only the
 *          device and its driver use the page meanwhile.
 *
 * PICTURE    refs   0x0020 0001
 *                     ||||    +--- one entry maps it
 *                     ++++-------- two pins: two transfers
 *
 * TERMS    pin      a reference that counts VM_PIN
 *          own      a private page that no other address space maps
 *
 * RULES of pin
 *          N1  a page with a pin is not freed: refs is not 0
 *          N2  a private page is its driver's own when it is pinned, and stays
 *              so: if a fork or a grant would share it, the other side gets a
 *              copy at once
 *          N3  the zero page is never pinned: it stays anyway. If the program
 *              may write, it first gets a page of its own
 *          N4  each page of a buffer counts as promised while it is pinned, in
 *              addition to its area: the area may go, and the page stays
 *
 * ALGORITHM  Look at the entry under mm->lock. If the entry is not what the
 *          device needs, touch the page as the access would, and look again.
 *          Without N2 a parent that writes after a fork would get the copy, and
 *          the device would go on with the page that is now the child's. Linux
 *          had this bug until 5.9. A device that only reads needs N2 too: if
 *          its driver dropped a shared page, the device would read what the
 *          other task, now the only owner, writes there (Linux:
 *          FAULT_FLAG_UNSHARE).
 *
 * LOCKING  mm->lock for mm_pin(). mm_unpin() needs none: refs are atomic.
 * COST     A touch and a lookup for each page.
 * SEE      Linux mm/gup.c, FOLL_PIN; Documentation/core-api/pin_user_pages.rst.
 */
#include "lib/errno.h"
#include "mm/page/page_alloc.h"
#include "mm/vm/vm_impl.h"

unsigned long vm_nr_pins;

bool vm_page_pin(struct page *page)
{
	unsigned refs = READ_ONCE(page->refs);

	debug_caller_must(refs > 0, "have a reference to the page");
	if (page == vm_zero_page)
		return true;
	/* Others may have the page too, and hold another mm->lock. */
	do {
		if (refs / VM_PIN >= VM_PINS_MAX)
			return false;
	} while (!__atomic_compare_exchange_n(&page->refs, &refs,
					      refs + VM_PIN, true,
					      __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	__atomic_fetch_add(&vm_nr_pins, 1, __ATOMIC_RELAXED);
	return true;
}

void vm_page_unpin(struct page *page)
{
	if (page == vm_zero_page)
		return;
	caller_must(vm_page_is_pinned(page), "have pinned the page");
	__atomic_fetch_sub(&vm_nr_pins, 1, __ATOMIC_RELAXED);
	if (!__atomic_sub_fetch(&page->refs, VM_PIN, __ATOMIC_ACQ_REL))
		free_page(page);
}

/* How to touch a page before it can be pinned. */
struct need {
	unsigned access;
	bool     force;         /* a page of its own in a read-only area */
};

/*
 * Pin the page of an entry that is there (N2, N3).
 * Returns: 0; -EBUSY; -EAGAIN: the entry does not serve: touch it by *need.
 */
static int pin_present(struct mm *mm, uaddr_t addr, bool write,
		       struct page **pagep, struct need *need)
	MUST_HOLD(&mm->lock)
{
	struct upt_entry entry = upt_lookup(&mm->tables, addr);
	const struct vma *vma = vma_find(mm, addr);

	assert_mutex_held(&mm->lock);
	*need = (struct need){ write ? VM_WRITE : VM_READ, false };
	if (!vma || !entry.present || entry.device)
		return -EAGAIN;
	if (!(entry.rights & (write ? UPT_WRITE : UPT_READ)))
		return -EAGAIN;
	*pagep = pfn_to_page(entry.pfn);
	/* The zero page serves where the program may not write. */
	if (vma->object || vm_page_is_only(*pagep) ||
	    (*pagep == vm_zero_page && !(vma->flags & VM_WRITE)))
		return vm_page_pin(*pagep) ? 0 : -EBUSY;
	*need = (struct need){ VM_WRITE, !(vma->flags & VM_WRITE) };
	return -EAGAIN;
}

static int pin_one(struct mm *mm, uaddr_t addr, bool write,
		   struct page **pagep)
{
	struct need need;
	int err;

	for (;;) {
		mutex_lock(&mm->lock);
		err = pin_present(mm, addr, write, pagep, &need);
		mutex_unlock(&mm->lock);
		if (err != -EAGAIN)
			return err;
		err = vm_fault_errno(vm_touch(mm, addr, need.access,
					      need.force));
		if (err)
			return err;
	}
}

int mm_pin(struct mm *mm, uaddr_t addr, uint32_t length, bool write,
	   struct page *pages[])
{
	uaddr_t at = UADDR(addr.v & PAGE_MASK);
	uint32_t nr_pages;
	unsigned nr = 0;
	int err = 0;

	if (!length || !in_user_mode(addr, length))
		return -EFAULT;
	nr_pages = (PAGE_ALIGN(addr.v + length) - at.v) >> PAGE_SHIFT;
	if (!commit_charge(mm->account, nr_pages))
		return -ENOMEM;
	for (; nr < nr_pages && !err; at.v += PAGE_SIZE) {
		err = pin_one(mm, at, write, &pages[nr]);
		if (!err)
			nr++;
	}
	if (err) {
		commit_release(nr_pages - nr);
		mm_unpin(pages, nr);
	}
	return err;
}

void mm_unpin(struct page *const pages[], unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		vm_page_unpin(pages[i]);
	commit_release(nr);
}

/* Replaces the child's entry by a copy. The table is there. */
static int copy_pinned(uaddr_t va, struct upt_entry entry, void *arg)
{
	struct page *page = pfn_to_page(entry.pfn), *copy;
	struct mm *child = arg;
	int err;

	if (page == vm_zero_page || !vm_page_is_pinned(page))
		return 0;
	copy = vm_page_copy(page);
	if (!copy)
		return -ENOMEM;
	err = upt_map(&child->tables, va, page_to_pfn(copy), entry.rights);
	assert(!err);
	vm_page_put(page);
	return 0;
}

int vm_copy_pinned(struct mm *child, uaddr_t start, uaddr_t end)
{
	debug_assert_mutex_held(&child->lock);
	return upt_for_each(&child->tables, start, end, copy_pinned, child);
}
