// SPDX-License-Identifier: MIT
/*
 * vmap.c (tests) - pages of the caller in a row, and the end of address space
 */
#include <arch/pgtable_bits.h>
#include <arch/probe.h>

#include "lib/errno.h"
#include "lib/random.h"
#include "lib/string.h"
#include "mm/kva/vm_area.h"
#include "mm/page/page_alloc.h"
#include "mm/page/shrinker.h"
#include "mm/slab/kmalloc.h"
#include "tests/ktest.h"
#include "tests/suites/full_kva.h"

SUITE(vmap, vmalloc_check);

#define NR_PAGES  8

static struct page *pages[NR_PAGES];

static void take_pages(void)
{
	unsigned had = alloc_pages_bulk(GFP_HIGHUSER, NR_PAGES, pages);

	REQUIRE(had == NR_PAGES);
}

static void give_pages(void)
{
	free_pages_bulk(pages, NR_PAGES);
}

static bool readable(const char *ptr)
{
	uint8_t byte;

	return probe_read8(ptr, &byte);
}

KTEST_KEEPS(vmap, page_tables_are_made_once)
{
	REQUIRE(kpt_populate(vmalloc_start(), 16 * PTRS_PER_PT) == 0);
}

KTEST(vmap, two_mappings_show_the_same_pages)
{
	char *a, *b;

	take_pages();
	a = vmap(pages, NR_PAGES, KPROT_RW);
	b = vmap(pages, NR_PAGES, KPROT_RW);
	REQUIRE(a && b);
	EXPECT(a != b);
	for (unsigned i = 0; i < NR_PAGES; i++)
		a[i * PAGE_SIZE + i] = (char)('a' + i);
	for (unsigned i = 0; i < NR_PAGES; i++)
		EXPECT_EQ(b[i * PAGE_SIZE + i], 'a' + i);
	vunmap(a);
	EXPECT_EQ(b[0], 'a');
	vunmap(b);
	give_pages();
}

KTEST(vmap, pages_may_stand_in_any_order_and_twice)
{
	struct page *list[3];
	uint32_t *ptr;

	take_pages();
	list[0] = list[2] = pages[5];
	list[1] = pages[2];
	ptr = vmap(list, 3, KPROT_RW);
	REQUIRE(ptr);
	/* For C these are different objects: it may swap the accesses. */
	WRITE_ONCE(ptr[1], 0x12345678);
	EXPECT_EQ(READ_ONCE(ptr[2 * (PAGE_SIZE / 4) + 1]), 0x12345678);
	vunmap(ptr);
	give_pages();
}

KTEST(vmap, read_only_cannot_be_written)
{
	void *ptr;

	take_pages();
	ptr = vmap(pages, 1, KPROT_RO);
	REQUIRE(ptr);
	EXPECT(readable(ptr));
	EXPECT(!probe_write(ptr));
	vunmap(ptr);
	give_pages();
}

KTEST(vmap, guard_page_faults)
{
	char *ptr;

	take_pages();
	ptr = vmap(pages, 2, KPROT_RW);
	REQUIRE(ptr);
	EXPECT(readable(ptr + 2 * PAGE_SIZE - 1));
	EXPECT(!readable(ptr + 2 * PAGE_SIZE));
	vunmap(ptr);
	give_pages();
}

KTEST(vmap, numbers_of_pages_that_cannot_be_are_refused)
{
	take_pages();
	EXPECT(!vmap(pages, 0, KPROT_RW));
	EXPECT(!vmap(pages, vm_area_max_pages() + 1, KPROT_RW));
	EXPECT(!vmap(pages, ~0u, KPROT_RW));
	give_pages();
}

/* The caller may free the pages at once, so no TLB entry may be left. */
KTEST(vmap, vunmap_flushes_before_it_returns)
{
	char *ptr, *again;

	take_pages();
	vmalloc_purge();
	ptr = vmap(pages, NR_PAGES, KPROT_RW);
	REQUIRE(ptr);
	memset(ptr, 1, NR_PAGES * PAGE_SIZE);
	vunmap(ptr);
	for (unsigned i = 0; i < NR_PAGES; i++)
		EXPECT(!readable(ptr + i * PAGE_SIZE));
	again = vmap(pages, NR_PAGES, KPROT_RW);
	EXPECT(again == ptr);
	vunmap(again);
	give_pages();
}

KTEST(vmap, pages_stay_the_callers)
{
	unsigned long free;
	void *ptr;

	take_pages();
	shrink_all();
	free = nr_free_pages();
	ptr = vmap(pages, NR_PAGES, KPROT_RW);
	REQUIRE(ptr);
	vunmap(ptr);
	shrink_all();
	EXPECT_EQ(nr_free_pages(), free);
	give_pages();
}

static void unmap_it(void *ptr)
{
	vunmap(ptr);
}

static void free_it(void *ptr)
{
	vfree(ptr);
}

KTEST(vmap, wrong_unmaps_are_caught)
{
	char *ptr;

	take_pages();
	vunmap(NULL);
	ptr = vmap(pages, 2, KPROT_RW);
	REQUIRE(ptr);
	EXPECT_PANIC(unmap_it, ptr + PAGE_SIZE, "in the middle of the area");
	EXPECT_PANIC(free_it, ptr, "this is vmap memory");
	vunmap(ptr);
	EXPECT_PANIC(unmap_it, ptr, "already freed");
	vmalloc_purge();
	EXPECT_PANIC(unmap_it, ptr, "no area is there");
	give_pages();
}

static bool try_vmap(void *arg)
{
	void *ptr = vmap(pages, NR_PAGES, KPROT_RW);

	vunmap(ptr);
	return ptr != NULL;
}

KTEST(vmap, failure_of_each_allocation_gives_everything_back)
{
	take_pages();
	vmalloc_purge();
	ktest_each_failure(try_vmap, NULL);
	EXPECT_NULL(vmalloc_check());
	give_pages();
}

/* ---- spare areas ------------------------------------------------------ */

KTEST(vmap, a_freed_area_serves_the_next_request_of_its_size)
{
	void *a, *b, *c;

	take_pages();
	vmalloc_purge();
	a = vmap(pages, 3, KPROT_RW);
	b = vmap(pages, 5, KPROT_RW);
	vunmap(a);
	vunmap(b);
	EXPECT_EQ(vm_areas.spare_pages, vm_area_span(3) + vm_area_span(5));
	EXPECT_NULL(vmalloc_check());
	c = vmap(pages, 5, KPROT_RW);
	EXPECT(c == b);
	EXPECT_EQ(vm_areas.spare_pages, vm_area_span(3));
	vunmap(c);
	c = vmap(pages, 4, KPROT_RW);
	EXPECT(c != a && c != b);
	vunmap(c);
	give_pages();
}

KTEST(vmap, spare_areas_are_bounded_and_given_up)
{
	enum { NR = 1000 };
	static void *map[NR];

	take_pages();
	for (unsigned i = 0; i < NR; i++) {
		map[i] = vmap(pages, 1 + i % NR_PAGES, KPROT_RW);
		REQUIRE(map[i]);
	}
	for (unsigned i = 0; i < NR; i++) {
		vunmap(map[i]);
		EXPECT(vm_areas.spare_pages <= 2 * RETIRED_LIMIT_MAX +
					       vm_area_span(NR_PAGES));
	}
	EXPECT_NULL(vmalloc_check());
	vmalloc_purge();
	EXPECT_EQ(vm_areas.spare_pages, 0);
	give_pages();
}

/* ---- faults under the lock -------------------------------------------- */

/* A page fault under the lock is explained without it. */
KTEST(vmap, no_area_is_found_while_the_lock_is_held)
{
	struct vm_area_info info;
	void *ptr = vmalloc(PAGE_SIZE);
	irqflags_t flags;
	bool found;

	REQUIRE(ptr);
	EXPECT(vmalloc_find_used(ptr_to_kva(ptr), &info));
	flags = spin_lock_irqsave(&vm_areas.lock);
	found = vmalloc_find_used(ptr_to_kva(ptr), &info);
	spin_unlock_irqrestore(&vm_areas.lock, flags);
	EXPECT(!found);
	vfree(ptr);
	EXPECT(!vmalloc_find_used(ptr_to_kva(ptr), &info));
}

/* ---- the end of address space ----------------------------------------- */

static struct full_kva full;

static void expect_full(void)
{
	unsigned bad = 0;
	void *ptr;

	/* There are no addresses, but there is memory. */
	EXPECT(!vmap(full.same, 1, KPROT_RW));
	EXPECT(!vmalloc(1));
	EXPECT_EQ(vmalloc_try(1, &ptr), -ENOSPC);
	EXPECT_EQ(vmalloc_try(SIZE_MAX / 2, &ptr),
		  SIZE_MAX / 2 / PAGE_SIZE < managed_pages() ? -ENOSPC
							     : -ENOMEM);
	EXPECT_NULL(vmalloc_check());
	strscpy(full.map[0], "everywhere", 32);
	for (unsigned i = 0; i < full.nr_maps; i++)
		bad += strcmp(full.map[i], "everywhere") != 0;
	EXPECT_EQ(bad, 0);
}

KTEST_KEEPS(vmap, address_space_runs_out_and_comes_back)
{
	void *waiting = vmalloc(4 * PAGE_SIZE), *again;

	REQUIRE(waiting);
	kva_fill(&full);
	expect_full();
	/* An area that waits for a flush has addresses: the search flushes. */
	vfree(waiting);
	again = vmap(full.same, 4, KPROT_RW);
	EXPECT(again == waiting);
	vunmap(again);
	kva_empty(&full);
}

KTEST(vmap, random_operations_keep_the_laws)
{
	enum { NR = 64 };
	static char *map[NR];
	static unsigned first[NR];
	struct rng rng;

	rng_init(&rng, ktest_seed());
	memset(map, 0, sizeof(map));
	take_pages();
	for (unsigned i = 0; i < NR_PAGES; i++) {
		char *ptr = vmap(&pages[i], 1, KPROT_RW);

		REQUIRE(ptr);
		*ptr = (char)i;
		vunmap(ptr);
	}
	for (unsigned step = 0; step < 2000; step++) {
		unsigned i = rng_below(&rng, NR);

		if (map[i]) {
			EXPECT_EQ(*map[i], first[i]);
			vunmap(map[i]);
			map[i] = NULL;
		} else {
			first[i] = rng_below(&rng, NR_PAGES);
			map[i] = vmap(&pages[first[i]],
				      1 + rng_below(&rng, NR_PAGES - first[i]),
				      KPROT_RW);
			REQUIRE(map[i]);
		}
		if (step % 64 == 0)
			EXPECT_NULL(vmalloc_check());
	}
	for (unsigned i = 0; i < NR; i++)
		vunmap(map[i]);
	give_pages();
}

KTEST(vmap, dump_lists_an_area_with_its_kind)
{
	void *ptr;

	take_pages();
	ptr = vmap(pages, 2, KPROT_RO);
	REQUIRE(ptr);
	vmallocinfo_dump();
	vunmap(ptr);
	give_pages();
}
