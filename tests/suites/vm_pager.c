// SPDX-License-Identifier: MIT
/*
 * vm_pager.c (tests) - areas whose pages come from a pager
 */
#include "mm/kva/kmap.h"
#include "tests/suites/vm_test.h"

SUITE(vm_pager, vm_check);

static struct page *page_at(struct mm *mm, uint32_t addr)
{
	struct upt_entry entry = upt_lookup(&mm->tables, UADDR(addr));

	return entry.present ? pfn_to_page(entry.pfn) : NULL;
}

static unsigned pager_asked, pager_refs;
static bool pager_gives;

/* Stands for an endpoint: no code looks into it. */
#define TEST_PAGER  ((struct endpoint *)&pager_asked)

static struct page *answer(struct endpoint *pager, struct mm *mm, uaddr_t addr,
			   unsigned access)
{
	struct page *page = pager_gives ? vm_page_zeroed() : NULL;

	EXPECT(pager == TEST_PAGER);
	EXPECT(!mm->lock.locked);
	pager_asked++;
	return page;
}

static void get_pager(struct endpoint *pager)
{
	pager_refs++;
}

static void put_pager(struct endpoint *pager)
{
	pager_refs--;
}

static const struct vm_pager_ops test_ops = {
	.ask = answer, .get = get_pager, .put = put_pager,
};
static const struct vm_pager_ops *ops_before;

static struct mm *mm_with_pager(void)
{
	struct mm *mm = test_mm();

	ops_before = vm_set_pager_ops(&test_ops);
	pager_asked = pager_refs = 0;
	pager_gives = true;
	test_map(mm, 0, 8, PROT_RW);
	EXPECT_IS(mm_set_pager(mm, UADDR(AT(2)), PAGES(4), TEST_PAGER), 0);
	return mm;
}

static void end_pager(struct mm *mm)
{
	test_end(mm);
	EXPECT_EQ(pager_refs, 0);
	EXPECT(vm_set_pager_ops(ops_before) == &test_ops);
}

KTEST(vm_pager, a_pager_is_asked_once_for_each_page)
{
	struct mm *mm = mm_with_pager();

	EXPECT_EQ(touch(mm, AT(3), VM_WRITE), VM_FAULT_DONE);
	EXPECT_EQ(poke(mm, AT(3), 1), 1);
	EXPECT_EQ(touch(mm, AT(3), VM_READ), VM_FAULT_DONE);
	EXPECT_EQ(peek(mm, AT(3)), 1);
	EXPECT_EQ(touch(mm, AT(2), VM_READ), VM_FAULT_DONE);
	EXPECT_EQ(peek(mm, AT(2)), 0);
	EXPECT_EQ(pager_asked, 2);
	EXPECT_EQ(touch(mm, AT(1), VM_READ), VM_FAULT_DONE);
	EXPECT_EQ(pager_asked, 2);
	EXPECT_IS(mm_madvise(mm, UADDR(AT(3)), PAGES(1), MADV_DONTNEED), 0);
	EXPECT_EQ(touch(mm, AT(3), VM_READ), VM_FAULT_DONE);
	EXPECT_EQ(pager_asked, 3);
	end_pager(mm);
}

/* ---- meanwhile ----------------------------------------------------------- */

static void (*meanwhile)(struct mm *mm);

static struct page *answer_late(struct endpoint *pager, struct mm *mm,
				uaddr_t addr, unsigned access)
{
	meanwhile(mm);
	return vm_page_zeroed();
}

static void unmap_all(struct mm *mm)
{
	EXPECT_EQ(mm_munmap(mm, UADDR(AT(0)), PAGES(8)), 0);
}

static void unmap_page(struct mm *mm)
{
	EXPECT_EQ(mm_munmap(mm, UADDR(AT(3)), PAGES(1)), 0);
}

static void map_other(struct mm *mm)
{
	test_map(mm, 3, 1, PROT_RW);
}

static void other_pager(struct mm *mm)
{
	EXPECT_EQ(mm_set_pager(mm, UADDR(AT(3)), PAGES(1),
			       (struct endpoint *)&pager_gives), 0);
}

static void no_pager(struct mm *mm)
{
	EXPECT_EQ(mm_set_pager(mm, UADDR(AT(3)), PAGES(1), NULL), 0);
}

static void write_page(struct mm *mm)
{
	no_pager(mm);
	EXPECT_EQ(poke(mm, AT(3), 77), 77);
	EXPECT_EQ(mm_set_pager(mm, UADDR(AT(3)), PAGES(1), TEST_PAGER), 0);
}

/* The pager's page comes too late: it is not mapped, and it is not lost. */
KTEST(vm_pager, what_a_program_does_while_it_waits_for_a_pager_counts)
{
	static const struct vm_pager_ops late = {
		.ask = answer_late, .get = get_pager, .put = put_pager,
	};
	static void (*const deeds[])(struct mm *mm) = {
		unmap_all, unmap_page, map_other, other_pager, no_pager,
		write_page,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(deeds); i++) {
		struct mm *mm = mm_with_pager();

		vm_set_pager_ops(&late);
		meanwhile = deeds[i];
		EXPECT_EQ(touch(mm, AT(3), VM_WRITE), VM_FAULT_DONE);
		EXPECT_EQ(page_at(mm, AT(3)) != NULL, deeds[i] == write_page);
		EXPECT_EQ(mm->rss, deeds[i] == write_page);
		vm_set_pager_ops(&test_ops);
		end_pager(mm);
	}
}

/* A1: a call that may work on memory of another program gets an error. */
KTEST(vm_pager, foreign_access_asks_no_pager)
{
	struct mm *mm = mm_with_pager();
	char bytes[PAGE_SIZE + 2] = "";

	EXPECT_IS(mm_read(mm, UADDR(AT(3)), bytes, 1), -EFAULT);
	EXPECT_IS(mm_write(mm, UADDR(AT(3)), bytes, 1, false), -EFAULT);
	EXPECT_IS(mm_write(mm, UADDR(AT(3)), bytes, 1, true), -EFAULT);
	EXPECT(!mm_copy_page(mm, UADDR(AT(3))));
	/* Ranges that reach into the pager's area, and out of it. */
	EXPECT_IS(mm_read(mm, UADDR(AT(2) - 1), bytes, 2), -EFAULT);
	EXPECT_IS(mm_read(mm, UADDR(AT(6) - 1), bytes, 2), -EFAULT);
	EXPECT_EQ(pager_asked, 0);
	EXPECT_EQ(touch(mm, AT(3), VM_WRITE), VM_FAULT_DONE);
	EXPECT_IS(mm_read(mm, UADDR(AT(3)), bytes, PAGE_SIZE), 0);
	EXPECT_IS(mm_write(mm, UADDR(AT(3)), bytes, PAGE_SIZE, false), 0);
	EXPECT_EQ(pager_asked, 1);
	EXPECT(!mm->lock.locked);
	end_pager(mm);
}

static struct mutex in_hand = MUTEX_INIT(in_hand);

static void touch_third(void *mm)
{
	touch(mm, AT(3), VM_WRITE);
}

/* A2. Only a debug kernel counts the locks that a thread holds. */
KTEST(vm_pager, a_pager_is_not_asked_with_a_lock_in_hand)
{
	struct mm *mm;

	if (!CONFIG_DEBUG)
		SKIP("needs a debug kernel");
	mm = mm_with_pager();
	mutex_lock(&in_hand);
	EXPECT_PANIC(touch_third, mm, "asking a pager with a mutex");
	mutex_unlock(&in_hand);
	put_pager(TEST_PAGER);          /* the touch did not get to this */
	EXPECT_EQ(pager_asked, 0);
	EXPECT_EQ(touch(mm, AT(3), VM_WRITE), VM_FAULT_DONE);
	end_pager(mm);
}

KTEST(vm_pager, a_pager_that_refuses_is_a_fault_of_its_own)
{
	struct mm *mm = mm_with_pager();

	pager_gives = false;
	EXPECT_EQ(touch(mm, AT(3), VM_READ), VM_FAULT_PAGER);
	EXPECT_EQ(peek(mm, AT(3)), FAULTS);
	vm_set_pager_ops(NULL);
	EXPECT_EQ(touch(mm, AT(3), VM_READ), VM_FAULT_PAGER);
	vm_set_pager_ops(&test_ops);
	end_pager(mm);
}

KTEST(vm_pager, every_area_of_a_pager_holds_a_reference)
{
	struct mm *mm = mm_with_pager(), *child;

	EXPECT_EQ(pager_refs, 1);
	EXPECT_IS(mm_mprotect(mm, UADDR(AT(3)), PAGES(1), PROT_READ), 0);
	EXPECT_EQ(pager_refs, 3);
	child = test_fork(mm);
	EXPECT_EQ(pager_refs, 6);
	test_end(child);
	EXPECT_IS(mm_munmap(mm, UADDR(AT(3)), PAGES(1)), 0);
	EXPECT_EQ(pager_refs, 2);
	EXPECT_IS(mm_set_pager(mm, UADDR(AT(2)), PAGES(1), NULL), 0);
	EXPECT_EQ(pager_refs, 1);
	EXPECT_STREQ(maps(mm), "100-103 rw-p 104-106 rw-p 106-108 rw-p");
	end_pager(mm);
}

KTEST(vm_pager, only_whole_pages_of_private_areas_have_a_pager)
{
	struct mm *mm = mm_with_pager();

	EXPECT_IS(mm_set_pager(mm, UADDR(AT(0) + 1), PAGES(1), TEST_PAGER),
		  -EINVAL);
	EXPECT_IS(mm_set_pager(mm, UADDR(AT(0)), 0, TEST_PAGER), -EINVAL);
	EXPECT_IS(mm_set_pager(mm, UADDR(USER_END), PAGES(1), TEST_PAGER),
		  -EINVAL);
	EXPECT_IS(mm_set_pager(mm, UADDR(AT(7)), PAGES(2), TEST_PAGER),
		  -EFAULT);
	test_map_shared(mm, 9, 1, PROT_RW);
	EXPECT_IS(mm_set_pager(mm, UADDR(AT(9)), PAGES(1), TEST_PAGER),
		  -EFAULT);
	EXPECT_EQ(pager_refs, 1);
	end_pager(mm);
}

KTEST(vm_pager, a_page_can_be_taken_out_for_an_answer)
{
	struct mm *mm = test_mm(), *child;
	struct page *page, *taken;

	test_map(mm, 0, 3, PROT_RW);
	test_fill(mm, 0, 2, 1);
	page = page_at(mm, AT(0));
	taken = mm_take_page(mm, UADDR(AT(0)));
	EXPECT(taken == page && taken->refs == 1);
	EXPECT_EQ(peek(mm, AT(0)), 0);
	free_page(taken);
	child = test_fork(mm);
	taken = mm_take_page(mm, UADDR(AT(1)));
	EXPECT(taken && taken != page_at(mm, AT(1)));
	EXPECT_EQ(peek(child, AT(1)), 2);
	free_page(taken);
	taken = mm_take_page(mm, UADDR(AT(2)));
	EXPECT(taken && taken != vm_zero_page);
	free_page(taken);
	EXPECT(!mm_take_page(mm, UADDR(AT(3))));
	test_map_shared(mm, 4, 1, PROT_RW);
	test_fill(mm, 4, 1, 5);
	EXPECT(!mm_take_page(mm, UADDR(AT(4))));
	mm_put(child);
	test_end(mm);
}

KTEST(vm_pager, a_copy_of_a_page_leaves_the_page_where_it_is)
{
	struct mm *mm = test_mm();
	struct page *copy;
	uint8_t *bytes;

	test_map(mm, 0, 1, PROT_RW);
	test_fill(mm, 0, 1, 7);
	copy = mm_copy_page(mm, UADDR(AT(0) + 77));
	REQUIRE(copy);
	EXPECT(copy != page_at(mm, AT(0)) && copy->refs == 1);
	EXPECT_EQ(poke(mm, AT(0), 8), 8);
	bytes = kmap_local(copy);
	EXPECT_EQ(bytes[0], 7);
	kunmap_local(bytes);
	free_page(copy);
	EXPECT(!mm_copy_page(mm, UADDR(AT(1))));
	test_end(mm);
}

/* No pager is asked, and zeros would be wrong. A page that came is taken. */
KTEST(vm_pager, a_page_that_a_pager_owes_is_not_taken)
{
	struct mm *mm = mm_with_pager();
	struct page *taken;

	EXPECT(!mm_take_page(mm, UADDR(AT(3))));
	EXPECT(!mm_copy_page(mm, UADDR(AT(3))));
	EXPECT_EQ(pager_asked, 0);
	EXPECT_EQ(touch(mm, AT(3), VM_READ), VM_FAULT_DONE);
	taken = mm_take_page(mm, UADDR(AT(3)));
	REQUIRE(taken);
	free_page(taken);
	EXPECT_EQ(pager_asked, 1);
	EXPECT(!mm_take_page(mm, UADDR(AT(3))));
	EXPECT_IS(mm_set_pager(mm, UADDR(AT(3)), PAGES(1), NULL), 0);
	taken = mm_take_page(mm, UADDR(AT(3)));
	REQUIRE(taken);
	free_page(taken);
	EXPECT_EQ(pager_asked, 1);
	end_pager(mm);
}

KTEST(vm_pager, pages_of_a_pager_are_not_given_away)
{
	struct mm *mm = mm_with_pager(), *other = test_mm();

	for (unsigned grant = 0; grant < 2; grant++) {
		EXPECT_EQ(touch(mm, AT(3), VM_READ), VM_FAULT_DONE);
		EXPECT_IS(mm_transfer(mm, UADDR(AT(3)), PAGES(1), other,
				      UADDR(AT(0)), VM_READ, grant),
			  -EFAULT);
		EXPECT_STREQ(maps(other), "");
	}
	test_end(other);
	end_pager(mm);
}
