// SPDX-License-Identifier: MIT
/*
 * commit.c - how many pages are promised
 *
 * WHAT     mmap() gives address space; the pages come later. So that they do
 *          come, the kernel counts the pages that programs may still need. A
 *          request above the limit gets -ENOMEM at once, while the task can
 *          still react.
 *
 * TERMS    committed  pages that may be needed: of private areas that may be
 *                     written (VM_ACCOUNT), and of shared objects
 *          limit      all RAM of the zones. The kernel itself needs some of
 *                     it, so a promise can still be broken: then the largest
 *                     task ends (kernel/task/)
 *
 * INVARIANTS of commit (vm_check() checks it)
 *          C1  committed is at least the sum of `committed` over all address
 *              spaces
 * RULES of commit
 *          C2  the rest are the pages of accounted objects, pinned pages, and
 *              pages that a window shares with a device
 *
 * ALGORITHM  Read-only private areas cost nothing: they map the zero page. With
 *          MAP_NORESERVE a program asks not to be counted.
 *
 *          When more than a half is promised, each family (an account and all
 *          accounts below it) has a share: 7/8 for what the first program
 *          starts, 6/8 for what these programs start, and so on down to a half.
 *          So a program that asks for all it can get leaves an eighth for the
 *          shell and the programs beside it, and another eighth for init and
 *          the servers. The sum is made anew each time: there is no second
 *          count.
 * LOCKING  One atomic number.
 * COST     A few instructions; O(address spaces) above a half.
 * NOT HERE who counts: mmap.c, mprotect.c, mremap.c, brk.c, mm.c (fork),
 *          fault.c (stacks), vm_object.c, pin.c, map_device.c.
 * SEE      Linux Documentation/mm/overcommit-accounting, mode 2.
 */
#include "mm/account/account.h"
#include "mm/page/zone.h"
#include "mm/vm/vm_impl.h"

unsigned long vm_commit_limit;

unsigned long vm_nr_committed;

/*
 * May the account and all accounts below it be promised so many pages? The
 * share is an eighth smaller on each level, but never less than a half.
 */
static noinline bool family_may(const struct account *account, uint32_t pages)
{
	unsigned depth = MIN(account->depth, 4u);
	unsigned long share = vm_commit_limit / 8 * (8 - depth);

	return account_promised_below(account) + vm_promised_below(account) +
	       pages <= share;
}

bool commit_beyond_half(const struct account *account, uint32_t pages,
			unsigned long all)
{
	bool may = all <= vm_commit_limit;

	for (; may && account && account->depth; account = account->parent)
		may = family_may(account, pages);
	if (!may)
		commit_release(pages);
	return may;
}

void commit_add(uint32_t pages)
{
	__atomic_fetch_add(&vm_nr_committed, pages, __ATOMIC_RELAXED);
}

void commit_release(uint32_t pages)
{
	unsigned long before =
		__atomic_fetch_sub(&vm_nr_committed, pages, __ATOMIC_RELAXED);

	caller_must(before >= pages, "release no more than was promised");
}

unsigned long vm_committed(void)
{
	return READ_ONCE(vm_nr_committed);
}

void commit_init(void)
{
	vm_commit_limit = managed_pages();
}
