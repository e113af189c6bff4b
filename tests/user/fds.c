// SPDX-License-Identifier: MIT
/*
 * fds.c - what Linux does with a descriptor: tables of right answers
 *
 * NOT HERE how a program gets a descriptor (files.c).
 */
#include "tests/user/files.h"

/* ---- descriptors --------------------------------------------------------- */

static char next_byte(long fd)
{
	char c = 0;

	EXPECT_EQ(linux_read((int)fd, &c, 1), 1);
	return c;
}

static const char text[] = "Welcome to";

UTEST(what_dup_makes_shares_the_position)
{
	long fd, other, copies[4];

	SKIP_WITHOUT_FILES();
	fd = linux_open("welcome", 0);
	other = linux_open("welcome", 0);
	copies[0] = syscall1(LINUX_NR_dup, fd);
	copies[1] = syscall2(LINUX_NR_dup2, fd, 100);
	copies[2] = fcntl(fd, F_DUPFD, 50);
	copies[3] = syscall3(LINUX_NR_dup3, fd, 101, (long)O_CLOEXEC);
	EXPECT_EQ(copies[1], 100);
	EXPECT_EQ(copies[2], 50);
	EXPECT_EQ(copies[3], 101);
	EXPECT_EQ(next_byte(fd), text[0]);
	for (unsigned i = 0; i < 4; i++) {
		EXPECT_EQ(next_byte(copies[i]), text[i + 1]);
		EXPECT_EQ(syscall3(LINUX_NR_lseek, fd, 0, SEEK_CUR), i + 2);
	}
	EXPECT_EQ(next_byte(other), text[0]);
	/* The open file lasts until its last descriptor is closed. */
	linux_close((int)fd);
	for (unsigned i = 0; i < 4; i++) {
		EXPECT_EQ(next_byte(copies[i]), text[i + 5]);
		linux_close((int)copies[i]);
	}
	linux_close((int)other);
}

UTEST(a_child_shares_the_position_but_not_the_table)
{
	int status;
	long fd, child;

	SKIP_WITHOUT_FILES();
	fd = linux_open("welcome", 0);
	EXPECT_EQ(next_byte(fd), text[0]);
	child = utest_fork();
	if (!child) {
		bool ok = next_byte(fd) == text[1];

		linux_close((int)fd);
		ok &= linux_open("demo", 0) == fd;
		linux_exit_group(ok ? 0 : 1);
	}
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(status, 0);
	EXPECT_EQ(next_byte(fd), text[2]);
	linux_close((int)fd);
}

/* The child does not see what the parent does next, even before it runs. */
UTEST(a_child_has_the_table_as_it_was_at_the_fork)
{
	volatile uint32_t *go = map_flags(1, PROT_READ | PROT_WRITE,
					  MAP_SHARED);
	int status;
	long fd, child;

	SKIP_WITHOUT_FILES();
	fd = linux_open("welcome", 0);
	child = utest_fork();
	if (!child) {
		while (!*go)
			linux_sched_yield();
		linux_exit_group(next_byte(fd) == text[0] &&
				 linux_close((int)fd + 1) == -EBADF ? 0 : 1);
	}
	EXPECT_EQ(syscall1(LINUX_NR_dup, fd), fd + 1);
	EXPECT_EQ(linux_close((int)fd), 0);
	*go = 1;
	EXPECT_EQ(linux_waitpid((int)child, &status, 0), child);
	EXPECT_EQ(status, 0);
	EXPECT_EQ(next_byte(fd + 1), text[1]);
	linux_close((int)fd + 1);
}

UTEST(dup_answers_as_linux)
{
	long fd;

	SKIP_WITHOUT_FILES();
	fd = linux_open("welcome", 0);
	EXPECT_EQ(syscall1(LINUX_NR_dup, CLOSED), -EBADF);
	EXPECT_EQ(syscall1(LINUX_NR_dup, -1), -EBADF);
	EXPECT_EQ(syscall2(LINUX_NR_dup2, CLOSED, 5), -EBADF);
	EXPECT_EQ(syscall2(LINUX_NR_dup2, CLOSED, CLOSED), -EBADF);
	EXPECT_EQ(syscall2(LINUX_NR_dup2, fd, fd), fd);
	EXPECT_EQ(syscall2(LINUX_NR_dup2, fd, FDS), -EBADF);
	EXPECT_EQ(syscall2(LINUX_NR_dup2, fd, -1), -EBADF);
	EXPECT_EQ(syscall2(LINUX_NR_dup2, fd, FDS - 1), FDS - 1);
	EXPECT_EQ(linux_close(FDS - 1), 0);
	EXPECT_EQ(syscall3(LINUX_NR_dup3, fd, fd, 0), -EINVAL);
	EXPECT_EQ(syscall3(LINUX_NR_dup3, fd, 20, 1), -EINVAL);
	EXPECT_EQ(syscall3(LINUX_NR_dup3, CLOSED, 20, 1), -EINVAL);
	EXPECT_EQ(syscall3(LINUX_NR_dup3, CLOSED, 20, 0), -EBADF);
	EXPECT_EQ(syscall3(LINUX_NR_dup3, CLOSED, CLOSED, 0), -EINVAL);
	EXPECT_EQ(syscall3(LINUX_NR_dup3, fd, FDS, 0), -EBADF);
	EXPECT_EQ(fcntl(fd, F_DUPFD, FDS), -EINVAL);
	EXPECT_EQ(fcntl(fd, F_DUPFD, -1), -EINVAL);
	EXPECT_EQ(fcntl(fd, F_DUPFD, FDS - 1), FDS - 1);
	EXPECT_EQ(fcntl(fd, F_DUPFD, FDS - 1), -EMFILE);
	EXPECT_EQ(fcntl(CLOSED, F_DUPFD, FDS), -EBADF);
	EXPECT_EQ(linux_close(FDS - 1), 0);
	EXPECT_EQ(linux_close((int)fd), 0);
	EXPECT_EQ(linux_close((int)fd), -EBADF);
	EXPECT_EQ(linux_close(-1), -EBADF);
	EXPECT_EQ(linux_close((int)FDS), -EBADF);
}

UTEST(close_on_exec_is_the_descriptors_own)
{
	long fd, copy;

	SKIP_WITHOUT_FILES();
	fd = linux_open("welcome", O_CLOEXEC);
	EXPECT_EQ(fcntl(fd, F_GETFD, 0), FD_CLOEXEC);
	copy = syscall1(LINUX_NR_dup, fd);
	EXPECT_EQ(fcntl(copy, F_GETFD, 0), 0);
	EXPECT_EQ(fcntl(copy, F_SETFD, 0xff), 0);
	EXPECT_EQ(fcntl(copy, F_GETFD, 0), FD_CLOEXEC);
	EXPECT_EQ(fcntl(fd, F_SETFD, 0xfe), 0);
	EXPECT_EQ(fcntl(fd, F_GETFD, 0), 0);
	EXPECT_EQ(fcntl(copy, F_GETFD, 0), FD_CLOEXEC);
	EXPECT_EQ(syscall2(LINUX_NR_dup2, copy, 60), 60);
	EXPECT_EQ(fcntl(60, F_GETFD, 0), 0);
	EXPECT_EQ(syscall3(LINUX_NR_dup3, copy, 60, (long)O_CLOEXEC), 60);
	EXPECT_EQ(fcntl(60, F_GETFD, 0), FD_CLOEXEC);
	EXPECT_EQ(fcntl(fd, F_DUPFD_CLOEXEC, 70), 70);
	EXPECT_EQ(fcntl(70, F_GETFD, 0), FD_CLOEXEC);
	EXPECT_EQ(fcntl(70, F_DUPFD, 71), 71);
	EXPECT_EQ(fcntl(71, F_GETFD, 0), 0);
	EXPECT_EQ(fcntl(CLOSED, F_GETFD, 0), -EBADF);
	EXPECT_EQ(fcntl(CLOSED, F_SETFD, 1), -EBADF);
	EXPECT_EQ(fcntl(CLOSED, 999, 1), -EBADF);
	EXPECT_EQ(fcntl(fd, 999, 1), -EINVAL);
	for (int i = 3; i < 72; i++)
		linux_close(i);
}

static const struct {
	const char *path;
	uint32_t    flags, kept;
} kept[] = {
	{ "welcome", 0, 0 }, { "welcome", O_APPEND, O_APPEND },
	{ "welcome", O_CREAT | O_NOCTTY | O_CLOEXEC, 0 },
	{ "welcome", O_EXCL, 0 },
	{ "welcome", O_NONBLOCK | O_NOFOLLOW, O_NONBLOCK | O_NOFOLLOW },
	{ "welcome", O_LARGEFILE | O_NOATIME, O_LARGEFILE | O_NOATIME },
	{ "welcome", O_SYNC, O_SYNC }, { "welcome", O_DSYNC, O_DSYNC },
	{ "tests", O_DIRECTORY, O_DIRECTORY },
	{ "welcome", O_PATH, O_PATH },
	{ "welcome", O_PATH | O_APPEND | O_WRONLY, O_PATH },
};

UTEST(flags_of_an_open_file_are_kept_and_set)
{
	long fd, copy;

	SKIP_WITHOUT_FILES();
	for (unsigned i = 0; i < ARRAY_SIZE(kept); i++) {
		fd = linux_open(kept[i].path, kept[i].flags);
		EXPECT_EQ(fcntl(fd, F_GETFL, 0), kept[i].kept);
		linux_close((int)fd);
	}
	fd = linux_open("welcome", O_APPEND | O_LARGEFILE);
	copy = syscall1(LINUX_NR_dup, fd);
	EXPECT_EQ(fcntl(copy, F_SETFL, (long)(O_NONBLOCK | O_RDWR | O_CREAT |
					      O_DIRECTORY)), 0);
	EXPECT_EQ(fcntl(fd, F_GETFL, 0), O_NONBLOCK | O_LARGEFILE);
	linux_close((int)copy);
	linux_close((int)fd);
	fd = linux_open("welcome", O_PATH);
	EXPECT_EQ(fcntl(fd, F_SETFL, 0), -EBADF);
	EXPECT_EQ(linux_read((int)fd, &fd, 1), -EBADF);
	linux_close((int)fd);
	EXPECT_EQ(fcntl(CLOSED, F_GETFL, 0), -EBADF);
}

/* ---- reading ------------------------------------------------------------- */

/* A page with a hole after it. */
static char *page_before_hole(void)
{
	char *p = map_pages(2);

	EXPECT_EQ(linux_munmap(p + PAGE, PAGE), 0);
	return p;
}

UTEST(a_read_into_a_hole_says_how_much)
{
	char *page = page_before_hole(), one;
	long fd;

	SKIP_WITHOUT_FILES();
	fd = linux_open("welcome", 0);
	EXPECT_EQ(linux_read((int)fd, page + PAGE - 1, 2), 1);
	EXPECT_EQ(page[PAGE - 1], text[0]);
	/* The next byte is the second one: the read moved only one. */
	EXPECT_EQ(linux_read((int)fd, &one, 1), 1);
	EXPECT_EQ(one, text[1]);
	EXPECT_EQ(linux_read((int)fd, page + PAGE, 1), -EFAULT);
	EXPECT_EQ(linux_read((int)fd, &one, 1), 1);
	EXPECT_EQ(one, text[2]);
	linux_close((int)fd);
}

UTEST(readv_fills_the_parts_in_order)
{
	char *page = page_before_hole();
	char a[3] = "", b[4] = "";
	struct linux_iovec parts[] = {
		{ a, 2 }, { KERNEL, 0 }, { b, 3 }, { page + PAGE - 2, 5 },
		{ a, 1 },
	};
	long fd;

	SKIP_WITHOUT_FILES();
	fd = linux_open("welcome", 0);
	EXPECT_EQ(syscall3(LINUX_NR_readv, fd, (long)parts, 5), 7);
	EXPECT(!memcmp(a, text, 2) && !memcmp(b, text + 2, 3) &&
	       !memcmp(page + PAGE - 2, text + 5, 2));
	EXPECT_EQ(next_byte(fd), text[7]);
	EXPECT_EQ(syscall3(LINUX_NR_readv, fd, (long)parts, 0), 0);
	EXPECT_EQ(syscall3(LINUX_NR_readv, fd, (long)parts, 1025), -EINVAL);
	EXPECT_EQ(syscall3(LINUX_NR_readv, fd, (long)parts, -1), -EINVAL);
	EXPECT_EQ(syscall3(LINUX_NR_readv, fd, (long)FREE_ADDR, 1), -EFAULT);
	EXPECT_EQ(syscall3(LINUX_NR_readv, CLOSED, (long)FREE_ADDR, 1),
		  -EBADF);
	linux_close((int)fd);
}

UTEST(reads_of_absurd_lengths)
{
	struct linux_iovec parts[3] = { { NULL, 0 } };
	char *p = map_pages(1);
	long fd, size;

	SKIP_WITHOUT_FILES();
	fd = linux_open("welcome", 0);
	size = syscall3(LINUX_NR_lseek, fd, 0, SEEK_END);
	EXPECT(size > 0 && size < (long)PAGE);
	EXPECT_EQ(syscall3(LINUX_NR_lseek, fd, 0, SEEK_SET), 0);
	EXPECT_EQ(linux_read((int)fd, p, 0x60000000u - (uint32_t)p % 0x1000),
		  on_linux() ? size : -EFAULT);
	EXPECT_EQ(syscall3(LINUX_NR_lseek, fd, 0, SEEK_SET), 0);
	EXPECT_EQ(linux_read((int)fd, (void *)0x08048000, 0x7fffffff),
		  -EFAULT);
	EXPECT_EQ(linux_read((int)fd, p, 0), 0);
	EXPECT_EQ(linux_read((int)fd, FREE_ADDR, 0), 0);
	/* All lengths are looked at before the first byte moves. */
	parts[0] = (struct linux_iovec){ p, 4 };
	parts[1] = (struct linux_iovec){ p, 0x80000000 };
	EXPECT_EQ(syscall3(LINUX_NR_readv, fd, (long)parts, 2), -EINVAL);
	EXPECT_EQ(syscall3(LINUX_NR_lseek, fd, 0, SEEK_CUR), 0);
	/* A length above what one call can move is cut, not refused. */
	parts[1] = (struct linux_iovec){ (void *)0x10000000, 0x7fffffff };
	parts[2] = (struct linux_iovec){ (void *)0x10000000, 0x7fffffff };
	EXPECT_EQ(syscall3(LINUX_NR_readv, fd, (long)parts, 3), 4);
	linux_close((int)fd);
	fd = linux_open("tests", 0);
	EXPECT_EQ(linux_read((int)fd, p, 1), -EISDIR);
	EXPECT_EQ(linux_read((int)fd, p, 0), -EISDIR);
	linux_close((int)fd);
	EXPECT_EQ(linux_write((int)fd, p, 0x80000000), -EBADF);
}

UTEST(lengths_that_only_32_bits_find_absurd)
{
	char *p = map_pages(1);
	long fd;

	SKIP_WITHOUT_FILES();
	SKIP_IF(on_linux(), "a 64-bit kernel moves as much");
	fd = linux_open("welcome", 0);
	EXPECT_EQ(linux_write(1, p, 0x80000000), -EFAULT);
	EXPECT_EQ(linux_write(1, p, (size_t)-1), -EFAULT);
	EXPECT_EQ(linux_write(1, (void *)0x08048000, 0x80000000), -EINVAL);
	EXPECT_EQ(linux_read((int)fd, p, 0x80000000), -EFAULT);
	EXPECT_EQ(linux_read((int)fd, (void *)0x10000000, 0x80000000),
		  -EINVAL);
	linux_close((int)fd);
}

UTEST(what_is_opened_for_one_is_not_for_the_other)
{
	char c = ' ';
	long fd;

	SKIP_WITHOUT_FILES();
	fd = linux_open("welcome", 0);
	EXPECT_EQ(linux_write((int)fd, &c, 1), -EBADF);
	EXPECT_EQ(linux_write((int)fd, KERNEL, 1), -EBADF);
	linux_close((int)fd);
	fd = linux_open("/dev/tty", O_WRONLY);
	EXPECT(fd >= 0);
	EXPECT_EQ(linux_read((int)fd, &c, 1), -EBADF);
	linux_close((int)fd);
	fd = linux_open("/dev/tty", O_RDONLY | O_NONBLOCK);
	EXPECT_EQ(linux_write((int)fd, &c, 1), -EBADF);
	EXPECT_EQ(linux_read((int)fd, &c, 1), -EAGAIN);
	EXPECT_EQ(linux_read((int)fd, &c, 0), 0);
	linux_close((int)fd);
	EXPECT_EQ(linux_open("/dev/tty/", 0), -ENOTDIR);
	EXPECT_EQ(linux_open("/dev/tty/x", 0), -ENOTDIR);
	EXPECT_EQ(linux_open("/dev/nothing", 0), -ENOENT);
}

static const struct {
	int64_t  offset;
	uint32_t whence;
	int64_t  answer;      /* < 0: the error; -1000 + n: the size and n */
} seeks[] = {
	{ 5, SEEK_SET, 5 }, { 3, SEEK_CUR, 8 }, { -8, SEEK_CUR, 0 },
	{ -1, SEEK_CUR, -EINVAL }, { -1, SEEK_SET, -EINVAL },
	{ 0, SEEK_END, -1000 }, { 7, SEEK_END, -993 }, { 0, SEEK_CUR, -993 },
	{ -100000, SEEK_END, -EINVAL }, { 0, SEEK_CUR, -993 },
	{ 0x7fffffff, SEEK_SET, 0x7fffffff }, { 1, SEEK_CUR, -EOVERFLOW },
	{ 0, SEEK_SET, 0 }, { 2, SEEK_DATA, 2 }, { 2, SEEK_HOLE, -1000 },
	{ 100000, SEEK_DATA, -ENXIO }, { 100000, SEEK_HOLE, -ENXIO },
	{ -1, SEEK_DATA, -ENXIO }, { 0, 5, -EINVAL }, { 0, 99, -EINVAL },
	{ 0, 0xffffffff, -EINVAL },
};

UTEST(positions_answer_as_linux)
{
	long fd, size;

	SKIP_WITHOUT_FILES();
	fd = linux_open("welcome", 0);
	size = syscall3(LINUX_NR_lseek, fd, 0, SEEK_END);
	EXPECT_EQ(syscall3(LINUX_NR_lseek, fd, 0, SEEK_SET), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(seeks); i++) {
		long answer = (long)seeks[i].answer;

		if (answer < -900)
			answer += 1000 + size;
		if (answer == -EOVERFLOW && on_linux())
			answer = (long)0x80000000;   /* cut by 64-bit kernels */
		EXPECT_EQ(syscall3(LINUX_NR_lseek, fd, (long)seeks[i].offset,
				   (long)seeks[i].whence), answer);
	}
	EXPECT_EQ(syscall3(LINUX_NR_lseek, CLOSED, 0, 99), -EBADF);
	linux_close((int)fd);
}

UTEST(positions_of_64_bits)
{
	int64_t at = -1;
	long fd;
	char c;

	SKIP_WITHOUT_FILES();
	fd = linux_open("welcome", 0);
	EXPECT_EQ(syscall5(LINUX_NR_llseek, fd, 5, 6, (long)&at, SEEK_SET), 0);
	EXPECT(at == 0x500000006ll);
	EXPECT_EQ(linux_read((int)fd, &c, 1), 0);
	EXPECT_EQ(syscall3(LINUX_NR_lseek, fd, 0, SEEK_CUR),
		  on_linux() ? 6 : -EOVERFLOW);
	EXPECT_EQ(syscall5(LINUX_NR_llseek, fd, -1, -7, (long)&at, SEEK_CUR),
		  0);
	EXPECT(at == 0x4ffffffffll);
	EXPECT_EQ(syscall5(LINUX_NR_llseek, fd, -1, 0, (long)&at, SEEK_SET),
		  -EINVAL);
	EXPECT_EQ(syscall5(LINUX_NR_llseek, fd, 0, 2, (long)KERNEL, SEEK_SET),
		  -EFAULT);
	EXPECT_EQ(next_byte(fd), text[2]);
	EXPECT_EQ(syscall5(LINUX_NR_llseek, fd, 0, 0, (long)&at, 77), -EINVAL);
	linux_close((int)fd);
}

UTEST(folders_are_read_as_far_as_the_memory_allows)
{
	char *page = page_before_hole(), all[4096];
	struct linux_dirent64 *first = (void *)all;
	long fd, n;

	SKIP_WITHOUT_FILES();
	fd = linux_open("tests", 0);
	EXPECT_EQ(syscall3(LINUX_NR_getdents64, fd, (long)all, 1), -EINVAL);
	EXPECT_EQ(syscall3(LINUX_NR_getdents64, fd, (long)FREE_ADDR, 4096),
		  -EFAULT);
	n = syscall3(LINUX_NR_getdents64, fd, (long)all, sizeof(all));
	EXPECT(n > 100);
	EXPECT_EQ(syscall3(LINUX_NR_lseek, fd, 0, SEEK_SET), 0);
	/* One entry fits before the hole, and the call returns it. */
	n = syscall3(LINUX_NR_getdents64, fd,
		     (long)(page + PAGE - first->length), 4096);
	EXPECT_EQ(n, first->length);
	EXPECT(!memcmp(page + PAGE - first->length + sizeof(*first), all +
		       sizeof(*first), 2));
	n = syscall3(LINUX_NR_getdents64, fd, (long)page, 64);
	EXPECT(n > 0);
	EXPECT(memcmp(((struct linux_dirent64 *)(void *)page)->name,
		      first->name, first->length - sizeof(*first)));
	linux_close((int)fd);
	fd = linux_open("welcome", 0);
	EXPECT_EQ(syscall3(LINUX_NR_getdents64, fd, (long)all, 4096),
		  -ENOTDIR);
	linux_close((int)fd);
	EXPECT_EQ(syscall3(LINUX_NR_getdents64, CLOSED, (long)all, 4096),
		  -EBADF);
}

/* ---- mmap2 of a file ----------------------------------------------------- */

static const struct {
	bool     bad_fd;
	uint32_t addr, length, prot, flags, offset;
	long     answer;
} maps[] = {
	{ true, 0, PAGE, 1, MAP_PRIVATE, 0, -EBADF },
	{ true, 0, 0, 1, MAP_PRIVATE, 0, -EBADF },
	{ true, 1, 0, 1, MAP_FIXED | MAP_PRIVATE, 0, -EBADF },
	{ true, 0, PAGE, 1, 0, 0, -EBADF },
	{ true, 0, 0xffffffff, 1, MAP_PRIVATE, 0xffffffff, -EBADF },
	{ false, 0, 0, 1, MAP_PRIVATE, 0, -EINVAL },
	{ false, 0, 0, 1, 0, 0xffffffff, -EINVAL },
	{ false, 0, 0xfffff001, 1, MAP_PRIVATE, 0, -ENOMEM },
	{ false, 0, 2 * PAGE, 1, MAP_PRIVATE, 0xffffffff, -EOVERFLOW },
	{ false, 1, PAGE, 1, MAP_FIXED | MAP_PRIVATE, 0, -EINVAL },
	{ false, 0, PAGE, 1, 0, 0, -EINVAL },
	{ false, 0, PAGE, 3, MAP_SHARED, 0, -EACCES },
};

UTEST(mmap_of_a_file_checks_in_linuxs_order)
{
	long fd;

	SKIP_WITHOUT_FILES();
	fd = linux_open("welcome", 0);
	for (unsigned i = 0; i < ARRAY_SIZE(maps); i++) {
		/* Pages of a 64-bit kernel have larger numbers. */
		if (maps[i].answer == -EOVERFLOW && on_linux())
			continue;
		EXPECT_EQ(syscall6(LINUX_NR_mmap2, (long)maps[i].addr,
				   (long)maps[i].length, (long)maps[i].prot,
				   (long)maps[i].flags,
				   maps[i].bad_fd ? (long)CLOSED : fd,
				   (long)maps[i].offset), maps[i].answer);
	}
	if (!on_linux())
		EXPECT_EQ(syscall6(LINUX_NR_mmap2, 0, PAGE, 1, MAP_PRIVATE, fd,
				   0), -ENODEV);
	linux_close((int)fd);
}
