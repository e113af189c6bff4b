// SPDX-License-Identifier: MIT
/*
 * mm.c - make, copy and end address spaces
 *
 * WHAT     struct mm: how it is made, how fork copies it, how it ends, and what
 *          others may ask about its areas.
 *
 * PICTURE  fork, and then a write of the child to B:
 *
 *            parent  [A rw][B rw]      [A ro][B ro]      [A ro][B ro]
 *                      |     |   fork    |  X  |   write   |     |
 *            pages    (1)   (1)   -->   (2)   (2)   -->   (2)   (1)  (1)
 *                                        |  X  |           |          |
 *            child                     [A ro][B ro]      [A ro]     [B rw]
 *
 * ALGORITHM  fork copies the areas. It also copies the entries of those areas
 *          in which something was written; both sides lose the right to write.
 *          Other areas need no copy of entries: a fault finds the zero page or
 *          the object's page again.
 *          The end frees pages and areas, then all tables.
 *
 * LOCKING  mm->lock of the parent and the child. An address space that ends has
 *          no reference left, and needs no lock.
 * COST     fork: a few hundred instructions for each area, a step for each
 *          entry.
 * NOT HERE the calls (mmap.c, ...), faults (fault.c).
 * SEE      Linux kernel/fork.c dup_mmap().
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/account/account.h"
#include "mm/slab/slab.h"
#include "mm/vm/family.h"
#include "mm/vm/vm_impl.h"

static struct kmem_cache *mm_cache;

int mm_create(struct mm **mmp)
{
	struct mm *mm = kmem_cache_alloc(mm_cache, GFP_KERNEL | GFP_ZERO);
	int err;

	if (!mm)
		return -ENOMEM;
	err = upt_create(&mm->tables);
	if (err) {
		kmem_cache_free(mm_cache, mm);
		return err;
	}
	mutex_init(&mm->lock);
	range_tree_init(&mm->vmas, USER_BASE, USER_END);
	for (unsigned i = 0; i < VM_NR_LIMITS; i++)
		mm->limits[i] = (struct vm_limit){ VM_UNLIMITED, VM_UNLIMITED };
	mm->limits[VM_LIMIT_STACK].soft = STACK_LIMIT;
	mm->areas_paid = AREAS_FREE;
	mm->refs = 1;
	list_init(&mm->windows);
	check_add_mm(mm);
	*mmp = mm;
	return 0;
}

/* Look for a kill after so many bytes: about a millisecond. */
#define COPY_STEP  (32 * PT_SPAN)

static int copy_entries(struct mm *child, struct mm *from,
			const struct vma *vma) MUST_HOLD(&from->lock)
	MUST_HOLD(&child->lock)
{
	uaddr_t start = vma_start(vma), end;
	int err = 0;

	assert_mutex_held(&child->lock);
	assert_mutex_held(&from->lock);
	for (; start.v < vma_end(vma).v && !err; start = end) {
		if (wait_killed())
			return -EINTR;
		end = uaddr_min(uaddr_add(start, COPY_STEP), vma_end(vma));
		err = upt_copy_range(&child->tables, &from->tables, start,
				     end, true, vm_pages_mapped, child);
	}
	return err;
}

static int fork_area(struct mm *child, struct mm *from, const struct vma *vma)
	MUST_HOLD(&child->lock) MUST_HOLD(&from->lock)
{
	struct vma copy = *vma;
	int err;

	assert_mutex_held(&from->lock);
	debug_assert_mutex_held(&child->lock);
	if (vma->flags & (VM_DONTCOPY | VM_DEVICE))
		return 0;
	copy.flags &= vm_flags_of[VM_KEPT_BY_FORK];
	vma_fork_family(child, &copy, vma);
	if (copy.flags & VM_ACCOUNT &&
	    !commit_charge(child->account, vma_pages(&copy)))
		return -ENOMEM;
	err = vma_append(child, &copy);
	if (err) {
		vma_uncommit(&copy, vma_pages(&copy));
		return err;
	}
	/* A fault finds zero pages and the pages of objects again. */
	if (!copy.family)
		return 0;
	err = copy_entries(child, from, vma);
	if (!err && unlikely(vm_nr_pins))
		err = vm_copy_pinned(child, vma_start(vma), vma_end(vma));
	return err;
}

void mm_set_account(struct mm *mm, struct account *account)
{
	caller_must(!mm->account, "name the account once");
	caller_must(!mm->nr_vmas && !mm->tables.nr_tables,
		    "name the account before there is anything to pay for");
	account_get(account);
	mm->areas_paid = account ? 0 : AREAS_FREE;
	mm->account = account;
	mm->tables.account = account;
}

int mm_copy_areas(struct mm *child, struct mm *from)
{
	const struct range_node *node;
	int err = 0;

	caller_must(child != from, "give two address spaces");
	caller_must(!child->nr_vmas, "give a child that has no areas yet");
	mm_lock_both(from, child);
	child->brk_start = from->brk_start;
	child->brk = from->brk;
	memcpy(child->limits, from->limits, sizeof(child->limits));
	range_for_each(node, &from->vmas) {
		err = wait_killed() ? -EINTR :
		      fork_area(child, from, range_to_vma(node));
		if (err)
			break;
	}
	mm_unlock_both(from, child);
	return err;
}

int mm_fork(struct mm *from, struct mm **mmp)
{
	struct mm *child;
	int err = mm_create(&child);

	if (err)
		return err;
	err = mm_copy_areas(child, from);
	if (err) {
		mm_put(child);
		return err;
	}
	*mmp = child;
	return 0;
}

void mm_get(struct mm *mm)
{
	caller_must(mm->refs > 0, "have a reference");
	__atomic_fetch_add(&mm->refs, 1, __ATOMIC_RELAXED);
}

static void mm_destroy(struct mm *mm)
{
	const struct range_node *node;

	vm_forget_windows(mm);
	range_for_each(node, &mm->vmas)
		if (range_to_vma(node)->flags & VM_TOUCHED)
			upt_unmap_range(&mm->tables, UADDR(node->start),
					UADDR(node->end), vm_pages_unmapped,
					mm);
	assert(!mm->rss);
	vma_free_all(mm);
	commit_release(mm->committed);
	upt_destroy(&mm->tables);
	/*
	 * Its entries counted up to here, also for pages that others have.
	 * Without references it is known to be ending, and the check of V6
	 * waits (vm_check.c).
	 */
	check_remove_mm(mm);
	if (mm->account) {
		vma_unpay_all(mm);
		account_put(mm->account);
	}
	kmem_cache_free(mm_cache, mm);
}

void mm_put(struct mm *mm)
{
	caller_must(mm->refs > 0, "have a reference");
	if (!__atomic_sub_fetch(&mm->refs, 1, __ATOMIC_ACQ_REL))
		mm_destroy(mm);
}

bool mm_next_vma(struct mm *mm, uaddr_t addr, struct vma_info *info)
{
	const struct vma *vma;

	mutex_lock(&mm->lock);
	vma = vma_find_first(mm, addr);
	if (vma)
		*info = (struct vma_info){
			.start = vma_start(vma), .end = vma_end(vma),
			.flags = vma->flags, .name = vma->name,
		};
	mutex_unlock(&mm->lock);
	return vma;
}

bool mm_find_vma(struct mm *mm, uaddr_t addr, struct vma_info *info)
{
	return mm_next_vma(mm, addr, info) && info->start.v <= addr.v;
}

void mm_init(void)
{
	mm_cache = kmem_cache_create("mm", sizeof(struct mm), 0, SLAB_PANIC,
				     NULL);
	vma_init();
	upages_init();
	commit_init();
}
