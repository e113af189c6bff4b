// SPDX-License-Identifier: MIT
/*
 * stack.c - areas that grow down
 */
#include "tests/user/utest.h"

#define RW     (PROT_READ | PROT_WRITE)
#define TOP_OF_STACK  0xc0000000u
#define LIMIT  (8u << 20)

static void write_at(long addr)
{
	*(volatile char *)addr = 1;
}

static void read_at(long addr)
{
	*(volatile char *)addr;
}

static void ask_time(long addr)
{
	linux_exit_group(linux_clock_gettime(1, (void *)addr) == 0);
}

/* A recursion that the compiler cannot turn into a loop. */
static unsigned recurse(unsigned depth)
{
	volatile char frame[1024];

	frame[0] = (char)depth;
	if (depth == 0)
		return 0;
	return recurse(depth - 1) + (frame[0] != (char)depth) + 1;
}

static void recurse_child(long depth)
{
	if (recurse((unsigned)depth) != (unsigned)depth)
		linux_exit_group(1);
}

UTEST(recursion_of_four_megabytes_works)
{
	EXPECT_EQ(in_child(recurse_child, 3800), 0);
}

UTEST(recursion_beyond_the_limit_is_sigsegv)
{
	EXPECT_EQ(signal_of(recurse_child, 100000), SIGSEGV_NR);
}

UTEST(the_stack_grows_wherever_it_is_touched)
{
	/* As in Linux since 5.0, whatever ESP is. */
	EXPECT_EQ(signal_of(write_at, TOP_OF_STACK - (4 << 20)), 0);
	EXPECT_EQ(signal_of(read_at, TOP_OF_STACK - (6 << 20)), 0);
}

UTEST(the_stack_ends_at_its_limit)
{
	EXPECT_EQ(signal_of(write_at, TOP_OF_STACK - LIMIT), 0);
	EXPECT_EQ(signal_of(write_at, TOP_OF_STACK - LIMIT - 1), SIGSEGV_NR);
	EXPECT_EQ(signal_of(write_at, TOP_OF_STACK - LIMIT - PAGE),
		  SIGSEGV_NR);
}

UTEST(the_kernel_makes_the_stack_grow_too)
{
	EXPECT_EQ(exit_of(ask_time, TOP_OF_STACK - (5 << 20)), 1);
	EXPECT_EQ(exit_of(ask_time, TOP_OF_STACK - LIMIT - PAGE), 0);
}

static void grow_towards_an_area(long distance)
{
	char *wall = (char *)(TOP_OF_STACK - (4 << 20));

	linux_mmap(wall, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		   -1, 0);
	wall[PAGE + distance] = 1;
}

UTEST(the_guard_gap_stays_free)
{
	/* 256 pages between the stack and the area below it. */
	EXPECT_EQ(signal_of(grow_towards_an_area, 256 * PAGE), 0);
	EXPECT_EQ(signal_of(grow_towards_an_area, 255 * PAGE), SIGSEGV_NR);
	EXPECT_EQ(signal_of(grow_towards_an_area, 0), SIGSEGV_NR);
}

UTEST(an_area_asked_to_grow_down_does)
{
	char *p = linux_mmap((void *)0x60000000, PAGE, RW, MAP_PRIVATE |
			     MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1,
			     0);

	EXPECT_EQ(p, 0x60000000);
	p[-100 * (int)PAGE] = 5;
	EXPECT_EQ(p[-100 * (int)PAGE], 5);
	EXPECT_EQ(linux_munmap(p - 100 * PAGE, 101 * PAGE), 0);
}

UTEST(new_areas_keep_away_from_one_that_grows)
{
	char *p = linux_mmap((void *)0x60000000, PAGE, RW, MAP_PRIVATE |
			     MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1,
			     0);
	char *near = linux_mmap(p - 8 * PAGE, PAGE, RW,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	EXPECT(near != p - 8 * PAGE);
	EXPECT_EQ(linux_munmap(near, PAGE), 0);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
}

UTEST(shared_areas_do_not_grow)
{
	EXPECT_EQ(linux_mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS |
			     MAP_GROWSDOWN, -1, 0), -EINVAL);
}

UTEST(mprotect_can_reach_down_to_the_start)
{
	char *p = linux_mmap((void *)0x60000000, 4 * PAGE, RW, MAP_PRIVATE |
			     MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1,
			     0);

	EXPECT_EQ(linux_mprotect(p + 3 * PAGE, PAGE,
				 PROT_READ | 0x01000000), 0);
	EXPECT_EQ(signal_here(write_at, (long)p), SIGSEGV_NR);
	EXPECT_EQ(linux_munmap(p, 4 * PAGE), 0);
}
