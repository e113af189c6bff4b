// SPDX-License-Identifier: MIT
/*
 * commit.c - how many pages have been promised
 *
 * WHAT     mmap() gives address space, pages come later. So that "later" does
 *          not fail too often, the pages that may yet be needed are counted,
 *          and a request beyond the limit is answered with -ENOMEM while the
 *          task can still do something about it.
 *
 * TERMS    committed  pages that could be demanded: of private areas that may
 *                     be written (VM_ACCOUNT), and of shared objects
 *          limit      all RAM that the zones manage. The kernel needs some of
 *                     it itself, so that the promise can still be broken: then
 *                     the largest task ends (kernel/task/).
 *
 * INVARIANTS
 *          C1  committed is the sum over all address spaces' `committed`, the
 *              accounted objects' pages, those that are pinned and those that a
 *              window shares with a device
 *
 * ALGORITHM  Read-only private areas cost nothing: they are pages of the zero
 *          page. MAP_NORESERVE is the request not to be counted.
 * LOCKING  One atomic number.
 * NOT HERE who counts: mmap.c, mprotect.c, mremap.c, brk.c, mm.c (fork),
 *          fault.c (stacks), object.c, pin.c, map_device.c.
 * SEE      Linux Documentation/mm/overcommit-accounting, mode 2.
 */
#include "mm/page/zone.h"
#include "mm/vm/vm_impl.h"

unsigned long vm_commit_limit;

static unsigned long committed;

bool commit_charge(uint32_t pages)
{
	commit_add(pages);
	if (vm_committed() <= vm_commit_limit)
		return true;
	commit_release(pages);
	return false;
}

void commit_add(uint32_t pages)
{
	__atomic_fetch_add(&committed, pages, __ATOMIC_RELAXED);
}

void commit_release(uint32_t pages)
{
	unsigned long before =
		__atomic_fetch_sub(&committed, pages, __ATOMIC_RELAXED);

	assert(before >= pages);
}

unsigned long vm_committed(void)
{
	return READ_ONCE(committed);
}

void commit_init(void)
{
	vm_commit_limit = 0;
	for (unsigned i = 0; i < MAX_NR_ZONES; i++)
		vm_commit_limit += zones[i].managed;
}
