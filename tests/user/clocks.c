// SPDX-License-Identifier: MIT
/*
 * clocks.c - each clock of Linux: reading it, sleeping by it, what is refused
 *
 * WHAT     Tables of clock numbers and of the answers that Linux gives; CPU
 *          clocks of processes and threads.
 * NOT HERE pointers, and which thread runs when (time.c); short sleeps (naps.c)
 */
#include "lib/div64.h"
#include "tests/user/utest.h"

#define MS  1000000
#define SECOND  1000000000ll

#define EOPNOTSUPP  95
#define TIMER_ABSTIME  1

#define CLOCK_PROCESS  2
#define CLOCK_THREAD   3

/* CPU clocks by number: of a process, of a thread. */
#define OF_PROCESS(pid, kind)  ((int)(~(uint32_t)(pid) << 3 | (kind)))
#define OF_THREAD(tid, kind)   ((int)(~(uint32_t)(tid) << 3 | 4 | (kind)))
#define SCHED  2

static int64_t read_clock(int clock)
{
	struct linux_timespec t = { 0, 0 };

	EXPECT_EQ(linux_clock_gettime(clock, &t), 0);
	return t.seconds * SECOND + t.nanoseconds;
}

static long clock_sleep(int clock, int flags, const void *time)
{
	return syscall4(LINUX_NR_clock_nanosleep, clock, flags, (long)time, 0);
}

static void spin(int64_t ns)
{
	int64_t end = read_clock(CLOCK_MONOTONIC) + ns;

	while (read_clock(CLOCK_MONOTONIC) < end)
		;
}

/* ---- the table ----------------------------------------------------------- */

static const struct {
	int  clock;
	long read, sleep;
} answers[] = {
	{ 0,  0,       0 },              /* REALTIME         */
	{ 1,  0,       0 },              /* MONOTONIC        */
	{ 2,  0,       0 },              /* PROCESS_CPUTIME  */
	{ 3,  0,       -EOPNOTSUPP },    /* THREAD_CPUTIME   */
	{ 4,  0,       -EOPNOTSUPP },    /* MONOTONIC_RAW    */
	{ 5,  0,       -EOPNOTSUPP },    /* REALTIME_COARSE  */
	{ 6,  0,       -EOPNOTSUPP },    /* MONOTONIC_COARSE */
	{ 7,  0,       0 },              /* BOOTTIME         */
	/* 8, 9: of an alarm clock, which a machine has or not */
	{ 10, -EINVAL, -EINVAL },        /* SGI_CYCLE        */
	{ 11, 0,       0 },              /* TAI              */
	{ 12, -EINVAL, -EINVAL },
	{ 15, -EINVAL, -EINVAL },
	{ 100, -EINVAL, -EINVAL },
	{ 0x7fffffff, -EINVAL, -EINVAL },
	{ -1, -EINVAL, -EINVAL },
	{ OF_PROCESS(0, 0), 0, 0 },      /* our own, by number */
	{ OF_PROCESS(0, 1), 0, 0 },
	{ OF_PROCESS(0, SCHED), 0, 0 },
	{ OF_PROCESS(0, 3), -EINVAL, -EOPNOTSUPP },   /* by descriptor 0 */
	{ OF_THREAD(0, 0), 0, -EINVAL },
	{ OF_THREAD(0, 1), 0, -EINVAL },
	{ OF_THREAD(0, SCHED), 0, -EINVAL },
	{ OF_THREAD(0, 3), -EINVAL, -EINVAL },
	{ OF_PROCESS(4000001, SCHED), -EINVAL, -EINVAL },
	{ OF_THREAD(4000001, SCHED), -EINVAL, -EINVAL },
};

UTEST(every_clock_can_be_read_or_is_refused)
{
	struct linux_timespec t;
	int64_t t64[2];

	for (unsigned i = 0; i < ARRAY_SIZE(answers); i++) {
		t = (struct linux_timespec){ -1, -1 };
		EXPECT_EQ(linux_clock_gettime(answers[i].clock, &t),
			  answers[i].read);
		EXPECT(answers[i].read ? t.nanoseconds == -1 :
		       t.seconds >= 0 && t.nanoseconds >= 0 &&
		       t.nanoseconds < SECOND);
		t64[1] = -1;
		EXPECT_EQ(syscall2(LINUX_NR_clock_gettime64, answers[i].clock,
				   (long)t64), answers[i].read);
		EXPECT(answers[i].read ? t64[1] == -1 :
		       t64[1] >= 0 && t64[1] < SECOND);
	}
}

UTEST(every_clock_has_a_resolution_or_is_refused)
{
	struct linux_timespec t;
	int64_t t64[2];

	for (unsigned i = 0; i < ARRAY_SIZE(answers); i++) {
		long answer = answers[i].read;

		t = (struct linux_timespec){ -1, -1 };
		EXPECT_EQ(syscall2(LINUX_NR_clock_getres, answers[i].clock,
				   (long)&t), answer);
		EXPECT(answer ? t.nanoseconds == -1 :
		       !t.seconds && t.nanoseconds > 0);
		EXPECT_EQ(syscall2(LINUX_NR_clock_getres64, answers[i].clock,
				   (long)t64), answer);
		EXPECT_EQ(syscall2(LINUX_NR_clock_getres, answers[i].clock, 0),
			  answer);
		EXPECT_EQ(syscall2(LINUX_NR_clock_getres, answers[i].clock,
				   (long)KERNEL), answer ? answer : -EFAULT);
	}
}

UTEST(every_clock_can_be_slept_by_or_is_refused)
{
	static const struct linux_timespec none, bad = { 0, 1000000000 };
	static const int64_t none64[2];

	for (unsigned i = 0; i < ARRAY_SIZE(answers); i++) {
		long answer = answers[i].sleep;
		int clock = answers[i].clock;
		bool known = !answer || (answer == -EINVAL && clock < 0);

		EXPECT_EQ(clock_sleep(clock, 0, &none), answer);
		EXPECT_EQ(syscall4(LINUX_NR_clock_nanosleep64, clock, 0,
				   (long)none64, 0), answer);
		/* First the clock, then the pointer, then the time. */
		if (known) {
			EXPECT_EQ(clock_sleep(clock, 0, KERNEL), -EFAULT);
			EXPECT_EQ(clock_sleep(clock, 0, &bad), -EINVAL);
		} else {
			EXPECT_EQ(clock_sleep(clock, 0, KERNEL), answer);
			EXPECT_EQ(clock_sleep(clock, 0, &bad), answer);
		}
	}
}

/* ---- times --------------------------------------------------------------- */

static const struct {
	int32_t seconds, nanoseconds;
	long    answer;
} times[] = {
	{ -1, 0, -EINVAL }, { 0, -1, -EINVAL }, { 0, 1000000000, -EINVAL },
	{ 0, 0x7fffffff, -EINVAL }, { 0, (int32_t)0x80000000, -EINVAL },
	{ (int32_t)0x80000000, 0, -EINVAL }, { -1, -1, -EINVAL },
	{ 0, 0, 0 }, { 0, 1, 0 }, { 0, 999999, 0 }, { 0, 11 * MS, 0 },
};

UTEST(every_time_is_slept_or_refused)
{
	for (unsigned i = 0; i < ARRAY_SIZE(times); i++) {
		struct linux_timespec t = { times[i].seconds,
					    times[i].nanoseconds };
		int64_t t64[2] = { t.seconds, t.nanoseconds };
		long answer = times[i].answer;

		EXPECT_EQ(linux_nanosleep(&t, NULL), answer);
		EXPECT_EQ(clock_sleep(CLOCK_MONOTONIC, 0, &t), answer);
		EXPECT_EQ(clock_sleep(CLOCK_MONOTONIC, 0x7ffffffe, &t),
			  answer);
		EXPECT_EQ(clock_sleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t),
			  answer);
		EXPECT_EQ(syscall4(LINUX_NR_clock_nanosleep64, CLOCK_MONOTONIC,
				   0, (long)t64, 0), answer);
	}
	EXPECT_EQ(linux_nanosleep((void *)0xbffffffc, NULL), -EFAULT);
	EXPECT_EQ(linux_nanosleep(KERNEL, NULL), -EFAULT);
}

static const int64_t long_times[][2] = {
	{ 0x7fffffff, 999999999 }, { 0x80000000ll, 0 }, { 0x100000000ll, 0 },
	{ 18446744073ll, 709551616 }, { 0x7fffffffffffffffll, 999999999 },
};

/* As many seconds as fit, and more: it sleeps, and can be ended. */
UTEST(very_long_sleeps_last)
{
	struct linux_timespec nap = { 0, 60 * MS };
	long pids[ARRAY_SIZE(long_times)];
	int status;

	for (unsigned i = 0; i < ARRAY_SIZE(long_times); i++) {
		pids[i] = utest_fork();
		if (!pids[i])
			linux_exit_group((int)syscall4(
				LINUX_NR_clock_nanosleep64, CLOCK_MONOTONIC,
				i % 2 ? TIMER_ABSTIME : 0,
				(long)long_times[i], 0));
	}
	linux_nanosleep(&nap, NULL);
	EXPECT_EQ(linux_waitpid(-1, &status, WNOHANG), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(long_times); i++)
		if (!syscall2(LINUX_NR_kill, pids[i], SIGKILL_NR))
			EXPECT_EQ(linux_waitpid((int)pids[i], &status, 0),
				  pids[i]);
}

UTEST(a_sleep_until_a_time_ends_then)
{
	static const int clocks[] = { 0, 1, 7, 11 };

	for (unsigned i = 0; i < ARRAY_SIZE(clocks); i++) {
		int64_t end = read_clock(clocks[i]) + 25 * MS;
		struct linux_timespec t;
		uint32_t ns;

		t.seconds = (int32_t)div_u64_rem((uint64_t)end,
						 (uint32_t)SECOND, &ns);
		t.nanoseconds = (int32_t)ns;
		EXPECT_EQ(clock_sleep(clocks[i], TIMER_ABSTIME, &t), 0);
		EXPECT(read_clock(clocks[i]) >= end);
		/* Now it is in the past. */
		EXPECT_EQ(clock_sleep(clocks[i], TIMER_ABSTIME, &t), 0);
		EXPECT(read_clock(clocks[i]) < end + 20 * SECOND);
	}
}

/* ---- CPU time ------------------------------------------------------------ */

static const int own_clocks[] = {
	CLOCK_PROCESS, CLOCK_THREAD, OF_PROCESS(0, SCHED), OF_THREAD(0, SCHED),
};

UTEST(cpu_clocks_run_while_we_do)
{
	struct linux_timespec nap = { 0, 100 * MS };

	for (unsigned i = 0; i < ARRAY_SIZE(own_clocks); i++) {
		int64_t before = read_clock(own_clocks[i]), slept;

		spin(60 * MS);
		/* Others may have had their share. */
		EXPECT(read_clock(own_clocks[i]) - before >= 5 * MS);
		slept = read_clock(own_clocks[i]);
		linux_nanosleep(&nap, NULL);
		EXPECT(read_clock(own_clocks[i]) - slept <= 30 * MS);
	}
}

UTEST(cpu_clocks_count_within_a_tick)
{
	for (unsigned i = 0; i < ARRAY_SIZE(own_clocks); i++) {
		int64_t first = read_clock(own_clocks[i]), next;
		unsigned steps = 0, turns = 0;

		while (steps < 20 && turns++ < 1000000) {
			next = read_clock(own_clocks[i]);
			EXPECT(next >= first);
			steps += next > first;
			first = next;
		}
		EXPECT_EQ(steps, 20);
		EXPECT(turns < 100000);
	}
}

/* In and out of the CPU in the middle of ticks: never back. */
UTEST(cpu_clocks_never_go_back)
{
	struct linux_timespec nap = { 0, 10 * MS };
	int64_t last[ARRAY_SIZE(own_clocks)] = { 0 };

	for (unsigned turn = 0; turn < 30; turn++) {
		for (unsigned i = 0; i < ARRAY_SIZE(own_clocks); i++) {
			int64_t now = read_clock(own_clocks[i]);

			EXPECT(now >= last[i]);
			last[i] = now;
		}
		spin(turn % 7 * MS);
		if (turn % 3 == 0)
			linux_nanosleep(&nap, NULL);
	}
}

UTEST(a_childs_clock_is_its_own)
{
	int64_t before = read_clock(CLOCK_PROCESS);
	long child = utest_fork();
	struct linux_timespec t;
	int status;

	if (!child) {
		bool fresh = read_clock(CLOCK_PROCESS) < before + 50 * MS;

		spin(80 * MS);
		linux_exit_group(fresh ? 0 : 1);
	}
	spin(5 * MS);
	EXPECT_EQ(linux_clock_gettime(OF_PROCESS(child, SCHED), &t), 0);
	EXPECT_EQ(linux_clock_gettime(OF_THREAD(child, SCHED), &t), -EINVAL);
	EXPECT_EQ(linux_clock_gettime(OF_PROCESS(linux_getpid(), SCHED), &t),
		  0);
	EXPECT_EQ(linux_clock_gettime(OF_THREAD(linux_gettid(), SCHED), &t),
		  0);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(status, 0);
	EXPECT_EQ(linux_clock_gettime(OF_PROCESS(child, SCHED), &t), -EINVAL);
}

/* Of a child that computes: it has had so much when the sleep ends. */
UTEST(a_sleep_by_a_cpu_clock_ends_when_it_has_run)
{
	struct linux_timespec t = { 0, 30 * MS };
	long child = utest_fork();
	int64_t before, after;
	int status;

	if (!child) {
		spin(150 * MS);
		linux_exit_group(0);
	}
	before = read_clock(OF_PROCESS(child, SCHED));
	EXPECT_EQ(clock_sleep(OF_PROCESS(child, SCHED), 0, &t), 0);
	after = read_clock(OF_PROCESS(child, SCHED));
	EXPECT(after - before >= 30 * MS);
	EXPECT_EQ(clock_sleep(OF_PROCESS(child, SCHED), TIMER_ABSTIME, &t), 0);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
}
