// SPDX-License-Identifier: MIT
/*
 * vm_transfer.c (tests) - ranges that go from one address space to another
 */
#include "tests/suites/vm_test.h"

SUITE(vm_transfer, vm_check);

static long map_to(struct mm *from, unsigned at, unsigned nr, struct mm *to,
		   unsigned to_at, unsigned rights)
{
	return mm_transfer(from, UADDR(AT(at)), PAGES(nr), to, UADDR(AT(to_at)),
			   rights, false);
}

static long grant_to(struct mm *from, unsigned at, unsigned nr,
		     struct mm *to, unsigned to_at)
{
	return mm_transfer(from, UADDR(AT(at)), PAGES(nr), to, UADDR(AT(to_at)),
			   VM_READ | VM_WRITE, true);
}

KTEST(vm_transfer, a_mapped_range_is_seen_by_both)
{
	struct mm *a = test_mm(), *b = test_mm();

	test_map(a, 0, 4, PROT_RW);
	test_fill(a, 0, 2, 1);
	EXPECT_EQ(peek(a, AT(2)), 0);
	EXPECT_IS(map_to(a, 1, 2, b, 8, VM_READ | VM_WRITE), AT(8));
	EXPECT_EQ(peek(b, AT(8)), 2);
	EXPECT_EQ(poke(b, AT(9), 33), 33);
	EXPECT_EQ(peek(a, AT(2)), 33);
	EXPECT_EQ(poke(a, AT(1), 44), 44);
	EXPECT_EQ(peek(b, AT(8)), 44);
	EXPECT_STREQ(maps(a), "100-101 rw-p 101-103 rw-s 103-104 rw-p");
	EXPECT_STREQ(maps(b), "108-10a rw-s");
	EXPECT_NULL(vm_check());
	test_end(a);
	EXPECT_EQ(peek(b, AT(8)), 44);
	test_end(b);
}

KTEST(vm_transfer, the_receiver_has_no_more_rights_than_it_was_given)
{
	struct mm *a = test_mm(), *b = test_mm();

	test_map(a, 0, 1, PROT_RW);
	test_map(a, 1, 1, PROT_READ);
	EXPECT_IS(map_to(a, 0, 1, b, 0, VM_READ), AT(0));
	EXPECT_EQ(poke(b, AT(0), 1), FAULTS);
	EXPECT_IS(map_to(a, 1, 1, b, 1, VM_READ | VM_WRITE), -EPERM);
	EXPECT_IS(map_to(a, 0, 1, b, 2, VM_READ | VM_EXEC), -EPERM);
	test_end(a);
	test_end(b);
}

KTEST(vm_transfer, a_child_of_the_giver_keeps_its_private_page)
{
	struct mm *a = test_mm(), *b = test_mm(), *child;

	test_map(a, 0, 1, PROT_RW);
	test_fill(a, 0, 1, 1);
	child = test_fork(a);
	EXPECT_IS(map_to(a, 0, 1, b, 0, VM_READ | VM_WRITE), AT(0));
	EXPECT_EQ(poke(b, AT(0), 2), 2);
	EXPECT_EQ(peek(a, AT(0)), 2);
	EXPECT_EQ(peek(child, AT(0)), 1);
	test_end(child);
	test_end(a);
	test_end(b);
}

KTEST(vm_transfer, a_granted_range_is_gone_and_stays_private)
{
	struct mm *a = test_mm(), *b = test_mm(), *child;

	test_map(a, 0, 4, PROT_RW);
	test_fill(a, 0, 3, 1);
	EXPECT_IS(grant_to(a, 1, 3, b, 8), AT(8));
	EXPECT_STREQ(maps(a), "100-101 rw-p");
	EXPECT_STREQ(maps(b), "108-10b rw-p");
	EXPECT_EQ(peek(b, AT(8)), 2);
	EXPECT_EQ(peek(b, AT(10)), 0);
	EXPECT_EQ(poke(b, AT(9), 9), 9);
	child = test_fork(b);
	EXPECT_EQ(poke(child, AT(9), 8), 8);
	EXPECT_EQ(peek(b, AT(9)), 9);
	EXPECT_EQ(a->committed, 1);
	EXPECT_EQ(b->committed, 3);
	test_end(child);
	test_end(a);
	test_end(b);
}

KTEST(vm_transfer, a_granted_shared_range_keeps_its_object)
{
	struct mm *a = test_mm(), *b = test_mm(), *child;

	test_map_shared(a, 0, 3, PROT_RW);
	test_fill(a, 0, 3, 1);
	child = test_fork(a);
	EXPECT_IS(grant_to(a, 1, 1, b, 8), AT(8));
	EXPECT_EQ(poke(b, AT(8), 55), 55);
	EXPECT_EQ(peek(child, AT(1)), 55);
	EXPECT_STREQ(maps(a), "100-101 rw-s 102-103 rw-s");
	test_end(child);
	test_end(a);
	test_end(b);
}

KTEST(vm_transfer, the_kernel_finds_a_place_when_none_is_named)
{
	struct mm *a = test_mm(), *b = test_mm();

	test_map(a, 0, 2, PROT_RW);
	EXPECT_IS(mm_transfer(a, UADDR(AT(0)), PAGES(2), b, UADDR(0), VM_READ,
			      false),
		  MMAP_BASE - PAGES(2));
	test_end(a);
	test_end(b);
}

static long over(struct mm *from, unsigned at, unsigned nr, struct mm *to,
		 unsigned window, bool grant)
{
	return mm_transfer_over(from, UADDR(AT(at)), PAGES(nr), to,
				UADDR(AT(window)), VM_READ | VM_WRITE, grant);
}

KTEST(vm_transfer, a_window_is_replaced_or_stays)
{
	struct mm *a = test_mm(), *b = test_mm();
	struct page *pinned;

	test_map(a, 0, 6, PROT_RW);
	test_fill(a, 0, 4, 1);
	EXPECT_EQ(mm_pin(a, UADDR(AT(1)), PAGES(1), true, &pinned), 0);
	test_map(b, 8, 8, PROT_RW);
	test_fill(b, 8, 8, 50);
	/* The range is not in one area. */
	EXPECT_IS(over(a, 4, 3, b, 10, true), -EFAULT);
	EXPECT_EQ(peek(b, AT(10)), 52);
	EXPECT_IS(over(a, 0, 3, b, 10, true), AT(10));
	EXPECT_STREQ(maps(b), "108-10a rw-p 10a-10d rw-p 10d-110 rw-p");
	EXPECT_EQ(peek(b, AT(9)), 51);
	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(peek(b, AT(10 + i)), (int)i + 1);
	EXPECT_EQ(peek(b, AT(13)), 55);
	EXPECT(pfn_to_page(upt_lookup(&b->tables, UADDR(AT(11))).pfn) !=
	       pinned);
	EXPECT_IS(over(a, 3, 3, b, 12, false), AT(12));
	EXPECT_EQ(peek(b, AT(12)), 4);
	EXPECT_EQ(peek(b, AT(13)), 0);
	EXPECT_EQ(poke(a, AT(4), 9), 9);
	EXPECT_EQ(peek(b, AT(13)), 9);
	mm_unpin(&pinned, 1);
	EXPECT_NULL(vm_check());
	test_end(a);
	test_end(b);
}

KTEST(vm_transfer, what_cannot_be_transferred_is_refused)
{
	struct mm *a = test_mm(), *b = test_mm();

	test_map(a, 0, 2, PROT_RW);
	test_map(a, 2, 1, PROT_READ);
	test_map(b, 8, 1, PROT_RW);
	EXPECT_IS(map_to(a, 0, 2, b, 7, VM_READ), -EEXIST);
	EXPECT_IS(grant_to(a, 1, 1, b, 7), AT(7));
	test_map(a, 1, 1, PROT_RW);
	EXPECT_IS(map_to(a, 1, 2, b, 0, VM_READ), -EFAULT);
	EXPECT_IS(map_to(a, 4, 1, b, 0, VM_READ), -EFAULT);
	EXPECT_IS(map_to(a, 0, 0, b, 0, VM_READ), -EINVAL);
	EXPECT_IS(map_to(a, 0, 1, a, 4, VM_READ), -EINVAL);
	EXPECT_IS(map_to(a, 0, 1, b, 0, VM_SHARED), -EINVAL);
	EXPECT_IS(mm_transfer(a, UADDR(AT(0) + 1), PAGES(1), b, UADDR(0),
			      VM_READ, false),
		  -EINVAL);
	EXPECT_IS(mm_transfer(a, UADDR(AT(0)), PAGES(1), b, UADDR(PAGE_SIZE),
			      VM_READ, false),
		  -EPERM);
	EXPECT_STREQ(maps(a), "100-102 rw-p 102-103 r--p");
	test_end(a);
	test_end(b);
}

struct pair {
	struct mm *a, *b;
	bool       grant;
};

static bool transfer_once(void *arg)
{
	struct pair *pair = arg;
	long to = mm_transfer(pair->a, UADDR(AT(1)), PAGES(40), pair->b,
			      UADDR(PT_SPAN * 9), VM_READ | VM_WRITE,
			      pair->grant);

	EXPECT_NULL(mm_check(pair->a));
	EXPECT_NULL(mm_check(pair->b));
	if (to == (long)(PT_SPAN * 9))
		return true;
	EXPECT_IS(to, -ENOMEM);
	EXPECT_STREQ(maps(pair->a), "100-12c rw-p");
	EXPECT_STREQ(maps(pair->b), "");
	EXPECT_EQ(pair->b->rss + pair->b->committed, 0);
	/* There may be a directory, but no table. */
	EXPECT(pair->b->tables.nr_tables <= 1);
	EXPECT_EQ(peek(pair->a, AT(7)), 8);
	return false;
}

static void transfer_without_memory(bool grant)
{
	struct pair pair = { test_mm(), test_mm(), grant };
	unsigned long committed = vm_committed();
	struct mm *child;

	test_map(pair.a, 0, 44, PROT_RW);
	test_fill(pair.a, 0, 40, 1);
	child = test_fork(pair.a);
	EXPECT_EQ(poke(pair.a, AT(1), 2), 2);
	EXPECT(ktest_each_failure(transfer_once, &pair) >= 3);
	EXPECT_EQ(peek(pair.b, PT_SPAN * 9), 2);
	EXPECT_EQ(peek(child, AT(7)), 8);
	test_end(child);
	test_end(pair.a);
	test_end(pair.b);
	EXPECT_EQ(vm_committed(), committed);
}

KTEST(vm_transfer, without_memory_nothing_is_mapped)
{
	transfer_without_memory(false);
}

KTEST(vm_transfer, without_memory_nothing_is_granted)
{
	transfer_without_memory(true);
}

/* The window had pages, and a table. What comes was never touched. */
KTEST(vm_transfer, a_window_of_untouched_pages_has_no_table)
{
	struct mm *a = test_mm(), *b = test_mm();
	unsigned long before;

	test_map(a, 0, 2, PROT_RW);
	test_map(b, 0, 1, PROT_RW);
	test_fill(b, 0, 1, 1);
	before = b->tables.nr_tables;
	EXPECT_IS(mm_mmap(b, UADDR(PT_SPAN * 9), PAGES(2), PROT_RW, ANON_FIXED),
		  PT_SPAN * 9);
	EXPECT_EQ(poke(b, PT_SPAN * 9, 1), 1);
	EXPECT_EQ(b->tables.nr_tables, before + 1);
	EXPECT_IS(mm_transfer_over(a, UADDR(AT(0)), PAGES(2), b,
				   UADDR(PT_SPAN * 9), VM_READ, true),
		  PT_SPAN * 9);
	EXPECT_EQ(b->tables.nr_tables, before);
	EXPECT_EQ(peek(b, PT_SPAN * 9), 0);
	test_end(a);
	test_end(b);
}

static struct vm_object *object_at(struct mm *mm, unsigned at)
{
	struct vma *vma;

	mutex_lock(&mm->lock);
	vma = vma_find(mm, UADDR(AT(at)));
	mutex_unlock(&mm->lock);
	REQUIRE(vma && vma->object);
	return vma->object;
}

/* Pages 0 and 2 are only read: no page of their own is made. */
KTEST(vm_transfer, pages_that_were_only_read_cost_no_memory)
{
	struct mm *a = test_mm(), *b = test_mm();
	struct vm_object *object;

	for (unsigned at = 0; at < 8; at += 4) {
		test_map(a, at, 3, PROT_RW);
		test_fill(a, at + 1, 1, 1);
		EXPECT_EQ(peek(a, AT(at)), 0);
		EXPECT_EQ(peek(a, AT(at + 2)), 0);
	}
	EXPECT_IS(map_to(a, 0, 3, b, 8, VM_READ | VM_WRITE), AT(8));
	object = object_at(b, 8);
	EXPECT(!vm_object_find(object, 0) && !vm_object_find(object, 2));
	EXPECT(vm_object_find(object, 1) != NULL);
	EXPECT_IS(grant_to(a, 4, 3, b, 12), AT(12));
	EXPECT_EQ(b->rss, 1);
	EXPECT(upt_lookup(&b->tables, UADDR(AT(13))).present);
	for (unsigned at = 8; at < 16; at += 4) {
		EXPECT_EQ(peek(b, AT(at)), 0);
		EXPECT_EQ(peek(b, AT(at + 1)), 1);
		EXPECT_EQ(peek(b, AT(at + 2)), 0);
	}
	test_end(a);
	test_end(b);
}
