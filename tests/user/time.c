// SPDX-License-Identifier: MIT
/*
 * time.c - nanosleep, clock_gettime, and what runs meanwhile
 */
#include "tests/user/utest.h"

#define MS  1000000

static int64_t now_ns(void)
{
	struct linux_timespec t = { 0, 0 };

	linux_clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.seconds * 1000000000 + t.nanoseconds;
}

UTEST(the_clock_never_goes_back)
{
	int64_t last = now_ns();

	for (unsigned i = 0; i < 2000; i++) {
		int64_t now = now_ns();

		EXPECT(now >= last);
		last = now;
	}
}

UTEST(the_clock_has_nanoseconds_below_a_second)
{
	struct linux_timespec t = { -1, -1 };

	EXPECT_EQ(linux_clock_gettime(CLOCK_REALTIME, &t), 0);
	EXPECT(t.seconds >= 0);
	EXPECT(t.nanoseconds >= 0 && t.nanoseconds < 1000000000);
}

UTEST(clocks_that_are_none_are_refused)
{
	struct linux_timespec t;

	EXPECT_EQ(linux_clock_gettime(100, &t), -EINVAL);
	EXPECT_EQ(linux_clock_gettime(0x7fffffff, &t), -EINVAL);
}

UTEST(the_time_is_not_written_where_nothing_is)
{
	EXPECT_EQ(linux_clock_gettime(CLOCK_MONOTONIC, NULL), -EFAULT);
	EXPECT_EQ(linux_clock_gettime(CLOCK_MONOTONIC, FREE_ADDR), -EFAULT);
	EXPECT_EQ(linux_clock_gettime(CLOCK_MONOTONIC, KERNEL), -EFAULT);
	EXPECT_EQ(linux_clock_gettime(CLOCK_MONOTONIC, TOP), -EFAULT);
	EXPECT_EQ(linux_clock_gettime(CLOCK_MONOTONIC, (void *)0xfffffffc),
		  -EFAULT);
	EXPECT_EQ(linux_clock_gettime(CLOCK_MONOTONIC,
				      (void *)((char *)KERNEL - 4)), -EFAULT);
}

UTEST(the_time_is_not_written_to_read_only_pages)
{
	void *p = map_flags(1, PROT_READ, MAP_PRIVATE);

	EXPECT_EQ(linux_clock_gettime(CLOCK_MONOTONIC, p), -EFAULT);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
}

UTEST(a_structure_across_two_pages_needs_both)
{
	char *p = map_pages(3);

	EXPECT_EQ(linux_clock_gettime(CLOCK_MONOTONIC,
				      (void *)(p + PAGE - 4)), 0);
	EXPECT_EQ(linux_munmap(p + PAGE, PAGE), 0);
	EXPECT_EQ(linux_clock_gettime(CLOCK_MONOTONIC,
				      (void *)(p + PAGE - 4)), -EFAULT);
	EXPECT_EQ(linux_clock_gettime(CLOCK_MONOTONIC,
				      (void *)(p + 2 * PAGE - 4)), -EFAULT);
	EXPECT_EQ(linux_munmap(p, 3 * PAGE), 0);
}

UTEST(sleep_lasts_at_least_so_long)
{
	struct linux_timespec nap = { 0, 30 * MS };
	int64_t start = now_ns();

	EXPECT_EQ(linux_nanosleep(&nap, NULL), 0);
	EXPECT(now_ns() - start >= 30 * MS);
}

UTEST(sleep_of_nothing_comes_back)
{
	struct linux_timespec nap = { 0, 0 };

	EXPECT_EQ(linux_nanosleep(&nap, NULL), 0);
	nap.nanoseconds = 1;
	EXPECT_EQ(linux_nanosleep(&nap, &nap), 0);
}

UTEST(sleep_refuses_times_that_are_none)
{
	struct linux_timespec nap = { -1, 0 };

	EXPECT_EQ(linux_nanosleep(&nap, NULL), -EINVAL);
	nap = (struct linux_timespec){ 0, 1000000000 };
	EXPECT_EQ(linux_nanosleep(&nap, NULL), -EINVAL);
	nap = (struct linux_timespec){ 0, -1 };
	EXPECT_EQ(linux_nanosleep(&nap, NULL), -EINVAL);
}

UTEST(sleep_refuses_bad_pointers)
{
	EXPECT_EQ(linux_nanosleep(NULL, NULL), -EFAULT);
	EXPECT_EQ(linux_nanosleep(FREE_ADDR, NULL), -EFAULT);
	EXPECT_EQ(linux_nanosleep(KERNEL, NULL), -EFAULT);
	EXPECT_EQ(linux_nanosleep((void *)0xfffffffc, NULL), -EFAULT);
}

UTEST(others_run_while_one_sleeps)
{
	struct linux_timespec nap = { 0, 50 * MS };
	volatile uint32_t *turns = map_flags(1, PROT_READ | PROT_WRITE,
					     MAP_SHARED);
	int64_t end = now_ns() + 200 * MS;
	long child = utest_fork();
	int status;

	if (!child) {
		while (now_ns() < end)
			++*turns;
		linux_exit_group(0);
	}
	for (unsigned i = 0; i < 2; i++) {
		*turns = 0;
		linux_nanosleep(&nap, NULL);
		EXPECT(*turns > 100);
	}
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
}

/* Three processes that never give way each get their share of the CPU. */
UTEST(no_one_keeps_the_cpu)
{
	struct linux_timespec nap = { 0, 400 * MS };
	volatile uint32_t *turns = map_flags(1, PROT_READ | PROT_WRITE,
					     MAP_SHARED);
	int64_t end = now_ns() + 300 * MS;
	int status;

	for (unsigned i = 0; i < 3; i++) {
		if (!utest_fork()) {
			while (now_ns() < end)
				++turns[i * 16];
			linux_exit_group(0);
		}
	}
	linux_nanosleep(&nap, NULL);
	for (unsigned i = 0; i < 3; i++)
		EXPECT(turns[i * 16] > 100);
	for (unsigned i = 0; i < 3; i++)
		EXPECT(linux_waitpid(-1, &status, 0) > 0);
}
