// SPDX-License-Identifier: MIT
/*
 * fpu.c - x87 and SSE registers belong to a thread
 */
#include "tests/user/utest.h"

#define CHILDREN  8
#define TURNS     200

static bool has_sse(void)
{
	return cpu_has(24) && cpu_has(25);
}

static void load_xmm(uint32_t pattern)
{
	uint32_t words[4] = { pattern, ~pattern, pattern * 3, pattern + 7 };

	__asm__ volatile("movups (%0), %%xmm0\n\tmovups (%0), %%xmm3\n\t"
			 "movups (%0), %%xmm7"
			 : : "r"(words) : "memory");
}

static bool xmm_holds(uint32_t pattern)
{
	uint32_t words[12];

	__asm__ volatile("movups %%xmm0, (%0)\n\tmovups %%xmm3, 16(%0)\n\t"
			 "movups %%xmm7, 32(%0)"
			 : : "r"(words) : "memory");
	for (unsigned i = 0; i < 12; i += 4)
		if (words[i] != pattern || words[i + 1] != ~pattern ||
		    words[i + 2] != pattern * 3 ||
		    words[i + 3] != pattern + 7)
			return false;
	return true;
}

static void load_st(int32_t value)
{
	__asm__ volatile("fninit\n\tfildl %0\n\tfildl %0\n\tfaddp"
			 : : "m"(value));
}

static int32_t store_st(void)
{
	int32_t value;

	__asm__ volatile("fistl %0" : "=m"(value));
	return value;
}

/* Many yields, so that all the others run in between. */
static void keep_registers(long number)
{
	uint32_t pattern = 0x01010101u * (uint32_t)number + 17;

	load_st((int32_t)number * 1000);
	if (has_sse())
		load_xmm(pattern);
	for (unsigned i = 0; i < TURNS; i++) {
		linux_sched_yield();
		if (store_st() != number * 2000 ||
		    (has_sse() && !xmm_holds(pattern)))
			linux_exit_group(1);
	}
	linux_exit_group(0);
}

UTEST(registers_survive_switches)
{
	int status;

	SKIP_IF(!cpu_has(0), "this CPU has no FPU");
	for (long i = 0; i < CHILDREN; i++)
		if (!utest_fork())
			keep_registers(i + 1);
	for (unsigned i = 0; i < CHILDREN; i++) {
		EXPECT(linux_waitpid(-1, &status, 0) > 0);
		EXPECT_EQ(status, 0);
	}
}

/* The timer takes the CPU away in the middle of arithmetic. */
static void compute(long number)
{
	volatile int32_t n = 1;
	int32_t sum = 0;

	__asm__ volatile("fninit\n\tfldz");
	for (unsigned i = 0; i < 3000000; i++)
		__asm__ volatile("fiaddl %0" : : "m"(n));
	__asm__ volatile("fistl %0" : "=m"(sum));
	linux_exit_group(sum == 3000000 ? 0 : 1);
}

UTEST(registers_survive_preemption)
{
	int status;

	SKIP_IF(!cpu_has(0), "this CPU has no FPU");
	for (long i = 0; i < 3; i++)
		if (!utest_fork())
			compute(i);
	for (unsigned i = 0; i < 3; i++) {
		EXPECT(linux_waitpid(-1, &status, 0) > 0);
		EXPECT_EQ(status, 0);
	}
}

UTEST(a_child_has_its_parents_fpu_registers)
{
	int status;
	long child;

	SKIP_IF(!has_sse(), "this CPU has no SSE");
	load_st(4321);
	load_xmm(0xabcd1234);
	child = utest_fork();
	if (!child) {
		bool same = xmm_holds(0xabcd1234) && store_st() == 8642;

		load_xmm(0);
		load_st(0);
		linux_sched_yield();
		linux_exit_group(same ? 5 : 1);
	}
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(status, 5 << 8);
	EXPECT(xmm_holds(0xabcd1234));
	EXPECT_EQ(store_st(), 8642);
}

UTEST(registers_survive_calls_and_page_faults)
{
	char *p;

	SKIP_IF(!has_sse(), "this CPU has no SSE");
	load_xmm(0x5a5a0001);
	load_st(77);
	p = map_pages(64);
	for (unsigned i = 0; i < 64; i++)
		p[i * PAGE] = 1;
	linux_munmap(p, 64 * PAGE);
	EXPECT(xmm_holds(0x5a5a0001));
	EXPECT_EQ(store_st(), 154);
}

static void x87_exception(long unused)
{
	uint16_t control = 0x0340;      /* nothing masked */

	__asm__ volatile("fninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\t"
			 "fwait" : : "m"(control));
}

static void sse_exception(long unused)
{
	uint32_t mxcsr = 0;             /* nothing masked */
	uint32_t one = 0x3f800000;

	__asm__ volatile("ldmxcsr %0\n\tmovss %1, %%xmm0\n\t"
			 "xorps %%xmm1, %%xmm1\n\tdivss %%xmm1, %%xmm0"
			 : : "m"(mxcsr), "m"(one));
}

UTEST(unmasked_exceptions_are_sigfpe)
{
	SKIP_IF(!has_sse(), "this CPU has no SSE");
	EXPECT_EQ(signal_of(x87_exception, 0), SIGFPE_NR);
	SKIP_IF(!on_linux() && !signal_of(sse_exception, 0),
		"this CPU has no SSE exceptions (QEMU's has not)");
	EXPECT_EQ(signal_of(sse_exception, 0), SIGFPE_NR);
}

/* The next thread after a crash does not get the pending exception. */
UTEST(an_exception_stays_with_its_thread)
{
	SKIP_IF(!has_sse(), "this CPU has no SSE");
	load_st(3);
	EXPECT_EQ(signal_of(x87_exception, 0), SIGFPE_NR);
	__asm__ volatile("fwait");
	EXPECT_EQ(store_st(), 6);
}

UTEST(control_words_start_as_linux_sets_them)
{
	uint16_t control = 0;
	uint32_t mxcsr = 0;

	SKIP_IF(!has_sse(), "this CPU has no SSE");
	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	EXPECT_EQ(mxcsr & ~0x3fu, 0x1f80);
	__asm__ volatile("fninit\n\tfnstcw %0" : "=m"(control));
	EXPECT_EQ(control, 0x37f);
}
