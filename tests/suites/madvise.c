// SPDX-License-Identifier: MIT
/*
 * madvise.c (tests) - madvise(), mlock(), mincore()
 */
#include "lib/failpoint.h"
#include "lib/string.h"
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

static unsigned flags_of(struct mm *mm)
{
	struct vma_info info = { .flags = 0 };

	EXPECT(mm_find_vma(mm, UADDR(AT(0)), &info));
	return info.flags;
}

#define READS  (VM_RAND_READ | VM_SEQ_READ)
#define LOCKED  1u
#define SHARED  2u

static const struct {
	int      advice;
	unsigned clear, set;
	bool     empties;
	unsigned refused;        /* by areas that are LOCKED, or SHARED */
} advices[] = {
	{ MADV_NORMAL,          READS,         0,             false, 0 },
	{ MADV_RANDOM,          READS,         VM_RAND_READ,  false, 0 },
	{ MADV_SEQUENTIAL,      READS,         VM_SEQ_READ,   false, 0 },
	{ MADV_WILLNEED,        0,             0,             false, 0 },
	{ MADV_DONTNEED,        0,             0,             true,  LOCKED },
	{ MADV_FREE,            0,             0,             false,
	  LOCKED | SHARED },
	{ MADV_DONTFORK,        0,             VM_DONTCOPY,   false, 0 },
	{ MADV_DOFORK,          VM_DONTCOPY,   0,             false, 0 },
	{ MADV_DONTDUMP,        0,             VM_DONTDUMP,   false, 0 },
	{ MADV_DODUMP,          VM_DONTDUMP,   0,             false, 0 },
	{ MADV_WIPEONFORK,      0,             VM_WIPEONFORK, false, SHARED },
	{ MADV_KEEPONFORK,      VM_WIPEONFORK, 0,             false, 0 },
	{ MADV_COLD,            0,             0,             false, LOCKED },
	{ MADV_PAGEOUT,         0,             0,             false, LOCKED },
	{ MADV_DONTNEED_LOCKED, 0,             0,             true,  0 },
};

/* An area with these rights, and with marks of other advice or without. */
static void advise_private(unsigned i, unsigned prot, bool marked)
{
	struct mm *mm = test_mm();
	unsigned before;

	test_map(mm, 0, 1, prot);
	if (prot & PROT_WRITE)
		test_fill(mm, 0, 1, 7);
	for (unsigned k = 0; marked && k < ARRAY_SIZE(advices); k++)
		if (advices[k].set)
			EXPECT_EQ(mm_madvise(mm, UADDR(AT(0)), PAGES(1),
					     advices[k].advice), 0);
	before = flags_of(mm);
	EXPECT_EQ(mm_madvise(mm, UADDR(AT(0)), PAGES(1), advices[i].advice), 0);
	EXPECT_EQ(flags_of(mm),
		  (before & ~advices[i].clear) | advices[i].set);
	if (prot & PROT_WRITE)
		EXPECT_EQ(peek(mm, AT(0)), advices[i].empties ? 0 : 7);
	test_end(mm);
}

KTEST(madvise, each_advice_changes_its_flags_and_nothing_else)
{
	for (unsigned i = 0; i < ARRAY_SIZE(advices); i++)
		for (unsigned marked = 0; marked < 2; marked++) {
			advise_private(i, PROT_RW, marked);
			advise_private(i, PROT_READ, marked);
			advise_private(i, PROT_WRITE, marked);
			advise_private(i, PROT_NONE, marked);
		}
}

KTEST(madvise, each_advice_is_refused_by_the_areas_that_linux_says)
{
	for (unsigned i = 0; i < ARRAY_SIZE(advices); i++)
		for (unsigned kind = 0; kind <= (LOCKED | SHARED); kind++) {
			unsigned flags = (kind & SHARED ? SHARED_FIXED :
					  ANON_FIXED) |
					 (kind & LOCKED ? MAP_LOCKED : 0);
			bool refused = advices[i].refused & kind;
			struct mm *mm = test_mm();

			EXPECT_IS(mm_mmap(mm, UADDR(AT(0)), PAGES(1), PROT_READ,
					  flags),
				  AT(0));
			EXPECT_EQ(mm_madvise(mm, UADDR(AT(0)), PAGES(1),
					     advices[i].advice),
				  refused ? -EINVAL : 0);
			EXPECT_EQ(!!(flags_of(mm) & VM_LOCKED),
				  !!(kind & LOCKED));
			test_end(mm);
		}
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

/* POSIX: -ENOMEM is for addresses. */
KTEST(madvise, mlock_without_pages_says_again)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 1, PROT_RW);
	failpoint_arm(1);
	EXPECT_EQ(mm_mlock(mm, UADDR(AT(0)), PAGES(1)), -EAGAIN);
	EXPECT(failpoint_disarm());
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

#define UNTOUCHED  9

/* The child has touched all pages of the shared area, the parent none. */
KTEST(madvise, mincore_writes_one_byte_for_each_page_and_no_more)
{
	struct mm *mm = test_mm(), *child;
	uint8_t vec[4];

	test_map_shared(mm, 0, 3, PROT_RW);
	test_map(mm, 8, 3, PROT_RW);
	child = test_fork(mm);
	test_fill(child, 0, 3, 1);
	test_fill(mm, 8, 1, 1);
	memset(vec, UNTOUCHED, sizeof(vec));
	EXPECT_EQ(mm_mincore(mm, UADDR(AT(0)), PAGES(1) + 1, vec, 4), 2);
	EXPECT(vec[0] == 1 && vec[1] == 1 && vec[2] == UNTOUCHED);
	memset(vec, UNTOUCHED, sizeof(vec));
	EXPECT_EQ(mm_mincore(mm, UADDR(AT(8)), PAGES(2), vec, 4), 2);
	EXPECT(vec[0] == 1 && vec[1] == 0 && vec[2] == UNTOUCHED);
	test_end(child);
	test_end(mm);
}

KTEST(madvise, mincore_finds_nothing_behind_the_end_of_an_object)
{
	for (unsigned nr = 1; nr < 8; nr++) {
		struct mm *mm = test_mm();
		uint8_t vec[8];

		test_map_shared(mm, 0, nr, PROT_RW);
		test_fill(mm, 0, nr, 1);
		EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(nr), PAGES(nr + 1),
				    0, UADDR(0)),
			  AT(0));
		EXPECT_EQ(mm_mincore(mm, UADDR(AT(0)), PAGES(nr + 1), vec, 8),
			  nr + 1);
		for (unsigned i = 0; i <= nr; i++)
			EXPECT_EQ(vec[i], i < nr);
		test_end(mm);
	}
}
