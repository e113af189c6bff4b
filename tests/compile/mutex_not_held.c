// SPDX-License-Identifier: MIT
// The areas of an address space are looked at without its lock.
// REJECT -DBEFORE= -DAFTER=
// ACCEPT -DBEFORE='mutex_lock(&mm->lock);' -DAFTER='mutex_unlock(&mm->lock);'
// gcc    nothing
// clang  requires holding
#include "mm/vm/vm_impl.h"

bool has_area(struct mm *mm, uint32_t addr);

bool has_area(struct mm *mm, uint32_t addr)
{
	const struct vma *vma;

	BEFORE
	vma = vma_find(mm, UADDR(addr));
	AFTER
	return vma;
}
