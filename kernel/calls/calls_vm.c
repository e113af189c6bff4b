// SPDX-License-Identifier: MIT
/*
 * calls_vm.c - the calls about memory: of a task, and of memory objects
 *
 * WHAT     The functions of mm/vm/, for the address space of the task that a
 *          handle names.
 * NOT HERE pages in messages (parcel.c), Linux's memory calls (kernel/linux/).
 */
#include <arch/layout.h>

#include "kernel/calls/calls.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/page/page.h"
#include "mm/vm/fault.h"

#define VM_MAP_FLAGS  (MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_POPULATE | \
		       MAP_NORESERVE | MAP_GROWSDOWN | MAP_STACK)

long pg_vm_map(struct trap_regs *regs)
{
	unsigned kind = regs->esi & MAP_TYPE;
	struct subject subject;
	long result;

	if (regs->esi & ~(uint32_t)(VM_MAP_FLAGS | MAP_TYPE | MAP_ANONYMOUS) ||
	    (kind && kind != MAP_PRIVATE && kind != MAP_SHARED))
		return -EINVAL;
	result = find_subject(regs, &subject);
	if (result)
		return result;
	result = mm_mmap(subject.mm, UADDR(regs->ebx), regs->ecx, regs->edx,
			 (regs->esi & VM_MAP_FLAGS) | MAP_ANONYMOUS |
			 (kind ? kind : MAP_PRIVATE));
	put_subject(&subject);
	return result;
}

long pg_vm_unmap(struct trap_regs *regs, struct mm *mm)
{
	return mm_munmap(mm, UADDR(regs->ebx), regs->ecx);
}

long pg_vm_set_pager(struct trap_regs *regs, struct mm *mm)
{
	struct endpoint *pager;
	long result = find_endpoint_or_none(regs->edx, RIGHT_SEND, &pager);

	if (result)
		return result;
	result = mm_set_pager(mm, UADDR(regs->ebx), regs->ecx, pager);
	endpoint_put(pager);
	return result;
}

long pg_task_read(struct trap_regs *regs, struct mm *mm)
{
	return mm_copy_user(mm, UADDR(regs->ebx), UADDR(regs->ecx), regs->edx,
			    false);
}

long pg_task_write(struct trap_regs *regs, struct mm *mm)
{
	return mm_copy_user(mm, UADDR(regs->ebx), UADDR(regs->ecx), regs->edx,
			    true);
}

/* ---- what is mapped ----------------------------------------------------- */

long pg_task_maps(struct trap_regs *regs, struct mm *mm)
{
	struct vma_info info;
	struct pg_area area = { .start = 0 };

	if (!mm_next_vma(mm, UADDR(regs->ebx), &info))
		return -ENOENT;
	area.start = info.start.v;
	area.end = info.end.v;
	area.prot = info.flags & VM_RIGHTS;
	area.flags = (info.flags & VM_SHARED ? MAP_SHARED : MAP_PRIVATE) |
		     (info.flags & VM_GROWSDOWN ? MAP_GROWSDOWN : 0);
	if (info.name)
		strscpy(area.name, info.name, sizeof(area.name));
	return copy_to_user(UADDR(regs->ecx), &area, sizeof(area));
}

static void look_at_page(struct mm *mm, uaddr_t addr, struct pg_page *page)
{
	struct upt_entry entry;

	mutex_lock(&mm->lock);
	entry = upt_lookup(&mm->tables, addr);
	if (entry.present) {
		page->present = 1;
		page->prot = entry.rights;
		page->refs = entry.device ? 0 :
			vm_page_entries(pfn_to_page(entry.pfn));
		page->frame = entry.pfn.v;
	}
	mutex_unlock(&mm->lock);
}

long pg_page_info(struct trap_regs *regs)
{
	uaddr_t addr = UADDR(regs->ebx & PAGE_MASK);
	struct pg_page page = { 0, 0, 0, 0 };
	struct subject subject;
	long result;

	if (!user_range_ok(addr, PAGE_SIZE))
		return -EFAULT;
	result = find_subject(regs, &subject);
	if (result)
		return result;
	look_at_page(subject.mm, addr, &page);
	put_subject(&subject);
	return copy_to_user(UADDR(regs->ecx), &page, sizeof(page));
}
