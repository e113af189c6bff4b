// SPDX-License-Identifier: MIT
/*
 * naps.c - how long short sleeps take, and what they leave to others
 *
 * NOT HERE clocks (clocks.c), long sleeps (time.c).
 * SEE      docs/decisions/short-sleeps.md.
 */
#include "tests/user/utest.h"

#define US  1000
#define MS  1000000
#define SECOND  1000000000ll

static int64_t now_ns(void)
{
	struct linux_timespec t = { 0, 0 };

	EXPECT_EQ(linux_clock_gettime(CLOCK_MONOTONIC, &t), 0);
	return t.seconds * SECOND + t.nanoseconds;
}

static volatile uint32_t *stop;

static long start_busy_child(void)
{
	long child;

	stop = map_flags(1, PROT_READ | PROT_WRITE, MAP_SHARED);
	child = utest_fork();
	if (!child) {
		while (!*stop)
			;
		linux_exit_group(0);
	}
	return child;
}

static void end_busy_child(long child)
{
	int status;

	*stop = 1;
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(linux_munmap((void *)stop, PAGE), 0);
}

/* ---- many together ------------------------------------------------------- */

static const struct {
	int32_t  ns;
	unsigned times;
	int64_t  at_most;    /* all naps, and others' slices */
} naps[] = {
	{ 2 * US,   300, 1000ll * MS },
	{ 100 * US, 100, 1000ll * MS },
	{ 2 * MS,   40,  1000ll * MS },
	{ 9 * MS,   10,  1000ll * MS },
	{ 25 * MS,  12,  500ll * MS },     /* not a slice for each nap */
};

static void nap_often(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(naps); i++) {
		struct linux_timespec nap = { 0, naps[i].ns };
		int64_t start = now_ns(), took;

		for (unsigned n = 0; n < naps[i].times; n++)
			EXPECT_EQ(linux_nanosleep(&nap, NULL), 0);
		took = now_ns() - start;
		EXPECT(took >= (int64_t)naps[i].ns * naps[i].times);
		EXPECT(took <= naps[i].at_most);
	}
}

UTEST(short_sleeps_take_about_what_was_asked)
{
	nap_often();
}

UTEST(short_sleeps_beside_a_busy_process_too)
{
	long child = start_busy_child();

	nap_often();
	end_busy_child(child);
}

/* ---- one by one ---------------------------------------------------------- */

#define NAPS  24

static const int32_t lengths_us[] = { 2, 200, 1000, 3000, 7000, 12000 };

/*
 * A host that is busy makes any of them late. How many end in time is judged
 * where the host plays no part, by tests/emu/test_naps.py.
 */
static void nap_one_by_one(const char *where)
{
	for (unsigned i = 0; i < ARRAY_SIZE(lengths_us); i++) {
		struct linux_timespec nap = { 0, lengths_us[i] * US };
		int64_t longest = 0, all = 0;

		for (unsigned n = 0; n < NAPS; n++) {
			int64_t start = now_ns(), took;

			EXPECT_EQ(linux_nanosleep(&nap, NULL), 0);
			took = now_ns() - start;
			EXPECT(took >= nap.nanoseconds);
			longest = took > longest ? took : longest;
			all += took;
		}
		printf("    # %s: usleep(%d) took %u us, at most %u us\n",
		       where, lengths_us[i], (unsigned)all / (NAPS * US),
		       (unsigned)longest / US);
	}
}

UTEST(a_short_sleep_is_not_too_short)
{
	nap_one_by_one("alone");
}

UTEST(a_short_sleep_beside_a_busy_process_is_not_too_short)
{
	long child = start_busy_child();

	nap_one_by_one("beside a busy process");
	end_busy_child(child);
}

/* ---- the others ---------------------------------------------------------- */

/* Makes children that give way: in each turn another process runs. */
static void fork_and_yield(unsigned turns)
{
	while (turns--) {
		long child = utest_fork();
		int status;

		if (!child) {
			for (unsigned i = 0; i < 4; i++)
				linux_sched_yield();
			linux_exit_group(0);
		}
		linux_waitpid((int)child, &status, 0);
	}
}

UTEST(who_polls_with_short_sleeps_leaves_others_the_cpu)
{
	static const int32_t naps_ns[] = { 200 * US, 1 * MS, 10 * MS };

	for (unsigned i = 0; i < ARRAY_SIZE(naps_ns); i++) {
		struct linux_timespec nap = { 0, naps_ns[i] };
		int64_t start = now_ns();
		long child = utest_fork();
		int status;

		if (!child) {
			fork_and_yield(60);
			linux_exit_group(0);
		}
		while (!linux_waitpid((int)child, &status, WNOHANG))
			linux_nanosleep(&nap, NULL);
		EXPECT(now_ns() - start <= 1000ll * MS);
	}
}

/* A process of short sleeps gets no more CPU than a busy one, nor much less. */
UTEST(short_sleepers_leave_others_their_share)
{
	volatile uint32_t *turns = map_flags(1, PROT_READ | PROT_WRITE,
					     MAP_SHARED);
	struct linux_timespec nap = { 0, 1 * MS };
	int64_t end = now_ns() + 400 * MS;
	long child = utest_fork();
	int status;

	if (!child) {
		while (now_ns() < end)
			++*turns;
		linux_exit_group(0);
	}
	while (now_ns() < end)
		linux_nanosleep(&nap, NULL);
	EXPECT(*turns > 1000);
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
}
