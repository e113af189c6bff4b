// SPDX-License-Identifier: MIT
/*
 * limits.c - RLIMIT_STACK, RLIMIT_MEMLOCK and RLIMIT_AS of an address space
 *
 * WHAT     Checks and changes the limits. Whatever makes an area or makes one
 *          longer asks vm_has_room() first; whatever locks pages asks
 *          vm_may_lock().
 *
 * ALGORITHM  Pages that a call replaces do not count. They are added up only if
 *          the limit would refuse the call without this.
 *
 *          The limits belong to the address space, not to the task: tasks that
 *          share one (vfork) share the limits. In Linux each process has its
 *          own.
 * LOCKING  mm->lock.
 * NOT HERE RLIMIT_NPROC (mm/account/), numbers and structures of the calls
 *          (kernel/linux/rlimit.c).
 * SEE      docs/decisions/accounts.md; Linux may_expand_vm(),
 *          mlock_future_ok(), do_prlimit().
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/vm/vm_impl.h"

/* Pages of [start, end) in areas that have all of these flags. */
static uint32_t pages_within(const struct mm *mm, uaddr_t start, uaddr_t end,
			     unsigned flags) MUST_HOLD(&mm->lock)
{
	const struct vma *vma = vma_find_first(mm, start);
	uint32_t pages = 0;

	debug_assert_mutex_held(&mm->lock);
	for (; vma && vma_start(vma).v < end.v; vma = vma_next(mm, vma))
		if ((vma->flags & flags) == flags)
			pages += pages_between(uaddr_max(vma_start(vma), start),
					       uaddr_min(vma_end(vma), end));
	return pages;
}

bool vm_has_room_within(const struct mm *mm, uaddr_t start, uaddr_t end)
{
	uint32_t pages = pages_between(start, end);
	uint32_t there;

	debug_assert_mutex_held(&mm->lock);
	debug_caller_must(start.v <= end.v,
			  "give a range whose end is not below its start");
	if (vm_has_room(mm, pages))
		return true;
	there = pages_within(mm, start, end, 0);
	return there >= pages || vm_has_room(mm, pages - there);
}

bool vm_may_lock(const struct mm *mm, uint32_t pages)
{
	uint32_t limit = mm->limits[VM_LIMIT_MEMLOCK].soft;

	debug_assert_mutex_held(&mm->lock);
	return limit == VM_UNLIMITED ||
	       mm->locked_vm + pages <= limit >> PAGE_SHIFT;
}

bool vm_may_lock_within(const struct mm *mm, uaddr_t start, uint32_t length)
{
	uaddr_t end = uaddr_add(start, MIN(length, USER_END - start.v));
	uint32_t pages = length >> PAGE_SHIFT;

	debug_assert_mutex_held(&mm->lock);
	return vm_may_lock(mm, pages) ||
	       vm_may_lock(mm, pages - pages_within(mm, start, end,
						    VM_LOCKED));
}

int mm_change_limit(struct mm *mm, enum vm_limit_kind kind,
		    const struct vm_limit *new, struct vm_limit *old)
{
	struct vm_limit *limit = &mm->limits[kind];
	int err = 0;

	caller_must(kind < VM_NR_LIMITS, "give one of enum vm_limit_kind");
	caller_must(new || old, "set the limit, or ask what it is");
	mutex_lock(&mm->lock);
	if (new && new->soft > new->hard)
		err = -EINVAL;
	else if (new && new->hard > limit->hard)
		err = -EPERM;
	if (old && !err)
		*old = *limit;
	if (new && !err)
		*limit = *new;
	mutex_unlock(&mm->lock);
	return err;
}

void mm_copy_limits(struct mm *mm, struct mm *from)
{
	caller_must(mm != from, "give two address spaces");
	mutex_lock(&from->lock);
	memcpy(mm->limits, from->limits, sizeof(mm->limits));
	mutex_unlock(&from->lock);
}
