// SPDX-License-Identifier: MIT
/*
 * kill.c (tests) - what a killed thread still does to an address space
 *
 * WHAT     A killed thread does each long operation of mm/vm/. The operation
 *          stops after a page, and returns -EINTR if it can.
 * SEE      tests/user/killed.c, which kills programs in the middle of a call.
 */
#include "tests/suites/vm_test.h"
#include "tests/threads.h"

static const char *check(void)
{
	return vm_check();
}

SUITE(kill, check);

#define LONG  64u       /* pages: a machine of 4 MiB has them */

static long populate(struct mm *mm)
{
	long at = mm_mmap(mm, UADDR(AT(0)), PAGES(LONG), PROT_RW,
			  ANON_FIXED | MAP_POPULATE);

	/* mmap() gives the area, and says nothing about its pages. */
	return (uint32_t)at == AT(0) ? -EINTR : at;
}

static long lock(struct mm *mm)
{
	test_map(mm, 0, LONG, PROT_RW);
	return mm_mlock(mm, UADDR(AT(0)), PAGES(LONG));
}

static long advise(struct mm *mm)
{
	test_map(mm, 0, LONG, PROT_RW);
	return mm_madvise(mm, UADDR(AT(0)), PAGES(LONG), MADV_POPULATE_WRITE);
}

static long grow_locked(struct mm *mm)
{
	long at;

	test_map(mm, 0, 1, PROT_RW);
	EXPECT_IS(mm_mlock(mm, UADDR(AT(0)), PAGES(1)), -EINTR);
	at = mm_mremap(mm, UADDR(AT(0)), PAGES(1), PAGES(LONG), 0, UADDR(0));
	return (uint32_t)at == AT(0) ? -EINTR : at;
}

static long unlock_writes(struct mm *mm)
{
	long err;

	EXPECT_IS(mm_mmap(mm, UADDR(AT(0)), PAGES(LONG), PROT_READ,
			  ANON_FIXED | MAP_LOCKED),
		  AT(0));
	err = mm_mprotect(mm, UADDR(AT(0)), PAGES(LONG), PROT_RW);
	return err ? err : -EINTR;
}

static char bytes[3 * PAGE_SIZE];

static long read(struct mm *mm)
{
	test_map(mm, 0, LONG, PROT_RW);
	return mm_read(mm, UADDR(AT(0)), bytes, sizeof(bytes));
}

static long write(struct mm *mm)
{
	test_map(mm, 0, LONG, PROT_RW);
	return mm_write(mm, UADDR(AT(0)), bytes, sizeof(bytes), false);
}

static long fork(struct mm *mm)
{
	struct mm *child;
	long err;

	test_map(mm, 0, LONG, PROT_RW);
	err = mm_fork(mm, &child);
	if (!err)
		mm_put(child);
	return err;
}

static long (*const operations[])(struct mm *mm) = {
	populate, lock, advise, grow_locked, unlock_writes, read, write, fork,
};

struct attempt {
	long   (*operation)(struct mm *mm);
	bool     killed;
	long     result;
	uint32_t rss;
	bool     done;
};

static void attempt_main(void *arg)
{
	struct attempt *a = arg;
	struct mm *mm = test_mm();

	if (a->killed)
		thread_kill(current_thread());
	a->result = a->operation(mm);
	a->rss = mm->rss;
	test_end(mm);
	a->done = true;
}

static void try(struct attempt *a)
{
	unsigned threads = sched_nr_threads();

	start("killed", PRIORITY_TEST, attempt_main, a);
	EXPECT(WAIT_UNTIL(a->done));
	all_gone(threads);
}

KTEST(kill, long_operations_stop_after_a_page)
{
	for (unsigned i = 0; i < ARRAY_SIZE(operations); i++) {
		struct attempt a = { operations[i], .killed = true };

		try(&a);
		EXPECT_EQ(a.result, -EINTR);
		EXPECT(a.rss <= 1);
	}
}

/* Without a kill no operation stops. */
KTEST(kill, long_operations_go_on_without_a_kill)
{
	for (unsigned i = 0; i < ARRAY_SIZE(operations); i++) {
		struct attempt a = { operations[i], .killed = false };

		if (a.operation == grow_locked || a.operation == unlock_writes)
			continue;       /* they expect the kill */
		try(&a);
		if (i < 3)
			EXPECT_EQ(a.rss, LONG);
		else
			EXPECT_EQ(a.result, 0);
	}
}
