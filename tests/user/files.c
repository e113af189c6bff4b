// SPDX-License-Identifier: MIT
/*
 * files.c - paths, as Linux walks and opens them: tables of right answers
 *
 * NOT HERE what can be done to a descriptor (fds.c).
 */
#include "tests/user/files.h"

#define OK        0        /* instead of a number >= 0                       */

#define A50       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A255      A50 A50 A50 A50 A50 "aaaaa"
#define DOTS_100  "././././././././././././././././././././././././" \
		  "././././././././././././././././././././././././././"
#define DOTS_1000 DOTS_100 DOTS_100 DOTS_100 DOTS_100 DOTS_100 \
		  DOTS_100 DOTS_100 DOTS_100 DOTS_100 DOTS_100
#define DOTS_4080 DOTS_1000 DOTS_1000 DOTS_1000 DOTS_1000 \
		  "././././././././././././././././././././" \
		  "././././././././././././././././././././"
_Static_assert(sizeof(DOTS_4080) == 4081, "as it says");

static long result_of(long result)
{
	return result > 0 ? OK : result;
}

/* ---- open ---------------------------------------------------------------- */

static const struct {
	const char *path;
	uint32_t    flags;
	long        answer;
} opens[] = {
	{ "welcome", 0, OK }, { "/welcome", 0, OK }, { "//welcome", 0, OK },
	{ "./welcome", 0, OK }, { "tests/../welcome", 0, OK },
	{ "../../welcome", 0, OK }, { "tests//process", 0, OK },
	{ "tests/", 0, OK }, { "tests/.", 0, OK }, { "tests/..", 0, OK },
	{ "/", 0, OK }, { ".", 0, OK }, { "..", 0, OK }, { "///", 0, OK },
	{ "", 0, -ENOENT },
	/* nothing is below a file */
	{ "welcome/", 0, -ENOTDIR }, { "welcome/x", 0, -ENOTDIR },
	{ "welcome/.", 0, -ENOTDIR }, { "welcome/..", 0, -ENOTDIR },
	{ "welcome/../demo", 0, -ENOTDIR }, { "welcome//", 0, -ENOTDIR },
	{ "tests/process/", 0, -ENOTDIR }, { "tests/process/x", 0, -ENOTDIR },
	{ "nothing", 0, -ENOENT }, { "nothing/", 0, -ENOENT },
	{ "nothing/x", 0, -ENOENT }, { "tests/nothing", 0, -ENOENT },
	{ "nothing/../welcome", 0, -ENOENT }, { "welcom", 0, -ENOENT },
	{ "welcome2", 0, -ENOENT }, { "test", 0, -ENOENT },
	/* long names, long paths */
	{ A255, 0, -ENOENT }, { A255 "a", 0, -ENAMETOOLONG },
	{ "tests/" A255, 0, -ENOENT }, { "tests/" A255 "a", 0, -ENAMETOOLONG },
	{ "nothing/" A255 "a", 0, -ENOENT },
	{ "welcome/" A255 "a", 0, -ENOTDIR },
	{ A255 "a/x", 0, -ENAMETOOLONG },
	{ DOTS_4080 "welcome", 0, OK }, { DOTS_4080 ".////./welcome", 0, OK },
	{ DOTS_4080 "././././welcome", 0, OK },
	{ DOTS_4080 "./././././welcome", 0, -ENAMETOOLONG },
	{ DOTS_4080 ".//////././welcome", 0, -ENAMETOOLONG },
	/* what the flags want */
	{ "welcome", O_WRONLY, -EROFS }, { "welcome", O_RDWR, -EROFS },
	{ "welcome", O_ACCMODE, -EROFS }, { "welcome", O_TRUNC, -EROFS },
	{ "welcome", O_APPEND, OK }, { "welcome", O_CREAT, OK },
	{ "welcome", O_EXCL, OK }, { "welcome", O_CREAT | O_EXCL, -EEXIST },
	{ "welcome", O_CREAT | O_EXCL | O_WRONLY, -EEXIST },
	{ "welcome", O_CREAT | O_WRONLY, -EROFS },
	{ "welcome", O_DIRECTORY, -ENOTDIR },
	{ "welcome", O_DIRECTORY | O_WRONLY, -ENOTDIR },
	{ "welcome", O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, OK },
	{ "welcome", O_PATH, OK }, { "welcome", O_PATH | O_WRONLY, OK },
	{ "welcome", O_PATH | O_CREAT | O_EXCL, OK },
	{ "welcome", O_PATH | O_DIRECTORY, -ENOTDIR },
	{ "nothing", O_CREAT, -EROFS }, { "nothing", O_CREAT | O_EXCL, -EROFS },
	{ "nothing", O_CREAT | O_WRONLY, -EROFS },
	{ "nothing", O_WRONLY, -ENOENT }, { "nothing", O_TRUNC, -ENOENT },
	{ "nothing", O_DIRECTORY, -ENOENT }, { "nothing/x", O_CREAT, -ENOENT },
	{ "welcome/x", O_CREAT, -ENOTDIR }, { "nothing/", O_CREAT, -EISDIR },
	{ "welcome/", O_CREAT, -EISDIR }, { "tests/", O_CREAT, -EISDIR },
	{ ".x/", O_CREAT, -EISDIR }, { "x./", O_CREAT, -EISDIR },
	{ "../", O_CREAT | O_EXCL, -EEXIST }, { ".../", O_CREAT, -EISDIR },
	{ "nothing//", O_CREAT, -EISDIR }, { "nothing/x/", O_CREAT, -ENOENT },
	{ "tests", O_CREAT, -EISDIR }, { "tests", O_CREAT | O_EXCL, -EEXIST },
	{ "tests/", O_CREAT | O_EXCL, -EISDIR },
	{ ".", O_CREAT, -EISDIR }, { "tests/..", O_CREAT, -EISDIR },
	{ "/", O_CREAT, -EISDIR }, { "/", O_CREAT | O_EXCL, -EEXIST },
	{ "./", O_CREAT | O_EXCL, -EEXIST },
	{ "tests/../", O_CREAT | O_EXCL, -EEXIST },
	{ "tests", O_WRONLY, -EISDIR }, { "tests", O_RDWR, -EISDIR },
	{ "tests", O_DIRECTORY, OK }, { "tests", O_DIRECTORY | O_PATH, OK },
	{ "tests", O_DIRECTORY | O_RDWR, -EISDIR },
	{ "", O_CREAT, -ENOENT }, { A255 "a", O_CREAT, -ENAMETOOLONG },
	/* unknown flags are ignored */
	{ "welcome", 0x80000000, OK }, { "welcome", 0x70000000, OK },
	{ "nothing", 0xf0000000, -ENOENT },
};

UTEST(open_answers_as_linux)
{
	SKIP_WITHOUT_FILES();
	for (unsigned i = 0; i < ARRAY_SIZE(opens); i++) {
		long fd = linux_open(opens[i].path, opens[i].flags);
		long at = syscall4(LINUX_NR_openat, AT_FDCWD,
				   (long)opens[i].path, (long)opens[i].flags,
				   0);

		if (result_of(fd) != opens[i].answer ||
		    result_of(at) != opens[i].answer) {
			utest_failures++;
			printf("    # \"%.40s\", 0%o: %ld, %ld, not %ld\n",
			       opens[i].path, opens[i].flags, fd, at,
			       opens[i].answer);
		}
		linux_close((int)fd);
		linux_close((int)at);
	}
}

UTEST(open_reads_the_path_first)
{
	char *p = map_pages(2);
	long limit = 0;

	SKIP_WITHOUT_FILES();
	EXPECT_EQ(linux_open(NULL, 0), -EFAULT);
	EXPECT_EQ(linux_open(KERNEL, 0), -EFAULT);
	EXPECT_EQ(linux_open(FREE_ADDR, O_CREAT | O_EXCL), -EFAULT);
	EXPECT_EQ(linux_munmap(p + PAGE, PAGE), 0);
	memset(p, 'a', PAGE);
	EXPECT_EQ(linux_open(p + 1, 0), -EFAULT);
	memcpy(p + PAGE - 8, "welcome", 8);
	EXPECT_EQ(result_of(linux_open(p + PAGE - 8, 0)), OK);
	memcpy(p + PAGE - 7, "welcome", 7);
	EXPECT_EQ(linux_open(p + PAGE - 7, 0), -EFAULT);
	/* If no descriptor is free, the names are not looked at. */
	while (linux_open("welcome", 0) >= 0)
		limit++;
	EXPECT(limit > 100);
	EXPECT_EQ(linux_open("welcome", 0), -EMFILE);
	EXPECT_EQ(linux_open("nothing", 0), -EMFILE);
	EXPECT_EQ(linux_open("welcome/x", 0), -EMFILE);
	EXPECT_EQ(linux_open("", 0), -ENOENT);
	EXPECT_EQ(linux_open(p + 1, 0), -EFAULT);
	EXPECT_EQ(linux_open(A255 "a", 0), -EMFILE);
	EXPECT_EQ(syscall1(LINUX_NR_dup, 0), -EMFILE);
	EXPECT_EQ(syscall3(LINUX_NR_fcntl64, 0, F_DUPFD, 5), -EMFILE);
	for (uint32_t fd = 3; fd < FDS; fd++)
		linux_close((int)fd);
	EXPECT_EQ(linux_munmap(p, PAGE), 0);
}

/* ---- below a folder ------------------------------------------------------ */

enum base { AT_CWD, AT_TESTS, AT_FILE, AT_PATH, AT_CLOSED, AT_MINUS_1 };

static const struct {
	enum base   base;
	const char *path;
	long        answer;
} ats[] = {
	{ AT_CWD, "welcome", OK }, { AT_CWD, "tests/process", OK },
	{ AT_TESTS, "process", OK }, { AT_TESTS, "../welcome", OK },
	{ AT_TESTS, "welcome", -ENOENT }, { AT_TESTS, "process/", -ENOTDIR },
	{ AT_TESTS, "/welcome", OK }, { AT_TESTS, "", -ENOENT },
	{ AT_TESTS, ".", OK }, { AT_PATH, "process", OK },
	{ AT_FILE, "welcome", -ENOTDIR }, { AT_FILE, ".", -ENOTDIR },
	{ AT_FILE, "/welcome", OK }, { AT_FILE, "", -ENOENT },
	{ AT_FILE, A255 "a", -ENOTDIR },
	{ AT_CLOSED, "welcome", -EBADF }, { AT_CLOSED, "/welcome", OK },
	{ AT_CLOSED, "", -ENOENT }, { AT_CLOSED, A255 "a", -EBADF },
	{ AT_CLOSED, "/nothing", -ENOENT },
	{ AT_MINUS_1, "welcome", -EBADF }, { AT_MINUS_1, "/welcome", OK },
};

static long base_fd(enum base base)
{
	switch (base) {
	case AT_CWD:
		return AT_FDCWD;
	case AT_TESTS:
		return linux_open("tests", 0);
	case AT_FILE:
		return linux_open("welcome", 0);
	case AT_PATH:
		return linux_open("tests", O_PATH);
	case AT_CLOSED:
		return CLOSED;
	default:
		return -1;
	}
}

UTEST(paths_below_a_folder_answer_as_linux)
{
	struct linux_stat64 stat;
	struct linux_statx statx;

	SKIP_WITHOUT_FILES();
	for (unsigned i = 0; i < ARRAY_SIZE(ats); i++) {
		long base = base_fd(ats[i].base);
		long path = (long)ats[i].path, answer = ats[i].answer;
		long fd = syscall4(LINUX_NR_openat, base, path, 0, 0);

		EXPECT_EQ(result_of(fd), answer);
		EXPECT_EQ(syscall4(LINUX_NR_fstatat64, base, path, (long)&stat,
				   0), answer);
		EXPECT_EQ(syscall5(LINUX_NR_statx, base, path, 0, 0x7ff,
				   (long)&statx), answer);
		linux_close((int)fd);
		linux_close((int)base);
	}
}

static const struct {
	enum base   base;
	const char *path;
	uint32_t    flags;
	long        answer;
} stats[] = {
	{ AT_CWD, "welcome", 0x100, OK }, { AT_CWD, "welcome", 0x800, OK },
	{ AT_CWD, "welcome", 0x2000, OK }, { AT_CWD, "welcome", 0x4000, OK },
	{ AT_CWD, "welcome", 0x1000, OK }, { AT_CWD, "", 0x1000, OK },
	{ AT_FILE, "", 0x1000, OK }, { AT_TESTS, "", 0x1000, OK },
	{ AT_PATH, "", 0x1000, OK }, { AT_CLOSED, "", 0x1000, -EBADF },
	{ AT_CLOSED, "", 0, -ENOENT }, { AT_FILE, "x", 0x1000, -ENOTDIR },
	{ AT_CWD, "welcome", 1, -EINVAL },
	{ AT_CWD, "welcome", 0x200, -EINVAL },
	{ AT_CWD, "welcome", 0x400, -EINVAL },
	{ AT_CWD, "nothing", 0x10000, -EINVAL },
	{ AT_CLOSED, "welcome", 0x80000000, -EINVAL },
	{ AT_CWD, "", 0x200, -EINVAL },
};

UTEST(stat_knows_its_flags)
{
	struct linux_stat64 stat;
	struct linux_statx statx;

	SKIP_WITHOUT_FILES();
	for (unsigned i = 0; i < ARRAY_SIZE(stats); i++) {
		long base = base_fd(stats[i].base);
		long path = (long)stats[i].path, flags = (long)stats[i].flags;

		EXPECT_EQ(syscall4(LINUX_NR_fstatat64, base, path, (long)&stat,
				   flags), stats[i].answer);
		EXPECT_EQ(syscall5(LINUX_NR_statx, base, path, flags, 0x7ff,
				   (long)&statx), stats[i].answer);
		linux_close((int)base);
	}
	EXPECT_EQ(syscall5(LINUX_NR_statx, AT_FDCWD, (long)"welcome", 0x6000,
			   0x7ff, (long)&statx), -EINVAL);
	EXPECT_EQ(syscall5(LINUX_NR_statx, AT_FDCWD, (long)"welcome", 0,
			   (long)0x80000000, (long)&statx), -EINVAL);
	EXPECT_EQ(syscall2(LINUX_NR_stat64, (long)"welcome", (long)KERNEL),
		  -EFAULT);
	EXPECT_EQ(syscall2(LINUX_NR_stat64, (long)"nothing", (long)KERNEL),
		  -ENOENT);
	EXPECT_EQ(syscall2(LINUX_NR_fstat64, CLOSED, (long)KERNEL), -EBADF);
}

static const struct {
	const char *path;
	uint32_t    mode;
	long        answer;
} accesses[] = {
	{ "welcome", 0, OK }, { "welcome", 4, OK }, { "welcome", 2, -EROFS },
	{ "welcome", 1, -EACCES }, { "welcome", 7, -EROFS },
	{ "welcome", 5, -EACCES }, { "tests/process", 1, OK },
	{ "tests", 5, OK }, { "tests", 2, -EROFS }, { "/", 1, OK },
	{ "welcome", 8, -EINVAL }, { "nothing", 8, -EINVAL },
	{ "welcome", 0xffffffff, -EINVAL }, { "nothing", 2, -ENOENT },
	{ "welcome/", 0, -ENOTDIR }, { "welcome/x", 4, -ENOTDIR },
	{ "", 0, -ENOENT }, { A255 "a", 0, -ENAMETOOLONG },
};

UTEST(access_answers_as_linux)
{
	SKIP_WITHOUT_FILES();
	for (unsigned i = 0; i < ARRAY_SIZE(accesses); i++)
		EXPECT_EQ(syscall2(LINUX_NR_access, (long)accesses[i].path,
				   (long)accesses[i].mode),
			  accesses[i].answer);
}
