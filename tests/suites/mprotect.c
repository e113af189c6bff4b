// SPDX-License-Identifier: MIT
/*
 * mprotect.c (tests) - rights of areas and of the pages in them
 */
#include "tests/suites/vm_test.h"

SUITE(mprotect, vm_check);

KTEST(mprotect, bad_arguments_are_refused_as_on_linux)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 2, PROT_RW);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0) + 1), PAGES(1), PROT_READ),
		  -EINVAL);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(1),
			      PROT_GROWSDOWN | PROT_GROWSUP),
		  -EINVAL);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(9)), 0, PROT_READ), 0);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(9)), 0, 0x10), 0);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(1), 0x10), -EINVAL);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), 0xfffff001, PROT_READ),
		  -ENOMEM);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), 0xfffff000, 0x10), -ENOMEM);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(9)), PAGES(1), PROT_READ), -ENOMEM);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(1),
			      PROT_READ | PROT_GROWSUP),
		  -EINVAL);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(1),
			      PROT_READ | PROT_GROWSDOWN),
		  -EINVAL);
	EXPECT_STREQ(maps(mm), "100-102 rw-p");
	/* PROT_SEM has no meaning, but is allowed. */
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(1), PROT_READ | 0x8), 0);
	EXPECT_STREQ(maps(mm), "100-101 r--p 101-102 rw-p");
	test_end(mm);
}

KTEST(mprotect, the_part_before_a_hole_is_changed)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 2, PROT_RW);
	test_map(mm, 3, 1, PROT_RW);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(1)), PAGES(3), PROT_READ), -ENOMEM);
	EXPECT_STREQ(maps(mm), "100-101 rw-p 101-102 r--p 103-104 rw-p");
	test_end(mm);
}

KTEST(mprotect, what_is_alike_again_is_one_area_again)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 5, PROT_RW);
	test_fill(mm, 0, 5, 1);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(1)), PAGES(3), PROT_READ), 0);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(2)), PAGES(1), PROT_NONE), 0);
	EXPECT_EQ(mm->nr_vmas, 5);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(5), PROT_RW), 0);
	EXPECT_STREQ(maps(mm), "100-105 rw-p");
	for (unsigned i = 0; i < 5; i++)
		EXPECT_EQ(peek(mm, AT(i)), i + 1);
	test_end(mm);
}

KTEST(mprotect, pages_written_apart_after_a_cut_are_one_family)
{
	for (unsigned down = 0; down < 2; down++) {
		struct mm *mm = test_mm();

		test_map(mm, 0, 3, PROT_RW);
		EXPECT_IS(mm_mprotect(mm, UADDR(AT(1)), PAGES(1),
				      PROT_RW | PROT_EXEC), 0);
		for (unsigned i = 0; i < 3; i++)
			test_fill(mm, down ? 2 - i : i, 1, 1);
		EXPECT_IS(mm_mprotect(mm, UADDR(AT(1)), PAGES(1), PROT_RW), 0);
		EXPECT_STREQ(maps(mm), "100-103 rw-p");
		test_end(mm);
	}
}

/* Other flags than the rights keep the families of neighbours apart. */
KTEST(mprotect, pages_written_while_areas_differ_are_two_families)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 3, PROT_RW);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(1)), PAGES(1), MADV_DONTFORK), 0);
	test_fill(mm, 0, 2, 1);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(1)), PAGES(1), MADV_DOFORK), 0);
	EXPECT_STREQ(maps(mm), "100-101 rw-p 101-103 rw-p");
	test_end(mm);
}

KTEST(mprotect, pages_written_on_both_sides_of_a_hole_are_two_families)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 1, PROT_RW);
	test_map(mm, 2, 1, PROT_RW);
	test_fill(mm, 0, 1, 1);
	test_fill(mm, 2, 1, 1);
	test_map(mm, 1, 1, PROT_RW);
	EXPECT_STREQ(maps(mm), "100-102 rw-p 102-103 rw-p");
	test_end(mm);
}

/* Page 1 is written, and is elsewhere while page 0 is written. */
KTEST(mprotect, pages_written_while_one_was_away_are_two_families)
{
	const unsigned flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	struct mm *mm = test_mm();

	test_map(mm, 0, 2, PROT_RW);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(1)), PAGES(1), PROT_READ), 0);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(1), PROT_READ), 0);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(1)), PAGES(1), PROT_RW), 0);
	test_fill(mm, 1, 1, 1);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(1)), PAGES(1), PAGES(1), flags,
			    UADDR(AT(16))),
		  AT(16));
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(1), PROT_RW), 0);
	test_fill(mm, 0, 1, 2);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(16)), PAGES(1), PAGES(1), flags,
			    UADDR(AT(1))),
		  AT(1));
	EXPECT_STREQ(maps(mm), "100-101 rw-p 101-102 rw-p");
	test_end(mm);
}

/* One page of the child is its parent's, too; the other one is its own. */
KTEST(mprotect, pages_of_a_parent_and_own_ones_are_two_families)
{
	for (unsigned own = 0; own < 2; own++) {
		struct mm *mm = test_mm(), *child;

		test_map(mm, own, 1, PROT_READ);
		test_map(mm, 1 - own, 1, PROT_RW);
		test_fill(mm, 1 - own, 1, 1);
		child = test_fork(mm);
		EXPECT_IS(mm_mprotect(child, UADDR(AT(own)), PAGES(1), PROT_RW),
			  0);
		test_fill(child, own, 1, 2);
		EXPECT_IS(mm_mprotect(child, UADDR(AT(own)), PAGES(1),
				      PROT_READ), 0);
		EXPECT_IS(mm_mprotect(child, UADDR(AT(own)), PAGES(1), PROT_RW),
			  0);
		EXPECT_STREQ(maps(child), "100-101 rw-p 101-102 rw-p");
		test_end(child);
		test_end(mm);
	}
}

KTEST(mprotect, every_right_is_enforced)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 1, PROT_RW);
	test_fill(mm, 0, 1, 9);
	EXPECT_EQ(touch(mm, AT(0), VM_EXEC), VM_FAULT_ACCERR);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(1), PROT_READ), 0);
	EXPECT_EQ(touch(mm, AT(0), VM_WRITE), VM_FAULT_ACCERR);
	EXPECT_EQ(touch(mm, AT(0), VM_READ), VM_FAULT_DONE);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(1), PROT_NONE), 0);
	EXPECT_EQ(touch(mm, AT(0), VM_READ), VM_FAULT_ACCERR);
	EXPECT_EQ(peek(mm, AT(0)), FAULTS);
	EXPECT(upt_lookup(&mm->tables, UADDR(AT(0))).present);
	/* On i386, a page that is writable or executable is readable. */
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(1), PROT_EXEC), 0);
	EXPECT_EQ(touch(mm, AT(0), VM_EXEC), VM_FAULT_DONE);
	EXPECT_EQ(peek(mm, AT(0)), 9);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(1), PROT_WRITE), 0);
	EXPECT_EQ(peek(mm, AT(0)), 9);
	EXPECT_EQ(poke(mm, AT(0), 10), 10);
	test_end(mm);
}

KTEST(mprotect, a_shared_page_does_not_become_writable_behind_the_back)
{
	struct mm *mm = test_mm(), *child;

	test_map(mm, 0, 1, PROT_RW);
	test_fill(mm, 0, 1, 1);
	child = test_fork(mm);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(1), PROT_NONE), 0);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(1), PROT_RW), 0);
	EXPECT(!(upt_lookup(&mm->tables, UADDR(AT(0))).rights & UPT_WRITE));
	EXPECT_EQ(poke(mm, AT(0), 2), 2);
	EXPECT_EQ(peek(child, AT(0)), 1);
	mm_put(child);
	test_end(mm);
}

KTEST(mprotect, the_zero_page_does_not_become_writable)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 1, PROT_READ);
	EXPECT_EQ(peek(mm, AT(0)), 0);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(1), PROT_RW), 0);
	EXPECT(!(upt_lookup(&mm->tables, UADDR(AT(0))).rights & UPT_WRITE));
	EXPECT_EQ(poke(mm, AT(0), 5), 5);
	test_end(mm);
}

KTEST(mprotect, only_writable_pages_are_paid_for)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 4, PROT_READ);
	EXPECT_EQ(mm->committed, 0);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(1)), PAGES(2), PROT_RW), 0);
	EXPECT_EQ(mm->committed, 2);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(1)), PAGES(2), PROT_READ), 0);
	EXPECT_EQ(mm->committed, 0);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(4), PROT_RW), 0);
	test_fill(mm, 0, 1, 1);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(4), PROT_READ), 0);
	EXPECT_EQ(mm->committed, 4);
	test_end(mm);
}

static bool protect_middle(void *arg)
{
	struct mm *mm = arg;
	bool done = !mm_mprotect(mm, UADDR(AT(1)), PAGES(1), PROT_READ);

	EXPECT_NULL(mm_check(mm));
	if (done)
		EXPECT_IS(mm_mprotect(mm, UADDR(AT(1)), PAGES(1), PROT_RW), 0);
	else
		EXPECT_STREQ(maps(mm), "100-103 rw-p");
	return done;
}

KTEST(mprotect, without_memory_nothing_changes)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 3, PROT_RW);
	EXPECT(ktest_each_failure(protect_middle, mm) >= 2);
	test_end(mm);
}

/* A stack at page 4, other memory at page 10. */
KTEST(mprotect, growsdown_needs_a_stack_that_begins_within_the_range)
{
	static const struct {
		unsigned first, nr;
		int      err;
	} cases[] = {
		{ 2, 1, -ENOMEM }, { 2, 2, -ENOMEM }, { 2, 3, 0 },
		{ 3, 1, -ENOMEM }, { 3, 2, 0 },       { 4, 1, 0 },
		{ 8, 1, -ENOMEM }, { 8, 2, -ENOMEM }, { 8, 3, -EINVAL },
		{ 9, 1, -ENOMEM }, { 9, 2, -EINVAL },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mm *mm = test_mm();

		EXPECT_IS(mm_mmap(mm, UADDR(AT(4)), PAGES(2), PROT_RW,
				  ANON_FIXED | MAP_GROWSDOWN),
			  AT(4));
		test_map(mm, 10, 2, PROT_RW);
		EXPECT_IS(mm_mprotect(mm, UADDR(AT(cases[i].first)),
				      PAGES(cases[i].nr),
				      PROT_READ | PROT_GROWSDOWN),
			  cases[i].err);
		EXPECT_STREQ(maps(mm),
			     cases[i].err ? "104-106 rw-p 10a-10c rw-p" :
			     "104-105 r--p 105-106 rw-p 10a-10c rw-p");
		test_end(mm);
	}
}

KTEST(mprotect, growsdown_reaches_down_to_the_start_of_a_stack)
{
	struct mm *mm = test_mm();

	EXPECT_IS(mm_mmap(mm, UADDR(AT(4)), PAGES(4), PROT_RW,
			  ANON_FIXED | MAP_GROWSDOWN),
		  AT(4));
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(6)), PAGES(1),
			      PROT_READ | PROT_GROWSDOWN),
		  0);
	EXPECT_STREQ(maps(mm), "104-107 r--p 107-108 rw-p");
	test_end(mm);
}

/* An area of the child that has pages of the parent, and one beside it. */
KTEST(mprotect, pages_written_beside_a_forked_area_are_another_family)
{
	struct mm *mm = test_mm(), *child;

	test_map(mm, 1, 1, PROT_RW);
	test_fill(mm, 1, 1, 1);
	child = test_fork(mm);
	for (unsigned at = 0; at <= 2; at += 2) {
		test_map(child, at, 1, PROT_RW | PROT_EXEC);
		test_fill(child, at, 1, 1);
		EXPECT_IS(mm_mprotect(child, UADDR(AT(at)), PAGES(1), PROT_RW),
			  0);
	}
	EXPECT_STREQ(maps(child), "100-101 rw-p 101-102 rw-p 102-103 rw-p");
	test_end(child);
	test_end(mm);
}

/* The promise of the page in the middle: given back, or made, and undone. */
KTEST(mprotect, an_area_that_cannot_be_cut_keeps_its_promises)
{
	uint32_t most = vm_max_map_count;

	for (unsigned writable = 0; writable < 2; writable++) {
		struct mm *mm = test_mm();
		unsigned long committed;

		test_map(mm, 0, 3, writable ? PROT_RW : PROT_READ);
		committed = vm_committed();
		vm_max_map_count = mm->nr_vmas + 1;
		EXPECT_IS(mm_mprotect(mm, UADDR(AT(1)), PAGES(1),
				      writable ? PROT_READ : PROT_RW),
			  -ENOMEM);
		vm_max_map_count = most;
		EXPECT_EQ(vm_committed(), committed);
		EXPECT_EQ(mm->nr_vmas, 1);
		test_end(mm);
	}
}

KTEST(mprotect, an_area_that_never_counts_does_not_begin_to)
{
	struct mm *mm = test_mm();

	EXPECT_IS(mm_mmap(mm, UADDR(AT(0)), PAGES(2), PROT_READ,
			  ANON_FIXED | MAP_NORESERVE),
		  AT(0));
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(2), PROT_RW), 0);
	EXPECT_EQ(mm->committed, 0);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(0)), PAGES(2), PROT_READ), 0);
	test_end(mm);
}

KTEST(mprotect, private_pages_that_are_locked_are_made_when_they_may_be_written)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 2, PROT_READ);
	test_map(mm, 4, 2, PROT_READ);
	test_map(mm, 8, 2, PROT_READ);
	EXPECT_EQ(mm_mlock(mm, UADDR(AT(0)), PAGES(2)), 0);
	EXPECT_EQ(mm_mlock(mm, UADDR(AT(8)), PAGES(2)), 0);
	EXPECT_EQ(mm->rss, 0);
	EXPECT_EQ(mm_mprotect(mm, UADDR(AT(0)), PAGES(1), PROT_RW), 0);
	EXPECT_EQ(mm->rss, 1);
	EXPECT_EQ(mm_mprotect(mm, UADDR(AT(4)), PAGES(2), PROT_RW), 0);
	EXPECT_EQ(mm_mprotect(mm, UADDR(AT(8)), PAGES(2), PROT_EXEC), 0);
	EXPECT_EQ(mm->rss, 1);
	test_end(mm);
}

/* Only the first area must be a stack. A locked page elsewhere is no matter. */
KTEST(mprotect, growsdown_is_about_the_first_area_only)
{
	for (unsigned locked = 0; locked < 2; locked++) {
		struct mm *mm = test_mm();

		EXPECT_IS(mm_mmap(mm, UADDR(AT(4)), PAGES(2), PROT_RW,
				  ANON_FIXED | MAP_GROWSDOWN),
			  AT(4));
		test_map(mm, 6, 2, PROT_RW);
		test_map(mm, 16, 1, PROT_READ);
		if (locked)
			EXPECT_EQ(mm_mlock(mm, UADDR(AT(16)), PAGES(1)), 0);
		EXPECT_IS(mm_mprotect(mm, UADDR(AT(5)), PAGES(3),
				      PROT_READ | PROT_GROWSDOWN), 0);
		EXPECT_STREQ(maps(mm),
			     "104-106 r--p 106-108 r--p 110-111 r--p");
		test_end(mm);
	}
}
