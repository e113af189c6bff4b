// SPDX-License-Identifier: MIT
/*
 * number.c - numbers of tasks and threads come round, but not those in use
 *
 * WHAT     A live thread and a live child keep their numbers while other tasks
 *          use up all numbers, once and a bit more.
 *
 * ALGORITHM  A task that never starts takes a number as a process does, and is
 *          cheaper: tasks take most numbers, processes and threads the rest.
 */
#include "tests/user/utest.h"
#include "user/lib/ipc.h"

#define NUMBERS     32767u
#define NEARLY_ALL  32000u
#define SOME_MORE   100u

static char stacks[2][2048] __aligned(16);
static volatile long live_tid, got;
static volatile long *stop;           /* the child sees it too */

static void __noreturn thread_end(void)
{
	for (;;)
		pg_call(PG_THREAD_EXIT, 0, 0, 0, 0, 0);
}

static void __noreturn live(void)
{
	live_tid = linux_gettid();
	while (!*stop)
		linux_sched_yield();
	thread_end();
}

static void __noreturn quick(void)
{
	got = linux_gettid();
	thread_end();
}

static long start(void (*fn)(void), char *stack)
{
	return utest_started(pg_call(PG_THREAD_CREATE, 0, (long)fn,
				     (long)stack + 2000, 0, 0), "thread");
}

static void use_up_numbers(uint32_t n)
{
	while (n--)
		handle_close((uint32_t)pg_call(PG_TASK_CREATE, 0, (long)"t", 0,
					       0, 0));
}

/* A thread and a child that stay alive. Returns: the child. */
static long begin(void)
{
	long child;

	stop = map_flags(1, PROT_READ | PROT_WRITE, MAP_SHARED);
	live_tid = 0;
	EXPECT(start(live, stacks[0]) > 0);
	while (!live_tid)
		linux_sched_yield();
	child = utest_fork();
	if (!child) {
		while (!*stop)
			linux_sched_yield();
		linux_exit_group(0);
	}
	return child;
}

static void finish(long child)
{
	int status;

	*stop = 1;
	linux_waitpid((int)child, &status, 0);
}

static bool in_use(long number, long child)
{
	return number == live_tid || number == child ||
	       number == linux_getpid();
}

static long fork_once(void)
{
	int status;
	long pid = utest_fork();

	if (!pid)
		linux_exit_group(0);
	linux_waitpid((int)pid, &status, 0);
	return pid;
}

static long start_thread_once(void)
{
	got = 0;
	start(quick, stacks[1]);
	while (!got)
		linux_sched_yield();
	linux_sched_yield();
	return got;
}

/* Until the numbers have come round and a bit. Returns: how many were in use */
static unsigned lap(long (*take)(void), long child)
{
	unsigned hits = 0, more = 0;
	long last = 0;

	for (unsigned n = 0; more < SOME_MORE && n < NUMBERS; n++) {
		long number = take();

		more += more || number < last;
		last = number;
		hits += in_use(number, child);
	}
	EXPECT_EQ(more, SOME_MORE);
	return hits;
}

static void nobody_else_gets(long (*take)(void))
{
	long child = begin();

	use_up_numbers(NEARLY_ALL);
	EXPECT_EQ(lap(take, child), 0);
	finish(child);
}

/* ---- groups -------------------------------------------------------------- */

/* What a leader does before it has a child and ends. */
static long lead_group(void)
{
	return syscall2(LINUX_NR_setpgid, 0, 0);
}

static long lead_session(void)
{
	return syscall0(LINUX_NR_setsid);
}

static volatile long *member;         /* its pid, 0 before it runs */

static void __noreturn live_as_member(bool moves)
{
	*member = linux_getpid();
	while (!*stop)
		linux_sched_yield();
	/* This member leaves the group; any other keeps it until it ends. */
	if (moves)
		lead_group();
	while (*stop != 2)
		linux_sched_yield();
	linux_exit_group(0);
}

/* A group of one member; its leader has been reaped. Returns: its number. */
static long leaderless(long (*lead)(void), bool moves)
{
	long leader;
	int status;

	stop = map_flags(1, PROT_READ | PROT_WRITE, MAP_SHARED);
	member = stop + 1;
	leader = utest_fork();
	if (!leader) {
		lead();
		if (!utest_fork())
			live_as_member(moves);
		while (!*member)
			linux_sched_yield();
		linux_exit_group(0);
	}
	linux_waitpid((int)leader, &status, 0);
	EXPECT_EQ(syscall1(LINUX_NR_getpgid, *member), leader);
	return leader;
}

/* Is the number given out while all numbers come round once? */
static bool comes_round(long number)
{
	long pid;

	use_up_numbers(NEARLY_ALL);
	for (unsigned n = 0; n < NUMBERS - NEARLY_ALL + SOME_MORE; n++) {
		pid = fork_once();
		if (pid == number)
			return true;
	}
	return false;
}

/* The member is now init's child: ours, if we are init. */
static void member_leaves(long number, long how)
{
	int status;

	*stop = how;
	while (syscall1(LINUX_NR_getpgid, *member) == number) {
		linux_waitpid((int)*member, &status, WNOHANG);
		linux_sched_yield();
	}
}

static void group_keeps_its_number(long (*lead)(void), bool moves)
{
	long number = leaderless(lead, moves);

	EXPECT(!comes_round(number));
	member_leaves(number, moves ? 1 : 2);
	EXPECT(comes_round(number));
	*stop = 2;
}

UTEST(the_number_of_a_group_is_in_use_until_its_last_member_is_gone)
{
	SKIP_IF(on_linux(), "Linux has more numbers than can be used up");
	group_keeps_its_number(lead_group, false);
	group_keeps_its_number(lead_session, false);
}

UTEST(the_number_of_a_group_is_in_use_until_its_last_member_has_left)
{
	SKIP_IF(on_linux(), "Linux has more numbers than can be used up");
	group_keeps_its_number(lead_group, true);
}

UTEST(no_process_gets_a_number_in_use)
{
	SKIP_IF(on_linux(), "Linux has more numbers than can be used up");
	nobody_else_gets(fork_once);
}

UTEST(no_thread_gets_a_number_in_use)
{
	SKIP_IF(on_linux(), "Linux has more numbers than can be used up");
	nobody_else_gets(start_thread_once);
}
