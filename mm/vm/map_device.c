// SPDX-License-Identifier: MIT
/*
 * map_device.c - a device's frames at a program
 *
 * WHAT     Maps registers, or memory that a device and its driver share, into
 *          an address space, and takes them back.
 *
 * PICTURE    BAR 0 of a device       0xfea00000 ..... 0xfeafffff
 *                                      |  not cached, no struct page
 *            window of its driver    0xb7e00000 ..... 0xb7efffff  [device]
 *
 * TERMS    window   where in which address space the frames are mapped
 *
 * INVARIANTS of map_device (vm_check() restates it)
 *          W1  an area with VM_DEVICE lies within the window that it was made
 *              for, which is on its address space's list: the area cannot grow,
 *              move, be joined, copied or given away
 * RULES of map_device
 *          W2  its entries are there from the beginning, with all rights, and
 *              are marked: nobody takes their frames for counted pages
 *
 * ALGORITHM  The kernel keeps no list from frames to areas. So that nobody
 *          reaches frames that have become something else's, whoever maps them
 *          remembers the window. The program may have unmapped a part of it,
 *          and mapped other memory there: only an area of the window's family
 *          is taken away, and no other area has this number.
 *
 *          A window keeps no address space: its device may have been handed on
 *          to another task, and then the memory of the one that ends would stay
 *          until that one ends, too. So the address space takes its windows
 *          along (W1).
 *
 * LOCKING  windows_lock, then mm->lock. While a window names an address space,
 *          whoever holds windows_lock may use it: its end waits for the lock.
 * NOT HERE whose frames they are (kernel/device/).
 * SEE      Linux remap_pfn_range(), VM_PFNMAP, pte_special().
 */
#include "lib/errno.h"
#include "mm/vm/vm_impl.h"

static struct mutex windows_lock = MUTEX_INIT(windows_lock);

/* It is no longer mapped anywhere. */
static void clear_window(struct vm_window *window)
{
	assert_mutex_held(&windows_lock);
	list_del_init(&window->link);
	if (window->cached)
		commit_release(window->length >> PAGE_SHIFT);
	window->mm = NULL;
}

static bool belongs_to(const struct vma *vma, const struct vm_window *window)
{
	return vma->flags & VM_DEVICE && vma->family == window->family;
}

bool vm_has_window(const struct mm *mm, const struct vma *vma)
{
	const struct vm_window *window;

	list_for_each_entry(window, &mm->windows, link)
		if (belongs_to(vma, window) &&
		    vma_start(vma).v >= window->start.v &&
		    vma_end(vma).v - window->start.v <= window->length)
			return true;
	return false;
}

/* Take away what is left of the window. */
static void unmap_locked(const struct vm_window *window)
	MUST_HOLD(&window->mm->lock)
{
	uaddr_t at = window->start;
	uaddr_t end = uaddr_add(window->start, window->length);
	struct vma *vma;
	int err;

	assert_mutex_held(&window->mm->lock);
	for (;;) {
		vma = vma_find_first(window->mm, at);
		if (!vma || vma_start(vma).v >= end.v)
			return;
		at = vma_end(vma);
		if (!belongs_to(vma, window))
			continue;
		/* W1: whole areas: nothing is cut, so it cannot fail. */
		err = mm_unmap_locked(window->mm, vma_start(vma), at);
		assert(!err);
	}
}

struct frames {
	pfn_t first;
	bool  cached;
};

/* No area is there yet. */
static int map_frames(struct mm *mm, const struct vma *vma, void *arg)
	MUST_HOLD(&mm->lock)
{
	const struct frames *frames = arg;

	assert_mutex_held(&mm->lock);
	for (uint32_t i = 0; i < vma_pages(vma); i++)
		if (upt_map_device(&mm->tables,
				   uaddr_add(vma_start(vma), i << PAGE_SHIFT),
				   pfn_add(frames->first, i), frames->cached))
			return -ENOMEM;
	return 0;
}

long mm_map_device(struct mm *mm, pfn_t first, uint32_t nr_pages, bool cached,
		   const char *name, struct vm_window *window)
{
	struct frames frames = { first, cached };
	struct vma new = {
		.flags = VM_READ | VM_WRITE | VM_NORESERVE | VM_DEVICE |
			 VM_TOUCHED,
		.name = name,
	};
	long start;

	caller_must(!window->mm, "unmap the window first: it is mapped");
	if (!nr_pages || nr_pages > USER_END >> PAGE_SHIFT)
		return -EINVAL;
	if (cached && !commit_charge(mm->account, nr_pages))
		return -ENOMEM;
	mutex_lock(&windows_lock);
	mutex_lock(&mm->lock);
	start = vma_make_mapped(mm, UADDR(0), nr_pages, &new, map_frames,
				&frames);
	if (!IS_ERR_VALUE(start)) {
		*window = (struct vm_window){
			.mm = mm, .start = vma_start(&new),
			.length = nr_pages << PAGE_SHIFT,
			.family = new.family, .cached = cached,
		};
		list_add_tail(&window->link, &mm->windows);
	}
	mutex_unlock(&mm->lock);
	mutex_unlock(&windows_lock);
	if (cached && IS_ERR_VALUE(start))
		commit_release(nr_pages);
	return start;
}

void mm_unmap_device(struct vm_window *window)
{
	mutex_lock(&windows_lock);
	if (window->mm) {
		mutex_lock(&window->mm->lock);
		unmap_locked(window);
		mutex_unlock(&window->mm->lock);
		clear_window(window);
	}
	mutex_unlock(&windows_lock);
}

void vm_forget_windows(struct mm *mm)
{
	caller_must(!mm->refs, "give an address space without references");
	mutex_lock(&windows_lock);
	while (!list_empty(&mm->windows))
		clear_window(list_first_entry(&mm->windows, struct vm_window,
					      link));
	mutex_unlock(&windows_lock);
}
