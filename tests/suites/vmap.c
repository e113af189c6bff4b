// SPDX-License-Identifier: MIT
/*
 * vmap.c (tests) - pages of the caller in a row, and the end of address space
 */
#include <arch/irqflags.h>
#include <arch/pgtable_bits.h>
#include <arch/pgtable_check.h>
#include <arch/probe.h>
#include <arch/tlb.h>

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
	EXPECT_PANIC(unmap_it, ptr, "already freed (was allocated by");
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
	/* The first ones take exactly as many addresses as there may be. */
	enum { NR = 1000, FIRST = 2 * RETIRED_LIMIT_MAX / 4 };
	static void *map[NR];

	take_pages();
	vmalloc_purge();
	for (unsigned i = 0; i < NR; i++) {
		map[i] = vmap(pages, i < FIRST ? 3 : 1 + i % NR_PAGES,
			      KPROT_RW);
		REQUIRE(map[i]);
	}
	for (unsigned i = 0; i < NR; i++) {
		unsigned nr = i < FIRST ? 3 : 1 + i % NR_PAGES;
		unsigned long before = vm_areas.spare_pages;

		if (before >= 2 * RETIRED_LIMIT_MAX)
			before = 0;
		vunmap(map[i]);
		EXPECT_EQ(vm_areas.spare_pages, before + vm_area_span(nr));
	}
	EXPECT_NULL(vmalloc_check());
	vmalloc_purge();
	EXPECT_EQ(vm_areas.spare_pages, 0);
	give_pages();
}

KTEST(vmap, areas_of_up_to_16_pages_become_spares)
{
	static const unsigned sizes[] = { 1, 2, 15, 16, 17, 40 };
	struct vm_area *area, *again;
	int err;

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned nr = sizes[i];

		vmalloc_purge();
		EXPECT_EQ(vm_areas.spare_pages, 0);
		area = vm_area_create(nr, VM_MAP, &area, &err);
		REQUIRE(area);
		EXPECT(area->caller == &area);
		vm_area_unmap(area);
		EXPECT_EQ(vm_areas.spare_pages, nr <= 16 ? nr + 1 : 0);
		EXPECT_NULL(vmalloc_check());
		if (nr > 16)
			continue;
		again = vm_area_create(nr, VM_ALLOC, &again, &err);
		EXPECT(again == area);
		EXPECT_EQ(vm_areas.spare_pages, 0);
		EXPECT(again->caller == &again && again->kind == VM_ALLOC);
		vm_area_destroy(again);
	}
}

/* A purge gives back many areas at once. */
KTEST(vmap, of_areas_given_back_together_some_become_spares)
{
	enum { FIT = 2 * RETIRED_LIMIT_MAX / 4, NR = FIT + 3 };
	struct vm_area *area;
	LIST_HEAD(areas);
	unsigned before;
	int err;

	vmalloc_purge();
	before = nr_areas();
	for (unsigned i = 0; i < NR; i++) {
		area = vm_area_create(3, VM_MAP, NULL, &err);
		REQUIRE(area);
		list_add(&area->link, &areas);
	}
	vm_area_recycle_all(&areas);
	EXPECT_EQ(vm_areas.spare_pages, 2 * RETIRED_LIMIT_MAX);
	EXPECT_EQ(nr_areas(), before + FIT);
	EXPECT_NULL(vmalloc_check());
	vmalloc_purge();
	EXPECT_EQ(nr_areas(), before);
}

/* ---- what waits for a flush ------------------------------------------- */

KTEST(vmap, the_limit_of_one_by_one_counts_the_guards_too)
{
	for (unsigned nr = TLB_FLUSH_ALL_ABOVE - 1; nr <= TLB_FLUSH_ALL_ABOVE;
	     nr++) {
		bool all = nr + 1 > TLB_FLUSH_ALL_ABOVE;
		struct tlb_stats before;
		void *ptr;

		vmalloc_purge();
		ptr = vmalloc(nr * PAGE_SIZE);
		REQUIRE(ptr);
		before = tlb_stats;
		vfree(ptr);
		vmalloc_purge();
		EXPECT_EQ(tlb_stats.all - before.all, all);
		EXPECT_EQ(tlb_stats.pages - before.pages, all ? 0 : nr);
	}
}

KTEST(vmap, up_to_a_limit_of_pages_waits)
{
	unsigned long share = managed_pages() / 64, most = 0;

	if (CONFIG_DEBUG)
		SKIP("a debug build flushes at once");
	vmalloc_purge();
	for (unsigned i = 0; i < RETIRED_LIMIT_MAX; i++) {
		void *ptr = vmalloc(PAGE_SIZE);

		REQUIRE(ptr);
		vfree(ptr);
		most = MAX(most, vm_areas.retired_pages);
	}
	EXPECT(most <= share && most <= RETIRED_LIMIT_MAX);
	if (share > 2 * RETIRED_LIMIT_MAX)
		EXPECT_EQ(most, RETIRED_LIMIT_MAX);
	vmalloc_purge();
}

/* ---- areas that are being made ---------------------------------------- */

static struct vm_area *busy;

static void free_busy(void *arg)
{
	vunmap(kva_to_ptr(vm_area_start(busy)));
}

static void expect_no_fault(void)
{
	EXPECT_NULL(vmalloc_check());
	EXPECT_NULL(pgtable_check());
}

KTEST(vmap, an_area_that_is_being_made_is_busy)
{
	struct vm_area_info info;
	kva_t va;
	int err;

	take_pages();
	busy = vm_area_create(4, VM_MAP, pages, &err);
	REQUIRE(busy);
	va = vm_area_start(busy);
	EXPECT(!vmalloc_find(va, &info));
	REQUIRE(vmalloc_find_used(va, &info));
	EXPECT(info.busy && info.kind == VM_MAP && info.caller == pages);
	EXPECT_PANIC(free_busy, NULL, "somebody is making or freeing this area");
	/* Some of its pages are mapped, others are retired. */
	kpt_map_pages(va, pages, 2, KPROT_RW);
	expect_no_fault();
	kpt_retire(va, 1);
	expect_no_fault();
	vm_area_unmap(busy);
	expect_no_fault();
	give_pages();
}

static void *made[5];

static noinline void make_one_of_each(void)
{
	made[0] = vmalloc(1);
	made[1] = vzalloc(1);
	if (vmalloc_try(1, &made[2]))
		made[2] = NULL;
	made[3] = vmap(pages, 1, KPROT_RW);
	made[4] = ioremap(PHYS(0xfec00000), 1);
	barrier();   /* no tail call: the return address must be ours */
}

KTEST(vmap, an_area_knows_who_asked_for_it)
{
	uintptr_t function = (uintptr_t)make_one_of_each;
	struct vm_area_info info;

	take_pages();
	make_one_of_each();
	for (unsigned i = 0; i < ARRAY_SIZE(made); i++) {
		REQUIRE(made[i] && vmalloc_find(ptr_to_kva(made[i]), &info));
		EXPECT((uintptr_t)info.caller > function &&
		       (uintptr_t)info.caller < function + 2048);
	}
	for (unsigned i = 0; i < 3; i++)
		vfree(made[i]);
	vunmap(made[3]);
	iounmap(made[4]);
	give_pages();
}

KTEST(vmap, errors_have_words)
{
	EXPECT_STREQ(kva_error_text(-ENOSPC),
		     "no address space is left: vmalloc=SIZE gives more");
	EXPECT_STREQ(kva_error_text(-ENOMEM), "no memory is left");
	EXPECT_STREQ(kva_error_text(-EINVAL), "it is empty");
}

KTEST(vmap, the_whole_region_is_too_much_while_an_area_is_in_it)
{
	struct kmem_cache *cache = kmem_cache_find("vm_area");
	unsigned long used;
	void *ptr;
	int err;

	EXPECT_EQ((vm_area_max_pages() + 1) * PAGE_SIZE,
		  VMALLOC_END - vmalloc_start());
	take_pages();
	ptr = vmap(pages, 1, KPROT_RW);
	REQUIRE(ptr && cache);
	vmalloc_purge();
	used = kmem_cache_used(cache);
	EXPECT(!vm_area_create(vm_area_max_pages(), VM_MAP, NULL, &err));
	EXPECT_EQ(err, -ENOSPC);
	EXPECT_EQ(kmem_cache_used(cache), used);
	vunmap(ptr);
	give_pages();
}

/* ---- the checker ------------------------------------------------------ */

#define LAW_LIST   "vmalloc V6: a spare list holds spare areas of its size"
#define LAW_SPARE  "vmalloc V6: they hold all spare areas"

static struct vm_area *area_at(const void *ptr)
{
	return node_area(range_find(&vm_areas.tree, ptr_to_kva(ptr)));
}

KTEST(vmap, check_names_what_is_wrong_with_a_list)
{
	struct vm_area *area, *live;
	void *ptr;

	take_pages();
	vmalloc_purge();
	ptr = vmap(pages, 2, KPROT_RW);
	REQUIRE(ptr);
	area = area_at(ptr);
	vunmap(ptr);
	REQUIRE(area->state == AREA_SPARE);
	list_move(&area->link, &vm_areas.retired);
	EXPECT_STREQ(vmalloc_check(),
		     "vmalloc V6: the retired list holds retired areas only");
	list_move(&area->link, &vm_areas.spare[0]);
	EXPECT_STREQ(vmalloc_check(), LAW_LIST);
	list_move(&area->link, &vm_areas.spare[SPARE_NR_MAX]);
	EXPECT_STREQ(vmalloc_check(), LAW_LIST);
	list_del(&area->link);
	EXPECT_STREQ(vmalloc_check(), LAW_SPARE);
	area->state = AREA_RETIRED;
	vm_areas.spare_pages -= vm_area_span(2);
	vm_areas.retired_pages += vm_area_span(2);
	EXPECT_STREQ(vmalloc_check(), "vmalloc V6: it holds all retired areas");
	vm_areas.retired_pages -= vm_area_span(2);
	vm_areas.spare_pages += vm_area_span(2);
	area->state = AREA_SPARE;
	list_add(&area->link, &vm_areas.spare[2]);
	EXPECT_NULL(vmalloc_check());

	ptr = vmap(pages, 3, KPROT_RW);
	REQUIRE(ptr);
	live = area_at(ptr);
	list_add(&live->link, &vm_areas.spare[3]);
	EXPECT_STREQ(vmalloc_check(), LAW_LIST);
	list_del(&live->link);
	vunmap(ptr);
	EXPECT_NULL(vmalloc_check());
	give_pages();
}

/* The bounds of the tree go along, so that only the region is left. */
KTEST(vmap, check_finds_an_area_that_leaves_the_region)
{
	struct range_tree *tree = &vm_areas.tree;
	struct range_node *top = &tree->top, *first, *last, *hint;
	uint32_t by, end, gap;
	void *ptr = vmalloc(1);
	unsigned nr;

	REQUIRE(ptr);
	first = top->next;
	last = top->prev;
	by = first->start - vmalloc_start() + PAGE_SIZE;
	first->start -= by;
	tree->lo -= by;
	EXPECT_LAW(vmalloc_check(), "vmalloc V1");
	first->start += by;
	tree->lo += by;

	end = last->end;
	gap = top->gap;
	top->start = top->end = last->end = VMALLOC_END + PAGE_SIZE;
	top->gap = 0;
	EXPECT_LAW(vmalloc_check(), "vmalloc V1");
	top->start = top->end = VMALLOC_END;

	/* A guard page, and no page before it. */
	nr = node_area(last)->nr;
	node_area(last)->nr = 0;
	last->end = last->start + PAGE_SIZE;
	top->gap = VMALLOC_END - last->end;
	EXPECT_LAW(vmalloc_check(), "vmalloc V2");
	node_area(last)->nr = nr;
	last->end = end;
	top->gap = gap;
	EXPECT_NULL(vmalloc_check());

	hint = tree->hint;
	tree->hint = NULL;
	EXPECT_LAW(vmalloc_check(), "rangetree R6");
	tree->hint = hint;
	EXPECT_NULL(vmalloc_check());
	vfree(ptr);
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
