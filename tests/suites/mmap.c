// SPDX-License-Identifier: MIT
/*
 * mmap.c (tests) - mmap() and munmap(): arguments, placement, joining, cutting
 */
#include "tests/suites/vm_test.h"

SUITE(mmap, vm_check);

KTEST(mmap, bad_arguments_are_refused_as_on_linux)
{
	struct mm *mm = test_mm();

	EXPECT_IS(mm_mmap(mm, UADDR(0), 0, PROT_RW, ANON), -EINVAL);
	EXPECT_IS(mm_mmap(mm, UADDR(0), 0xfffff001, PROT_RW, ANON), -ENOMEM);
	EXPECT_IS(mm_mmap(mm, UADDR(0), USER_END, PROT_NONE, ANON), -ENOMEM);
	EXPECT_IS(mm_mmap(mm, UADDR(0), PAGE_SIZE, PROT_RW, MAP_ANONYMOUS),
		  -EINVAL);
	EXPECT_IS(mm_mmap(mm, UADDR(0), PAGE_SIZE, PROT_RW,
			  MAP_ANONYMOUS | MAP_SHARED_VALIDATE),
		  -EINVAL);
	EXPECT_IS(mm_mmap(mm, UADDR(0), PAGE_SIZE, PROT_RW,
			  MAP_ANONYMOUS | MAP_SHARED | MAP_GROWSDOWN),
		  -EINVAL);
	EXPECT_IS(mm_mmap(mm, UADDR(0), PAGE_SIZE, PROT_RW, ANON | MAP_HUGETLB),
		  -ENOMEM);
	EXPECT_IS(mm_mmap(mm, UADDR(AT(0) + 1), PAGE_SIZE, PROT_RW, ANON_FIXED),
		  -EINVAL);
	EXPECT_IS(mm_mmap(mm, UADDR(0), PAGE_SIZE, PROT_RW, ANON_FIXED),
		  -EPERM);
	EXPECT_IS(mm_mmap(mm, UADDR(USER_BASE - PAGE_SIZE), PAGE_SIZE, PROT_RW,
			  ANON_FIXED),
		  -EPERM);
	EXPECT_IS(mm_mmap(mm, UADDR(USER_END), PAGE_SIZE, PROT_RW, ANON_FIXED),
		  -ENOMEM);
	EXPECT_IS(mm_mmap(mm, UADDR(USER_END - PAGE_SIZE), PAGES(2), PROT_RW,
			  ANON_FIXED),
		  -ENOMEM);
	EXPECT_STREQ(maps(mm), "");
	test_end(mm);
}

KTEST(mmap, first_and_last_page_of_user_mode_can_be_mapped)
{
	struct mm *mm = test_mm();

	EXPECT_IS(mm_mmap(mm, UADDR(USER_BASE), 1, PROT_RW, ANON_FIXED),
		  USER_BASE);
	EXPECT_IS(mm_mmap(mm, UADDR(USER_END - PAGE_SIZE), PAGE_SIZE, PROT_RW,
			  ANON_FIXED),
		  USER_END - PAGE_SIZE);
	EXPECT_EQ(poke(mm, USER_END - 1, 7), 7);
	EXPECT_EQ(poke(mm, USER_BASE, 8), 8);
	EXPECT_EQ(peek(mm, USER_END), FAULTS);
	test_end(mm);
}

KTEST(mmap, areas_go_down_from_the_base_and_fill_the_highest_hole)
{
	struct mm *mm = test_mm();
	uint32_t a, b, c;

	a = (uint32_t)mm_mmap(mm, UADDR(0), PAGES(4), PROT_READ, ANON);
	EXPECT_EQ(a, MMAP_BASE - PAGES(4));
	b = (uint32_t)mm_mmap(mm, UADDR(0), PAGES(2), PROT_RW, ANON);
	EXPECT_EQ(b, a - PAGES(2));
	c = (uint32_t)mm_mmap(mm, UADDR(0), PAGES(3), PROT_READ, ANON);
	EXPECT_EQ(c, b - PAGES(3));
	EXPECT_IS(mm_munmap(mm, UADDR(b), PAGES(2)), 0);
	EXPECT_IS(mm_mmap(mm, UADDR(0), PAGES(3), PROT_READ, ANON),
		  c - PAGES(3));
	EXPECT_IS(mm_mmap(mm, UADDR(0), PAGES(1), PROT_RW, ANON), b + PAGES(1));
	test_end(mm);
}

KTEST(mmap, a_free_hint_is_taken_a_used_one_is_not)
{
	struct mm *mm = test_mm();

	EXPECT_IS(mm_mmap(mm, UADDR(AT(0) + 5), PAGES(2), PROT_RW, ANON),
		  AT(0));
	EXPECT_IS(mm_mmap(mm, UADDR(AT(1)), PAGES(2), PROT_READ, ANON),
		  MMAP_BASE - PAGES(2));
	EXPECT_IS(mm_mmap(mm, UADDR(1), PAGES(1), PROT_EXEC, ANON),
		  MMAP_BASE - PAGES(3));
	EXPECT_IS(mm_mmap(mm, UADDR(PAGE_SIZE), PAGES(1), PROT_NONE, ANON),
		  USER_BASE);
	EXPECT_IS(mm_mmap(mm, UADDR(USER_END - PAGES(1)), PAGES(2), PROT_READ,
			  ANON),
		  MMAP_BASE - PAGES(5));
	EXPECT_IS(mm_mmap(mm, UADDR(USER_END - PAGES(1)), PAGES(1), PROT_READ,
			  ANON),
		  USER_END - PAGES(1));
	test_end(mm);
}

KTEST(mmap, all_of_user_mode_may_be_one_area_but_not_more)
{
	struct mm *mm = test_mm();

	EXPECT_IS(mm_mmap(mm, UADDR(USER_BASE), USER_END + PAGES(1), PROT_NONE,
			  ANON_FIXED),
		  -ENOMEM);
	EXPECT_IS(mm_mmap(mm, UADDR(USER_BASE), USER_END - USER_BASE, PROT_NONE,
			  ANON_FIXED),
		  USER_BASE);
	EXPECT_EQ(mm_munmap(mm, UADDR(0), USER_END), 0);
	/* Too long for the space below the base: upwards from a third. */
	EXPECT_IS(mm_mmap(mm, UADDR(USER_BASE), 0x3c000000 - USER_BASE,
			  PROT_NONE, ANON_FIXED),
		  USER_BASE);
	EXPECT_IS(mm_mmap(mm, UADDR(0), 0x7e000000, PROT_NONE, ANON),
		  0x40000000);
	test_end(mm);
}

KTEST(mmap, when_all_below_the_base_is_full_what_is_above_serves)
{
	struct mm *mm = test_mm();

	EXPECT_IS(mm_mmap(mm, UADDR(USER_BASE), MMAP_BASE - USER_BASE,
			  PROT_NONE, ANON_FIXED),
		  USER_BASE);
	/* In front of a stack is only its guard gap: it goes behind. */
	EXPECT_IS(mm_mmap(mm, UADDR(MMAP_BASE + PAGES(9)), PAGES(1), PROT_RW,
			  ANON_FIXED | MAP_GROWSDOWN),
		  MMAP_BASE + PAGES(9));
	EXPECT_IS(mm_mmap(mm, UADDR(0), PAGES(1), PROT_RW, ANON),
		  MMAP_BASE + PAGES(10));
	EXPECT_EQ(mm_munmap(mm, UADDR(MMAP_BASE), PAGES(11)), 0);
	EXPECT_IS(mm_mmap(mm, UADDR(0), PAGES(1), PROT_RW, ANON), MMAP_BASE);
	EXPECT_IS(mm_mmap(mm, UADDR(0), USER_END - MMAP_BASE - PAGES(1),
			  PROT_NONE, ANON),
		  MMAP_BASE + PAGES(1));
	EXPECT_IS(mm_mmap(mm, UADDR(0), PAGES(1), PROT_RW, ANON), -ENOMEM);
	test_end(mm);
}

KTEST(mmap, noreplace_sees_what_is_there)
{
	struct mm *mm = test_mm();

	test_map(mm, 2, 1, PROT_RW);
	EXPECT_IS(mm_mmap(mm, UADDR(AT(0)), PAGES(3), PROT_RW,
			  ANON | MAP_FIXED_NOREPLACE),
		  -EEXIST);
	EXPECT_IS(mm_mmap(mm, UADDR(AT(0)), PAGES(2), PROT_RW,
			  ANON | MAP_FIXED_NOREPLACE),
		  AT(0));
	EXPECT_STREQ(maps(mm), "100-103 rw-p");
	test_end(mm);
}

KTEST(mmap, neighbours_that_are_alike_are_one_area)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 1, PROT_RW);
	test_map(mm, 2, 1, PROT_RW);
	EXPECT_EQ(mm->nr_vmas, 2);
	test_map(mm, 1, 1, PROT_RW);
	EXPECT_STREQ(maps(mm), "100-103 rw-p");
	for (unsigned at = 18; at > 15; at--)
		test_map(mm, at, 1, PROT_RW);
	EXPECT_STREQ(maps(mm), "100-103 rw-p 110-113 rw-p");
	EXPECT_EQ(mm_munmap(mm, UADDR(AT(16)), PAGES(3)), 0);
	test_map(mm, 3, 1, PROT_READ);
	test_map(mm, 4, 1, PROT_READ | PROT_EXEC);
	EXPECT_STREQ(maps(mm), "100-103 rw-p 103-104 r--p 104-105 r-xp");
	test_end(mm);
}

KTEST(mmap, two_shared_areas_have_an_object_each)
{
	struct mm *mm = test_mm();

	test_map_shared(mm, 0, 1, PROT_RW);
	test_map_shared(mm, 1, 1, PROT_RW);
	EXPECT_EQ(mm->nr_vmas, 2);
	test_end(mm);
}

KTEST(mmap, areas_written_apart_stay_apart)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 1, PROT_RW);
	test_map(mm, 2, 1, PROT_RW);
	test_fill(mm, 0, 1, 1);
	test_fill(mm, 2, 1, 1);
	test_map(mm, 1, 1, PROT_RW);
	/* As on Linux: the new area joins the lower one, not the upper. */
	EXPECT_STREQ(maps(mm), "100-102 rw-p 102-103 rw-p");
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(3), PAGES(1), 0, UADDR(0)),
		  AT(0));
	test_end(mm);
}

KTEST(mmap, fixed_replaces_what_is_there_and_its_contents)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 4, PROT_RW);
	test_fill(mm, 0, 4, 1);
	test_map(mm, 1, 2, PROT_READ);
	EXPECT_STREQ(maps(mm), "100-101 rw-p 101-103 r--p 103-104 rw-p");
	EXPECT_EQ(peek(mm, AT(0)), 1);
	EXPECT_EQ(peek(mm, AT(1)), 0);
	EXPECT_EQ(peek(mm, AT(3)), 4);
	test_end(mm);
}

KTEST(mmap, munmap_refuses_what_is_no_range_of_user_mode)
{
	struct mm *mm = test_mm();

	EXPECT_IS(mm_munmap(mm, UADDR(AT(0) + 1), PAGES(1)), -EINVAL);
	EXPECT_IS(mm_munmap(mm, UADDR(AT(0)), 0), -EINVAL);
	EXPECT_IS(mm_munmap(mm, UADDR(USER_END), PAGE_SIZE), -EINVAL);
	EXPECT_IS(mm_munmap(mm, UADDR(AT(0)), USER_END), -EINVAL);
	EXPECT_IS(mm_munmap(mm, UADDR(0), USER_END), 0);
	EXPECT_IS(mm_munmap(mm, UADDR(AT(0)), 1), 0);
	test_end(mm);
}

KTEST(mmap, munmap_cuts_areas_and_drops_their_pages)
{
	struct mm *mm = test_mm();
	unsigned long before;

	test_map(mm, 0, 8, PROT_RW);
	test_fill(mm, 0, 8, 1);
	before = mm->rss;
	EXPECT_IS(mm_munmap(mm, UADDR(AT(3)), PAGES(2) - 5), 0);
	EXPECT_EQ(mm->rss, before - 2);
	EXPECT_STREQ(maps(mm), "100-103 rw-p 105-108 rw-p");
	EXPECT_IS(mm_munmap(mm, UADDR(AT(2)), PAGES(5)), 0);
	EXPECT_STREQ(maps(mm), "100-102 rw-p 107-108 rw-p");
	EXPECT_EQ(peek(mm, AT(1)), 2);
	EXPECT_EQ(peek(mm, AT(2)), FAULTS);
	EXPECT_EQ(peek(mm, AT(7)), 8);
	EXPECT_IS(mm_munmap(mm, UADDR(0), USER_END), 0);
	EXPECT_EQ(mm->rss + mm->total_vm + mm->committed, 0);
	test_end(mm);
}

KTEST(mmap, tables_of_an_empty_hole_are_given_back)
{
	struct mm *mm = test_mm();
	unsigned long before;

	EXPECT_IS(mm_mmap(mm, UADDR(PT_SPAN * 64), PAGES(3), PROT_RW,
			  ANON_FIXED),
		  PT_SPAN * 64);
	EXPECT_IS(mm_mmap(mm, UADDR(PT_SPAN * 65 + PAGES(9)), PAGES(1), PROT_RW,
			  ANON_FIXED),
		  PT_SPAN * 65 + PAGES(9));
	EXPECT_EQ(poke(mm, PT_SPAN * 64, 1), 1);
	before = mm->tables.nr_tables;
	EXPECT_EQ(poke(mm, PT_SPAN * 65 + PAGES(9), 1), 1);
	EXPECT_IS(mm_munmap(mm, UADDR(PT_SPAN * 65 + PAGES(9)), PAGES(1)), 0);
	EXPECT_EQ(mm->tables.nr_tables, before);
	/* The first table of all has addresses that no area can have. */
	test_map(mm, 0, 1, PROT_RW);
	EXPECT_EQ(poke(mm, AT(0), 1), 1);
	EXPECT_IS(mm_munmap(mm, UADDR(AT(0)), PAGES(1)), 0);
	EXPECT_EQ(mm->tables.nr_tables, before);
	test_end(mm);
}

#define PT_PAGES  (PT_SPAN / PAGE_SIZE)
#define NEVER     1000000

/* Page n, counted from the line between two page tables. */
static uaddr_t near_line(int n)
{
	return UADDR(65 * PT_SPAN + (uint32_t)n * PAGE_SIZE);
}

/* Nobody pays for pages that are only read: a small machine has them, too. */
static void map_near_line(struct mm *mm, int first, int end)
{
	EXPECT_IS(mm_mmap(mm, near_line(first), PAGES(end - first), PROT_READ,
			  ANON_FIXED),
		  near_line(first).v);
}

/*
 * Empty the pages [first, end), the only ones with entries. There may be an
 * untouched page that ends or begins next to them. Returns: tables that stay.
 */
static unsigned long tables_left(int low_end, int first, int end, int high)
{
	struct mm *mm = test_mm();
	unsigned long before;

	/* The directory stays. */
	test_map(mm, 0, 1, PROT_RW);
	test_fill(mm, 0, 1, 1);
	before = mm->tables.nr_tables;
	map_near_line(mm, first, end);
	if (low_end != NEVER)
		map_near_line(mm, low_end - 1, low_end);
	if (high != NEVER)
		map_near_line(mm, high, high + 1);
	EXPECT_EQ(peek(mm, near_line(first).v), 0);
	EXPECT_EQ(peek(mm, near_line(end - 1).v), 0);
	EXPECT_IS(mm_munmap(mm, near_line(first), PAGES(end - first)), 0);
	before = mm->tables.nr_tables - before;
	test_end(mm);
	return before;
}

KTEST(mmap, a_table_stays_as_long_as_an_area_needs_it)
{
	const int n = PT_PAGES;
	/* low_end, first, end, high: how many tables stay */
	const struct {
		int           low_end, first, end, high;
		unsigned long left;
	} cases[] = {
		{ NEVER, 5, 9, NEVER, 0 }, { 5, 5, 9, NEVER, 1 },
		{ 1, 5, 9, NEVER, 1 },     { 0, 5, 9, NEVER, 0 },
		{ NEVER, 5, 9, n, 0 },     { NEVER, 5, 9, n - 1, 1 },
		{ NEVER, 5, 9, 9, 1 },     { 0, 5, 9, n, 0 },
		{ NEVER, 0, 9, n, 0 },     { NEVER, 0, 9, n - 1, 1 },
		{ 0, 0, 9, n, 0 },         { 0, 0, 9, NEVER, 0 },
		{ 0, 5, n, NEVER, 0 },     { 1, 5, n, NEVER, 1 },
		{ 0, 5, n, n, 0 },         { NEVER, 5, n, n, 0 },
		{ 0, 0, n, n, 0 },
		/* two tables */
		{ NEVER, -7, 9, NEVER, 0 }, { -n, -7, 9, n, 0 },
		{ 1 - n, -7, 9, n, 1 },     { -n, -7, 9, n - 1, 1 },
		{ 1 - n, -7, 9, n - 1, 2 }, { -n, -n, n, n, 0 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		EXPECT_EQ(tables_left(cases[i].low_end, cases[i].first,
				      cases[i].end, cases[i].high),
			  cases[i].left);
}

KTEST(mmap, populate_brings_all_pages_at_once)
{
	struct mm *mm = test_mm();

	EXPECT_IS(mm_mmap(mm, UADDR(AT(0)), PAGES(3), PROT_RW,
			  ANON_FIXED | MAP_POPULATE),
		  AT(0));
	EXPECT_EQ(mm->rss, 3);
	EXPECT_IS(mm_mmap(mm, UADDR(AT(8)), PAGES(3), PROT_NONE,
			  ANON_FIXED | MAP_POPULATE),
		  AT(8));
	EXPECT_IS(mm_mmap(mm, UADDR(AT(16)), PAGES(2), PROT_RW,
			  ANON_FIXED | MAP_LOCKED),
		  AT(16));
	EXPECT_EQ(mm->rss, 5);
	EXPECT_EQ(mm->locked_vm, 2);
	EXPECT_IS(mm_mmap(mm, UADDR(AT(24)), PAGES(2), PROT_RW,
			  ANON_FIXED | MAP_POPULATE | MAP_NONBLOCK),
		  AT(24));
	EXPECT_EQ(mm->rss, 5);
	EXPECT_IS(mm_mmap(mm, UADDR(AT(32)), PAGES(2), PROT_RW,
			  ANON_FIXED | MAP_LOCKED | MAP_NONBLOCK),
		  AT(32));
	EXPECT_EQ(mm->rss, 7);
	test_end(mm);
}

KTEST(mmap, more_than_can_be_committed_is_refused)
{
	struct mm *mm = test_mm();
	unsigned long limit = vm_commit_limit;

	vm_commit_limit = vm_committed() + 10;
	EXPECT_IS(mm_mmap(mm, UADDR(0), PAGES(11), PROT_RW, ANON), -ENOMEM);
	EXPECT_IS(mm_mmap(mm, UADDR(0), PAGES(11), PROT_RW,
			  MAP_SHARED | MAP_ANONYMOUS),
		  -ENOMEM);
	EXPECT_IS(mm_mmap(mm, UADDR(AT(0)), PAGES(11), PROT_READ, ANON), AT(0));
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(11), PROT_RW), -ENOMEM);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(6), PROT_RW), 0);
	EXPECT_IS(mm_mmap(mm, UADDR(AT(32)), PAGES(11), PROT_RW,
			  ANON_FIXED | MAP_NORESERVE),
		  AT(32));
	EXPECT_IS(mm_mmap(mm, UADDR(AT(64)), PAGES(4), PROT_RW, SHARED_FIXED),
		  AT(64));
	EXPECT_IS(mm_mmap(mm, UADDR(AT(80)), PAGES(1), PROT_RW, ANON_FIXED),
		  -ENOMEM);
	test_end(mm);
	EXPECT_EQ(vm_committed(), vm_commit_limit - 10);
	vm_commit_limit = limit;
}

KTEST(mmap, the_number_of_areas_is_limited)
{
	struct mm *mm = test_mm();

	vm_max_map_count = 4;
	for (unsigned i = 0; i < 5; i++)
		test_map(mm, 4 * i, 3, PROT_RW);
	EXPECT_IS(mm_mmap(mm, UADDR(0), PAGES(1), PROT_RW, ANON), -ENOMEM);
	EXPECT_IS(mm_munmap(mm, UADDR(AT(1)), PAGES(1)), -ENOMEM);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(1)), PAGES(1), PROT_READ), -ENOMEM);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(1)), PAGES(1), MADV_RANDOM), -EAGAIN);
	EXPECT_IS(mm_munmap(mm, UADDR(AT(2)), PAGES(1)), 0);
	EXPECT_EQ(mm->nr_vmas, 5);
	vm_max_map_count = MAX_MAP_COUNT;
	test_end(mm);
}

KTEST(mmap, the_kernel_maps_only_free_whole_pages)
{
	struct mm *mm = test_mm();

	EXPECT_IS(mm_map_fixed(mm, UADDR(AT(0)), PAGES(2), VM_READ | VM_EXEC,
			       "prog"),
		  AT(0));
	EXPECT_IS(mm_map_fixed(mm, UADDR(AT(1)), PAGES(2), VM_READ, NULL),
		  -EEXIST);
	EXPECT_IS(mm_map_fixed(mm, UADDR(AT(0) - PAGES(1)), PAGES(1), VM_READ,
			       NULL),
		  AT(0) - PAGES(1));
	EXPECT_IS(mm_map_fixed(mm, UADDR(USER_BASE), PAGES(1), VM_READ, NULL),
		  USER_BASE);
	EXPECT_IS(mm_map_fixed(mm, UADDR(AT(4)), 0, VM_READ, NULL), -EINVAL);
	EXPECT_IS(mm_map_fixed(mm, UADDR(AT(4)), 5, VM_READ, NULL), -EINVAL);
	EXPECT_IS(mm_map_fixed(mm, UADDR(AT(4) + 1), PAGES(1), VM_READ, NULL),
		  -EINVAL);
	EXPECT_IS(mm_map_fixed(mm, UADDR(0), PAGES(1), VM_READ, NULL), -EINVAL);
	EXPECT_IS(mm_map_fixed(mm, UADDR(USER_END), PAGES(1), VM_READ, NULL),
		  -EINVAL);
	/* The loader writes there, the program can only read. */
	EXPECT_IS(mm_write(mm, UADDR(AT(0) + 4094), "abcd", 4, true), 0);
	EXPECT_EQ(peek(mm, AT(1) + 1), 'd');
	EXPECT_EQ(poke(mm, AT(1), 1), FAULTS);
	test_end(mm);
}

static bool map_and_write(void *arg)
{
	struct mm *mm;
	long addr;
	bool done;

	if (mm_create(&mm))
		return false;
	addr = mm_mmap(mm, UADDR(AT(0)), PAGES(3), PROT_RW, ANON_FIXED);
	done = !IS_ERR_VALUE(addr) && poke(mm, AT(1), 1) == 1 &&
	       peek(mm, AT(2)) == 0 && !mm_munmap(mm, UADDR(AT(1)), PAGES(1)) &&
	       !IS_ERR_VALUE(mm_mmap(mm, UADDR(AT(8)), PAGES(3), PROT_RW,
				     SHARED_FIXED)) &&
	       poke(mm, AT(9), 1) == 1;
	EXPECT_NULL(mm_check(mm));
	mm_put(mm);
	return done;
}

KTEST(mmap, each_failing_allocation_leaves_nothing_behind)
{
	unsigned long committed = vm_committed();

	EXPECT(ktest_each_failure(map_and_write, NULL) > 6);
	EXPECT_EQ(vm_committed(), committed);
}

#define ROUNDS  10000

KTEST(mmap, ten_thousand_address_spaces_leave_no_page_behind)
{
	struct mm *mm;

	for (unsigned i = 0; i < ROUNDS; i++) {
		mm = test_mm();
		test_map(mm, i % 64, 2, PROT_RW);
		if (i % 16 == 0)
			test_fill(mm, i % 64, 1, 3);
		mm_put(mm);
	}
}

static void take_areas_apart(struct mm *mm, uint32_t nr)
{
	uint32_t pages = 0;

	for (uint32_t i = 0; i < nr; i++)
		pages += mm_munmap(mm, UADDR(AT(2 * i)), PAGES(1)) == 0;
	EXPECT_EQ(pages, nr);
	EXPECT_EQ(mm->nr_vmas, 0);
}

KTEST(mmap, a_hundred_thousand_areas)
{
	uint32_t nr = nr_free_pages() < 16384 ? 10000 : 100000;
	struct mm *mm = test_mm();
	uint32_t mapped = 0;

	vm_max_map_count = nr + 1;
	for (uint32_t i = 0; i < nr; i++)
		mapped += mm_mmap(mm, UADDR(AT(2 * i)), PAGES(1), PROT_READ,
				  ANON_FIXED) == (long)AT(2 * i);
	EXPECT_EQ(mapped, nr);
	EXPECT_EQ(mm->nr_vmas, nr);
	EXPECT_IS(mm_mmap(mm, UADDR(0), PAGES(1), PROT_READ, ANON),
		  MMAP_BASE - PAGES(1));
	EXPECT_IS(mm_munmap(mm, UADDR(MMAP_BASE - PAGES(1)), PAGES(1)), 0);
	EXPECT_NULL(mm_check(mm));
	take_areas_apart(mm, nr);
	vm_max_map_count = MAX_MAP_COUNT;
	test_end(mm);
}

/* ---- the checker is checked --------------------------------------------- */

/* Each number is wrong for a moment: this breaks V5, or C1. */
KTEST(mmap, check_finds_each_wrong_sum)
{
	struct mm *mm = test_mm();
	uint32_t *const sums[] = {
		&mm->nr_vmas, &mm->total_vm, &mm->locked_vm, &mm->committed,
		&mm->rss,
	};
	unsigned long committed;

	REQUIRE(!IS_ERR_VALUE(
		mm_mmap(mm, UADDR(AT(0)), PAGES(3), PROT_RW, ANON_FIXED)));
	touch(mm, AT(1), VM_WRITE);
	for (unsigned i = 0; i < ARRAY_SIZE(sums); i++) {
		++*sums[i];
		EXPECT_LAW(vm_check(), "vm V5");
		--*sums[i];
	}
	EXPECT_NULL(vm_check());
	committed = vm_nr_committed;
	vm_nr_committed = mm->committed - 1;
	EXPECT_LAW(vm_check(), "commit C1");
	vm_nr_committed = committed;
	test_end(mm);
}

/* The area at AT(at); nobody else uses the address space. */
static struct vma *area_of(struct mm *mm, unsigned at)
{
	struct vma *vma;

	mutex_lock(&mm->lock);
	vma = vma_find(mm, UADDR(AT(at)));
	mutex_unlock(&mm->lock);
	if (!vma)
		ktest_abort();
	return vma;
}

static void expect_law_with(struct mm *mm, struct vma *vma, unsigned set,
			    unsigned clear, const char *label)
{
	unsigned flags = vma->flags;

	vma->flags = (flags | set) & ~clear;
	EXPECT_LAW(mm_check(mm), label);
	vma->flags = flags;
	EXPECT_NULL(mm_check(mm));
}

/* 0: private, written; 1: private, untouched; 4: shared, the first read. */
KTEST(mmap, check_finds_each_wrong_area)
{
	struct mm *mm = test_mm();
	struct vma *written, *empty, *shared;

	test_map(mm, 0, 1, PROT_RW);
	test_map(mm, 1, 1, PROT_READ);
	test_map_shared(mm, 4, 2, PROT_RW);
	test_fill(mm, 0, 1, 1);
	EXPECT_EQ(peek(mm, AT(4)), 0);
	written = area_of(mm, 0);
	empty = area_of(mm, 1);
	shared = area_of(mm, 4);

	written->range.end++;
	empty->range.start++;
	EXPECT_LAW(mm_check(mm), "vm V1");
	written->range.end--;
	empty->range.start--;
	written->range.end += PAGE_SIZE;
	EXPECT_LAW(mm_check(mm), "rangetree R1");
	written->range.end -= PAGE_SIZE;
	mm->tables.nr_tables++;
	EXPECT_LAW(mm_check(mm), "upgtable U4");
	mm->tables.nr_tables--;
	/* It could be one area with its neighbour. */
	expect_law_with(mm, empty, written->flags, 0, "vm V2");
	expect_law_with(mm, written, VM_SHARED, 0, "vm V2");
	expect_law_with(mm, shared, 0, VM_SHARED, "vm V2");
	expect_law_with(mm, written, 0, VM_TOUCHED, "vm V3");
	expect_law_with(mm, written, 0, VM_WRITE, "vm V4");
	expect_law_with(mm, shared, VM_WIPEONFORK, 0, "vm V7");
	expect_law_with(mm, empty, VM_FORKED, 0, "vm V7");
	shared->family = 1;
	EXPECT_LAW(mm_check(mm), "vm V7");
	shared->family = 0;
	shared->offset++;
	EXPECT_LAW(mm_check(mm), "vm V6");
	shared->offset--;
	test_end(mm);
}

KTEST(mmap, check_finds_each_wrong_page)
{
	struct page *page, *kept = test_kernel_pages(0);
	struct mm *mm = test_mm(), *later = test_mm();

	/* All is right in the address space that is looked at later. */
	test_map(later, 0, 1, PROT_RW);
	test_fill(later, 0, 1, 1);
	test_map(mm, 0, 1, PROT_RW);
	test_fill(mm, 0, 1, 1);
	page = pfn_to_page(upt_lookup(&mm->tables, UADDR(AT(0))).pfn);
	page->refs++;
	EXPECT_LAW(mm_check(mm), "vm V4");
	page->refs -= 2;
	EXPECT_LAW(mm_check(mm), "vm V6");
	page->refs++;
	page->state = PAGE_TAIL;
	EXPECT_LAW(mm_check(mm), "vm V6");
	page->state = PAGE_USED;
	/* A page that is only read may have several references. */
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(1), PROT_READ), 0);
	page->refs++;
	EXPECT_NULL(mm_check(mm));
	EXPECT_LAW(vm_check(), "vm V6");
	page->refs--;
	EXPECT_NULL(vm_check());
	/* The kernel has one reference to its page, and no more. */
	EXPECT_IS(mm_map_pages(mm, UADDR(AT(8)), kept, 1, VM_READ, NULL),
		  AT(8));
	EXPECT_NULL(vm_check());
	kept->refs++;
	EXPECT_LAW(vm_check(), "vm V6");
	kept->refs--;
	test_end(later);
	test_end(mm);
	test_free_kernel_pages(kept, 0);
}

/* One of three is in use, or about to end: nothing is looked at. */
KTEST(mmap, check_does_not_look_at_what_others_change)
{
	struct mm *mm[3] = { test_mm(), test_mm(), test_mm() };

	mm[0]->rss++;
	EXPECT_LAW(vm_check(), "vm V5");
	for (unsigned i = 0; i < 3; i++) {
		mutex_lock(&mm[i]->lock);
		EXPECT_NULL(vm_check());
		mutex_unlock(&mm[i]->lock);
		mm[i]->refs = 0;
		EXPECT_NULL(vm_check());
		mm[i]->refs = 1;
		EXPECT_LAW(vm_check(), "vm V5");
	}
	mm[0]->rss--;
	for (unsigned i = 0; i < 3; i++) {
		EXPECT(!mm[i]->lock.locked);
		test_end(mm[i]);
	}
}
