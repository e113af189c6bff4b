// SPDX-License-Identifier: MIT
/*
 * cow.c - what a fork shares, and what a write then changes
 */
#include "tests/user/utest.h"

#define PAGES  256u

static char *pages;

static void fill(char *p, unsigned n, char value)
{
	for (unsigned i = 0; i < n; i++)
		p[i * PAGE] = value;
}

static unsigned count(const char *p, unsigned n, char value)
{
	unsigned found = 0;

	for (unsigned i = 0; i < n; i++)
		found += p[i * PAGE] == value;
	return found;
}

static void child_writes(long value)
{
	if (count(pages, PAGES, 1) != PAGES)
		linux_exit_group(1);
	fill(pages, PAGES, (char)value);
	linux_exit_group(count(pages, PAGES, (char)value) != PAGES);
}

UTEST(a_childs_writes_stay_with_it)
{
	pages = map_pages(PAGES);
	fill(pages, PAGES, 1);
	EXPECT_EQ(exit_of(child_writes, 2), 0);
	EXPECT_EQ(count(pages, PAGES, 1), PAGES);
	linux_munmap(pages, PAGES * PAGE);
}

UTEST(a_parents_writes_stay_with_it)
{
	volatile uint32_t *go = map_flags(1, PROT_READ | PROT_WRITE,
					  MAP_SHARED);
	int status;
	long child;

	pages = map_pages(PAGES);
	fill(pages, PAGES, 1);
	child = utest_fork();
	if (!child) {
		while (!*go)
			linux_sched_yield();
		linux_exit_group(count(pages, PAGES, 1) == PAGES ? 3 : 1);
	}
	fill(pages, PAGES, 9);
	*go = 1;
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(status, 3 << 8);
	EXPECT_EQ(count(pages, PAGES, 9), PAGES);
	linux_munmap(pages, PAGES * PAGE);
}

UTEST(shared_areas_show_writes_both_ways)
{
	volatile uint32_t *word = map_flags(2, PROT_READ | PROT_WRITE,
					    MAP_SHARED);
	int status;
	long child = utest_fork();

	if (!child) {
		word[0] = 1;
		while (word[1024] != 2)
			linux_sched_yield();
		word[1] = 3;
		linux_exit_group(0);
	}
	while (word[0] != 1)
		linux_sched_yield();
	word[1024] = 2;
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(word[1], 3);
	linux_munmap((void *)word, 2 * PAGE);
}

/* Five generations, each with its own value in the same page. */
static void generation(long depth)
{
	volatile char *p = pages;
	int status = -1;
	long child;

	while (depth) {
		p[0] = (char)depth;
		child = utest_fork();
		if (child) {
			linux_waitpid((int)child, &status, 0);
			linux_exit_group(status || p[0] != (char)depth);
		}
		if (p[0] != (char)depth)
			linux_exit_group(1);
		depth--;
	}
	linux_exit_group(0);
}

UTEST(generations_do_not_see_each_other)
{
	pages = map_pages(1);
	pages[0] = 100;
	EXPECT_EQ(exit_of(generation, 5), 0);
	EXPECT_EQ(pages[0], 100);
	linux_munmap(pages, PAGE);
}

UTEST(pages_only_read_are_zero_for_both)
{
	volatile char *p = map_pages(16);
	int status;
	long child;

	EXPECT_EQ(count((const char *)p, 16, 0), 16);
	child = utest_fork();
	if (!child) {
		p[5 * PAGE] = 1;
		linux_exit_group(count((const char *)p, 16, 0) == 15 ? 4 : 1);
	}
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(status, 4 << 8);
	EXPECT_EQ(count((const char *)p, 16, 0), 16);
	linux_munmap((void *)p, 16 * PAGE);
}

static void ask_time(long addr)
{
	uint32_t *words = (uint32_t *)addr;

	words[0] = 7;
	if (linux_clock_gettime(1, (void *)words))
		linux_exit_group(1);
	linux_exit_group(words[0] == 0xdead ? 1 : 0);
}

UTEST(the_kernel_copies_before_it_writes)
{
	uint32_t *words = map_pages(1);

	words[0] = words[1] = 0xdead;
	EXPECT_EQ(exit_of(ask_time, (long)words), 0);
	EXPECT_EQ(words[0], 0xdead);
	EXPECT_EQ(words[1], 0xdead);
	linux_munmap(words, PAGE);
}

static void write_pages(long unused)
{
	fill(pages, 4, 5);
}

UTEST(read_only_pages_stay_so_in_a_child)
{
	pages = map_pages(4);
	fill(pages, 4, 1);
	linux_mprotect(pages, 4 * PAGE, PROT_READ);
	EXPECT_EQ(signal_of(write_pages, 0), SIGSEGV_NR);
	EXPECT_EQ(linux_mprotect(pages, 4 * PAGE, PROT_READ | PROT_WRITE), 0);
	EXPECT_EQ(signal_of(write_pages, 0), 0);
	EXPECT_EQ(count(pages, 4, 1), 4);
	linux_munmap(pages, 4 * PAGE);
}

static void allow_and_write(long unused)
{
	linux_mprotect(pages, 4 * PAGE, PROT_READ | PROT_WRITE);
	fill(pages, 4, 5);
	linux_exit_group(count(pages, 4, 5) == 4 ? 8 : 1);
}

UTEST(rights_that_come_after_a_fork_do_not_share)
{
	pages = map_pages(4);
	fill(pages, 4, 1);
	linux_mprotect(pages, 4 * PAGE, PROT_READ);
	EXPECT_EQ(exit_of(allow_and_write, 0), 8);
	EXPECT_EQ(count(pages, 4, 1), 4);
	linux_munmap(pages, 4 * PAGE);
}

static void move_and_write(long unused)
{
	char *to = linux_mremap(pages, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE,
				NULL);

	if (IS_ERROR(to) || count(to, 4, 1) != 4)
		linux_exit_group(1);
	fill(to, 8, 5);
	linux_exit_group(6);
}

UTEST(pages_that_move_after_a_fork_are_copied_too)
{
	pages = map_pages(4);
	fill(pages, 4, 1);
	EXPECT_EQ(exit_of(move_and_write, 0), 6);
	EXPECT_EQ(count(pages, 4, 1), 4);
	linux_munmap(pages, 4 * PAGE);
}

/*
 * All children may exist before the first one runs. So even the smallest
 * machine for this test must be able to promise each of them so many pages.
 */
#define CHILDREN     50u
#define CHILD_PAGES  64u

static void child_writes_few(long value)
{
	fill(pages, CHILD_PAGES, (char)value);
	linux_exit_group(count(pages, CHILD_PAGES, (char)value) != CHILD_PAGES);
}

UTEST(fifty_children_share_and_write)
{
	unsigned born = 0;
	int status;

	pages = map_pages(CHILD_PAGES);
	fill(pages, CHILD_PAGES, 1);
	for (unsigned i = 0; i < CHILDREN; i++) {
		long child = utest_fork();

		if (!child)
			child_writes_few((long)i + 2);
		EXPECT(child > 0);
		born += child > 0;
	}
	for (unsigned i = 0; i < born; i++) {
		EXPECT(linux_waitpid(-1, &status, 0) > 0);
		EXPECT_EQ(status, 0);
	}
	EXPECT_EQ(count(pages, CHILD_PAGES, 1), CHILD_PAGES);
	linux_munmap(pages, CHILD_PAGES * PAGE);
}

/* The fork is refused, not a later write. What the fork began is undone. */
UTEST(a_fork_beyond_what_can_be_promised_is_refused)
{
	uint32_t nr = 1u << 19;
	int status = -1;
	char *p;
	long child;

	SKIP_IF(on_linux(), "Linux promises more than it has");
	do {
		nr -= nr / 8;
		p = map_pages(nr);
	} while (IS_ERROR(p));
	EXPECT_EQ(linux_fork(), -ENOMEM);
	EXPECT_EQ(linux_waitpid(-1, &status, 0), -ECHILD);
	linux_munmap(p, nr * PAGE);
	child = utest_fork();
	if (!child)
		linux_exit_group(5);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(status, 5 << 8);
}
