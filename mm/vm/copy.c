// SPDX-License-Identifier: MIT
/*
 * copy.c - read and write an address space that need not be the current one
 *
 * WHAT     mm_read() and mm_write(): page by page through kmap_local(), each
 *          page touched first as its owner would.
 *
 * ALGORITHM  Look the page up under the lock and copy there and then; when it
 *          is not there, or may not be written yet, touch it without the lock
 *          and look again. A page that somebody takes away each time makes us
 *          try again, and never fail wrongly.
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

/* Is the entry good for the access? A page of its own may be forced. */
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

/* Copy within one page, if it is there. */
static bool copy_present(struct copying *c, uint32_t addr, uint32_t n)
{
	struct upt_entry entry = upt_lookup(&c->mm->tables, addr & PAGE_MASK);
	uint8_t *page;

	if (!entry_serves(c, entry))
		return false;
	page = kmap_local(pfn_to_page(entry.pfn));
	if (c->writing)
		memcpy(page + (addr & ~PAGE_MASK), c->kernel, n);
	else
		memcpy(c->kernel, page + (addr & ~PAGE_MASK), n);
	kunmap_local(page);
	return true;
}

static int copy_in_page(struct copying *c, uint32_t addr, uint32_t n)
{
	unsigned access = c->writing ? VM_WRITE : VM_READ;
	bool done;

	for (;;) {
		mutex_lock(&c->mm->lock);
		done = copy_present(c, addr, n);
		mutex_unlock(&c->mm->lock);
		if (done)
			return 0;
		if (vm_touch(c->mm, addr, access, c->force) != VM_FAULT_DONE)
			return -EFAULT;
	}
}

static int copy_range(struct copying *c, uint32_t addr, uint32_t length)
{
	uint32_t n;
	int err;

	if (addr > USER_END || length > USER_END - addr)
		return -EFAULT;
	for (; length; length -= n, addr += n) {
		n = MIN(PAGE_SIZE - (addr & ~PAGE_MASK), length);
		err = copy_in_page(c, addr, n);
		if (err)
			return err;
		c->kernel = (char *)c->kernel + n;
	}
	return 0;
}

int mm_write(struct mm *mm, uint32_t addr, const void *from, uint32_t length,
	     bool force)
{
	struct copying c = {
		.mm = mm, .kernel = (void *)from, .writing = true,
		.force = force,
	};

	return copy_range(&c, addr, length);
}

int mm_read(struct mm *mm, uint32_t addr, void *to, uint32_t length)
{
	struct copying c = { .mm = mm, .kernel = to };

	return copy_range(&c, addr, length);
}
