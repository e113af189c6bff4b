// SPDX-License-Identifier: MIT
/*
 * alloc_trace.c (suite) - the hook sees each allocation while it is set
 */
#include "lib/alloc_trace.h"

#include "lib/failpoint.h"
#include "mm/page/page_alloc.h"
#include "mm/slab/kmalloc.h"
#include "mm/slab/slab.h"
#include "tests/ktest.h"

SUITE(alloc_trace, slab_check);

#define SEEN_MAX  16

static const void *seen[SEEN_MAX];
static unsigned nr_seen;

/* Notes what is given out. */
static void note(const void *what, enum alloc_kind kind)
{
	if (nr_seen < SEEN_MAX)
		seen[nr_seen++] = what;
}

static bool was_seen(const void *what)
{
	for (unsigned i = 0; i < nr_seen; i++)
		if (seen[i] == what)
			return true;
	return false;
}

KTEST(alloc_trace, pages_objects_and_bulks_are_seen)
{
	struct page *page, *bulk[3];
	unsigned got;
	void *object;

	nr_seen = 0;
	alloc_trace_start(note);
	page = alloc_page(GFP_KERNEL);
	object = kmalloc(100, GFP_KERNEL);
	got = alloc_pages_bulk(GFP_KERNEL, 3, bulk);
	alloc_trace_stop();
	REQUIRE(page && object && got == 3);
	EXPECT(was_seen(page));
	EXPECT(was_seen(object));
	for (unsigned i = 0; i < got; i++)
		EXPECT(was_seen(bulk[i]));
	free_pages_bulk(bulk, got);
	kfree(object);
	free_page(page);
}

/* The hook makes no allocation fail, and after the stop it sees none. */
KTEST(alloc_trace, who_looks_changes_nothing)
{
	struct page *page;

	alloc_trace_start(note);
	EXPECT(!should_fail());
	alloc_trace_stop();
	EXPECT_EQ(failpoint_countdown, 0);
	EXPECT(!alloc_trace_hook);
	nr_seen = 0;
	page = alloc_page(GFP_KERNEL);
	REQUIRE(page);
	EXPECT_EQ(nr_seen, 0);
	free_page(page);
}
