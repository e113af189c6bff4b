// SPDX-License-Identifier: MIT
/*
 * vm_limits.c (tests) - the limits of an address space, and who may raise them
 */
#include "mm/account/account.h"
#include "tests/suites/vm_test.h"

SUITE(vm_limits, vm_check);

static void set_soft(struct mm *mm, enum vm_limit_kind kind, uint32_t soft)
{
	struct vm_limit new = { soft, VM_UNLIMITED };

	EXPECT_EQ(mm_change_limit(mm, kind, &new, NULL), 0);
}

KTEST(vm_limits, a_limit_is_lowered_by_anybody_and_raised_by_nobody)
{
	/*        soft   hard   answer     from { 50, 100 }                 */
	static const struct {
		struct vm_limit new;
		int             err;
	} cases[] = {
		{ { 0,     0   }, 0       },
		{ { 100,   100 }, 0       },
		{ { 99,    99  }, 0       },
		{ { 100,   99  }, -EINVAL },
		{ { 0,     101 }, -EPERM  },
		{ { 101,   101 }, -EPERM  },
		{ { 102,   101 }, -EINVAL },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vm_limit start = { 50, 100 }, old = { 1, 2 }, now;
		struct mm *mm = test_mm();
		bool changes = !cases[i].err;

		EXPECT_EQ(mm_change_limit(mm, VM_LIMIT_AS, &start, NULL), 0);
		EXPECT_EQ(mm_change_limit(mm, VM_LIMIT_AS, &cases[i].new, &old),
			  cases[i].err);
		/* The old limit is returned only if it was replaced. */
		EXPECT_EQ(old.soft, changes ? 50 : 1);
		EXPECT_EQ(old.hard, changes ? 100 : 2);
		EXPECT_EQ(mm_change_limit(mm, VM_LIMIT_AS, NULL, &now), 0);
		EXPECT_EQ(now.soft, changes ? cases[i].new.soft : 50);
		EXPECT_EQ(now.hard, changes ? cases[i].new.hard : 100);
		/* The other kinds are as they were. */
		EXPECT_EQ(mm->limits[VM_LIMIT_MEMLOCK].soft, VM_UNLIMITED);
		test_end(mm);
	}
}

KTEST(vm_limits, a_fork_and_a_new_program_have_the_limits_too)
{
	struct mm *mm = test_mm(), *child, *other = test_mm();

	set_soft(mm, VM_LIMIT_STACK, PAGES(7));
	set_soft(mm, VM_LIMIT_AS, PAGES(8));
	child = test_fork(mm);
	mm_copy_limits(other, mm);
	EXPECT_EQ(child->limits[VM_LIMIT_STACK].soft, PAGES(7));
	EXPECT_EQ(child->limits[VM_LIMIT_AS].soft, PAGES(8));
	EXPECT_EQ(other->limits[VM_LIMIT_STACK].soft, PAGES(7));
	EXPECT_EQ(other->limits[VM_LIMIT_AS].soft, PAGES(8));
	test_end(child);
	test_end(other);
	test_end(mm);
}

KTEST(vm_limits, areas_end_at_the_limit_of_the_address_space)
{
	struct mm *mm = test_mm();

	set_soft(mm, VM_LIMIT_AS, PAGES(5) + 1);
	test_map(mm, 0, 4, PROT_RW);
	EXPECT_EQ(mm_mmap(mm, UADDR(AT(4)), PAGES(2), PROT_RW, ANON_FIXED),
		  -ENOMEM);
	test_map(mm, 4, 1, PROT_RW);
	EXPECT_EQ(mm_mmap(mm, UADDR(AT(5)), PAGES(1), PROT_RW, ANON_FIXED),
		  -ENOMEM);
	EXPECT_STREQ(maps(mm), "100-105 rw-p");
	test_end(mm);
}

/* The limit is 4 pages, 3 are mapped: a call may add one page. */
KTEST(vm_limits, what_is_replaced_does_not_count)
{
	struct mm *mm = test_mm();

	set_soft(mm, VM_LIMIT_AS, PAGES(4));
	test_map(mm, 1, 2, PROT_READ);
	test_map(mm, 8, 1, PROT_READ);
	EXPECT_EQ(mm_mmap(mm, UADDR(AT(0)), PAGES(4), PROT_RW, ANON_FIXED),
		  -ENOMEM);
	EXPECT_STREQ(maps(mm), "101-103 r--p 108-109 r--p");
	/* Of an area that reaches out of the range, the part inside counts. */
	test_map(mm, 2, 2, PROT_RW);
	EXPECT_STREQ(maps(mm), "101-102 r--p 102-104 rw-p 108-109 r--p");
	test_map(mm, 1, 2, PROT_READ | PROT_EXEC);
	EXPECT_EQ(mm_mmap(mm, UADDR(AT(5)), PAGES(1), PROT_RW, ANON_FIXED),
		  -ENOMEM);
	test_end(mm);
}

KTEST(vm_limits, the_heap_ends_at_the_limits_too)
{
	unsigned areas = vm_max_map_count;
	struct mm *mm = test_mm();

	mm_set_brk_start(mm, UADDR(AT(0)));
	set_soft(mm, VM_LIMIT_AS, PAGES(3));
	EXPECT_IS(mm_brk(mm, UADDR(AT(4))), AT(0));
	EXPECT_IS(mm_brk(mm, UADDR(AT(3))), AT(3));
	EXPECT_IS(mm_brk(mm, UADDR(AT(4))), AT(3));
	EXPECT_IS(mm_brk(mm, UADDR(AT(1))), AT(1));
	/* There are more areas than allowed: the heap does not grow. */
	test_map(mm, 6, 1, PROT_READ);
	vm_max_map_count = mm->nr_vmas - 1;
	EXPECT_IS(mm_brk(mm, UADDR(AT(2))), AT(1));
	vm_max_map_count = areas;
	EXPECT_IS(mm_brk(mm, UADDR(AT(2))), AT(2));
	EXPECT_EQ(mm->committed, 2);
	test_end(mm);
}

KTEST(vm_limits, pages_are_locked_up_to_the_limit)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 6, PROT_RW);
	set_soft(mm, VM_LIMIT_MEMLOCK, PAGES(4) - 1);
	EXPECT_EQ(mm_mlock(mm, UADDR(AT(0)), PAGES(4)), -ENOMEM);
	EXPECT_EQ(mm->locked_vm, 0);
	EXPECT_EQ(mm_mlock(mm, UADDR(AT(0)), PAGES(3)), 0);
	EXPECT_EQ(mm->locked_vm, 3);
	/* What is locked already does not count again. */
	EXPECT_EQ(mm_mlock(mm, UADDR(AT(1)), PAGES(2)), 0);
	EXPECT_EQ(mm_mlock(mm, UADDR(AT(1)), PAGES(3)), -ENOMEM);
	EXPECT_EQ(mm_munlock(mm, UADDR(AT(0)), PAGES(1)), 0);
	EXPECT_EQ(mm_mlock(mm, UADDR(AT(1)), PAGES(3)), 0);
	EXPECT_EQ(mm->locked_vm, 3);
	set_soft(mm, VM_LIMIT_MEMLOCK, 0);
	EXPECT_EQ(mm_mlock(mm, UADDR(AT(1)), PAGES(1)), -EPERM);
	test_end(mm);
}

/* ---- promises of a family ------------------------------------------------ */

/* An address space; an account at this depth pays for it. */
static struct mm *mm_at_depth(unsigned depth)
{
	struct account *account = account_create(NULL);
	struct mm *mm;

	for (unsigned i = 0; i < depth; i++) {
		struct account *child = account_create(account);

		if (!child)
			ktest_abort();
		account_put(account);
		account = child;
	}
	mm = test_mm();
	mm_set_account(mm, account);
	account_put(account);
	return mm;
}

/* How many of 800 pages can be promised to the address space? */
static unsigned most(struct mm *mm)
{
	unsigned long limit = vm_commit_limit;
	unsigned pages = 0;

	vm_commit_limit = vm_committed() + 800;
	vm_commit_limit &= ~7ul;
	while (commit_charge(mm->account, 1)) {
		mm->committed++;
		pages++;
	}
	commit_release(pages);
	mm->committed -= pages;
	vm_commit_limit = limit;
	return pages;
}

/*
 * Each level leaves an eighth of all pages for others, down to one half of all.
 * The promises of other address spaces count in the limit, not in the family.
 */
KTEST(vm_limits, each_level_of_a_family_leaves_an_eighth)
{
	static const unsigned eighths[] = { 8, 7, 6, 5, 4, 4, 4 };
	unsigned others = (unsigned)vm_committed();

	for (unsigned depth = 0; depth < ARRAY_SIZE(eighths); depth++) {
		struct mm *mm = mm_at_depth(depth);
		unsigned all = (others + 800) & ~7u;
		unsigned share = all / 8 * eighths[depth];

		EXPECT_EQ(most(mm), MIN(share, all - others));
		test_end(mm);
	}
	EXPECT_EQ(vm_committed(), others);
}

/* Shared memory that is not promised counts nowhere. */
KTEST(vm_limits, promises_of_shared_memory_count_until_the_last_area_goes)
{
	struct mm *mm = mm_at_depth(0), *child;
	struct account *account = mm->account;

	account_get(account);
	test_map_shared(mm, 0, 3, PROT_RW);
	EXPECT_EQ(account_promised_below(account), 3);
	EXPECT_IS(mm_mmap(mm, UADDR(AT(8)), PAGES(5), PROT_RW,
			  SHARED_FIXED | MAP_NORESERVE),
		  AT(8));
	EXPECT_EQ(account_promised_below(account), 3);
	child = test_fork(mm);
	test_end(mm);
	EXPECT_EQ(account_promised_below(account), 3);
	test_end(child);
	EXPECT_EQ(account_promised_below(account), 0);
	account_put(account);
}

/* ---- what grows ---------------------------------------------------------- */

static long grow(struct mm *mm, unsigned old, unsigned new)
{
	return mm_mremap(mm, UADDR(AT(0)), PAGES(old), PAGES(new),
			 MREMAP_MAYMOVE, UADDR(0));
}

/* The limit is 5 pages. An area of 3 may grow by 2. */
KTEST(vm_limits, of_an_area_that_grows_only_the_growth_counts)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 3, PROT_RW);
	set_soft(mm, VM_LIMIT_AS, PAGES(5));
	EXPECT_IS(grow(mm, 3, 6), -ENOMEM);
	EXPECT_IS(grow(mm, 3, 5), AT(0));
	EXPECT_IS(grow(mm, 5, 5), AT(0));
	EXPECT_IS(grow(mm, 5, 3), AT(0));
	set_soft(mm, VM_LIMIT_AS, VM_UNLIMITED);
	EXPECT_EQ(mm_mlock(mm, UADDR(AT(0)), PAGES(3)), 0);
	set_soft(mm, VM_LIMIT_MEMLOCK, PAGES(5));
	EXPECT_IS(grow(mm, 3, 6), -EAGAIN);
	EXPECT_IS(grow(mm, 3, 5), AT(0));
	EXPECT_EQ(mm->locked_vm, 5);
	test_end(mm);
}

/* Make an object of so many pages, for an account of its own, and drop it. */
static bool object_fits(uint32_t pages, uint32_t bytes, uint32_t *used)
{
	struct account *account = account_create(NULL);
	unsigned long committed = vm_committed();
	struct vm_object *object;

	REQUIRE(account);
	account_set_limit(account, ACCOUNT_ARRAYS, bytes);
	object = vm_object_create(pages, true, account);
	*used = account->used[ACCOUNT_ARRAYS];
	EXPECT_EQ(vm_committed(), committed + (object ? pages : 0));
	if (object)
		vm_object_put(object);
	EXPECT_EQ(account->used[ACCOUNT_ARRAYS], 0);
	EXPECT_EQ(vm_committed(), committed);
	account_put(account);
	return object;
}

KTEST(vm_limits, an_object_is_paid_for_or_is_not_made)
{
	static const uint32_t pages[] = { 1, 2, 100 };
	uint32_t need, used;

	for (unsigned i = 0; i < ARRAY_SIZE(pages); i++) {
		EXPECT(object_fits(pages[i], UINT32_MAX, &need));
		EXPECT(need > pages[i] * sizeof(struct page *));
		EXPECT(object_fits(pages[i], need, &used));
		EXPECT_EQ(used, need);
		EXPECT(!object_fits(pages[i], need - 1, &used));
		EXPECT_EQ(used, 0);
		EXPECT(!object_fits(pages[i], 0, &used));
		EXPECT_EQ(used, 0);
	}
	/* More than can be promised. */
	EXPECT(!object_fits((uint32_t)vm_commit_limit + 1, UINT32_MAX, &used));
	EXPECT_EQ(used, 0);
}
