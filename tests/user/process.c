// SPDX-License-Identifier: MIT
/*
 * process.c - fork, exit, wait, numbers, registers across calls
 */
#include "tests/user/utest.h"

#define MANY  200

static void exit_with(long code)
{
	linux_exit_group((int)code);
}

static void exit_thread_with(long code)
{
	linux_exit((int)code);
}

static void crash(long unused)
{
	*(volatile int *)unused = 1;
}

UTEST(fork_returns_twice)
{
	int status = -1;
	long parent = linux_getpid();
	long child = utest_fork();

	if (!child)
		linux_exit_group(linux_getpid() != parent &&
				 linux_getppid() == parent ? 42 : 1);
	EXPECT(child > 0 && child != parent);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(status, 42 << 8);
}

UTEST(exit_codes_have_eight_bits)
{
	EXPECT_EQ(exit_of(exit_with, 0), 0);
	EXPECT_EQ(exit_of(exit_with, 255), 255);
	EXPECT_EQ(exit_of(exit_with, 256), 0);
	EXPECT_EQ(exit_of(exit_with, -1), 255);
	EXPECT_EQ(exit_of(exit_thread_with, 17), 17);
}

UTEST(a_crash_is_a_signal_in_the_status)
{
	EXPECT_EQ(in_child(crash, 0), SIGSEGV_NR);
}

UTEST(wait_without_children_is_echild)
{
	int status;

	EXPECT_EQ(linux_waitpid(-1, &status, 0), -ECHILD);
	EXPECT_EQ(linux_waitpid(-1, &status, WNOHANG), -ECHILD);
	EXPECT_EQ(linux_waitpid(1, &status, 0), -ECHILD);
	EXPECT_EQ(linux_waitpid(30000, &status, 0), -ECHILD);
}

UTEST(wait_for_another_child_is_echild)
{
	long child = utest_fork();
	int status;

	if (!child)
		linux_exit_group(0);
	EXPECT_EQ(linux_waitpid((int)child + 1, &status, 0), -ECHILD);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), -ECHILD);
}

UTEST(wait_without_hanging_says_zero)
{
	struct linux_timespec nap = { 0, 50000000 };
	long child = utest_fork();
	int status = 77;
	long result;

	if (!child) {
		linux_nanosleep(&nap, NULL);
		linux_exit_group(3);
	}
	EXPECT_EQ(linux_waitpid(-1, &status, WNOHANG), 0);
	EXPECT_EQ(status, 77);
	do {
		linux_sched_yield();
		result = linux_waitpid((int)child, &status, WNOHANG);
	} while (!result);
	EXPECT_EQ(result, child);
	EXPECT_EQ(status, 3 << 8);
}

UTEST(wait_refuses_bad_options)
{
	int status;

	EXPECT_EQ(linux_waitpid(-1, &status, 0x100), -EINVAL);
}

UTEST(wait_with_a_bad_pointer_is_efault)
{
	long child = utest_fork();

	if (!child)
		linux_exit_group(0);
	EXPECT_EQ(linux_waitpid((int)child, FREE_ADDR, 0), -EFAULT);
	child = utest_fork();
	if (!child)
		linux_exit_group(0);
	EXPECT_EQ(linux_waitpid((int)child, KERNEL, 0), -EFAULT);
	child = utest_fork();
	if (!child)
		linux_exit_group(0);
	EXPECT_EQ(linux_waitpid((int)child, NULL, 0), child);
}

UTEST(wait4_clears_the_usage)
{
	uint32_t usage[18];
	int status;
	long child = utest_fork();

	if (!child)
		linux_exit_group(5);
	EXPECT_EQ(syscall4(LINUX_NR_wait4, child, (long)&status, 0,
			   (long)usage), child);
	EXPECT_EQ(status, 5 << 8);
	child = utest_fork();
	if (!child)
		linux_exit_group(5);
	EXPECT_EQ(syscall4(LINUX_NR_wait4, child, (long)&status, 0,
			   (long)KERNEL), -EFAULT);
	while (linux_waitpid(-1, &status, 0) > 0)
		;
}

UTEST(many_children_at_once)
{
	long pids[MANY];
	unsigned sum = 0;
	int status;

	for (unsigned i = 0; i < MANY; i++) {
		pids[i] = utest_fork();
		if (!pids[i])
			linux_exit_group((int)i);
		EXPECT(pids[i] > 0);
	}
	for (unsigned i = 0; i < MANY; i++) {
		EXPECT(linux_waitpid(-1, &status, 0) > 0);
		sum += (unsigned)W_STATUS(status);
	}
	EXPECT_EQ(sum, MANY * (MANY - 1) / 2);
	EXPECT_EQ(linux_waitpid(-1, &status, 0), -ECHILD);
}

/* Each child makes the next child, waits for it, and adds one to its result. */
static void descend(long depth)
{
	int status = -1;
	long child;

	while (depth--) {
		child = utest_fork();
		if (!child)
			continue;
		linux_waitpid((int)child, &status, 0);
		linux_exit_group(W_STATUS(status) + 1);
	}
	linux_exit_group(50);
}

UTEST(children_of_children_of_children)
{
	EXPECT_EQ(exit_of(descend, 30), 80);
}

static void leave_orphans(long n)
{
	struct linux_timespec nap = { 0, 20000000 };

	while (n--) {
		if (!utest_fork()) {
			linux_nanosleep(&nap, NULL);
			linux_exit_group(0);
		}
	}
}

UTEST(orphans_end_by_themselves)
{
	struct linux_timespec nap = { 0, 100000000 };

	int status;

	EXPECT_EQ(exit_of(leave_orphans, 5), 0);
	EXPECT_EQ(linux_nanosleep(&nap, NULL), 0);
	/* As the first program we are the parent of all orphans. */
	while (linux_waitpid(-1, &status, 0) > 0)
		;
	EXPECT_EQ(linux_waitpid(-1, &status, 0), -ECHILD);
}

UTEST(the_first_thread_has_the_number_of_the_process)
{
	EXPECT_EQ(linux_gettid(), linux_getpid());
	EXPECT_EQ(syscall1(LINUX_NR_set_tid_address, 0), linux_getpid());
}

UTEST(yield_comes_back)
{
	for (unsigned i = 0; i < 100; i++)
		EXPECT_EQ(linux_sched_yield(), 0);
}

UTEST(unknown_calls_are_enosys)
{
	static const long numbers[] = {
		17, 31, 500, 999, 1023, 5000, 65535, 0x7fffffff, -1,
		(long)0x80000000,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++)
		EXPECT_EQ(syscall0(numbers[i]), -ENOSYS);
}

/* ---- registers ----------------------------------------------------------- */

UTEST(a_call_changes_only_eax)
{
	uint32_t r[6];

	__asm__ volatile("pushl %%ebp\n\t"
			 "movl $0x11111111, %%ebx\n\t"
			 "movl $0x22222222, %%ecx\n\t"
			 "movl $0x33333333, %%edx\n\t"
			 "movl $0x44444444, %%esi\n\t"
			 "movl $0x66666666, %%ebp\n\t"
			 "int $0x80\n\t"
			 "xchgl %%ebp, (%%esp)\n\t"
			 "movl %%ebx, 0(%%edi)\n\t"
			 "movl %%ecx, 4(%%edi)\n\t"
			 "movl %%edx, 8(%%edi)\n\t"
			 "movl %%esi, 12(%%edi)\n\t"
			 "popl %%ecx\n\t"
			 "movl %%ecx, 16(%%edi)\n\t"
			 "movl %%eax, 20(%%edi)"
			 : : "a"(LINUX_NR_getpid), "D"(r)
			 : "ebx", "ecx", "edx", "esi", "memory", "cc");
	EXPECT_EQ(r[0], 0x11111111);
	EXPECT_EQ(r[1], 0x22222222);
	EXPECT_EQ(r[2], 0x33333333);
	EXPECT_EQ(r[3], 0x44444444);
	EXPECT_EQ(r[4], 0x66666666);
}

UTEST(a_call_leaves_the_flags)
{
	uint32_t before, after;

	__asm__ volatile("stc\n\tstd\n\t"
			 "pushfl\n\tpopl %0\n\t"
			 "int $0x80\n\t"
			 "pushfl\n\tpopl %1\n\t"
			 "cld"
			 : "=&r"(before), "=&r"(after)
			 : "a"(LINUX_NR_sched_yield) : "memory", "cc");
	EXPECT_EQ(before, after);
	EXPECT(after & 0x400);
	EXPECT(after & 0x001);
}

UTEST(the_stack_pointer_may_be_anything_during_a_call)
{
	static const uint32_t wild[] = {
		0, 3, 0xffffffff, 0xc0000000, 0xbfffffff, 0x50000000,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(wild); i++) {
		long pid = LINUX_NR_getpid;

		__asm__ volatile("movl %%esp, %%esi\n\t"
				 "movl %1, %%esp\n\t"
				 "int $0x80\n\t"
				 "movl %%esi, %%esp"
				 : "+a"(pid) : "r"(wild[i])
				 : "esi", "memory", "cc");
		EXPECT_EQ(pid, linux_getpid());
	}
}

UTEST(a_child_has_its_parents_registers)
{
	uint32_t ebx = 0, esi = 0;
	long child = LINUX_NR_fork;
	int status;

	__asm__ volatile("movl $0x12345678, %%ebx\n\t"
			 "movl $0x9abcdef0, %%esi\n\t"
			 "int $0x80"
			 : "+a"(child), "=&b"(ebx), "=&S"(esi)
			 : : "memory", "cc");
	if (!child)
		linux_exit_group(ebx == 0x12345678 && esi == 0x9abcdef0 ? 9
									: 1);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(W_STATUS(status), 9);
}

static int counter_in_data = 5;

static void change_everything(long on_stack)
{
	*(int *)on_stack = 7;
	counter_in_data = 7;
}

UTEST(a_child_has_its_own_data_and_stack)
{
	int on_stack = 6;

	EXPECT_EQ(exit_of(change_everything, (long)&on_stack), 0);
	EXPECT_EQ(on_stack, 6);
	EXPECT_EQ(counter_in_data, 5);
}
