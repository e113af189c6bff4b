// SPDX-License-Identifier: MIT
/*
 * vm_given.c (tests) - pages that were given can be relied on
 *
 * WHAT     Each kind of area gives pages in each way. Then the giver does what
 *          it can: the receiver still reads and writes each page. Pages that
 *          the receiver could not rely on are not given.
 */
#include "tests/suites/vm_test.h"

SUITE(vm_given, vm_check);

#define NR  4u          /* pages that are given: AT(0) to AT(NR)              */

/* ---- areas -------------------------------------------------------------- */

static void private_touched(struct mm *mm)
{
	test_map(mm, 0, NR, PROT_RW);
	test_fill(mm, 0, NR, 1);
}

static void private_half(struct mm *mm)
{
	test_map(mm, 0, NR, PROT_RW);
	test_fill(mm, 0, NR / 2, 1);
}

static void private_uncounted(struct mm *mm)
{
	EXPECT_IS(mm_mmap(mm, UADDR(AT(0)), PAGES(NR), PROT_RW,
			  ANON_FIXED | MAP_NORESERVE),
		  AT(0));
}

static void shared_touched(struct mm *mm)
{
	test_map_shared(mm, 0, NR, PROT_RW);
	test_fill(mm, 0, NR, 1);
}

static void shared_uncounted(struct mm *mm)
{
	EXPECT_IS(mm_mmap(mm, UADDR(AT(0)), PAGES(NR), PROT_RW,
			  SHARED_FIXED | MAP_NORESERVE),
		  AT(0));
}

static void (*const areas[])(struct mm *mm) = {
	private_touched, private_half, private_uncounted, shared_touched,
	shared_uncounted,
};

/* ---- what the giver does then ------------------------------------------- */

static void unmaps(struct mm *mm)
{
	mm_munmap(mm, UADDR(AT(0)), PAGES(NR));
}

static void forbids(struct mm *mm)
{
	mm_mprotect(mm, UADDR(AT(0)), PAGES(NR), PROT_NONE);
}

static void empties(struct mm *mm)
{
	mm_madvise(mm, UADDR(AT(0)), PAGES(NR), MADV_DONTNEED);
}

static void frees(struct mm *mm)
{
	mm_madvise(mm, UADDR(AT(0)), PAGES(NR), MADV_FREE);
}

static void shortens(struct mm *mm)
{
	mm_mremap(mm, UADDR(AT(0)), PAGES(NR), PAGES(1), 0, UADDR(0));
}

static void moves(struct mm *mm)
{
	mm_mremap(mm, UADDR(AT(0)), PAGES(NR), PAGES(NR),
		  MREMAP_MAYMOVE | MREMAP_FIXED, UADDR(AT(32)));
}

static void maps_over(struct mm *mm)
{
	mm_mmap(mm, UADDR(AT(0)), PAGES(NR), PROT_NONE, ANON_FIXED);
}

static void names_a_pager(struct mm *mm)
{
	mm_set_pager(mm, UADDR(AT(0)), PAGES(NR), (struct endpoint *)mm);
	mm_set_pager(mm, UADDR(AT(0)), PAGES(NR), NULL);
}

static void nothing(struct mm *mm)
{
}

static void (*const deeds[])(struct mm *mm) = {
	nothing, unmaps, forbids, empties, frees, shortens, moves, maps_over,
	names_a_pager,
};

/* ---- the table ---------------------------------------------------------- */

static void expect_all_pages(struct mm *mm)
{
	for (unsigned i = 0; i < NR; i++) {
		EXPECT(peek(mm, AT(i)) != FAULTS);
		EXPECT_EQ(poke(mm, AT(i), (uint8_t)(i + 7)), (int)i + 7);
		EXPECT_EQ(peek(mm, AT(i)), (int)i + 7);
	}
}

/* Even the end of the giver's address space changes nothing. */
static void give_and_do(unsigned area, unsigned deed, bool grant)
{
	struct mm *giver = test_mm(), *receiver = test_mm();
	unsigned long before = vm_committed();

	areas[area](giver);
	EXPECT_IS(mm_transfer(giver, UADDR(AT(0)), PAGES(NR), receiver,
			      UADDR(AT(0)), PROT_RW, grant),
		  AT(0));
	deeds[deed](giver);
	test_end(giver);
	/* Each page is promised to the receiver. */
	EXPECT_EQ(vm_committed() - before, NR);
	expect_all_pages(receiver);
	test_end(receiver);
	EXPECT_EQ(vm_committed(), before);
}

KTEST(vm_given, pages_stay_whatever_the_giver_does)
{
	for (unsigned area = 0; area < ARRAY_SIZE(areas); area++)
		for (unsigned deed = 0; deed < ARRAY_SIZE(deeds); deed++) {
			give_and_do(area, deed, false);
			give_and_do(area, deed, true);
		}
}

/* There are no more promises: the giver keeps its pages. */
KTEST(vm_given, pages_that_cannot_be_promised_are_not_given)
{
	unsigned long limit = vm_commit_limit;

	for (unsigned area = 0; area < ARRAY_SIZE(areas); area++) {
		struct mm *giver = test_mm(), *receiver = test_mm();
		unsigned long before;
		long at;

		areas[area](giver);
		before = vm_committed();
		vm_commit_limit = before;
		at = mm_transfer(giver, UADDR(AT(0)), PAGES(NR), receiver,
				 UADDR(AT(0)), PROT_RW, false);
		vm_commit_limit = limit;
		/* Shared pages are promised already: they need no more. */
		EXPECT_IS(at, areas[area] == shared_touched ? AT(0) :
			  (uint32_t)-ENOMEM);
		EXPECT_EQ(vm_committed(), before);
		expect_all_pages(giver);
		test_end(giver);
		test_end(receiver);
	}
}

/* The receiver's old pages go only when the new pages come. */
KTEST(vm_given, a_bad_giver_leaves_the_receivers_place_alone)
{
	for (unsigned grant = 0; grant < 2; grant++) {
		struct mm *giver = test_mm(), *receiver = test_mm();

		test_map_shared(giver, 0, 2, PROT_RW);
		EXPECT_IS(mm_mremap(giver, UADDR(AT(0)), PAGES(2), PAGES(4), 0,
				    UADDR(0)),
			  AT(0));
		test_map(receiver, 0, 6, PROT_RW);
		test_fill(receiver, 0, 6, 1);
		EXPECT_IS(mm_transfer_over(giver, UADDR(AT(1)), PAGES(2),
					   receiver, UADDR(AT(2)), PROT_RW,
					   grant),
			  -EFAULT);
		EXPECT_IS(mm_transfer_over(giver, UADDR(AT(8)), PAGES(2),
					   receiver, UADDR(AT(2)), PROT_RW,
					   grant),
			  -EFAULT);
		EXPECT_IS(mm_transfer_over(giver, UADDR(AT(0)), PAGES(2),
					   receiver, UADDR(AT(2)),
					   PROT_RW | PROT_EXEC, grant),
			  -EPERM);
		for (unsigned i = 0; i < 6; i++)
			EXPECT_EQ(peek(receiver, AT(i)), (int)i + 1);
		EXPECT_EQ(poke(giver, AT(1), 77), 77);
		EXPECT_IS(mm_transfer_over(giver, UADDR(AT(0)), PAGES(2),
					   receiver, UADDR(AT(2)), PROT_RW,
					   grant),
			  AT(2));
		EXPECT_EQ(peek(receiver, AT(1)), 2);
		EXPECT_EQ(peek(receiver, AT(3)), 77);
		EXPECT_EQ(peek(receiver, AT(4)), 5);
		test_end(giver);
		test_end(receiver);
	}
}

/* mremap() makes a shared area longer, but not its object. */
KTEST(vm_given, pages_behind_the_end_of_an_object_are_not_given)
{
	static const struct {
		unsigned first, nr;
		long     result;
	} parts[] = {
		{ 0, 2, AT(0) }, { 1, 1, AT(0) }, { 0, 3, -EFAULT },
		{ 1, 2, -EFAULT }, { 2, 1, -EFAULT }, { 3, 1, -EFAULT },
		{ 0, 4, -EFAULT },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(parts) * 2; i++) {
		struct mm *giver = test_mm(), *receiver = test_mm();
		unsigned n = i / 2;

		test_map_shared(giver, 0, 2, PROT_RW);
		EXPECT_IS(mm_mremap(giver, UADDR(AT(0)), PAGES(2), PAGES(4), 0,
				    UADDR(0)),
			  AT(0));
		EXPECT_EQ(peek(giver, AT(2)), FAULTS);
		EXPECT_IS(mm_transfer(giver, UADDR(AT(parts[n].first)),
				      PAGES(parts[n].nr), receiver,
				      UADDR(AT(0)), PROT_RW, i % 2),
			  parts[n].result);
		test_end(giver);
		test_end(receiver);
	}
}
