// SPDX-License-Identifier: MIT
// A way out of a function on which the lock stays taken.
// REJECT -DAFTER=
// ACCEPT -DAFTER='mutex_unlock(&mm->lock);'
// gcc    nothing
// clang  still held at the end of function
#include "mm/vm/vm_impl.h"

bool has_areas(struct mm *mm);

bool has_areas(struct mm *mm)
{
	bool has;

	mutex_lock(&mm->lock);
	has = mm->nr_vmas;
	AFTER
	return has;
}
