// SPDX-License-Identifier: MIT
/*
 * vm_limits.c (tests) - the limits of an address space, and who may raise them
 */
#include "mm/account/account.h"
#include "mm/page/zone.h"
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
	EXPECT_EQ(mm_munlock(mm, UADDR(AT(1)), PAGES(1)), 0);
	test_end(mm);
}

KTEST(vm_limits, an_area_is_made_locked_up_to_the_limit)
{
	const unsigned flags = ANON_FIXED | MAP_LOCKED;
	struct mm *mm = test_mm();

	set_soft(mm, VM_LIMIT_MEMLOCK, 0);
	EXPECT_EQ(mm_mmap(mm, UADDR(AT(0)), PAGES(1), PROT_RW, flags), -EPERM);
	set_soft(mm, VM_LIMIT_MEMLOCK, PAGES(2));
	EXPECT_EQ(mm_mmap(mm, UADDR(AT(0)), PAGES(3), PROT_RW, flags), -EAGAIN);
	EXPECT_STREQ(maps(mm), "");
	EXPECT_IS(mm_mmap(mm, UADDR(AT(0)), PAGES(2), PROT_RW, flags), AT(0));
	EXPECT_EQ(mm->locked_vm, 2);
	test_end(mm);
}

/* The range leaves user mode. What is locked in it does not count again. */
KTEST(vm_limits, the_limit_comes_before_a_range_that_is_none)
{
	const uint32_t at = 0x40000000;
	struct mm *mm = test_mm();

	EXPECT_IS(mm_mmap(mm, UADDR(at), PAGES(1), PROT_READ, ANON_FIXED), at);
	EXPECT_EQ(mm_mlock(mm, UADDR(at), PAGES(1)), 0);
	set_soft(mm, VM_LIMIT_MEMLOCK, 0xfffff000);
	EXPECT_EQ(mm_mlock(mm, UADDR(at), 0xfffff000), -EINVAL);
	set_soft(mm, VM_LIMIT_MEMLOCK, 0xffffe000);
	EXPECT_EQ(mm_mlock(mm, UADDR(at), 0xfffff000), -ENOMEM);
	test_end(mm);
}

/* The limits are below what is there: only what would add pages is refused. */
KTEST(vm_limits, a_call_that_adds_nothing_is_never_refused)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 4, PROT_READ);
	EXPECT_EQ(mm_mlock(mm, UADDR(AT(0)), PAGES(4)), 0);
	set_soft(mm, VM_LIMIT_AS, PAGES(2));
	set_soft(mm, VM_LIMIT_MEMLOCK, PAGES(2));
	EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(4), PAGES(4),
			    MREMAP_MAYMOVE | MREMAP_FIXED, UADDR(AT(8))),
		  AT(8));
	test_map(mm, 9, 2, PROT_NONE);
	EXPECT_EQ(mm_mmap(mm, UADDR(AT(11)), PAGES(2), PROT_NONE, ANON_FIXED),
		  -ENOMEM);
	mutex_lock(&mm->lock);
	EXPECT(vm_has_room_within(mm, UADDR(AT(0)), UADDR(AT(0))));
	EXPECT(!vm_has_room_within(mm, UADDR(AT(0)), UADDR(AT(1))));
	mutex_unlock(&mm->lock);
	EXPECT_STREQ(maps(mm), "108-109 r--p 109-10b ---p 10b-10c r--p");
	test_end(mm);
}

KTEST(vm_limits, a_stack_grows_up_to_the_limits)
{
	struct mm *mm = test_mm();

	EXPECT_IS(mm_mmap(mm, UADDR(AT(8)), PAGES(2), PROT_READ,
			  ANON_FIXED | MAP_GROWSDOWN),
		  AT(8));
	set_soft(mm, VM_LIMIT_AS, PAGES(4));
	/* It is not locked: this limit does not count. */
	set_soft(mm, VM_LIMIT_MEMLOCK, 0);
	EXPECT_EQ(touch(mm, AT(5), VM_READ), VM_FAULT_STACK);
	EXPECT_EQ(touch(mm, AT(6), VM_READ), VM_FAULT_DONE);
	set_soft(mm, VM_LIMIT_AS, VM_UNLIMITED);
	set_soft(mm, VM_LIMIT_MEMLOCK, PAGES(6));
	EXPECT_EQ(mm_mlock(mm, UADDR(AT(6)), PAGES(4)), 0);
	EXPECT_EQ(touch(mm, AT(3), VM_READ), VM_FAULT_STACK);
	EXPECT_EQ(touch(mm, AT(4), VM_READ), VM_FAULT_DONE);
	EXPECT_EQ(mm->locked_vm, 6);
	test_end(mm);
}

/* The I/O APIC: never RAM on a PC. No test reads it. */
#define REGISTERS  PFN(0xfec00)

KTEST(vm_limits, what_others_put_there_counts_too)
{
	struct page *pages = test_kernel_pages(1);
	struct vm_window window = { .mm = NULL };
	struct mm *mm = test_mm(), *giver = test_mm();

	test_map(giver, 0, 4, PROT_READ);
	set_soft(mm, VM_LIMIT_AS, PAGES(2));
	EXPECT_IS(mm_map_device(mm, REGISTERS, 3, false, NULL, &window),
		  -ENOMEM);
	EXPECT(!IS_ERR_VALUE(mm_map_device(mm, REGISTERS, 2, false, NULL,
					   &window)));
	EXPECT_IS(mm_map_pages(mm, UADDR(AT(0)), pages, 1, VM_READ, NULL),
		  -ENOMEM);
	mm_unmap_device(&window);
	for (unsigned grant = 0; grant < 2; grant++) {
		EXPECT_IS(mm_transfer(giver, UADDR(AT(grant)), PAGES(3), mm,
				      UADDR(AT(8)), VM_READ, grant),
			  -ENOMEM);
		EXPECT_IS(mm_transfer(giver, UADDR(AT(grant)), PAGES(1), mm,
				      UADDR(AT(8 + 2 * grant)), VM_READ, grant),
			  AT(8 + 2 * grant));
	}
	EXPECT_IS(mm_map_pages(mm, UADDR(AT(0)), pages, 1, VM_READ, NULL),
		  -ENOMEM);
	EXPECT_EQ(mm_munmap(mm, UADDR(AT(0)), PAGES(20)), 0);
	EXPECT_IS(mm_map_pages(mm, UADDR(AT(0)), pages, 2, VM_READ, NULL),
		  AT(0));
	test_end(mm);
	test_end(giver);
	test_free_kernel_pages(pages, 1);
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

KTEST(vm_limits, all_ram_may_be_promised)
{
	EXPECT(vm_commit_limit > 0);
	EXPECT(vm_commit_limit <= managed_pages());
}

/* The family seems to have more than its share, but nobody looks. */
KTEST(vm_limits, up_to_a_half_no_share_is_asked_for)
{
	unsigned long limit = vm_commit_limit;
	struct mm *mm = mm_at_depth(1);
	uint32_t committed = mm->committed;

	mm->committed = UINT32_MAX / 2;
	vm_commit_limit = 2 * (vm_committed() + 10);
	EXPECT(commit_charge(mm->account, 10));
	commit_release(10);
	vm_commit_limit -= 2;
	EXPECT(!commit_charge(mm->account, 10));
	vm_commit_limit = limit;
	mm->committed = committed;
	test_end(mm);
}

/* Shared memory that is not promised counts nowhere. */
KTEST(vm_limits, promises_of_shared_memory_count_until_the_last_area_goes)
{
	struct mm *mm = mm_at_depth(0), *child, *other = test_mm();
	struct account *account = mm->account;

	account_get(account);
	test_map_shared(mm, 0, 3, PROT_RW);
	EXPECT_EQ(account_promised_below(account), 3);
	EXPECT_IS(mm_mmap(mm, UADDR(AT(8)), PAGES(5), PROT_RW,
			  SHARED_FIXED | MAP_NORESERVE),
		  AT(8));
	EXPECT_EQ(account_promised_below(account), 3);
	child = test_fork(mm);
	/* When another program gets a part, all of it is promised. */
	EXPECT_IS(mm_transfer(mm, UADDR(AT(8)), PAGES(1), other, UADDR(AT(0)),
			      VM_READ, false),
		  AT(0));
	EXPECT_EQ(account_promised_below(account), 3 + 5);
	test_end(mm);
	test_end(other);
	EXPECT_EQ(account_promised_below(account), 3 + 5);
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

KTEST(vm_limits, an_area_that_stays_when_it_moves_counts_twice)
{
	struct mm *mm = test_mm();

	test_map(mm, 0, 3, PROT_RW);
	for (unsigned limit = 5; limit <= 6; limit++) {
		set_soft(mm, VM_LIMIT_AS, PAGES(limit));
		EXPECT_IS(mm_mremap(mm, UADDR(AT(0)), PAGES(3), PAGES(3),
				    MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
				    UADDR(AT(8))),
			  limit == 5 ? (uint32_t)-ENOMEM : AT(8));
	}
	EXPECT_STREQ(maps(mm), "100-103 rw-p 108-10b rw-p");
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

/* How much an object of so many pages, none of them touched, costs. */
static uint32_t cost_of(uint32_t pages)
{
	struct account *account = account_create(NULL);
	struct vm_object *object;
	uint32_t used;

	REQUIRE(account);
	object = vm_object_create(pages, false, account);
	REQUIRE(object);
	used = (uint32_t)account->used[ACCOUNT_ARRAYS];
	vm_object_put(object);
	account_put(account);
	return used;
}

/* An array has 1024 pages. */
KTEST(vm_limits, an_object_costs_a_pointer_for_each_page_and_each_array)
{
	const uint32_t pointer = sizeof(void *);

	EXPECT_EQ(cost_of(2), cost_of(1) + pointer);
	EXPECT_EQ(cost_of(1024), cost_of(1) + 1023 * pointer);
	EXPECT_EQ(cost_of(1025), cost_of(1024) + 2 * pointer);
	EXPECT_EQ(cost_of(2048), cost_of(1024) + 1025 * pointer);
	EXPECT_EQ(cost_of(2049), cost_of(2048) + 2 * pointer);
}
