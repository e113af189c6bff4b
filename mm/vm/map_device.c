// SPDX-License-Identifier: MIT
/*
 * map_device.c - frames of a device in an address space
 *
 * WHAT     Maps registers of a device, or memory that a device shares with its
 *          driver, into an address space, and takes them back.
 *
 * PICTURE    BAR 0 of a device       0xfea00000 ..... 0xfeafffff
 *                                      |  not cached, no struct page
 *            window of its driver    0xb7e00000 ..... 0xb7efffff  [device]
 *
 * TERMS    window   the address space and the place where frames are mapped
 *
 * INVARIANTS of map_device (vm_check() checks it)
 *          W1  an area with VM_DEVICE lies within its window, which is on the
 *              list of its address space: nobody can make the area longer,
 *              move, join, copy or give it away
 * RULES of map_device
 *          W2  its entries are there from the beginning, with all rights, and
 *              are marked: nobody takes their frames for counted pages
 *
 * ALGORITHM  The kernel has no list from frames to areas. So whoever maps
 *          frames remembers the window, and unmaps it before the frames get
 *          another use. Meanwhile the program may have unmapped a part of the
 *          window, and mapped other memory there. So only areas of the window's
 *          family are taken away; no other area has this number.
 *
 *          A window holds no reference to its address space. If it did, and the
 *          device went on to another task, then the memory of the first task
 *          would stay as long as the second one lives. So an address space that
 *          ends clears its windows.
 *
 * LOCKING  windows_lock, then mm->lock. While a window names an address space,
 *          the owner of windows_lock may use it: its end waits for this lock.
 * NOT HERE whose frames they are (kernel/device/).
 * SEE      Linux remap_pfn_range(), VM_PFNMAP, pte_special().
 */
#include "lib/errno.h"
#include "mm/vm/vm_impl.h"

static struct mutex windows_lock = MUTEX_INIT(windows_lock);

/* The window is no longer mapped. */
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

/* Unmap what is left of the window. */
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
		/* W1: the area goes as a whole, so nothing can fail. */
		err = mm_unmap_locked(window->mm, vma_start(vma), at);
		assert(!err);
	}
}

struct frames {
	pfn_t first;
	bool  cached;
};

/* The area is made later: see vma_make_mapped(). */
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
