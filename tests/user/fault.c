// SPDX-License-Identifier: MIT
/*
 * fault.c - accesses that must end the program, and only the program
 */
#include "tests/user/utest.h"

#define RW   (PROT_READ | PROT_WRITE)
#define RET  0xc3

static void read_at(long addr)
{
	*(volatile char *)addr;
}

static void write_at(long addr)
{
	*(volatile char *)addr = 1;
}

static void jump_to(long addr)
{
	__asm__ volatile("call *%0" : : "r"(addr) : "memory");
}

static void divide(long by)
{
	long x = 1;

	__asm__ volatile("cltd\n\tidivl %1" : "+a"(x) : "r"(by) : "edx", "cc");
}

static const char in_rodata[] = "constant";
static char in_data[16] = { (char)RET };

/* All that ring 3 can do to an address that it does not have. */
static void expect_forbidden(const void *addr)
{
	EXPECT_EQ(signal_here(read_at, (long)addr), SIGSEGV_NR);
	EXPECT_EQ(signal_here(write_at, (long)addr), SIGSEGV_NR);
	EXPECT_EQ(signal_here(jump_to, (long)addr), SIGSEGV_NR);
}

UTEST(null_pointers_fault)
{
	expect_forbidden(NULL);
	expect_forbidden((void *)1);
	expect_forbidden((void *)0xfff);
	expect_forbidden((void *)0xffff);
}

UTEST(addresses_without_an_area_fault)
{
	expect_forbidden(FREE_ADDR);
	expect_forbidden((void *)0x08000000);
	expect_forbidden((void *)0xa0000000);
}

UTEST(the_kernels_image_is_out_of_reach)
{
	expect_forbidden((void *)0xc0100000);
	expect_forbidden((void *)0xc0110000);
	expect_forbidden((void *)0xc0200000);
}

UTEST(the_kernels_memory_is_out_of_reach)
{
	/* The direct map, vmalloc, kmap slots, fixmap, the last byte. */
	static const uint32_t where[] = {
		0xc0000000, 0xc00b8000, 0xc1000000, 0xd0000000, 0xdf000000,
		0xe0800000, 0xf8000000, 0xffc00000, 0xffe00000, 0xffffe000,
		0xfffff000, 0xffffffff,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(where); i++)
		expect_forbidden((void *)where[i]);
}

UTEST(a_word_that_begins_below_the_kernel_faults)
{
	EXPECT_EQ(signal_of(jump_to, 0xbfffffff), SIGSEGV_NR);
}

UTEST(code_cannot_be_written)
{
	EXPECT_EQ(signal_here(write_at, (long)read_at), SIGSEGV_NR);
}

UTEST(constants_cannot_be_written)
{
	EXPECT_EQ(signal_here(write_at, (long)in_rodata), SIGSEGV_NR);
}

UTEST(data_cannot_be_executed)
{
	SKIP_IF(!cpu_has_nx(), "this CPU has no NX");
	EXPECT_EQ(signal_here(jump_to, (long)in_data), SIGSEGV_NR);
}

UTEST(the_stack_cannot_be_executed)
{
	volatile char code[4] = { (char)RET };

	SKIP_IF(!cpu_has_nx(), "this CPU has no NX");
	EXPECT_EQ(signal_here(jump_to, (long)code), SIGSEGV_NR);
}

UTEST(the_heap_cannot_be_executed)
{
	char *start = (char *)linux_brk(NULL);

	SKIP_IF(!cpu_has_nx(), "this CPU has no NX");
	linux_brk(start + PAGE);
	start[0] = (char)RET;
	EXPECT_EQ(signal_here(jump_to, (long)start), SIGSEGV_NR);
	linux_brk(start);
}

UTEST(pages_can_be_executed_when_that_was_asked)
{
	char *p = map_flags(1, RW, MAP_PRIVATE);

	p[0] = (char)RET;
	EXPECT_EQ(signal_here(jump_to, (long)p), cpu_has_nx() ? SIGSEGV_NR : 0);
	EXPECT_EQ(linux_mprotect(p, PAGE, PROT_READ | PROT_EXEC), 0);
	EXPECT_EQ(signal_here(jump_to, (long)p), 0);
	EXPECT_EQ(signal_here(write_at, (long)p), SIGSEGV_NR);
	EXPECT_EQ(linux_mprotect(p, PAGE, PROT_READ), 0);
	EXPECT_EQ(signal_here(jump_to, (long)p), cpu_has_nx() ? SIGSEGV_NR : 0);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
}

UTEST(division_by_zero_is_sigfpe)
{
	EXPECT_EQ(signal_of(divide, 1), 0);
	EXPECT_EQ(signal_of(divide, 0), SIGFPE_NR);
}

/* A thousand crashes leave nothing behind that would hurt the next program. */
UTEST(a_thousand_crashes)
{
	unsigned crashed = 0;

	for (unsigned i = 0; i < 1000; i++)
		crashed += signal_of(write_at, 0xc0000000 + i * 0x3f000) ==
			   SIGSEGV_NR;
	EXPECT_EQ(crashed, 1000);
}

/* Each system call, with a bad pointer in place of each of its pointers. */
UTEST(no_call_follows_a_bad_pointer)
{
	static const uint32_t bad[] = {
		0x50000000, 0xc0000000, 0xc0100000, 0xe0800000, 0xffe00000,
		0xfffff000, 0xfffffff8,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		long p = (long)bad[i];

		EXPECT_EQ(syscall3(LINUX_NR_write, 1, p, 8), -EFAULT);
		EXPECT_EQ(syscall3(LINUX_NR_writev, 1, p, 1), -EFAULT);
		EXPECT_EQ(syscall2(LINUX_NR_nanosleep, p, 0), -EFAULT);
		EXPECT_EQ(syscall2(LINUX_NR_clock_gettime, 1, p), -EFAULT);
		EXPECT_EQ(syscall1(LINUX_NR_set_thread_area, p), -EFAULT);
		EXPECT_EQ(syscall3(LINUX_NR_mincore, (long)in_data & ~4095l,
				   PAGE, p), -EFAULT);
		EXPECT_EQ(syscall1(LINUX_NR_uname, p), -EFAULT);
	}
}
