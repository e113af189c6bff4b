// SPDX-License-Identifier: MIT
/*
 * brk.c (tests) - the heap
 */
#include "tests/suites/vm_test.h"

SUITE(brk, vm_check);

static struct mm *mm_with_heap(void)
{
	struct mm *mm = test_mm();

	mm_set_brk_start(mm, UADDR(AT(0) - 5));
	return mm;
}

KTEST(brk, starts_on_the_page_behind_the_image)
{
	struct mm *mm = mm_with_heap();

	EXPECT_IS(mm_brk(mm, UADDR(0)), AT(0));
	EXPECT_IS(mm_brk(mm, UADDR(AT(0))), AT(0));
	EXPECT_STREQ(maps(mm), "");
	test_end(mm);
}

KTEST(brk, grows_and_shrinks_by_pages_but_counts_bytes)
{
	struct mm *mm = mm_with_heap();

	EXPECT_IS(mm_brk(mm, UADDR(AT(0) + 1)), AT(0) + 1);
	EXPECT_STREQ(maps(mm), "100-101 rw-p");
	EXPECT_IS(mm_brk(mm, UADDR(AT(1))), AT(1));
	EXPECT_IS(mm_brk(mm, UADDR(AT(3) + 7)), AT(3) + 7);
	EXPECT_STREQ(maps(mm), "100-104 rw-p");
	test_fill(mm, 0, 4, 1);
	EXPECT_IS(mm_brk(mm, UADDR(AT(1))), AT(1));
	EXPECT_STREQ(maps(mm), "100-101 rw-p");
	EXPECT_IS(mm_brk(mm, UADDR(AT(2))), AT(2));
	EXPECT_EQ(peek(mm, AT(0)), 1);
	EXPECT_EQ(peek(mm, AT(1)), 0);
	EXPECT_EQ(mm->committed, 2);
	test_end(mm);
}

KTEST(brk, failure_is_the_old_end)
{
	struct mm *mm = mm_with_heap();
	unsigned long limit = vm_commit_limit;

	EXPECT_IS(mm_brk(mm, UADDR(AT(2))), AT(2));
	EXPECT_IS(mm_brk(mm, UADDR(AT(0) - 1)), AT(2));
	EXPECT_IS(mm_brk(mm, UADDR(0xffffffff)), AT(2));
	EXPECT_IS(mm_brk(mm, UADDR(USER_END + 1)), AT(2));
	vm_commit_limit = vm_committed() + 3;
	EXPECT_IS(mm_brk(mm, UADDR(AT(6))), AT(2));
	vm_commit_limit = limit;
	EXPECT_STREQ(maps(mm), "100-102 rw-p");
	test_end(mm);
}

KTEST(brk, keeps_a_page_away_from_the_next_area)
{
	struct mm *mm = mm_with_heap();

	test_map(mm, 8, 1, PROT_READ);
	EXPECT_IS(mm_brk(mm, UADDR(AT(8))), AT(0));
	EXPECT_IS(mm_brk(mm, UADDR(AT(7) + 1)), AT(0));
	EXPECT_IS(mm_brk(mm, UADDR(AT(7))), AT(7));
	test_end(mm);
}

KTEST(brk, keeps_the_guard_gap_below_a_stack)
{
	struct mm *mm = mm_with_heap();
	uint32_t stack = AT(0) + STACK_GUARD_GAP + PAGES(8);

	EXPECT_IS(mm_mmap(mm, UADDR(stack), PAGES(1), PROT_RW,
			  ANON_FIXED | MAP_GROWSDOWN),
		  stack);
	EXPECT_IS(mm_brk(mm, UADDR(AT(8))), AT(0));
	EXPECT_IS(mm_brk(mm, UADDR(AT(7))), AT(7));
	test_end(mm);
}

KTEST(brk, what_is_no_longer_there_cannot_shrink)
{
	struct mm *mm = mm_with_heap();

	EXPECT_IS(mm_brk(mm, UADDR(AT(4))), AT(4));
	EXPECT_IS(mm_munmap(mm, UADDR(AT(2)), PAGES(2)), 0);
	EXPECT_IS(mm_brk(mm, UADDR(AT(3))), AT(4));
	/* What begins where the heap ends is not of the heap. */
	test_map(mm, 4, 1, PROT_RW);
	EXPECT_IS(mm_brk(mm, UADDR(AT(3))), AT(4));
	EXPECT_IS(mm_brk(mm, UADDR(AT(1))), AT(1));
	EXPECT_IS(mm_brk(mm, UADDR(AT(0))), AT(0));
	EXPECT_STREQ(maps(mm), "104-105 rw-p");
	test_end(mm);
}

KTEST(brk, without_a_start_there_is_no_heap)
{
	struct mm *mm = test_mm();

	EXPECT_IS(mm_brk(mm, UADDR(PAGES(1))), 0);
	EXPECT_IS(mm_brk(mm, UADDR(USER_BASE + PAGES(1))), 0);
	EXPECT_STREQ(maps(mm), "");
	test_end(mm);
}

KTEST(brk, may_reach_the_end_of_user_mode)
{
	struct mm *mm = test_mm();

	mm_set_brk_start(mm, UADDR(USER_END - PAGES(3)));
	EXPECT_IS(mm_brk(mm, UADDR(USER_END - PAGES(1))), USER_END - PAGES(1));
	EXPECT_IS(mm_brk(mm, UADDR(USER_END + 1)), USER_END - PAGES(1));
	EXPECT_IS(mm_brk(mm, UADDR(USER_END)), USER_END);
	EXPECT_STREQ(maps(mm), "bfffd-c0000 rw-p");
	test_end(mm);
}

KTEST(brk, the_heap_and_an_area_before_it_are_one)
{
	struct mm *mm = mm_with_heap();

	EXPECT_IS(mm_mmap(mm, UADDR(AT(0) - PAGES(1)), PAGES(1), PROT_RW,
			  ANON_FIXED),
		  AT(0) - PAGES(1));
	EXPECT_IS(mm_brk(mm, UADDR(AT(2))), AT(2));
	EXPECT_STREQ(maps(mm), "ff-102 rw-p");
	test_end(mm);
}

KTEST(brk, fork_gives_the_child_its_own_heap)
{
	struct mm *mm = mm_with_heap(), *child;

	EXPECT_IS(mm_brk(mm, UADDR(AT(1))), AT(1));
	child = test_fork(mm);
	EXPECT_IS(mm_brk(child, UADDR(AT(3))), AT(3));
	EXPECT_IS(mm_brk(child, UADDR(AT(0) - 1)), AT(3));
	EXPECT_IS(mm_brk(mm, UADDR(0)), AT(1));
	test_end(child);
	test_end(mm);
}
