// SPDX-License-Identifier: MIT
/*
 * upages.c - pages of user mode, and how many entries map them
 *
 * WHAT     The count of an anonymous page is the number of entries that map it:
 *          1 when it is new, 2 after a fork. When the last entry goes, the page
 *          is freed. Copy on write looks at the count: a page with one entry
 *          needs no copy.
 *
 * TERMS    zero page  one page of zeros for everything that was only read so
 *                     far. It has no count: 2^32 entries could map it
 *
 * LOCKING  Counts are atomic: address spaces that share a page hold different
 *          locks. If a thread holds mm->lock and one of its entries shows a
 *          count of 1, the count stays 1: only this entry can be copied.
 * SEE      Linux page->_mapcount, do_wp_page().
 */
#include <arch/page_ops.h>

#include "mm/kva/kmap.h"
#include "mm/page/page_alloc.h"
#include "mm/vm/vm_impl.h"

#define FREE_BATCH  16   /* pages given back at once */

struct page *vm_zero_page;

static bool last_reference(struct page *page)
{
	return page != vm_zero_page &&
	       !__atomic_sub_fetch(&page->refs, 1, __ATOMIC_ACQ_REL);
}

void vm_page_put(struct page *page)
{
	debug_caller_must(page == vm_zero_page || page->refs > 0,
			  "have a reference to the page");
	if (last_reference(page))
		free_page(page);
}

unsigned vm_page_entries(const struct page *page)
{
	return READ_ONCE(page->refs) % VM_PIN;
}

bool vm_page_is_only(struct page *page)
{
	return page != vm_zero_page && vm_page_entries(page) == 1;
}

struct page *vm_page_zeroed(void)
{
	return alloc_page(GFP_HIGHUSER | GFP_ZERO | GFP_NOWARN);
}

struct page *vm_page_copy(struct page *from)
{
	struct page *to;
	void *source, *target;

	debug_caller_must(from->refs > 0, "have a reference to the page");
	if (from == vm_zero_page)
		return vm_page_zeroed();
	to = alloc_page(GFP_HIGHUSER | GFP_NOWARN);
	if (!to)
		return NULL;
	source = kmap_local(from);
	target = kmap_local(to);
	copy_page(target, source);
	kunmap_local(target);
	kunmap_local(source);
	return to;
}

void vm_pages_unmapped(struct page *const pages[], unsigned nr, void *arg)
{
	struct page *batch[FREE_BATCH];
	struct mm *mm = arg;
	unsigned n = 0;

	debug_caller_must(!mm->refs || mutex_is_held(&mm->lock),
			  "hold mm->lock, or have the last reference");
	for (unsigned i = 0; i < nr; i++) {
		mm->rss -= pages[i] != vm_zero_page;
		if (!last_reference(pages[i]))
			continue;
		batch[n++] = pages[i];
		if (n == FREE_BATCH) {
			free_pages_bulk(batch, n);
			n = 0;
		}
	}
	free_pages_bulk(batch, n);
}

void vm_pages_mapped(struct page *const pages[], unsigned nr, void *arg)
{
	struct mm *mm = arg;

	debug_assert_mutex_held(&mm->lock);
	for (unsigned i = 0; i < nr; i++) {
		if (pages[i] == vm_zero_page)
			continue;
		vm_page_get(pages[i]);
		mm->rss++;
	}
}

void upages_init(void)
{
	vm_zero_page = alloc_page(GFP_KERNEL | GFP_ZERO);
	if (!vm_zero_page)
		panic("no memory for the zero page");
}
