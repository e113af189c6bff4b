// SPDX-License-Identifier: MIT
/*
 * fork_mm.c (tests) - address spaces that are copied
 */
#include "lib/failpoint.h"
#include "tests/suites/vm_test.h"

SUITE(fork_mm, vm_check);

KTEST(fork_mm, private_pages_part_shared_ones_do_not)
{
	struct mm *mm = test_mm(), *child;

	test_map(mm, 0, 2, PROT_RW);
	test_map_shared(mm, 2, 2, PROT_RW);
	test_fill(mm, 0, 4, 1);
	child = test_fork(mm);
	EXPECT_STREQ(maps(child), "100-102 rw-p 102-104 rw-s");
	test_fill(child, 0, 4, 11);
	for (unsigned i = 0; i < 4; i++) {
		EXPECT_EQ(peek(mm, AT(i)), i < 2 ? i + 1 : i + 11);
		EXPECT_EQ(peek(child, AT(i)), i + 11);
	}
	EXPECT_NULL(vm_check());
	test_end(child);
	test_end(mm);
}

KTEST(fork_mm, what_a_child_shares_first_the_parent_sees)
{
	struct mm *mm = test_mm(), *child;

	test_map_shared(mm, 0, 1, PROT_RW);
	child = test_fork(mm);
	EXPECT_EQ(poke(child, AT(0), 5), 5);
	mm_put(child);
	EXPECT_EQ(peek(mm, AT(0)), 5);
	test_end(mm);
}

KTEST(fork_mm, the_parent_may_end_first)
{
	struct mm *mm = test_mm(), *child;

	test_map(mm, 0, 3, PROT_RW);
	test_fill(mm, 0, 3, 1);
	child = test_fork(mm);
	test_end(mm);
	EXPECT_EQ(peek(child, AT(2)), 3);
	EXPECT_EQ(poke(child, AT(0), 9), 9);
	test_end(child);
}

/* The written pages may come from either of two joined areas. */
KTEST(fork_mm, pages_of_joined_areas_are_copied)
{
	struct mm *mm = test_mm(), *child;

	test_map(mm, 0, 1, PROT_RW);
	test_map(mm, 2, 1, PROT_RW);
	test_fill(mm, 2, 1, 7);
	test_map(mm, 1, 1, PROT_RW);
	test_map(mm, 3, 1, PROT_READ);
	test_map(mm, 8, 1, PROT_RW);
	test_map(mm, 9, 1, PROT_RW | PROT_EXEC);
	test_fill(mm, 9, 1, 8);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(9)), PAGES(1), PROT_RW), 0);
	EXPECT_STREQ(maps(mm), "100-103 rw-p 103-104 r--p 108-10a rw-p");
	child = test_fork(mm);
	EXPECT_EQ(peek(child, AT(2)), 7);
	EXPECT_EQ(peek(child, AT(9)), 8);
	test_end(child);
	test_end(mm);
}

KTEST(fork_mm, a_child_is_not_locked)
{
	struct mm *mm = test_mm(), *child;

	test_map(mm, 0, 3, PROT_RW);
	EXPECT_IS(mm_mlock(mm, UADDR(AT(0)), PAGES(2)), 0);
	child = test_fork(mm);
	EXPECT_EQ(child->locked_vm, 0);
	EXPECT_EQ(mm->locked_vm, 2);
	test_end(child);
	test_end(mm);
}

KTEST(fork_mm, advice_leaves_areas_out_or_empties_them)
{
	struct mm *mm = test_mm(), *child;

	test_map(mm, 0, 4, PROT_RW);
	test_fill(mm, 0, 4, 1);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(1)), PAGES(1), MADV_DONTFORK), 0);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(2)), PAGES(1), MADV_WIPEONFORK), 0);
	child = test_fork(mm);
	EXPECT_EQ(peek(child, AT(0)), 1);
	EXPECT_EQ(peek(child, AT(1)), FAULTS);
	EXPECT_EQ(peek(child, AT(2)), 0);
	EXPECT_EQ(peek(child, AT(3)), 4);
	EXPECT_EQ(peek(mm, AT(2)), 3);
	test_end(child);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0)), PAGES(4), MADV_DOFORK), 0);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0)), PAGES(4), MADV_KEEPONFORK), 0);
	EXPECT_EQ(mm->nr_vmas, 1);
	test_end(mm);
}

KTEST(fork_mm, both_sides_are_charged)
{
	struct mm *mm = test_mm(), *child = NULL;
	unsigned long limit = vm_commit_limit;

	test_map(mm, 0, 8, PROT_RW);
	vm_commit_limit = vm_committed() + 7;
	EXPECT_EQ(mm_fork(mm, &child), -ENOMEM);
	EXPECT(!child);
	vm_commit_limit++;
	child = test_fork(mm);
	EXPECT_EQ(vm_committed(), vm_commit_limit);
	mm_put(child);
	vm_commit_limit = limit;
	test_end(mm);
}

KTEST(fork_mm, generations_share_a_page_and_let_it_go)
{
	struct mm *mm[6];
	struct page *page;

	mm[0] = test_mm();
	test_map(mm[0], 0, 1, PROT_RW);
	test_fill(mm[0], 0, 1, 1);
	page = pfn_to_page(upt_lookup(&mm[0]->tables, UADDR(AT(0))).pfn);
	for (unsigned i = 1; i < 6; i++)
		mm[i] = test_fork(mm[i - 1]);
	EXPECT_EQ(page->refs, 6);
	EXPECT_NULL(vm_check());
	for (unsigned i = 0; i < 5; i++)
		test_end(mm[i]);
	EXPECT_EQ(page->refs, 1);
	EXPECT_EQ(poke(mm[5], AT(0) + 1, 2), 2);
	EXPECT_EQ(peek(mm[5], AT(0)), 1);
	test_end(mm[5]);
}

static bool fork_and_write(void *arg)
{
	struct mm *mm = arg, *child;
	bool done;

	if (mm_fork(mm, &child)) {
		EXPECT_NULL(mm_check(mm));
		EXPECT_EQ(peek(mm, AT(3)), 4);
		return false;
	}
	done = poke(child, AT(0), 9) == 9;
	EXPECT_NULL(vm_check());
	mm_put(child);
	return done;
}

KTEST(fork_mm, each_failing_allocation_leaves_nothing_behind)
{
	unsigned long committed = vm_committed();
	struct mm *mm = test_mm();

	test_map(mm, 0, 4, PROT_RW);
	test_fill(mm, 0, 4, 1);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(1)), PAGES(1), PROT_READ), 0);
	test_map_shared(mm, 8, 2, PROT_RW);
	test_fill(mm, 8, 2, 1);
	EXPECT(ktest_each_failure(fork_and_write, mm) >= 6);
	EXPECT_EQ(poke(mm, AT(0), 7), 7);
	test_end(mm);
	EXPECT_EQ(vm_committed(), committed);
}

KTEST(fork_mm, a_thousand_children_leave_no_page_behind)
{
	struct mm *mm = test_mm(), *child;

	test_map(mm, 0, 4, PROT_RW);
	test_fill(mm, 0, 4, 1);
	for (unsigned i = 0; i < 1000; i++) {
		child = test_fork(mm);
		EXPECT_EQ(poke(child, AT(i % 4), (uint8_t)i), (uint8_t)i);
		mm_put(child);
	}
	EXPECT_EQ(peek(mm, AT(3)), 4);
	test_end(mm);
}

KTEST(fork_mm, an_address_space_lives_until_its_last_user_ends)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 1, PROT_RW);
	mm_get(mm);
	mm_get(mm);
	mm_put(mm);
	mm_put(mm);
	EXPECT_EQ(poke(mm, AT(0), 7), 7);
	EXPECT_EQ(mm->refs, 1);
	test_end(mm);
}

/* Arrays of 1024 pages: the pages beside each line, and the last one. */
KTEST(fork_mm, a_large_shared_area_has_room_for_each_page)
{
	static const unsigned some[] = {
		0, 1023, 1024, 2047, 2048, 19 * 1024 + 7, 20 * 1024 - 1,
		20 * 1024,
	};
	struct mm *mm = test_mm(), *child;

	EXPECT_IS(mm_mmap(mm, UADDR(AT(0)), PAGES(20 * 1024 + 1), PROT_RW,
			  SHARED_FIXED | MAP_NORESERVE),
		  AT(0));
	child = test_fork(mm);
	for (unsigned i = 0; i < ARRAY_SIZE(some); i++)
		test_fill(child, some[i], 1, (uint8_t)(i + 1));
	for (unsigned i = 0; i < ARRAY_SIZE(some); i++)
		EXPECT_EQ(peek(mm, AT(some[i])), i + 1);
	EXPECT_EQ(peek(mm, AT(1)), 0);
	EXPECT_NULL(vm_check());
	test_end(child);
	test_end(mm);
}

/* One that is lost is not seen; many are: they fill pages. */
KTEST(fork_mm, an_address_space_without_a_directory_leaves_nothing)
{
	struct mm *mm = NULL;

	for (unsigned i = 0; i < 500; i++) {
		failpoint_arm(2);
		EXPECT_EQ(mm_create(&mm), -ENOMEM);
		EXPECT(failpoint_disarm());
	}
	EXPECT(!mm);
}
