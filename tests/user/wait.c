// SPDX-License-Identifier: MIT
/*
 * wait.c - what a wait looks for: exit signals, groups; what clone refuses
 *
 * WHAT     Tables of arguments and of the answers that Linux gives.
 */
#include "tests/user/utest.h"

#define CLONE_VM             0x00000100
#define CLONE_FS             0x00000200
#define CLONE_SIGHAND        0x00000800
#define CLONE_PIDFD          0x00001000
#define CLONE_THREAD         0x00010000
#define CLONE_NEWNS          0x00020000
#define CLONE_SETTLS         0x00080000
#define CLONE_PARENT_SETTID  0x00100000
#define CLONE_NEWUSER        0x10000000
#define CLONE_NEWPID         0x20000000

#define WNOTHREAD  0x20000000
#define WALL       0x40000000
#define WCLONE     ((int)0x80000000)

#define SIGURG_NR   23
#define SIGCHLD_NR  17

static long clone_with(uint32_t flags)
{
	return syscall5(LINUX_NR_clone, (long)flags, 0, 0, 0, 0);
}

/* A child that ends at once; its exit signal is `signal`. */
static long child_with_signal(uint32_t signal)
{
	long child = clone_with(signal);

	if (!child)
		linux_exit_group(3);
	return utest_started(child, "clone");
}

/* ---- exit signals ------------------------------------------------------ */

static const struct {
	uint32_t signal;
	int      options;
	bool     meant;
} meant[] = {
	{ SIGCHLD_NR, 0,      true },
	{ SIGCHLD_NR, WCLONE, false },
	{ SIGCHLD_NR, WALL,   true },
	{ SIGCHLD_NR, WNOTHREAD, true },
	{ SIGCHLD_NR, WALL | WCLONE, true },
	{ 0,          0,      false },
	{ 0,          WCLONE, true },
	{ 0,          WALL,   true },
	{ 0,          WALL | WCLONE, true },
	{ SIGURG_NR,  0,      false },
	{ SIGURG_NR,  WCLONE, true },
	{ SIGURG_NR,  WALL,   true },
	{ SIGURG_NR,  WNOTHREAD | WCLONE, true },
};

UTEST(a_wait_means_children_by_their_exit_signal)
{
	for (unsigned i = 0; i < ARRAY_SIZE(meant); i++) {
		int status = -1;
		long child = child_with_signal(meant[i].signal);

		/* A wait by number and a wait for any child are the same. */
		EXPECT_EQ(linux_waitpid(i % 2 ? (int)child : -1, &status,
					meant[i].options),
			  meant[i].meant ? child : -ECHILD);
		EXPECT_EQ(status, meant[i].meant ? 3 << 8 : -1);
		if (!meant[i].meant)
			EXPECT_EQ(linux_waitpid((int)child, &status, WALL),
				  child);
	}
}

/* Each kind of wait gets its kind, even if another child has ended first. */
UTEST(plain_children_and_clones_are_told_apart)
{
	long plain = child_with_signal(SIGCHLD_NR);
	long clone = child_with_signal(0);
	int status;

	EXPECT_EQ(linux_waitpid(-1, &status, WCLONE), clone);
	EXPECT_EQ(linux_waitpid(-1, &status, WCLONE), -ECHILD);
	EXPECT_EQ(linux_waitpid(-1, &status, 0), plain);
	EXPECT_EQ(linux_waitpid(-1, &status, WALL), -ECHILD);
}

/* ---- groups ------------------------------------------------------------ */

static void in_a_session(void (*fn)(void))
{
	int status = -1;
	long child = utest_fork();

	if (!child) {
		utest_failures = 0;
		EXPECT_EQ(syscall0(LINUX_NR_setsid), linux_getpid());
		fn();
		exit(utest_failures ? 99 : 0);
	}
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(status, 0);
}

static long getpgid(long pid)
{
	return syscall1(LINUX_NR_getpgid, pid);
}

static long setpgid(long pid, long group)
{
	return syscall2(LINUX_NR_setpgid, pid, group);
}

static void look_at_numbers(void)
{
	long pid = linux_getpid();

	EXPECT_EQ(syscall0(LINUX_NR_getpgrp), pid);
	EXPECT_EQ(getpgid(0), pid);
	EXPECT_EQ(getpgid(pid), pid);
	EXPECT_EQ(syscall1(LINUX_NR_getsid, 0), pid);
	EXPECT_EQ(syscall1(LINUX_NR_getsid, pid), pid);
	EXPECT_EQ(syscall0(LINUX_NR_setsid), -EPERM);
	EXPECT_EQ(getpgid(32767000), -ESRCH);
	EXPECT_EQ(syscall1(LINUX_NR_getsid, 32767000), -ESRCH);
	EXPECT_EQ(setpgid(32767000, 0), -ESRCH);
	EXPECT_EQ(setpgid(0, -1), -EINVAL);
	EXPECT_EQ(setpgid(0, 0), -EPERM);       /* leads a session */
}

UTEST(a_session_has_one_number_for_all)
{
	in_a_session(look_at_numbers);
}

/* A child in that group, which ends at once. */
static long child_in_group(long group)
{
	long child = utest_fork();

	if (!child)
		linux_exit_group(setpgid(0, group) ? 1 : 0);
	EXPECT(child > 0);
	return child;
}

static void choose_by_group(void)
{
	long self = linux_getpid(), own, ours, status_ok = 0;
	int status = -1;

	own = child_in_group(0);
	ours = child_in_group(self);
	while (getpgid(own) == self)
		linux_sched_yield();
	EXPECT_EQ(getpgid(own), own);
	EXPECT_EQ(getpgid(ours), self);
	EXPECT_EQ(linux_waitpid(-32767, &status, 0), -ECHILD);
	EXPECT_EQ(linux_waitpid((int)-own, &status, 0), own);
	EXPECT_EQ(status, status_ok);
	EXPECT_EQ(linux_waitpid((int)-own, &status, WNOHANG), -ECHILD);
	EXPECT_EQ(linux_waitpid(0, &status, 0), ours);
	EXPECT_EQ(status, status_ok);
	EXPECT_EQ(linux_waitpid(0, &status, 0), -ECHILD);
	ours = child_in_group(self);
	EXPECT_EQ(linux_waitpid((int)-self, &status, 0), ours);
}

UTEST(a_wait_means_children_by_their_group)
{
	in_a_session(choose_by_group);
}

UTEST(a_group_can_be_joined_only_where_it_is)
{
	long child = utest_fork();
	int status;

	if (!child) {
		/* A process can begin a group; group 32767 does not exist. */
		bool ok = !setpgid(0, 0) && setpgid(0, 32767) == -EPERM &&
			  getpgid(0) == linux_getpid() &&
			  setpgid(linux_getppid(), 0) == -ESRCH;

		linux_exit_group(ok ? 0 : 1);
	}
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(status, 0);
}

UTEST(waits_that_mean_nobody)
{
	int status;

	EXPECT_EQ(linux_waitpid((int)0x80000000, &status, 0), -ESRCH);
	EXPECT_EQ(linux_waitpid((int)0x80000000, &status, 4), -EINVAL);
	EXPECT_EQ(linux_waitpid((int)0x80000001, &status, 0), -ECHILD);
	EXPECT_EQ(linux_waitpid(-1, &status, 0x100), -EINVAL);
	EXPECT_EQ(linux_waitpid(-1, &status, 0x1000000), -EINVAL);
	EXPECT_EQ(syscall4(LINUX_NR_wait4, -1, 0, 4, 0), -EINVAL);
}

/* ---- clone ------------------------------------------------------------- */

static const struct {
	uint32_t flags;
	long     answer;
} refused[] = {
	{ CLONE_THREAD, -EINVAL },
	{ CLONE_SIGHAND, -EINVAL },
	{ CLONE_THREAD | CLONE_SIGHAND, -EINVAL },
	{ CLONE_THREAD | CLONE_VM, -EINVAL },
	{ CLONE_NEWNS | CLONE_FS, -EINVAL },
	{ CLONE_NEWUSER | CLONE_FS, -EINVAL },
	{ CLONE_NEWPID | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, -EINVAL },
	{ CLONE_NEWPID | CLONE_THREAD, -EINVAL },
	{ CLONE_NEWPID | CLONE_SIGHAND, -EINVAL },
	{ CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, -EINVAL },
	{ CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD_NR, -EINVAL },
	/* Mistakes in the flags are found before bad addresses. */
	{ CLONE_SETTLS | CLONE_THREAD, -EINVAL },
	{ CLONE_SETTLS | CLONE_SIGHAND, -EINVAL },
	{ CLONE_SETTLS | SIGCHLD_NR, -EFAULT },
	{ CLONE_SETTLS, -EFAULT },
};

UTEST(clone_refuses_flags_in_linuxs_order)
{
	int status;

	for (unsigned i = 0; i < ARRAY_SIZE(refused); i++)
		EXPECT_EQ(clone_with(refused[i].flags), refused[i].answer);
	EXPECT_EQ(linux_waitpid(-1, &status, WALL), -ECHILD);
}

/* Flags without a meaning for a kernel without tracing and the like. */
UTEST(clone_accepts_flags_about_what_is_not_there)
{
	static const uint32_t flags[] = {
		0x00000200, 0x00000400, 0x00002000, 0x00040000, 0x00400000,
		0x00800000, 0x80000000, 0x80c42600,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(flags); i++) {
		int status = -1;
		long child = child_with_signal(flags[i] | SIGCHLD_NR);

		EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
		EXPECT_EQ(status, 3 << 8);
	}
}

UTEST(clone_refuses_a_bad_tls_entry)
{
	struct linux_user_desc desc = { 5, 0, 0xfffff, 0x51 };
	int status;

	EXPECT_EQ(syscall5(LINUX_NR_clone, CLONE_SETTLS | SIGCHLD_NR, 0, 0,
			   (long)&desc, 0), -EINVAL);
	desc.entry_number = ~0u;
	EXPECT_EQ(syscall5(LINUX_NR_clone, CLONE_SETTLS | SIGCHLD_NR, 0, 0,
			   (long)&desc, 0), -EINVAL);
	EXPECT_EQ(linux_waitpid(-1, &status, WALL), -ECHILD);
}
