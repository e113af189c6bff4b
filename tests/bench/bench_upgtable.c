// SPDX-License-Identifier: MIT
/*
 * bench_upgtable.c - what user page tables cost, without the layers above them
 */
#include <arch/upgtable.h>

#include "mm/page/page_alloc.h"
#include "tests/bench.h"

#define PLACE  0x10000000u
#define MANY   64u

static struct upgtable space, child;
static struct page *page;

static void ignore_pages(struct page *const pages[], unsigned nr, void *arg)
{
}

/* A space with `nr` entries, all of one page. Returns: false: skip the case. */
static bool setup(struct bench *b, unsigned nr)
{
	page = alloc_page(GFP_HIGHUSER);
	if (!page || upt_create(&space)) {
		bench_skip(b, "no memory");
		return false;
	}
	for (unsigned i = 0; i < nr; i++) {
		if (upt_map(&space, UADDR(PLACE + i * PAGE_SIZE),
			    page_to_pfn(page),
			    UPT_READ | UPT_WRITE))
			bench_skip(b, "no memory");
	}
	return true;
}

static void teardown(void)
{
	upt_unmap_range(&space, UADDR(0), UADDR(PAGE_OFFSET), ignore_pages,
			NULL);
	upt_destroy(&space);
	free_page(page);
}

BENCH(upt_create_destroy, 500)
{
	while (bench_next(b)) {
		if (upt_create(&space))
			return bench_skip(b, "no memory");
		upt_destroy(&space);
	}
}

BENCH(upt_lookup, 1000)
{
	if (!setup(b, 1))
		return;
	while (bench_next(b))
		(void)upt_lookup(&space, UADDR(PLACE));
	teardown();
}

BENCH(upt_map_unmap_pair, 1000)
{
	if (!setup(b, 1))
		return;
	while (bench_next(b)) {
		(void)!upt_map(&space, UADDR(PLACE + PAGE_SIZE),
			       page_to_pfn(page), UPT_READ);
		(void)upt_unmap(&space, UADDR(PLACE + PAGE_SIZE));
	}
	teardown();
}

BENCH(upt_protect_64p_pair, 200)
{
	if (!setup(b, MANY))
		return;
	while (bench_next(b)) {
		upt_protect_range(&space, UADDR(PLACE), UADDR(PLACE +
							      MANY * PAGE_SIZE),
				  UPT_READ, NULL);
		upt_protect_range(&space, UADDR(PLACE), UADDR(PLACE +
							      MANY * PAGE_SIZE),
				  UPT_READ | UPT_WRITE, NULL);
	}
	teardown();
}

/* With two tables that the copy needs, and which are cleared. */
BENCH(upt_copy_64p_and_destroy, 100)
{
	if (!setup(b, MANY))
		return;
	while (bench_next(b)) {
		if (upt_create(&child) ||
		    upt_copy_range(&child, &space, UADDR(PLACE),
				   UADDR(PLACE + MANY * PAGE_SIZE), true,
				   ignore_pages, NULL))
			return bench_skip(b, "no memory");
		upt_unmap_range(&child, UADDR(PLACE), UADDR(PLACE +
							    MANY * PAGE_SIZE),
				ignore_pages, NULL);
		upt_destroy(&child);
	}
	teardown();
}
