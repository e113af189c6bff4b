// SPDX-License-Identifier: MIT
/*
 * madvise.c (tests) - madvise(), mlock(), mincore()
 */
#include "lib/failpoint.h"
#include "tests/suites/vm_test.h"

SUITE(madvise, vm_check);

KTEST(madvise, bad_arguments_are_refused_as_on_linux)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 2, PROT_RW);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0)), PAGES(1), 5), -EINVAL);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0)), PAGES(1), 12345), -EINVAL);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0) + 1), PAGES(1), MADV_NORMAL),
		  -EINVAL);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0)), 0xffffffff, MADV_NORMAL),
		  -EINVAL);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0)), 0xfffff000, MADV_NORMAL),
		  -EINVAL);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(9)), 0, MADV_DONTNEED), 0);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(9)), PAGES(1), MADV_NORMAL), -ENOMEM);
	test_end(mm);
}

KTEST(madvise, dontneed_empties_private_pages_and_keeps_shared_ones)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 2, PROT_RW);
	test_map_shared(mm, 2, 1, PROT_RW);
	test_fill(mm, 0, 3, 1);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(1)), PAGES(2), MADV_DONTNEED), 0);
	EXPECT_EQ(mm->rss, 1);
	EXPECT_EQ(peek(mm, AT(0)), 1);
	EXPECT_EQ(peek(mm, AT(1)), 0);
	EXPECT_EQ(peek(mm, AT(2)), 3);
	test_end(mm);
}

KTEST(madvise, holes_are_told_but_the_rest_is_done)
{
	struct mm *mm = test_mm();

	test_map(mm, 1, 1, PROT_RW);
	test_map(mm, 3, 1, PROT_RW);
	test_fill(mm, 1, 1, 1);
	test_fill(mm, 3, 1, 3);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0)), PAGES(6), MADV_DONTNEED),
		  -ENOMEM);
	EXPECT_EQ(peek(mm, AT(1)), 0);
	EXPECT_EQ(peek(mm, AT(3)), 0);
	test_end(mm);
}

KTEST(madvise, locked_pages_are_needed)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 3, PROT_RW);
	test_fill(mm, 0, 3, 1);
	EXPECT_IS(mm_mlock(mm, UADDR(AT(1)), PAGES(1)), 0);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0)), PAGES(3), MADV_DONTNEED),
		  -EINVAL);
	EXPECT_EQ(peek(mm, AT(0)), 0);
	EXPECT_EQ(peek(mm, AT(1)), 2);
	EXPECT_EQ(peek(mm, AT(2)), 3);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0)), PAGES(3), MADV_DONTNEED_LOCKED),
		  0);
	EXPECT_EQ(peek(mm, AT(1)), 0);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(1)), PAGES(1), MADV_PAGEOUT),
		  -EINVAL);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(2)), PAGES(1), MADV_COLD), 0);
	test_end(mm);
}

KTEST(madvise, advice_about_reading_only_marks)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 3, PROT_RW);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(1)), PAGES(1), MADV_RANDOM), 0);
	EXPECT_EQ(mm->nr_vmas, 3);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(1)), PAGES(1), MADV_SEQUENTIAL), 0);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0)), PAGES(3), MADV_WILLNEED), 0);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0)), PAGES(3), MADV_NORMAL), 0);
	EXPECT_EQ(mm->nr_vmas, 1);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0)), PAGES(3), MADV_FREE), 0);
	test_map_shared(mm, 4, 1, PROT_RW);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(4)), PAGES(1), MADV_FREE), -EINVAL);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(4)), PAGES(1), MADV_WIPEONFORK),
		  -EINVAL);
	test_end(mm);
}

KTEST(madvise, populate_fills_as_far_as_it_is_allowed)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 2, PROT_RW);
	test_map(mm, 2, 1, PROT_READ);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0)), PAGES(2), MADV_POPULATE_WRITE),
		  0);
	EXPECT_EQ(mm->rss, 2);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0)), PAGES(3), MADV_POPULATE_READ),
		  0);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(0)), PAGES(3), MADV_POPULATE_WRITE),
		  -EINVAL);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(1)), PAGES(5), MADV_POPULATE_READ),
		  -ENOMEM);
	test_end(mm);
}

/* ---- mlock -------------------------------------------------------------- */

KTEST(madvise, mlock_brings_pages_and_counts_them)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 4, PROT_RW);
	EXPECT_IS(mm_mlock(mm, UADDR(AT(1) + 5), PAGES(1)), 0);
	EXPECT_EQ(mm->locked_vm, 2);
	EXPECT_EQ(mm->rss, 2);
	EXPECT_IS(mm_munlock(mm, UADDR(AT(0)), PAGES(2)), 0);
	EXPECT_EQ(mm->locked_vm, 1);
	EXPECT_IS(mm_munlock(mm, UADDR(AT(2)), 1), 0);
	EXPECT_EQ(mm->nr_vmas, 1);
	EXPECT_IS(mm_mlock(mm, UADDR(AT(0)), 0), 0);
	test_end(mm);
}

KTEST(madvise, mlock_of_a_hole_locks_what_lies_before)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 1, PROT_RW);
	test_map(mm, 2, 1, PROT_RW);
	EXPECT_IS(mm_mlock(mm, UADDR(AT(0)), PAGES(3)), -ENOMEM);
	EXPECT_EQ(mm->locked_vm, 1);
	EXPECT_EQ(mm->rss, 0);
	EXPECT_IS(mm_munlock(mm, UADDR(AT(0)), PAGES(3)), -ENOMEM);
	EXPECT_IS(mm_mlock(mm, UADDR(AT(5)), PAGES(1)), -ENOMEM);
	EXPECT_IS(mm_mlock(mm, UADDR(AT(0)), 0xfffff000), -EINVAL);
	test_end(mm);
}

KTEST(madvise, mlock_of_what_cannot_be_touched_marks_it_and_says_so)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 2, PROT_NONE);
	EXPECT_IS(mm_mlock(mm, UADDR(AT(0)), PAGES(2)), -ENOMEM);
	EXPECT_EQ(mm->locked_vm, 2);
	test_end(mm);
}

static bool lock_page(void *arg)
{
	struct mm *mm = arg;
	long result = mm_mlock(mm, UADDR(AT(1)), PAGES(1));

	EXPECT_NULL(mm_check(mm));
	if (result) {
		EXPECT(result == -ENOMEM || result == -EAGAIN);
		EXPECT(!failpoint_countdown);
	}
	EXPECT(mm_munlock(mm, UADDR(AT(1)), PAGES(1)) == 0);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(1)), PAGES(1), MADV_DONTNEED), 0);
	return !result;
}

KTEST(madvise, mlock_without_memory_fails_cleanly)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 3, PROT_RW);
	EXPECT(ktest_each_failure(lock_page, mm) >= 3);
	test_end(mm);
}

/* ---- mincore ------------------------------------------------------------ */

KTEST(madvise, mincore_tells_what_is_there)
{
	struct mm *mm = test_mm(), *child;
	uint8_t vec[8];

	test_map(mm, 0, 4, PROT_RW);
	EXPECT_EQ(poke(mm, AT(1), 1), 1);
	EXPECT_EQ(peek(mm, AT(3)), 0);
	EXPECT_EQ(mm_mincore(mm, UADDR(AT(0)), PAGES(4), vec, 8), 4);
	EXPECT(!vec[0] && vec[1] && !vec[2] && vec[3]);
	EXPECT_EQ(mm_mincore(mm, UADDR(AT(1)), PAGES(9), vec, 2), 2);
	EXPECT(vec[0] && !vec[1]);
	/* A shared page that the child touched is there for the parent. */
	test_map_shared(mm, 4, 2, PROT_RW);
	child = test_fork(mm);
	EXPECT_EQ(poke(child, AT(5), 1), 1);
	EXPECT_EQ(mm_mincore(mm, UADDR(AT(4)), PAGES(2), vec, 8), 2);
	EXPECT(!vec[0] && vec[1]);
	mm_put(child);
	test_end(mm);
}

KTEST(madvise, mincore_ends_at_the_end_of_an_area)
{
	struct mm *mm = test_mm();
	uint8_t vec[8];

	test_map(mm, 0, 2, PROT_RW);
	test_map(mm, 2, 1, PROT_READ);
	EXPECT_EQ(mm_mincore(mm, UADDR(AT(0)), PAGES(5), vec, 8), 2);
	EXPECT_EQ(mm_mincore(mm, UADDR(AT(2)), PAGES(3), vec, 8), 1);
	EXPECT_IS(mm_mincore(mm, UADDR(AT(3)), PAGES(2), vec, 8), -ENOMEM);
	EXPECT_IS(mm_mincore(mm, UADDR(AT(0) + 1), PAGES(1), vec, 8), -EINVAL);
	EXPECT_EQ(mm_mincore(mm, UADDR(AT(3)), 0, vec, 8), 0);
	test_end(mm);
}
