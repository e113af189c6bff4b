// SPDX-License-Identifier: MIT
/*
 * mmap.c - mmap2, munmap, mprotect from ring 3
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

static long try_mmap(void *addr, size_t length, int prot, int flags)
{
	return (long)linux_mmap(addr, length, prot, flags, -1, 0);
}

/* ---- mmap2 --------------------------------------------------------------- */

UTEST(mmap_gives_pages_of_zeros)
{
	const uint32_t *words = map_pages(16);

	EXPECT(!IS_ERROR(words));
	for (uint32_t i = 0; i < 16 * PAGE / 4; i += 101)
		EXPECT_EQ(words[i], 0);
	EXPECT_EQ(linux_munmap((void *)words, 16 * PAGE), 0);
}

UTEST(mmap_of_length_zero_is_refused)
{
	EXPECT_EQ(try_mmap(NULL, 0, RW, MAP_PRIVATE | MAP_ANONYMOUS), -EINVAL);
}

UTEST(mmap_of_more_than_there_are_addresses_is_refused)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	EXPECT_EQ(try_mmap(NULL, 0xc0000000, PROT_NONE, flags), -ENOMEM);
	EXPECT_EQ(try_mmap(NULL, 0xfffff000, PROT_NONE, flags), -ENOMEM);
	EXPECT_EQ(try_mmap(NULL, 0xffffffff, PROT_NONE, flags), -ENOMEM);
}

UTEST(mmap_needs_private_or_shared)
{
	EXPECT_EQ(try_mmap(NULL, PAGE, RW, MAP_ANONYMOUS), -EINVAL);
	EXPECT_EQ(try_mmap(NULL, PAGE, RW, MAP_ANONYMOUS | 4), -EINVAL);
	EXPECT_EQ(try_mmap(NULL, PAGE, RW, MAP_ANONYMOUS | 3), -EINVAL);
}

UTEST(mmap_of_no_file_is_ebadf)
{
	EXPECT_EQ(try_mmap(NULL, PAGE, RW, MAP_PRIVATE), -EBADF);
}

UTEST(mmap_takes_a_free_hint)
{
	EXPECT_EQ(try_mmap(FREE_ADDR, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS),
		  FREE_ADDR);
	EXPECT(try_mmap(FREE_ADDR, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS) !=
	       (long)FREE_ADDR);
	EXPECT_EQ(linux_munmap(FREE_ADDR, PAGE), 0);
}

UTEST(mmap_rounds_a_hint_down)
{
	EXPECT_EQ(try_mmap((char *)FREE_ADDR + 123, PAGE, RW,
			   MAP_PRIVATE | MAP_ANONYMOUS), FREE_ADDR);
	EXPECT_EQ(linux_munmap(FREE_ADDR, PAGE), 0);
}

UTEST(mmap_hint_in_the_kernel_goes_elsewhere)
{
	long addr = try_mmap(KERNEL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS);

	EXPECT(!IS_ERROR(addr));
	EXPECT((uint32_t)addr < (uint32_t)KERNEL);
	EXPECT_EQ(linux_munmap((void *)addr, PAGE), 0);
}

UTEST(mmap_fixed_replaces_what_is_there)
{
	volatile char *p = map_pages(3);

	p[0] = p[PAGE] = p[2 * PAGE] = 7;
	EXPECT_EQ(try_mmap((char *)p + PAGE, PAGE, RW,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED), p + PAGE);
	EXPECT_EQ(p[0], 7);
	EXPECT_EQ(p[PAGE], 0);
	EXPECT_EQ(p[2 * PAGE], 7);
	EXPECT_EQ(linux_munmap((void *)p, 3 * PAGE), 0);
}

UTEST(mmap_fixed_must_be_aligned)
{
	EXPECT_EQ(try_mmap((char *)FREE_ADDR + 1, PAGE, RW,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED), -EINVAL);
}

UTEST(mmap_fixed_in_the_kernel_is_enomem)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	EXPECT_EQ(try_mmap(KERNEL, PAGE, RW, flags), -ENOMEM);
	EXPECT_EQ(try_mmap(TOP, PAGE, RW, flags), -ENOMEM);
	EXPECT_EQ(try_mmap((char *)KERNEL - PAGE, 2 * PAGE, RW, flags),
		  -ENOMEM);
	EXPECT_EQ(try_mmap((void *)0x10000000, 0xf0000000, RW, flags),
		  -ENOMEM);
}

UTEST(mmap_noreplace_leaves_what_is_there)
{
	char *p = map_pages(2);

	p[PAGE] = 9;
	EXPECT_EQ(try_mmap(p, 2 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS |
			   MAP_FIXED_NOREPLACE), -EEXIST);
	EXPECT_EQ(p[PAGE], 9);
	EXPECT_EQ(linux_munmap(p, 2 * PAGE), 0);
	EXPECT_EQ(try_mmap(p, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS |
			   MAP_FIXED_NOREPLACE), p);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
}

UTEST(mmap_fills_the_highest_gap_first)
{
	char *high = map_pages(4);
	char *low = map_pages(4);

	EXPECT_EQ(low, high - 4 * PAGE);
	EXPECT_EQ(linux_munmap(high + PAGE, PAGE), 0);
	EXPECT_EQ(map_pages(1), high + PAGE);
	EXPECT_EQ(map_pages(1), low - PAGE);
	EXPECT_EQ(linux_munmap(low - PAGE, 9 * PAGE), 0);
}

UTEST(mmap_prot_none_cannot_be_touched)
{
	void *p = map_flags(1, PROT_NONE, MAP_PRIVATE);

	EXPECT_EQ(signal_here(read_at, (long)p), SIGSEGV_NR);
	EXPECT_EQ(signal_here(write_at, (long)p), SIGSEGV_NR);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
}

UTEST(mmap_read_only_cannot_be_written)
{
	void *p = map_flags(1, PROT_READ, MAP_PRIVATE);

	EXPECT_EQ(signal_here(read_at, (long)p), 0);
	EXPECT_EQ(signal_here(write_at, (long)p), SIGSEGV_NR);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
}

UTEST(mmap_populate_has_the_pages_there)
{
	uint8_t vec[4];
	void *p = map_flags(4, RW, MAP_PRIVATE | MAP_POPULATE);

	EXPECT_EQ(linux_mincore(p, 4 * PAGE, vec), 0);
	EXPECT_EQ(vec[0] & vec[1] & vec[2] & vec[3] & 1, 1);
	EXPECT_EQ(linux_munmap(p, 4 * PAGE), 0);
}

UTEST(mmap_of_an_offset_that_wraps_is_eoverflow)
{
	SKIP_IF(on_linux(), "a 64-bit kernel does not see it wrap");
	EXPECT_EQ(linux_mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0xffffffff), -EOVERFLOW);
}

UTEST(mmap_beyond_the_commit_limit_is_enomem)
{
	SKIP_IF(on_linux(), "Linux has more than 3 GiB");
	EXPECT_EQ(try_mmap(NULL, 0x90000000, RW, MAP_PRIVATE | MAP_ANONYMOUS),
		  -ENOMEM);
	long p = try_mmap(NULL, 0x90000000, RW,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
	EXPECT(!IS_ERROR(p));
	EXPECT_EQ(linux_munmap((void *)p, 0x90000000), 0);
}

UTEST(too_many_areas_are_enomem_and_go_away)
{
	const uint32_t pages = 70000;
	char *p = map_flags(pages, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE);
	long err = 0;
	uint32_t i;

	EXPECT(!IS_ERROR(p));
	for (i = 0; i < pages && !err; i += 2)
		err = linux_mprotect(p + i * PAGE, PAGE, PROT_READ);
	EXPECT_EQ(err, -ENOMEM);
	EXPECT(i > 60000);
	EXPECT_EQ(linux_munmap(p, pages * PAGE), 0);
}

/* ---- munmap -------------------------------------------------------------- */

UTEST(munmap_cuts_a_hole)
{
	volatile char *p = map_pages(3);

	p[0] = p[PAGE] = p[2 * PAGE] = 5;
	EXPECT_EQ(linux_munmap((char *)p + PAGE, PAGE), 0);
	EXPECT_EQ(signal_here(read_at, (long)p + PAGE), SIGSEGV_NR);
	EXPECT_EQ(p[0] + p[2 * PAGE], 10);
	EXPECT_EQ(linux_munmap((void *)p, 3 * PAGE), 0);
	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(signal_here(read_at, (long)p + i * PAGE), SIGSEGV_NR);
}

UTEST(munmap_of_nothing_succeeds)
{
	EXPECT_EQ(linux_munmap(FREE_ADDR, 64 * PAGE), 0);
	EXPECT_EQ(linux_munmap(NULL, PAGE), 0);
}

UTEST(munmap_refuses_what_is_no_range_of_pages)
{
	EXPECT_EQ(linux_munmap(FREE_ADDR, 0), -EINVAL);
	EXPECT_EQ(linux_munmap((char *)FREE_ADDR + 1, PAGE), -EINVAL);
}

UTEST(munmap_refuses_the_kernel)
{
	EXPECT_EQ(linux_munmap(KERNEL, PAGE), -EINVAL);
	EXPECT_EQ(linux_munmap((char *)KERNEL - PAGE, 2 * PAGE), -EINVAL);
	EXPECT_EQ(linux_munmap(TOP, PAGE), -EINVAL);
	EXPECT_EQ(linux_munmap(FREE_ADDR, 0xf0000000), -EINVAL);
	EXPECT_EQ(linux_munmap(FREE_ADDR, 0xffffffff), -EINVAL);
}

UTEST(munmap_rounds_its_length_up)
{
	char *p = map_pages(2);

	p[0] = p[PAGE] = 5;
	EXPECT_EQ(linux_munmap(p, PAGE + 1), 0);
	EXPECT_EQ(signal_here(read_at, (long)p), SIGSEGV_NR);
	EXPECT_EQ(signal_here(read_at, (long)p + PAGE), SIGSEGV_NR);
}

/* ---- mprotect ------------------------------------------------------------ */

UTEST(mprotect_takes_rights_and_gives_them_back)
{
	volatile char *p = map_pages(1);

	p[0] = 3;
	EXPECT_EQ(linux_mprotect((void *)p, PAGE, PROT_NONE), 0);
	EXPECT_EQ(signal_here(read_at, (long)p), SIGSEGV_NR);
	EXPECT_EQ(linux_mprotect((void *)p, PAGE, PROT_READ), 0);
	EXPECT_EQ(p[0], 3);
	EXPECT_EQ(signal_here(write_at, (long)p), SIGSEGV_NR);
	EXPECT_EQ(linux_mprotect((void *)p, PAGE, RW), 0);
	p[0] = 4;
	EXPECT_EQ(linux_munmap((void *)p, PAGE), 0);
}

UTEST(mprotect_stops_at_a_hole)
{
	char *p = map_pages(3);

	p[0] = p[2 * PAGE] = 5;
	EXPECT_EQ(linux_munmap(p + PAGE, PAGE), 0);
	EXPECT_EQ(linux_mprotect(p, 3 * PAGE, PROT_READ), -ENOMEM);
	EXPECT_EQ(signal_here(write_at, (long)p), SIGSEGV_NR);
	EXPECT_EQ(signal_here(write_at, (long)p + 2 * PAGE), 0);
	EXPECT_EQ(linux_munmap(p, 3 * PAGE), 0);
}

UTEST(mprotect_refuses_bad_arguments)
{
	char *p = map_pages(1);

	EXPECT_EQ(linux_mprotect(p + 1, PAGE, PROT_READ), -EINVAL);
	EXPECT_EQ(linux_mprotect(p, PAGE, 0x10), -EINVAL);
	EXPECT_EQ(linux_mprotect(p, PAGE, PROT_READ | 0x03000000), -EINVAL);
	EXPECT_EQ(linux_mprotect(p, PAGE, PROT_READ | 0x01000000), -EINVAL);
	EXPECT_EQ(linux_mprotect(p, 0, PROT_READ), 0);
	EXPECT_EQ(linux_mprotect(KERNEL, PAGE, PROT_READ), -ENOMEM);
	EXPECT_EQ(linux_mprotect(FREE_ADDR, PAGE, PROT_READ), -ENOMEM);
	EXPECT_EQ(linux_mprotect(p, 0xffffffff, PROT_READ), -ENOMEM);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
}

UTEST(mprotect_of_a_middle_leaves_the_ends)
{
	char *p = map_pages(3);

	p[0] = p[PAGE] = p[2 * PAGE] = 5;
	EXPECT_EQ(linux_mprotect(p + PAGE, PAGE, PROT_READ), 0);
	EXPECT_EQ(signal_here(write_at, (long)p), 0);
	EXPECT_EQ(signal_here(write_at, (long)p + PAGE), SIGSEGV_NR);
	EXPECT_EQ(signal_here(write_at, (long)p + 2 * PAGE), 0);
	EXPECT_EQ(linux_munmap(p, 3 * PAGE), 0);
}

UTEST(writable_alone_can_be_read_too)
{
	volatile char *p = map_flags(1, PROT_WRITE, MAP_PRIVATE);

	p[0] = 8;
	EXPECT_EQ(p[0], 8);
	EXPECT_EQ(linux_munmap((void *)p, PAGE), 0);
}
