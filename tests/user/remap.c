// SPDX-License-Identifier: MIT
/*
 * remap.c - mremap, brk, madvise, mincore, mlock from ring 3
 */
#include "tests/user/utest.h"

#define RW  (PROT_READ | PROT_WRITE)

static void read_at(long addr)
{
	*(volatile char *)addr;
}

static void write_at(long addr)
{
	*(volatile char *)addr = 1;
}

static long remap(void *addr, size_t old, size_t new, int flags, void *to)
{
	return (long)linux_mremap(addr, old, new, flags, to);
}

/* ---- mremap -------------------------------------------------------------- */

UTEST(mremap_grows_where_there_is_room)
{
	char *p = map_pages(8);

	p[0] = 5;
	EXPECT_EQ(linux_munmap(p + PAGE, 7 * PAGE), 0);
	EXPECT_EQ(remap(p, PAGE, 4 * PAGE, 0, NULL), p);
	EXPECT_EQ(p[0], 5);
	EXPECT_EQ(p[3 * PAGE], 0);
	EXPECT_EQ(linux_munmap(p, 4 * PAGE), 0);
}

UTEST(mremap_without_room_needs_maymove)
{
	char *p = map_pages(2);
	char *new;

	p[0] = 6;
	EXPECT_EQ(remap(p, PAGE, 2 * PAGE, 0, NULL), -ENOMEM);
	new = linux_mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL);
	EXPECT(!IS_ERROR(new) && new != p);
	EXPECT_EQ(new[0], 6);
	EXPECT_EQ(signal_here(read_at, (long)p), SIGSEGV_NR);
	EXPECT_EQ(linux_munmap(new, 2 * PAGE), 0);
	EXPECT_EQ(linux_munmap(p + PAGE, PAGE), 0);
}

UTEST(mremap_shrinks)
{
	char *p = map_pages(4);

	p[0] = p[PAGE] = p[2 * PAGE] = p[3 * PAGE] = 5;
	EXPECT_EQ(remap(p, 4 * PAGE, PAGE, 0, NULL), p);
	EXPECT_EQ(signal_here(read_at, (long)p), 0);
	for (unsigned i = 1; i < 4; i++)
		EXPECT_EQ(signal_here(read_at, (long)p + i * PAGE), SIGSEGV_NR);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
}

UTEST(mremap_fixed_moves_and_replaces)
{
	char *p = map_pages(2), *to = map_pages(2);

	p[PAGE] = 9;
	to[0] = 1;
	EXPECT_EQ(remap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			to), to);
	EXPECT_EQ(to[0], 0);
	EXPECT_EQ(to[PAGE], 9);
	EXPECT_EQ(signal_here(read_at, (long)p), SIGSEGV_NR);
	EXPECT_EQ(signal_here(read_at, (long)p + PAGE), SIGSEGV_NR);
	EXPECT_EQ(linux_munmap(to, 2 * PAGE), 0);
}

UTEST(mremap_refuses_bad_arguments)
{
	char *p = map_pages(4);
	int both = MREMAP_MAYMOVE | MREMAP_FIXED;

	EXPECT_EQ(remap(p + 1, PAGE, PAGE, 0, NULL), -EINVAL);
	EXPECT_EQ(remap(p, PAGE, 0, 0, NULL), -EINVAL);
	EXPECT_EQ(remap(p, PAGE, PAGE, 8, NULL), -EINVAL);
	EXPECT_EQ(remap(p, PAGE, PAGE, MREMAP_FIXED, p + 8 * PAGE), -EINVAL);
	EXPECT_EQ(remap(p, 2 * PAGE, 2 * PAGE, both, p + PAGE), -EINVAL);
	EXPECT_EQ(remap(p, PAGE, PAGE, both, (char *)FREE_ADDR + 1), -EINVAL);
	EXPECT_EQ(remap(p, PAGE, PAGE, both, KERNEL), -EINVAL);
	EXPECT_EQ(remap(p, 0, PAGE, MREMAP_MAYMOVE, NULL), -EINVAL);
	EXPECT_EQ(remap(FREE_ADDR, PAGE, PAGE, 0, NULL), -EFAULT);
	EXPECT_EQ(remap(KERNEL, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL),
		  -EFAULT);
	EXPECT_EQ(linux_munmap(p + 3 * PAGE, PAGE), 0);
	EXPECT_EQ(remap(p, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE, NULL),
		  -EFAULT);
	EXPECT_EQ(linux_munmap(p, 4 * PAGE), 0);
}

UTEST(mremap_of_old_length_zero_duplicates_shared_pages)
{
	char *p = map_flags(1, RW, MAP_SHARED);
	char *other = linux_mremap(p, 0, PAGE, MREMAP_MAYMOVE, NULL);

	EXPECT(!IS_ERROR(other));
	p[7] = 7;
	EXPECT_EQ(other[7], 7);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
	EXPECT_EQ(other[7], 7);
	EXPECT_EQ(linux_munmap(other, PAGE), 0);
}

UTEST(shared_pages_end_with_their_object)
{
	char *p = map_flags(1, RW, MAP_SHARED);

	p = linux_mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL);
	EXPECT(!IS_ERROR(p));
	EXPECT_EQ(signal_here(write_at, (long)p), 0);
	EXPECT_EQ(signal_here(write_at, (long)p + PAGE), SIGBUS_NR);
	EXPECT_EQ(linux_clock_gettime(1, (void *)(p + PAGE)), -EFAULT);
	EXPECT_EQ(linux_munmap(p, 2 * PAGE), 0);
}

/* ---- brk ----------------------------------------------------------------- */

UTEST(brk_grows_and_shrinks)
{
	char *start = (char *)linux_brk(NULL);

	EXPECT_EQ(linux_brk(start + 3 * PAGE), start + 3 * PAGE);
	for (unsigned i = 0; i < 3; i++)
		start[i * PAGE + 5] = 5;
	EXPECT_EQ(linux_brk(start + 1), start + 1);
	EXPECT_EQ(signal_here(read_at, (long)start + PAGE), SIGSEGV_NR);
	EXPECT_EQ(linux_brk(start + 2 * PAGE), start + 2 * PAGE);
	EXPECT_EQ(start[PAGE + 5], 0);
	EXPECT_EQ(linux_brk(start), start);
}

UTEST(brk_that_cannot_be_is_the_old_one)
{
	char *start = (char *)linux_brk(NULL);

	EXPECT_EQ(linux_brk(start - 1), start);
	EXPECT_EQ(linux_brk((void *)1), start);
	EXPECT_EQ(linux_brk(KERNEL), start);
	EXPECT_EQ(linux_brk(TOP), start);
	EXPECT_EQ(linux_brk((void *)0xffffffff), start);
}

UTEST(brk_does_not_run_into_an_area)
{
	char *start = (char *)linux_brk(NULL);
	char *wall = (char *)ALIGN_UP((uint32_t)start, PAGE) + 4 * PAGE;

	EXPECT_EQ(linux_mmap(wall, PAGE, RW,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		  wall);
	EXPECT_EQ(linux_brk(wall - PAGE), wall - PAGE);
	EXPECT_EQ(linux_brk(wall + PAGE), wall - PAGE);
	EXPECT_EQ(linux_munmap(wall, PAGE), 0);
	EXPECT_EQ(linux_brk(start), start);
}

/* ---- madvise, mincore ---------------------------------------------------- */

UTEST(dontneed_empties_private_pages)
{
	char *p = map_pages(2);
	uint8_t vec[2];

	p[0] = p[PAGE] = 4;
	EXPECT_EQ(linux_madvise(p, PAGE, MADV_DONTNEED), 0);
	EXPECT_EQ(linux_mincore(p, 2 * PAGE, vec), 0);
	EXPECT_EQ(vec[0] & 1, 0);
	EXPECT_EQ(vec[1] & 1, 1);
	EXPECT_EQ(p[0], 0);
	EXPECT_EQ(p[PAGE], 4);
	EXPECT_EQ(linux_munmap(p, 2 * PAGE), 0);
}

UTEST(dontneed_leaves_shared_pages_their_contents)
{
	char *p = map_flags(1, RW, MAP_SHARED);

	p[0] = 4;
	EXPECT_EQ(linux_madvise(p, PAGE, MADV_DONTNEED), 0);
	EXPECT_EQ(p[0], 4);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
}

UTEST(madvise_refuses_bad_arguments)
{
	char *p = map_pages(1);

	EXPECT_EQ(linux_madvise(p, PAGE, 999), -EINVAL);
	EXPECT_EQ(linux_madvise(p, PAGE, -1), -EINVAL);
	EXPECT_EQ(linux_madvise(p + 1, PAGE, MADV_DONTNEED), -EINVAL);
	EXPECT_EQ(linux_madvise(p, 0, MADV_DONTNEED), 0);
	EXPECT_EQ(linux_madvise(FREE_ADDR, PAGE, MADV_DONTNEED), -ENOMEM);
	EXPECT_EQ(linux_madvise(KERNEL, PAGE, MADV_DONTNEED), -ENOMEM);
	EXPECT_EQ(linux_mlock(p, PAGE), 0);
	EXPECT_EQ(linux_madvise(p, PAGE, MADV_DONTNEED), -EINVAL);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
}

UTEST(mincore_shows_what_was_touched)
{
	char *p = map_pages(600);
	static uint8_t vec[600];

	for (unsigned i = 0; i < 600; i += 3)
		p[i * PAGE] = 1;
	EXPECT_EQ(linux_mincore(p, 600 * PAGE, vec), 0);
	for (unsigned i = 0; i < 600; i++)
		EXPECT_EQ(vec[i] & 1, i % 3 == 0);
	EXPECT_EQ(linux_munmap(p, 600 * PAGE), 0);
}

UTEST(mincore_refuses_bad_arguments)
{
	char *p = map_pages(2);
	uint8_t vec[2];

	EXPECT_EQ(linux_mincore(p + 1, PAGE, vec), -EINVAL);
	EXPECT_EQ(linux_mincore(p, PAGE, NULL), -EFAULT);
	EXPECT_EQ(linux_mincore(p, PAGE, FREE_ADDR), -EFAULT);
	EXPECT_EQ(linux_mincore(p, PAGE, KERNEL), -EFAULT);
	EXPECT_EQ(linux_mincore(FREE_ADDR, PAGE, vec), -ENOMEM);
	EXPECT_EQ(linux_mincore(KERNEL, PAGE, vec), -ENOMEM);
	EXPECT_EQ(linux_munmap(p + PAGE, PAGE), 0);
	EXPECT_EQ(linux_mincore(p, 2 * PAGE, vec), -ENOMEM);
	EXPECT_EQ(linux_mincore(p, 0, vec), 0);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
}

/* ---- mlock --------------------------------------------------------------- */

UTEST(mlock_brings_the_pages)
{
	char *p = map_pages(3);
	uint8_t vec[3];

	EXPECT_EQ(linux_mlock(p + 100, PAGE), 0);
	EXPECT_EQ(linux_mincore(p, 3 * PAGE, vec), 0);
	EXPECT_EQ(vec[0] & vec[1] & 1, 1);
	EXPECT_EQ(vec[2] & 1, 0);
	EXPECT_EQ(linux_munlock(p, 2 * PAGE), 0);
	EXPECT_EQ(linux_madvise(p, PAGE, MADV_DONTNEED), 0);
	EXPECT_EQ(linux_munmap(p, 3 * PAGE), 0);
}

UTEST(mlock_of_what_is_not_there_is_enomem)
{
	char *p = map_flags(1, PROT_NONE, MAP_PRIVATE);

	EXPECT_EQ(linux_mlock(FREE_ADDR, PAGE), -ENOMEM);
	EXPECT_EQ(linux_mlock(p, PAGE), -ENOMEM);
	EXPECT_EQ(linux_mlock(KERNEL, PAGE), -ENOMEM);
	EXPECT_EQ(linux_munlock(FREE_ADDR, PAGE), -ENOMEM);
	EXPECT_EQ(linux_mlock(p, 0), 0);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
}

UTEST(lengths_that_wrap_are_refused)
{
	char *p = map_pages(1);

	SKIP_IF(on_linux(), "a 64-bit kernel does not see them wrap");
	EXPECT_EQ(linux_mlock(TOP, 2 * PAGE), -EINVAL);
	EXPECT_EQ(linux_munlock(TOP, 2 * PAGE), -EINVAL);
	EXPECT_EQ(linux_madvise(p, 0xffffffff, MADV_DONTNEED), -EINVAL);
	EXPECT_EQ(linux_madvise(TOP, 2 * PAGE, MADV_DONTNEED), -EINVAL);
	EXPECT_EQ(linux_mprotect(TOP, 2 * PAGE, PROT_READ), -ENOMEM);
	EXPECT_EQ(linux_mincore(p, 0xfffff000, (uint8_t *)p), -ENOMEM);
	EXPECT_EQ(remap(p, 0xffffffff, PAGE, 0, NULL), -EINVAL);
	EXPECT_EQ(remap(p, PAGE, 0xffffffff, MREMAP_MAYMOVE, NULL), -EINVAL);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
}
