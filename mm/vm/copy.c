// SPDX-License-Identifier: MIT
/*
 * copy.c - read and write any address space, not only the current one
 *
 * WHAT     mm_read() and mm_write() copy page by page through kmap_local().
 *          Each page is first touched as its owner would touch it.
 *
 * RULES
 *          no program can make the caller wait: no pager is asked (pager.c,
 *          A1), and a kill ends the copy within a page
 *
 * LOCKING  mm->lock for one page at a time.
 * NOT HERE the current address space of a call (<arch/uaccess.h>).
 * SEE      Linux mm/memory.c access_process_vm().
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/kva/kmap.h"
#include "mm/vm/vm_impl.h"

struct copying {
	struct mm  *mm;
	void       *kernel;    /* the kernel's side             */
	bool        writing;   /* to user memory                */
	bool        force;
};

/* Does the entry allow the access? `force` allows a write to an own page. */
static bool entry_serves(const struct copying *c, struct upt_entry entry)
{
	if (!entry.present || entry.device)
		return false;
	if (!c->writing)
		return entry.rights;
	if (entry.rights & UPT_WRITE)
		return true;
	return c->force && vm_page_is_only(pfn_to_page(entry.pfn));
}

/* Copy within one page. Returns: false: the page must be touched first. */
static bool copy_present(struct copying *c, uaddr_t addr, uint32_t n)
	MUST_HOLD(&c->mm->lock)
{
	uint32_t offset = addr.v & ~PAGE_MASK;
	struct upt_entry entry;
	uint8_t *page;

	debug_assert_mutex_held(&c->mm->lock);
	debug_assert(offset + n <= PAGE_SIZE);
	entry = upt_lookup(&c->mm->tables, UADDR(addr.v - offset));
	if (!entry_serves(c, entry))
		return false;
	page = kmap_local(pfn_to_page(entry.pfn));
	if (c->writing)
		memcpy(page + offset, c->kernel, n);
	else
		memcpy(c->kernel, page + offset, n);
	kunmap_local(page);
	return true;
}

static int copy_locked(struct copying *c, uaddr_t addr, uint32_t n)
	MUST_HOLD(&c->mm->lock)
{
	unsigned access = c->writing ? VM_WRITE : VM_READ;
	bool done;
	int err;

	assert_mutex_held(&c->mm->lock);
	if (copy_present(c, addr, n))
		return 0;
	err = vm_fault_errno(vm_touch_locked(c->mm, addr, access, c->force));
	if (err)
		return err;
	/* The lock was held all the time: the page is still there. */
	done = copy_present(c, addr, n);
	assert(done);
	return 0;
}

static int copy_range(struct copying *c, uaddr_t addr, uint32_t length)
{
	uint32_t n;
	int err;

	if (!in_user_mode(addr, length))
		return -EFAULT;
	for (; length; length -= n, addr.v += n) {
		n = MIN(PAGE_SIZE - (addr.v & ~PAGE_MASK), length);
		mutex_lock(&c->mm->lock);
		err = copy_locked(c, addr, n);
		mutex_unlock(&c->mm->lock);
		if (!err && n < length && wait_killed())
			err = -EINTR;
		if (err)
			return err;
		c->kernel = (char *)c->kernel + n;
	}
	return 0;
}

int mm_write(struct mm *mm, uaddr_t addr, const void *from, uint32_t length,
	     bool force)
{
	struct copying c = {
		.mm = mm, .kernel = (void *)from, .writing = true,
		.force = force,
	};

	return copy_range(&c, addr, length);
}

int mm_read(struct mm *mm, uaddr_t addr, void *to, uint32_t length)
{
	struct copying c = { .mm = mm, .kernel = to };

	return copy_range(&c, addr, length);
}

struct page *mm_copy_page(struct mm *mm, uaddr_t addr)
{
	struct page *page = NULL;

	mutex_lock(&mm->lock);
	addr.v &= PAGE_MASK;
	if (vm_touch_locked(mm, addr, VM_READ, false) == VM_FAULT_DONE)
		page = vm_page_copy(pfn_to_page(upt_lookup(&mm->tables,
							   addr).pfn));
	mutex_unlock(&mm->lock);
	return page;
}
