// SPDX-License-Identifier: MIT
/*
 * mremap.c (tests) - areas that grow, shrink and move with their pages
 */
#include "tests/suites/vm_test.h"

SUITE(mremap, vm_check);

#define MOVE   MREMAP_MAYMOVE
#define FIXED  (MREMAP_MAYMOVE | MREMAP_FIXED)
#define KEEP   (MREMAP_MAYMOVE | MREMAP_DONTUNMAP)

KTEST(mremap, bad_arguments_are_refused_as_on_linux)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 4, PROT_RW);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(1), PAGES(1), 8, UADDR(0)),
		  -EINVAL);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(1), PAGES(1), MREMAP_FIXED,
			    UADDR(AT(8))),
		  -EINVAL);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(1), PAGES(2), KEEP,
			    UADDR(0)),
		  -EINVAL);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(1), PAGES(1),
			    MREMAP_DONTUNMAP, UADDR(0)),
		  -EINVAL);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0) + 1), PAGES(1), PAGES(1), 0,
			    UADDR(0)),
		  -EINVAL);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(1), 0, 0, UADDR(0)),
		  -EINVAL);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(1), PAGES(1), FIXED,
			    UADDR(AT(8) + 1)),
		  -EINVAL);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(2), PAGES(2), FIXED,
			    UADDR(AT(1))),
		  -EINVAL);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(2), PAGES(2), FIXED,
			    UADDR(USER_END - PAGES(1))),
		  -EINVAL);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(2), PAGES(2), FIXED,
			    UADDR(0)),
		  -EPERM);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), 0, PAGES(2), MOVE, UADDR(0)),
		  -EINVAL);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(8)), PAGES(1), PAGES(1), 0, UADDR(0)),
		  -EFAULT);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(2)), PAGES(3), PAGES(4), MOVE,
			    UADDR(0)),
		  -EFAULT);
	/* Longer than user mode, and as long as it. */
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(4), USER_END + PAGES(1),
			    MOVE, UADDR(0)),
		  -EINVAL);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(4), USER_END, MOVE,
			    UADDR(0)),
		  -ENOMEM);
	EXPECT_STREQ(maps(mm), "100-104 rw-p");
	test_end(mm);
}

KTEST(mremap, grows_in_place_where_there_is_room)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 2, PROT_RW);
	test_fill(mm, 0, 2, 1);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(2), PAGES(3) + 1, 0,
			    UADDR(0)),
		  AT(0));
	EXPECT_STREQ(maps(mm), "100-104 rw-p");
	EXPECT_EQ(mm->rss, 2);
	EXPECT_EQ(peek(mm, AT(1)), 2);
	EXPECT_EQ(peek(mm, AT(3)), 0);
	EXPECT_EQ(mm->committed, 4);
	test_map(mm, 5, 1, PROT_READ);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(4), PAGES(6), 0, UADDR(0)),
		  -ENOMEM);
	/* An area grows only at its end. */
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(1), PAGES(2), 0, UADDR(0)),
		  -ENOMEM);
	test_end(mm);
}

KTEST(mremap, grows_until_it_meets_an_area_or_the_end_of_user_mode)
{
	const uint32_t last = USER_END - PAGES(4);
	struct mm *mm = test_mm();

	test_map(mm, 0, 2, PROT_RW);
	test_map(mm, 4, 2, PROT_RW);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(2), PAGES(5), 0, UADDR(0)),
		  -ENOMEM);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(2), PAGES(4), 0, UADDR(0)),
		  AT(0));
	/* The two are alike: they are one now. */
	EXPECT_STREQ(maps(mm), "100-106 rw-p");
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(2), PAGES(2), FIXED,
			    UADDR(last + PAGES(2))),
		  last + PAGES(2));
	EXPECT_IS(mm_mremap(mm, UADDR(last + PAGES(2)), PAGES(2), PAGES(2),
			    FIXED, UADDR(last)),
		  last);
	EXPECT_IS(mm_mremap(mm, UADDR(last), PAGES(2), PAGES(5), 0, UADDR(0)),
		  -ENOMEM);
	EXPECT_IS(mm_mremap(mm, UADDR(last), PAGES(2), PAGES(4), 0, UADDR(0)),
		  last);
	EXPECT_STREQ(maps(mm), "102-106 rw-p bfffc-c0000 rw-p");
	test_end(mm);
}

KTEST(mremap, shrinks_and_returns_the_same_address)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 4, PROT_RW);
	test_map(mm, 6, 1, PROT_READ);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(4), PAGES(4), 0, UADDR(0)),
		  AT(0));
	/* The range may reach over holes and other areas. */
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(7), PAGES(2), 0, UADDR(0)),
		  AT(0));
	EXPECT_STREQ(maps(mm), "100-102 rw-p");
	test_end(mm);
}

/* Refused with MREMAP_FIXED, too, even if the destination lies below. */
KTEST(mremap, what_would_shrink_out_of_user_memory_is_refused)
{
	static const uint32_t lengths[] = {
		USER_END, USER_END - AT(4) + PAGES(1), 0xc63f59df, 0xfffff000,
	};
	struct mm *mm = test_mm();

	test_map(mm, 4, 4, PROT_RW);
	for (unsigned i = 0; i < ARRAY_SIZE(lengths); i++) {
		EXPECT_IS(mm_mremap(mm, UADDR(AT(4)), lengths[i], PAGES(1), 0,
				    UADDR(0)),
			  -EINVAL);
		EXPECT_IS(mm_mremap(mm, UADDR(AT(4)), lengths[i], PAGES(1),
				    FIXED, UADDR(AT(0))),
			  -EINVAL);
		EXPECT_STREQ(maps(mm), "104-108 rw-p");
	}
	/* What stays would leave user mode already. */
	EXPECT_IS(mm_mremap(mm, UADDR(AT(4)), 0xfffff000, USER_END, 0,
			    UADDR(0)),
		  -EINVAL);
	EXPECT_IS(mm_mmap(mm, UADDR(USER_END - PAGES(2)), PAGES(2), PROT_RW,
			  ANON_FIXED),
		  USER_END - PAGES(2));
	EXPECT_IS(mm_mremap(mm, UADDR(USER_END - PAGES(2)), 0xfffff000,
			    USER_END, 0, UADDR(0)),
		  -EINVAL);
	EXPECT_STREQ(maps(mm), "104-108 rw-p bfffe-c0000 rw-p");
	test_end(mm);
}

KTEST(mremap, moves_pages_when_it_may)
{
	struct mm *mm = test_mm();
	long to;

	test_map(mm, 0, 2, PROT_RW);
	test_fill(mm, 0, 2, 1);
	test_map(mm, 2, 1, PROT_READ);
	to = mm_mremap(mm, UADDR(AT(0)), PAGES(2), PAGES(5), MOVE, UADDR(0));
	EXPECT_IS(to, MMAP_BASE - PAGES(5));
	EXPECT_EQ(peek(mm, (uint32_t)to), 1);
	EXPECT_EQ(peek(mm, (uint32_t)to + PAGES(1)), 2);
	EXPECT_EQ(peek(mm, (uint32_t)to + PAGES(4)), 0);
	EXPECT_EQ(peek(mm, AT(0)), FAULTS);
	EXPECT_EQ(mm->committed, 5);
	test_end(mm);
}

KTEST(mremap, fixed_replaces_the_destination)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 4, PROT_RW);
	test_fill(mm, 0, 4, 1);
	test_map(mm, 8, 4, PROT_READ);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(1)), PAGES(2), PAGES(2), FIXED,
			    UADDR(AT(9))),
		  AT(9));
	EXPECT_STREQ(maps(mm), "100-101 rw-p 103-104 rw-p 108-109 r--p "
		     "109-10b rw-p 10b-10c r--p");
	EXPECT_EQ(peek(mm, AT(9)), 2);
	EXPECT_EQ(peek(mm, AT(10)), 3);
	test_end(mm);
}

KTEST(mremap, fixed_may_make_it_longer_or_shorter)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 4, PROT_RW);
	test_fill(mm, 0, 4, 1);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(4), PAGES(2), FIXED,
			    UADDR(AT(8))),
		  AT(8));
	EXPECT_STREQ(maps(mm), "108-10a rw-p");
	EXPECT_IS(mm_mremap(mm, UADDR(AT(8)), PAGES(2), PAGES(4), FIXED,
			    UADDR(AT(0))),
		  AT(0));
	EXPECT_STREQ(maps(mm), "100-104 rw-p");
	EXPECT_EQ(peek(mm, AT(1)), 2);
	EXPECT_EQ(peek(mm, AT(2)), 0);
	EXPECT_EQ(mm->committed, 4);
	test_end(mm);
}

KTEST(mremap, a_part_of_an_area_may_replace_another_part)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 6, PROT_RW);
	test_fill(mm, 0, 6, 1);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(3)), PAGES(2), PAGES(2), FIXED,
			    UADDR(AT(0))),
		  AT(0));
	EXPECT_EQ(peek(mm, AT(0)), 4);
	EXPECT_EQ(peek(mm, AT(1)), 5);
	EXPECT_EQ(peek(mm, AT(2)), 3);
	EXPECT_EQ(peek(mm, AT(3)), FAULTS);
	EXPECT_EQ(peek(mm, AT(5)), 6);
	test_end(mm);
}

KTEST(mremap, an_untouched_area_may_move_next_to_itself)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 2, PROT_RW);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(2), PAGES(2), FIXED,
			    UADDR(AT(2))),
		  AT(2));
	EXPECT_STREQ(maps(mm), "102-104 rw-p");
	EXPECT_IS(mm_mremap(mm, UADDR(AT(2)), PAGES(2), PAGES(2), KEEP | FIXED,
			    UADDR(AT(4))),
		  AT(4));
	EXPECT_STREQ(maps(mm), "102-106 rw-p");
	EXPECT_EQ(mm->committed, 4);
	test_end(mm);
}

KTEST(mremap, dontunmap_leaves_an_empty_area)
{
	struct mm *mm = test_mm();
	long to;

	test_map(mm, 0, 2, PROT_RW);
	test_fill(mm, 0, 2, 1);
	to = mm_mremap(mm, UADDR(AT(0)), PAGES(2), PAGES(2), KEEP,
		       UADDR(AT(8)));
	EXPECT_IS(to, AT(8));
	EXPECT_EQ(peek(mm, AT(8)), 1);
	EXPECT_EQ(peek(mm, AT(0)), 0);
	EXPECT_EQ(mm->committed, 4);
	test_end(mm);
}

KTEST(mremap, length_zero_makes_a_second_view_of_a_shared_area)
{
	struct mm *mm = test_mm();

	test_map_shared(mm, 0, 4, PROT_RW);
	test_fill(mm, 0, 4, 1);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(1)), 0, PAGES(2), 0, UADDR(0)),
		  -ENOMEM);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(1)), 0, PAGES(2), FIXED, UADDR(AT(8))),
		  AT(8));
	EXPECT_EQ(peek(mm, AT(8)), 2);
	EXPECT_EQ(poke(mm, AT(9), 77), 77);
	EXPECT_EQ(peek(mm, AT(2)), 77);
	test_end(mm);
}

KTEST(mremap, a_longer_view_of_an_object_faults_behind_its_end)
{
	struct mm *mm = test_mm();

	test_map_shared(mm, 0, 2, PROT_RW);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(2), PAGES(3), 0, UADDR(0)),
		  AT(0));
	EXPECT_EQ(touch(mm, AT(1), VM_WRITE), VM_FAULT_DONE);
	EXPECT_EQ(touch(mm, AT(2), VM_READ), VM_FAULT_BUS);
	test_end(mm);
}

KTEST(mremap, areas_that_are_not_one_do_not_grow_together)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 2, PROT_RW);
	test_map(mm, 2, 2, PROT_READ);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(4), PAGES(5), MOVE,
			    UADDR(0)),
		  -EFAULT);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(4), PAGES(3), FIXED,
			    UADDR(AT(8))),
		  -EFAULT);
	EXPECT_STREQ(maps(mm), "100-102 rw-p 102-104 r--p");
	test_end(mm);
}

KTEST(mremap, a_plain_move_takes_all_areas_of_the_range)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 2, PROT_RW);
	test_fill(mm, 0, 2, 1);
	test_map(mm, 3, 1, PROT_READ);
	test_map(mm, 5, 1, PROT_READ);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(1)), PAGES(4), PAGES(4), FIXED,
			    UADDR(AT(16))),
		  AT(16));
	EXPECT_STREQ(maps(mm), "100-101 rw-p 105-106 r--p 110-111 rw-p "
		     "112-113 r--p");
	EXPECT_EQ(peek(mm, AT(16)), 2);
	test_end(mm);
}

/* A window of a device does not move, and ends the call. */
KTEST(mremap, a_plain_move_ends_at_the_first_area_that_refuses)
{
	struct vm_window window = { .mm = NULL };
	struct mm *mm = test_mm();
	uint32_t at, behind;

	REQUIRE(!IS_ERR_VALUE(mm_map_device(mm, PFN(0xfec00), 1, false, NULL,
					    &window)));
	at = window.start.v;
	behind = at + PAGES(1);
	EXPECT_IS(mm_mmap(mm, UADDR(behind), PAGES(1), PROT_RW, ANON_FIXED),
		  behind);
	EXPECT_EQ(poke(mm, behind, 7), 7);
	EXPECT_IS(mm_mremap(mm, UADDR(at), PAGES(2), PAGES(2), FIXED,
			    UADDR(AT(0))),
		  -EFAULT);
	EXPECT_EQ(peek(mm, behind), 7);
	EXPECT_EQ(peek(mm, AT(1)), FAULTS);
	mm_unmap_device(&window);
	test_end(mm);
}

static void move_from(uint32_t addr, unsigned mapped, unsigned asked)
{
	struct mm *mm = test_mm();

	EXPECT_IS(mm_mmap(mm, UADDR(addr), PAGES(mapped), PROT_RW, ANON_FIXED),
		  addr);
	EXPECT_IS(mm_mremap(mm, UADDR(addr), PAGES(asked), PAGES(asked), FIXED,
			    UADDR(AT(16))),
		  AT(16));
	EXPECT_EQ(mm->nr_vmas, 1);
	EXPECT_EQ(mm->total_vm, mapped);
	mutex_lock(&mm->lock);
	EXPECT(vma_find(mm, UADDR(AT(16))) &&
	       vma_find(mm, UADDR(AT(16 + mapped - 1))));
	mutex_unlock(&mm->lock);
	test_end(mm);
}

/* Near each GiB, and where user mode ends: a range may reach beyond. */
KTEST(mremap, a_plain_move_takes_all_pages_wherever_they_are)
{
	const unsigned nr = 4;

	for (uint32_t gib = 1; gib <= USER_END >> 30; gib++)
		for (unsigned i = 0; i <= nr; i++) {
			uint32_t addr = (gib << 30) - PAGES(i);

			if (addr <= USER_END - PAGES(nr))
				move_from(addr, nr, nr);
			else if (i)
				move_from(addr, i, nr);
		}
}

KTEST(mremap, a_locked_area_stays_locked_and_its_new_pages_come)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 2, PROT_RW);
	EXPECT_IS(mm_mlock(mm, UADDR(AT(0)), PAGES(2)), 0);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(2), PAGES(5), 0, UADDR(0)),
		  AT(0));
	EXPECT_EQ(mm->locked_vm, 5);
	EXPECT_EQ(mm->rss, 5);
	test_end(mm);
}

KTEST(mremap, parts_that_meet_again_are_one)
{
	struct mm *mm = test_mm();

	for (unsigned shared = 0; shared < 2; shared++) {
		EXPECT_IS(mm_mmap(mm, UADDR(AT(0)), PAGES(4), PROT_RW,
				  shared ? SHARED_FIXED : ANON_FIXED),
			  AT(0));
		test_fill(mm, 0, 4, 1);
		EXPECT_IS(mm_mremap(mm, UADDR(AT(1)), PAGES(3), PAGES(3), FIXED,
				    UADDR(AT(9))),
			  AT(9));
		EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(1), PAGES(1), FIXED,
				    UADDR(AT(8))),
			  AT(8));
		EXPECT_STREQ(maps(mm), shared ? "108-10c rw-s"
					      : "108-10c rw-p");
		EXPECT_IS(mm_mprotect(mm, UADDR(AT(10)), PAGES(1), PROT_READ),
			  0);
		for (unsigned i = 0; i < 4; i++)
			EXPECT_EQ(peek(mm, AT(8 + i)), i + 1);
		EXPECT_IS(mm_munmap(mm, UADDR(AT(8)), PAGES(4)), 0);
	}
	test_end(mm);
}

/* As on Linux: there are two areas, and a range in both is refused. */
KTEST(mremap, what_dontunmap_leaves_is_not_joined)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 4, PROT_RW);
	EXPECT_IS(mm_mlock(mm, UADDR(AT(2)), PAGES(2)), 0);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(2)), PAGES(2), PAGES(2), KEEP,
			    UADDR(0)),
		  MMAP_BASE - PAGES(2));
	EXPECT_EQ(mm->locked_vm, 2);
	EXPECT_EQ(mm->nr_vmas, 3);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(1)), PAGES(2), PAGES(3), MOVE,
			    UADDR(0)),
		  -EFAULT);
	/* The next change of one area joins the two. */
	EXPECT_IS(mm_mlock(mm, UADDR(AT(2)), PAGES(2)), 0);
	EXPECT_IS(mm_munlock(mm, UADDR(AT(2)), PAGES(2)), 0);
	test_end(mm);
}

static bool move_middle(void *arg)
{
	struct mm *mm = arg;
	long to = mm_mremap(mm, UADDR(AT(1)), PAGES(2), PAGES(3), FIXED,
			    UADDR(PT_SPAN * 9));

	EXPECT_NULL(mm_check(mm));
	if (to == (long)(PT_SPAN * 9))
		return true;
	EXPECT_IS(to, -ENOMEM);
	EXPECT_STREQ(maps(mm), "100-104 rw-p");
	EXPECT_EQ(peek(mm, AT(1)), 2);
	return false;
}

KTEST(mremap, without_memory_nothing_moves)
{
	unsigned long committed = vm_committed();
	struct mm *mm = test_mm();

	test_map(mm, 0, 4, PROT_RW);
	test_fill(mm, 0, 4, 1);
	EXPECT(ktest_each_failure(move_middle, mm) >= 3);
	EXPECT_EQ(peek(mm, PT_SPAN * 9), 2);
	test_end(mm);
	EXPECT_EQ(vm_committed(), committed);
}

/* ---- families ----------------------------------------------------------- */

static void move_page(struct mm *mm, unsigned from, unsigned to)
{
	EXPECT_IS(mm_mremap(mm, UADDR(AT(from)), PAGES(1), PAGES(1), FIXED,
			    UADDR(AT(to))),
		  AT(to));
}

/* All pages of the area are written; `nr` of them move, and it stays. */
static void leave(unsigned first, unsigned nr, bool forked)
{
	struct mm *mm = test_mm(), *parent = NULL, *child;
	bool keeps = nr < 4;

	test_map(mm, 0, 4, PROT_RW);
	test_fill(mm, 0, 4, 1);
	if (forked) {
		parent = mm;
		mm = test_fork(parent);
	}
	EXPECT_IS(mm_mremap(mm, UADDR(AT(first)), PAGES(nr), PAGES(nr),
			    KEEP | MREMAP_FIXED, UADDR(AT(16))),
		  AT(16));
	mutex_lock(&mm->lock);
	EXPECT_EQ(!!vma_find(mm, UADDR(AT(0)))->family, keeps);
	EXPECT_EQ(!!(vma_find(mm, UADDR(AT(0)))->flags & VM_FORKED),
		  keeps && forked);
	mutex_unlock(&mm->lock);
	child = test_fork(mm);
	for (unsigned i = 0; i < 4; i++)
		EXPECT_EQ(peek(child, AT(i)),
			  i >= first && i < first + nr ? 0 : (int)i + 1);
	test_end(child);
	test_end(mm);
	if (parent)
		test_end(parent);
}

KTEST(mremap, what_dontunmap_leaves_has_the_family_of_pages_that_stay)
{
	for (unsigned forked = 0; forked < 2; forked++) {
		leave(0, 4, forked);
		leave(0, 2, forked);
		leave(2, 2, forked);
		leave(1, 2, forked);
	}
}

/* The area above was untouched. Now a part of it has a page and a family. */
KTEST(mremap, a_page_comes_back_below_an_untouched_area)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 1, PROT_RW);
	test_fill(mm, 0, 1, 7);
	move_page(mm, 0, 8);
	test_map(mm, 1, 1, PROT_RW);
	move_page(mm, 8, 0);
	EXPECT_STREQ(maps(mm), "100-102 rw-p");
	EXPECT_EQ(peek(mm, AT(0)), 7);
	EXPECT_NULL(mm_check(mm));
	/* This area has another family: the two stay apart. */
	test_map(mm, 3, 1, PROT_RW);
	test_fill(mm, 3, 1, 8);
	test_map(mm, 2, 1, PROT_RW);
	EXPECT_STREQ(maps(mm), "100-103 rw-p 103-104 rw-p");
	test_end(mm);
}

/* Offsets of the two go on, but there is a hole between them. */
KTEST(mremap, neighbours_across_a_hole_are_two_families)
{
	struct mm *mm = test_mm();

	test_map(mm, 4, 1, PROT_RW);
	test_fill(mm, 4, 1, 1);
	move_page(mm, 4, 0);
	test_map(mm, 5, 1, PROT_RW);
	test_fill(mm, 5, 1, 2);
	move_page(mm, 0, 4);
	EXPECT_STREQ(maps(mm), "104-105 rw-p 105-106 rw-p");
	test_end(mm);
}

/* ---- how many areas there may be ----------------------------------------- */

/* One area, and so many may be added. What is the answer? */
static long move_with(unsigned may_add, unsigned flags, unsigned old,
		      unsigned new)
{
	struct mm *mm = test_mm();
	long result;

	test_map(mm, 0, 2, PROT_RW);
	vm_max_map_count = mm->nr_vmas + may_add;
	result = mm_mremap(mm, UADDR(AT(0)), PAGES(old), PAGES(new), flags,
			   UADDR(AT(8)));
	vm_max_map_count = MAX_MAP_COUNT;
	if (IS_ERR_VALUE(result))
		EXPECT_STREQ(maps(mm), "100-102 rw-p");
	test_end(mm);
	return result;
}

/* As on Linux: two areas for cuts at the new place, and four for the move. */
KTEST(mremap, a_move_needs_room_for_all_areas_that_it_may_add)
{
	static const struct { unsigned flags, old, new, needs; } cases[] = {
		{ FIXED, 2, 2, 6 },        { FIXED, 1, 1, 6 },
		{ FIXED, 2, 3, 6 },        { FIXED, 2, 1, 6 },
		{ KEEP | FIXED, 2, 2, 6 }, { KEEP, 2, 2, 6 },
		{ MOVE, 1, 3, 4 },         { MOVE, 2, 3, 0 },
		{ 0, 2, 1, 0 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		for (unsigned more = 0; more < 8; more++) {
			long result = move_with(more, cases[i].flags,
						cases[i].old, cases[i].new);

			EXPECT_EQ(IS_ERR_VALUE(result), more < cases[i].needs);
			if (more < cases[i].needs)
				EXPECT_IS(result, -ENOMEM);
		}
}

/* ---- what stays ---------------------------------------------------------- */

/*
 * Pages [first, first + nr) of an area of `all` pages move, and the area stays.
 * New pages come where they were. Are the two families one?
 */
static bool stays_in_family(unsigned all, unsigned first, unsigned nr)
{
	struct mm *mm = test_mm();
	uint32_t vmas;
	bool one;

	test_map(mm, 0, all, PROT_RW);
	test_fill(mm, 0, all, 1);
	EXPECT_IS(mm_mremap(mm, UADDR(AT(first)), PAGES(nr), PAGES(nr),
			    KEEP | FIXED, UADDR(AT(16))),
		  AT(16));
	test_fill(mm, first, nr, 100);
	/* The last page goes behind the others at the new place. */
	EXPECT_IS(mm_munmap(mm, UADDR(AT(16 + nr - 1)), PAGES(1)), 0);
	vmas = mm->nr_vmas;
	EXPECT_IS(mm_mremap(mm, UADDR(AT(first + nr - 1)), PAGES(1), PAGES(1),
			    FIXED, UADDR(AT(16 + nr - 1))),
		  AT(16 + nr - 1));
	/* The area that it leaves has two parts, if pages follow. */
	one = mm->nr_vmas == vmas + (first + nr < all);
	EXPECT_EQ(peek(mm, AT(16)), first + 1);
	EXPECT_EQ(peek(mm, AT(16 + nr - 1)), 100 + nr - 1);
	test_end(mm);
	return one;
}

/* As on Linux: an area that loses all its pages leaves the family. */
KTEST(mremap, dontunmap_of_a_whole_area_leaves_another_family)
{
	EXPECT(!stays_in_family(2, 0, 2));
	EXPECT(!stays_in_family(5, 0, 5));
	EXPECT(stays_in_family(4, 0, 2));
	EXPECT(stays_in_family(4, 1, 2));
	EXPECT(stays_in_family(4, 2, 2));
}
