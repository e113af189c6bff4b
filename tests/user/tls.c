// SPDX-License-Identifier: MIT
/*
 * tls.c - set_thread_area
 */
#include "tests/user/utest.h"

#define FLAGS  0x51u    /* 32 bits, limit in pages, usable */

static uint32_t first[64], second[64];

static long set_area(uint32_t entry, const void *base, uint32_t limit,
		     uint32_t flags, uint32_t *chosen)
{
	struct linux_user_desc desc = { entry, (uint32_t)base, limit, flags };
	long result = linux_set_thread_area(&desc);

	if (chosen)
		*chosen = desc.entry_number;
	return result;
}

static void load_gs(uint32_t entry)
{
	__asm__ volatile("movw %w0, %%gs" : : "r"(entry * 8 + 3));
}

static uint32_t gs_word(uint32_t offset)
{
	uint32_t word;

	__asm__ volatile("movl %%gs:(%1), %0" : "=r"(word) : "r"(offset));
	return word;
}

static void read_gs(long offset)
{
	gs_word((uint32_t)offset);
}

UTEST(the_kernel_picks_an_entry)
{
	uint32_t entry = 0;

	first[0] = 0x1234;
	EXPECT_EQ(set_area(~0u, first, 0xfffff, FLAGS, &entry), 0);
	EXPECT_EQ(entry, on_linux() ? 12 : 6);
	load_gs(entry);
	EXPECT_EQ(gs_word(0), 0x1234);
	/* The same entry again, with another base. */
	second[0] = 0x5678;
	EXPECT_EQ(set_area(entry, second, 0xfffff, FLAGS, NULL), 0);
	load_gs(entry);
	EXPECT_EQ(gs_word(0), 0x5678);
	EXPECT_EQ(set_area(entry, NULL, 0, 0x28, NULL), 0);
}

UTEST(there_are_three_entries)
{
	uint32_t entries[3], none;

	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(set_area(~0u, first, 0xfffff, FLAGS, &entries[i]),
			  0);
	EXPECT_EQ(entries[1], entries[0] + 1);
	EXPECT_EQ(entries[2], entries[0] + 2);
	EXPECT_EQ(set_area(~0u, first, 0xfffff, FLAGS, &none), -ESRCH);
	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(set_area(entries[i], NULL, 0, 0x28, NULL), 0);
}

UTEST(other_entries_are_refused)
{
	static const uint32_t bad[] = { 0, 1, 2, 5, 16, 30, 100, 0x80000000 };

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(set_area(bad[i], first, 0xfffff, FLAGS, NULL),
			  -EINVAL);
}

UTEST(bad_descriptors_are_refused)
{
	/* 16 bits; a system segment's contents; not present. */
	EXPECT_EQ(set_area(~0u, first, 0xfffff, 0x50, NULL), -EINVAL);
	EXPECT_EQ(set_area(~0u, first, 0xfffff, 0x55, NULL), -EINVAL);
	EXPECT_EQ(set_area(~0u, first, 0xfffff, 0x71, NULL), -EINVAL);
}

UTEST(bad_pointers_are_efault)
{
	EXPECT_EQ(syscall1(LINUX_NR_set_thread_area, 0), -EFAULT);
	EXPECT_EQ(syscall1(LINUX_NR_set_thread_area, (long)FREE_ADDR),
		  -EFAULT);
	EXPECT_EQ(syscall1(LINUX_NR_set_thread_area, (long)KERNEL), -EFAULT);
}

UTEST(the_base_and_limit_hold)
{
	uint32_t entry;

	first[1] = 0x77;
	/* 8 bytes, the limit in bytes. */
	EXPECT_EQ(set_area(~0u, first, 7, 0x41, &entry), 0);
	load_gs(entry);
	EXPECT_EQ(gs_word(4), 0x77);
	if (on_linux() || signal_of(read_gs, 5)) {
		EXPECT_EQ(signal_of(read_gs, 5), SIGSEGV_NR);
		EXPECT_EQ(signal_of(read_gs, 8), SIGSEGV_NR);
	} else {
		utest_skipped = "this CPU checks no limits (QEMU's does not)";
	}
	EXPECT_EQ(set_area(entry, NULL, 0, 0x28, NULL), 0);
}

/* A flat segment with a base in the kernel stays ring 3's: the pages decide. */
UTEST(a_segment_over_the_kernel_reads_nothing)
{
	uint32_t entry;

	EXPECT_EQ(set_area(~0u, (void *)0xc0100000, 0xfffff, FLAGS, &entry),
		  0);
	load_gs(entry);
	EXPECT_EQ(signal_of(read_gs, 0), SIGSEGV_NR);
	EXPECT_EQ(set_area(entry, NULL, 0, 0x28, NULL), 0);
}

static void keep_tls(long number)
{
	static uint32_t own;
	uint32_t entry;

	own = (uint32_t)number;
	set_area(~0u, &own, 0xfffff, FLAGS, &entry);
	load_gs(entry);
	for (unsigned i = 0; i < 100; i++) {
		linux_sched_yield();
		if (gs_word(0) != own)
			linux_exit_group(1);
	}
	linux_exit_group(0);
}

UTEST(each_process_has_its_own)
{
	uint32_t entry;
	int status;

	first[0] = 4711;
	EXPECT_EQ(set_area(~0u, first, 0xfffff, FLAGS, &entry), 0);
	load_gs(entry);
	for (long i = 0; i < 6; i++)
		if (!utest_fork())
			keep_tls(i);
	for (unsigned i = 0; i < 6; i++) {
		EXPECT(linux_waitpid(-1, &status, 0) > 0);
		EXPECT_EQ(status, 0);
	}
	EXPECT_EQ(gs_word(0), 4711);
	EXPECT_EQ(set_area(entry, NULL, 0, 0x28, NULL), 0);
}

UTEST(a_child_has_its_parents)
{
	uint32_t entry;
	int status;
	long child;

	first[0] = 99;
	EXPECT_EQ(set_area(~0u, first, 0xfffff, FLAGS, &entry), 0);
	load_gs(entry);
	child = utest_fork();
	if (!child)
		linux_exit_group((int)gs_word(0));
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(W_STATUS(status), 99);
	EXPECT_EQ(set_area(entry, NULL, 0, 0x28, NULL), 0);
}

/* An entry is removed while it is loaded; it cannot be loaded again. */
static void use_what_is_gone(long unused)
{
	uint32_t entry;

	set_area(~0u, first, 0xfffff, FLAGS, &entry);
	load_gs(entry);
	set_area(entry, NULL, 0, 0x28, NULL);
	load_gs(entry);
	gs_word(0);
}

UTEST(an_entry_that_is_gone_cannot_be_loaded)
{
	EXPECT_EQ(signal_of(use_what_is_gone, 0), SIGSEGV_NR);
}
