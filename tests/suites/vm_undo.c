// SPDX-License-Identifier: MIT
/*
 * vm_undo.c (tests) - a call that fails half-way leaves what was there
 *
 * WHAT     The calls about one address space. tests/suites/vm_undo.h says how
 *          each is made to fail; tests/suites/vm_undo_pair.c has the calls
 *          between two address spaces.
 *
 * TERMS    part     what a failed call leaves done, as on Linux. The table
 *                   names all parts:
 *                     mprotect, madvise, mlock, mremap of several areas: the
 *                     areas before the one that failed
 *                     mlock, madvise(POPULATE), a pin: pages touched so far
 *                     mremap(FIXED): the old pages at the new place are gone,
 *                     and so is the end of an area that gets shorter
 *                     growth of a stack: the area has grown, no page is there
 */
#include "tests/suites/vm_undo.h"

SUITE(vm_undo, vm_check);

struct world_shot shot_before, shot_after, shot_part;

#define MID      5u                  /* a page in the middle of the area  */

/* ---- worlds -------------------------------------------------------------- */

/* [0-8 rw, written] */
static void one_area(struct world *w)
{
	test_map(w->mm[A], 0, 8, PROT_RW);
	test_fill(w->mm[A], 0, 8, 1);
}

/* [0-4 rw][4-8 r][8-12 rw], with pages in each */
static void three_areas(struct world *w)
{
	test_map(w->mm[A], 0, 4, PROT_RW);
	test_map(w->mm[A], 4, 4, PROT_READ);
	test_map(w->mm[A], 8, 4, PROT_RW);
	test_fill(w->mm[A], 0, 4, 1);
	test_fill(w->mm[A], 8, 2, 9);
	EXPECT_EQ(peek(w->mm[A], AT(5)), 0);
}

/* The same, but pages 0, 1 and 8 to 11 are PROT_NONE. */
static void three_read(struct world *w)
{
	three_areas(w);
	EXPECT_EQ(mm_mprotect(w->mm[A], UADDR(AT(0)), PAGES(2), PROT_NONE), 0);
	EXPECT_EQ(mm_mprotect(w->mm[A], UADDR(AT(8)), PAGES(4), PROT_NONE), 0);
}

/* [0-4][4-8] alike but not joined, as fork leaves them when one was locked */
static void unjoined(struct world *w)
{
	struct mm *parent = w->mm[A];

	test_map(parent, 0, 8, PROT_READ);
	EXPECT_EQ(mm_mlock(parent, UADDR(AT(0)), PAGES(4)), 0);
	w->mm[OTHER] = parent;
	w->mm[A] = test_fork(parent);
	EXPECT_EQ(peek(w->mm[A], AT(5)), 0);
}

/* Pages that a child has too. */
static void with_child(struct world *w)
{
	one_area(w);
	w->mm[OTHER] = test_fork(w->mm[A]);
}

static void shared_area(struct world *w)
{
	test_map_shared(w->mm[A], 0, 8, PROT_RW);
	test_fill(w->mm[A], 0, 6, 1);
}

/* A move to FAR replaces a part of the area there. */
static void far_neighbour(struct world *w)
{
	one_area(w);
	EXPECT_IS(mm_mmap(w->mm[A], UADDR(FAR), PAGES(12), PROT_RW, ANON_FIXED),
		  FAR);
	EXPECT_EQ(poke(w->mm[A], FAR + PAGES(1), 7), 7);
}

static void three_to_far(struct world *w)
{
	three_areas(w);
	EXPECT_IS(mm_mmap(w->mm[A], UADDR(FAR), PAGES(1), PROT_READ,
			  ANON_FIXED),
		  FAR);
}

static void blocked_area(struct world *w)
{
	one_area(w);
	test_map(w->mm[A], 8, 1, PROT_NONE);
}

static void heap(struct world *w)
{
	mm_set_brk_start(w->mm[A], UADDR(AT(0)));
	EXPECT_IS(mm_brk(w->mm[A], UADDR(AT(8))), AT(8));
	test_fill(w->mm[A], 0, 8, 1);
}

static void locked_read(struct world *w)
{
	three_areas(w);
	EXPECT_EQ(mm_mlock(w->mm[A], UADDR(AT(4)), PAGES(4)), 0);
}

static void stack(struct world *w)
{
	EXPECT_IS(mm_mmap(w->mm[A], UADDR(AT(8)), PAGES(2), PROT_RW,
			  ANON_FIXED | MAP_GROWSDOWN),
		  AT(8));
	test_fill(w->mm[A], 8, 2, 1);
}

static void shared_stack(struct world *w)
{
	stack(w);
	w->mm[OTHER] = test_mm();
	EXPECT_IS(mm_transfer(w->mm[A], UADDR(AT(8)), PAGES(2), w->mm[OTHER],
			      UADDR(AT(0)), VM_READ, false),
		  AT(0));
}

static void empty(struct world *w)
{
}

/* ---- calls --------------------------------------------------------------- */

static long fault_result(enum vm_fault fault)
{
	return fault == VM_FAULT_DONE ? 0 : -ENOMEM;
}

static long map_over_middle(struct world *w)
{
	return mm_mmap(w->mm[A], UADDR(AT(MID)), PAGES(1), PROT_NONE,
		       ANON_FIXED);
}

static long map_over_three(struct world *w)
{
	return mm_mmap(w->mm[A], UADDR(AT(2)), PAGES(8), PROT_RW, ANON_FIXED);
}

static long share_over_middle(struct world *w)
{
	return mm_mmap(w->mm[A], UADDR(AT(3)), PAGES(3), PROT_RW, SHARED_FIXED);
}

static long map_anywhere(struct world *w)
{
	return mm_mmap(w->mm[A], UADDR(0), PAGES(3), PROT_RW,
		       ANON | MAP_POPULATE);
}

static long share_anywhere(struct world *w)
{
	return mm_mmap(w->mm[A], UADDR(0), PAGES(3), PROT_RW,
		       MAP_SHARED | MAP_ANONYMOUS);
}

static long map_for_loader(struct world *w)
{
	return mm_map_fixed(w->mm[A], UADDR(AT(20)), PAGES(2),
			    VM_READ | VM_WRITE, "[image]");
}

static long unmap_middle(struct world *w)
{
	return mm_munmap(w->mm[A], UADDR(AT(MID)), PAGES(1));
}

static long unmap_three(struct world *w)
{
	return mm_munmap(w->mm[A], UADDR(AT(1)), PAGES(10));
}

static long protect_middle(struct world *w)
{
	return mm_mprotect(w->mm[A], UADDR(AT(MID)), PAGES(1), PROT_NONE);
}

static long protect_upper(struct world *w)
{
	return mm_mprotect(w->mm[A], UADDR(AT(MID)), PAGES(3), PROT_NONE);
}

/* For several areas: where the finished part ends, in pages from AT(0). */
static const uint32_t ends_of_three[] = { 4, 8 };

static long protect_to(struct world *w, uint32_t end)
{
	return mm_mprotect(w->mm[A], UADDR(AT(1)), PAGES(end - 1), PROT_RW);
}

static long protect_three(struct world *w)
{
	return protect_to(w, 11);
}

static void protect_part(struct world *w, unsigned i)
{
	EXPECT_EQ(protect_to(w, ends_of_three[i]), 0);
}

static long write_to_locked(struct world *w)
{
	return mm_mprotect(w->mm[A], UADDR(AT(4)), PAGES(4), PROT_RW);
}

static long advise_to(struct world *w, uint32_t end)
{
	return mm_madvise(w->mm[A], UADDR(AT(1)), PAGES(end - 1),
			  MADV_DONTFORK);
}

static long advise_three(struct world *w)
{
	return advise_to(w, 11);
}

static void advise_part(struct world *w, unsigned i)
{
	EXPECT_EQ(advise_to(w, ends_of_three[i]), 0);
}

static long advise_middle(struct world *w)
{
	return mm_madvise(w->mm[A], UADDR(AT(MID)), PAGES(1), MADV_WIPEONFORK);
}

static long populate(struct world *w)
{
	return mm_madvise(w->mm[A], UADDR(AT(10)), PAGES(2),
			  MADV_POPULATE_WRITE);
}

static void populate_part(struct world *w, unsigned i)
{
	EXPECT_EQ(touch(w->mm[A], AT(10), VM_WRITE), VM_FAULT_DONE);
}

static long lock_three(struct world *w)
{
	return mm_mlock(w->mm[A], UADDR(AT(1)), PAGES(10));
}

/* First the areas are marked, then their pages touched, one by one. */
static void lock_part(struct world *w, unsigned i)
{
	struct mm *mm = w->mm[A];

	if (i < ARRAY_SIZE(ends_of_three)) {
		EXPECT_EQ(mm_mlock(mm, UADDR(AT(1)),
				   PAGES(ends_of_three[i] - 1)),
			  0);
		for (unsigned at = 4; at < 8 && i; at++)
			if (at != 5)
				upt_unmap(&mm->tables, UADDR(AT(at)));
		return;
	}
	EXPECT_EQ(mm_mlock(mm, UADDR(AT(1)), PAGES(10)), 0);
	for (unsigned at = 4 + (i - ARRAY_SIZE(ends_of_three)); at < 11; at++)
		if (at != 5 && at != 8 && at != 9) {
			struct upt_entry entry = upt_lookup(&mm->tables,
							    UADDR(AT(at)));

			upt_unmap(&mm->tables, UADDR(AT(at)));
			if (pfn_to_page(entry.pfn) == vm_zero_page)
				continue;
			vm_page_put(pfn_to_page(entry.pfn));
			mm->rss--;
		}
}

static long unlock_middle(struct world *w)
{
	return mm_munlock(w->mm[A], UADDR(AT(MID)), PAGES(1));
}

static long heap_grows(struct world *w)
{
	uint32_t brk = AT(12);

	return (uint32_t)mm_brk(w->mm[A], UADDR(brk)) == brk ? 0 : -ENOMEM;
}

static long heap_shrinks(struct world *w)
{
	uint32_t brk = AT(3);

	return (uint32_t)mm_brk(w->mm[A], UADDR(brk)) == brk ? 0 : -ENOMEM;
}

static long grow_in_place(struct world *w)
{
	return mm_mremap(w->mm[A], UADDR(AT(2)), PAGES(6), PAGES(9), 0,
			 UADDR(0));
}

static long grow_and_move(struct world *w)
{
	return mm_mremap(w->mm[A], UADDR(AT(2)), PAGES(3), PAGES(60),
			 MREMAP_MAYMOVE, UADDR(0));
}

static long move_to(struct world *w, unsigned at, unsigned old, unsigned new,
		    unsigned more)
{
	return mm_mremap(w->mm[A], UADDR(AT(at)), PAGES(old), PAGES(new),
			 MREMAP_MAYMOVE | MREMAP_FIXED | more,
			 UADDR(FAR + PAGES(2)));
}

static long move_middle(struct world *w)
{
	return move_to(w, 3, 3, 3, 0);
}

static long move_shrunk(struct world *w)
{
	return move_to(w, 2, 4, 2, 0);
}

static long move_and_keep(struct world *w)
{
	return move_to(w, 3, 3, 3, MREMAP_DONTUNMAP);
}

static long move_upper(struct world *w)
{
	return move_to(w, MID, 2, 2, 0);
}

static void destination_gone(struct world *w, unsigned i)
{
	EXPECT_EQ(mm_munmap(w->mm[A], UADDR(FAR + PAGES(2)), PAGES(3)), 0);
}

/* i == 0: only the destination is gone; 1: the end of the area, too */
static void shrunk_part(struct world *w, unsigned i)
{
	EXPECT_EQ(mm_munmap(w->mm[A], UADDR(FAR + PAGES(2)), PAGES(2)), 0);
	if (i)
		EXPECT_EQ(mm_munmap(w->mm[A], UADDR(AT(4)), PAGES(2)), 0);
}

static long move_three_to(struct world *w, uint32_t end)
{
	return mm_mremap(w->mm[A], UADDR(AT(1)), PAGES(end - 1), PAGES(end - 1),
			 MREMAP_MAYMOVE | MREMAP_FIXED, UADDR(FAR));
}

static long move_three(struct world *w)
{
	return move_three_to(w, 11);
}

/* For each area: first its destination is unmapped, then it is moved. */
static void move_part(struct world *w, unsigned i)
{
	if (i)
		EXPECT_IS(move_three_to(w, ends_of_three[i - 1]), FAR);
	else
		EXPECT_EQ(mm_munmap(w->mm[A], UADDR(FAR), PAGES(3)), 0);
}

static long duplicate(struct world *w)
{
	return mm_mremap(w->mm[A], UADDR(AT(0)), 0, PAGES(4), MREMAP_MAYMOVE,
			 UADDR(0));
}

static long shrink_middle(struct world *w)
{
	return mm_mremap(w->mm[A], UADDR(AT(1)), PAGES(4), PAGES(2), 0,
			 UADDR(0));
}

static long first_write(struct world *w)
{
	return fault_result(touch(w->mm[A], AT(11), VM_WRITE));
}

static long write_beside_child(struct world *w)
{
	return fault_result(touch(w->mm[A], AT(MID), VM_WRITE));
}

static long stack_grows(struct world *w)
{
	return fault_result(touch(w->mm[A], AT(4), VM_WRITE));
}

/* The area has grown, but its new page is not there. */
static void stack_part(struct world *w, unsigned i)
{
	EXPECT_EQ(touch(w->mm[A], AT(4), VM_READ), VM_FAULT_DONE);
	upt_unmap(&w->mm[A]->tables, UADDR(AT(4)));
}

/* The new area is there, but none of its pages. */
static void shared_stack_part(struct world *w, unsigned i)
{
	EXPECT_IS(mm_mmap(w->mm[A], UADDR(AT(4)), PAGES(4), PROT_RW,
			  ANON_FIXED | MAP_GROWSDOWN),
		  AT(4));
}

static long shared_write(struct world *w)
{
	return fault_result(touch(w->mm[A], AT(7), VM_WRITE));
}

static long take_page(struct world *w)
{
	struct page *page = mm_take_page(w->mm[A], UADDR(AT(MID)));

	if (!page)
		return -ENOMEM;
	vm_page_put(page);
	return 0;
}

/* ---- the table ----------------------------------------------------------- */

/*  call                       world        run     parts: how many, which */
static const struct undo_case cases[] = {
	{ "mmap over the middle",  one_area,    map_over_middle, WHOLE },
	{ "mmap over three",       three_areas, map_over_three, WHOLE },
	{ "mmap beside the unjoined", unjoined, map_over_middle, WHOLE },
	{ "shared mmap over some", one_area,    share_over_middle, WHOLE },
	{ "mmap anywhere",         one_area,    map_anywhere, WHOLE },
	{ "shared mmap anywhere",  empty,       share_anywhere, WHOLE },
	{ "the loader's map",      one_area,    map_for_loader, WHOLE },
	{ "munmap of the middle",  one_area,    unmap_middle, WHOLE },
	{ "munmap of the shared",  shared_area, unmap_middle, WHOLE },
	{ "munmap of three",       three_areas, unmap_three, WHOLE },
	{ "munmap, unjoined",      unjoined,    unmap_middle, WHOLE },
	{ "mprotect of the middle", one_area,   protect_middle, WHOLE },
	{ "mprotect, child",       with_child,  protect_middle, WHOLE },
	{ "mprotect, unjoined",    unjoined,    protect_middle, WHOLE },
	{ "mprotect of an end",    unjoined,    protect_upper, WHOLE },
	{ "mprotect of three",     three_read,  protect_three,
	  ARRAY_SIZE(ends_of_three), protect_part },
	{ "mprotect of locked",    locked_read, write_to_locked, WHOLE },
	{ "madvise of the middle", one_area,    advise_middle, WHOLE },
	{ "madvise, unjoined",     unjoined,    advise_middle, WHOLE },
	{ "madvise of three",      three_areas, advise_three,
	  ARRAY_SIZE(ends_of_three), advise_part },
	{ "madvise(POPULATE)",     three_areas, populate, 1, populate_part },
	{ "mlock of three",        three_areas, lock_three,
	  ARRAY_SIZE(ends_of_three) + 7, lock_part },
	{ "munlock of the middle", locked_read, unlock_middle, WHOLE },
	{ "brk up",                heap,        heap_grows, WHOLE },
	{ "brk down",              heap,        heap_shrinks, WHOLE },
	{ "mremap in place",       one_area,    grow_in_place, WHOLE },
	{ "mremap, larger",        blocked_area, grow_and_move, WHOLE },
	{ "mremap to a place",     far_neighbour, move_middle,
	  1, destination_gone },
	{ "mremap, smaller",       far_neighbour, move_shrunk,
	  2, shrunk_part },
	{ "mremap, keep",          far_neighbour, move_and_keep,
	  1, destination_gone },
	{ "mremap, unjoined",      unjoined,    move_upper, WHOLE },
	{ "mremap of three",       three_to_far, move_three,
	  ARRAY_SIZE(ends_of_three) + 1, move_part },
	{ "mremap, duplicate",     shared_area, duplicate, WHOLE },
	{ "mremap, shrink",        one_area,    shrink_middle, WHOLE },
	{ "first write",           three_areas, first_write, WHOLE },
	{ "copy on write",         with_child,  write_beside_child, WHOLE },
	{ "shared write",          shared_area, shared_write, WHOLE },
	{ "growth of a stack",     stack,       stack_grows, 1, stack_part },
	{ "growth, shared",        shared_stack, stack_grows,
	  1, shared_stack_part },
	{ "a page taken",          with_child,  take_page, WHOLE },
};

KTEST(vm_undo, a_failed_call_leaves_what_was_there)
{
	try_cases(cases, ARRAY_SIZE(cases));
}
