// SPDX-License-Identifier: MIT
/*
 * mincore.c - which pages are in memory
 *
 * WHAT     One byte for each page: 1 if the page is mapped, or if it is in the
 *          area's shared object because another task has touched it.
 *
 * LOCKING  mm->lock.
 * SEE      Linux mm/mincore.c do_mincore().
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/vm/vm_impl.h"

struct core_map {
	uint8_t *vec;
	uaddr_t  start;
};

static int mark_present(uaddr_t va, struct upt_entry entry, void *arg)
{
	struct core_map *map = arg;

	map->vec[pages_between(map->start, va)] = 1;
	return 0;
}

static long mincore_locked(struct mm *mm, uaddr_t addr, uint32_t pages,
			   uint8_t *vec) MUST_HOLD(&mm->lock)
{
	struct core_map map = { vec, addr };
	struct vma *vma = vma_find(mm, addr);

	assert_mutex_held(&mm->lock);
	if (!vma)
		return -ENOMEM;
	pages = MIN(pages, pages_between(addr, vma_end(vma)));
	memset(vec, 0, pages);
	upt_for_each(&mm->tables, addr, uaddr_add(addr, pages << PAGE_SHIFT),
		     mark_present, &map);
	for (uint32_t i = 0; vma->object && i < pages; i++)
		if (vm_object_find(vma->object, vma_index(vma, addr) + i))
			vec[i] = 1;
	return (long)pages;
}

long mm_mincore(struct mm *mm, uaddr_t addr, uint32_t length, uint8_t *vec,
		uint32_t max)
{
	uint32_t pages = (length >> PAGE_SHIFT) +
			 !!(length & ~PAGE_MASK);
	long result;

	caller_must(!max || vec, "say where the bytes go");
	if (!page_aligned(addr.v))
		return -EINVAL;
	pages = MIN(pages, max);
	if (!pages)
		return 0;
	mutex_lock(&mm->lock);
	result = mincore_locked(mm, addr, pages, vec);
	mutex_unlock(&mm->lock);
	return result;
}
